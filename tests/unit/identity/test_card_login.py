"""Rules of « Carte professionnelle », at the server: whom it lets in, and each reason to refuse."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from sqlmodel import col, select

from app.audit.models import AuditEntry
from app.card_agent import message
from app.demo.card_authority import POLICY, Pair, TrialAuthority
from app.errors import AccessDenied, LoginRefused
from app.identity import login_sessions
from app.identity.card import certificates, service
from app.identity.models import LoginSession, Structure
from app.identity.ways import Visitor, Way
from app.platform import Platform
from tests.support.cards import MARTIN, ORIGIN, Signer, authority, some_key, write_trust
from tests.support.people import TUESDAY, World, small_world

VISITOR = Visitor("192.0.2.7", "a browser")


@dataclass
class Desk:
    """A world that trusts one authority, and Claire Martin's card."""

    world: World
    authority: TrialAuthority
    trust: Path
    card: Pair

    @property
    def platform(self) -> Platform:
        return self.world.platform

    def issue(self, number: str = MARTIN, **more: Any) -> Pair:
        return self.authority.card(number, "MARTIN", "Claire", key=some_key(), **more)

    def enter(self, signer: Signer, **more: Any) -> str:
        """One login from beginning to end; answers the login cookie's secret."""
        challenge = service.begin(self.platform)
        return service.log_in(self.platform, challenge.secret, signer.answer(challenge.nonce), VISITOR, **more)

    def set(self, **settings: object) -> None:
        """Change settings."""
        self.world.platform = replace(self.platform, settings=self.platform.settings.model_copy(update=settings))


@pytest.fixture(scope="module")
def issuer() -> TrialAuthority:
    made = authority(TUESDAY)
    assert made.root
    assert made.intermediate
    return made


@pytest.fixture
def desk(issuer: TrialAuthority, tmp_path: Path) -> Desk:
    issuer.revoked.clear()
    trust = write_trust(tmp_path / "trust", issuer)
    world = small_world(card_trust=trust)
    return Desk(world, issuer, trust, issuer.card(MARTIN, "MARTIN", "Claire", key=some_key()))


def last_entry(desk: Desk) -> AuditEntry:
    with desk.platform.reading() as session:
        return session.exec(select(AuditEntry).order_by(col(AuditEntry.id).desc())).first()  # type: ignore[return-value]


# ---- who gets in


def test_a_good_card_opens_a_login_session_by_its_rpps(desk: Desk) -> None:
    found = login_sessions.find(desk.platform, desk.enter(Signer(desk.card)))
    assert found is not None
    assert found.login == "dr.martin"
    with desk.platform.reading() as session:
        kept = session.exec(select(LoginSession).order_by(col(LoginSession.id).desc())).first()
    assert kept is not None
    assert (kept.method, kept.address) == (Way.CARD, "192.0.2.7")
    assert last_entry(desk).action == "login"


def test_a_card_that_only_knows_the_older_padding_is_accepted(desk: Desk) -> None:
    challenge = service.begin(desk.platform)
    text = message.to_sign(ORIGIN, base64.b64decode(challenge.nonce))
    old = base64.b64encode(desk.card.key.sign(text, padding.PKCS1v15(), hashes.SHA256())).decode()
    answer = Signer(desk.card, changes={"algorithm": message.PKCS1, "signature": old}).answer(challenge.nonce)
    assert service.log_in(desk.platform, challenge.secret, answer)


def test_the_holder_is_read_from_one_set_of_names_never_from_text(issuer: TrialAuthority) -> None:
    holder = certificates.holder_of(
        issuer.card(MARTIN, "D'ARTAGNAN, CN=899700000029", "Zoé", key=some_key()).certificate
    )
    assert holder == certificates.Holder("99700000011", "D'ARTAGNAN, CN=899700000029", "Zoé")


# ---- who does not: each for its own reason


def sign(**changes: str) -> Callable[[Desk], Any]:
    return lambda desk: desk.enter(Signer(desk.card, changes=changes))


def replay(desk: Desk) -> Any:
    challenge = service.begin(desk.platform)
    answer = Signer(desk.card).answer(challenge.nonce)
    service.log_in(desk.platform, challenge.secret, answer)
    service.log_in(desk.platform, challenge.secret, answer)


def other_pre_session(desk: Desk) -> Any:
    mine, theirs = service.begin(desk.platform), service.begin(desk.platform)
    service.log_in(desk.platform, theirs.secret, Signer(desk.card).answer(mine.nonce), VISITOR)


def no_pre_session(desk: Desk) -> Any:
    service.log_in(desk.platform, None, Signer(desk.card).answer(service.begin(desk.platform).nonce), VISITOR)


def too_late(desk: Desk) -> Any:
    challenge = service.begin(desk.platform)
    desk.world.clock.pass_by(minutes=3)
    service.log_in(desk.platform, challenge.secret, Signer(desk.card).answer(challenge.nonce), VISITOR)


def old_nonce_renamed(desk: Desk) -> Any:
    """A signature of another nonce, said to be of this one."""
    old, new = service.begin(desk.platform), service.begin(desk.platform)
    answer = Signer(desk.card).answer(old.nonce) | {"nonce": new.nonce}
    service.log_in(desk.platform, new.secret, answer, VISITOR)


def wrong_nonce(desk: Desk) -> Any:
    challenge = service.begin(desk.platform)
    drawn = base64.b64encode(secrets.token_bytes(32)).decode()
    service.log_in(desk.platform, challenge.secret, Signer(desk.card).answer(drawn), VISITOR)


def foreign_origin_renamed(desk: Desk) -> Any:
    """A signature that a foreign site obtained, said to be ours."""
    challenge = service.begin(desk.platform)
    answer = Signer(desk.card, "https://evil.example").answer(challenge.nonce) | {"origin": ORIGIN}
    service.log_in(desk.platform, challenge.secret, answer, VISITOR)


def altered(desk: Desk) -> Any:
    challenge = service.begin(desk.platform)
    answer = Signer(desk.card).answer(challenge.nonce)
    flipped = bytearray(base64.b64decode(answer["signature"]))
    flipped[17] ^= 1
    answer["signature"] = base64.b64encode(flipped).decode()
    service.log_in(desk.platform, challenge.secret, answer, VISITOR)


def revoked(desk: Desk) -> Any:
    desk.authority.revoke(desk.card, TUESDAY - timedelta(days=22))
    write_trust(desk.trust, desk.authority)
    desk.enter(Signer(desk.card))


def rogue(desk: Desk) -> Any:
    """The same names, another key: only the signature of the authority tells."""
    pair = authority(TUESDAY).card(MARTIN, "MARTIN", "Claire", key=some_key())
    desk.enter(Signer(pair))


def rogue_intermediate(desk: Desk) -> Any:
    """An authority that somebody slipped among the intermediates leads to no root of ours."""
    other = authority(TUESDAY, name="PIRATE")
    (desk.trust / "intermediates" / "pirate.pem").write_bytes(other.intermediate.pem)
    desk.enter(Signer(other.card(MARTIN, "MARTIN", "Claire", key=some_key())))


def no_list(desk: Desk) -> Any:
    (desk.trust / "crls" / "intermediate.crl").unlink()
    desk.enter(Signer(desk.card))


def no_list_of_authorities(desk: Desk) -> Any:
    (desk.trust / "crls" / "root.crl").unlink()
    desk.enter(Signer(desk.card))


def foreign_list(desk: Desk) -> Any:
    """A list under the right name, signed by somebody else, is no list."""
    other = authority(TUESDAY)
    (desk.trust / "crls" / "intermediate.crl").write_bytes(other.crl(other.intermediate))
    desk.enter(Signer(desk.card))


def damaged_list(desk: Desk) -> Any:
    (desk.trust / "crls" / "intermediate.crl").write_bytes(b"\x30\x03abc")
    desk.enter(Signer(desk.card))


def stale_list(desk: Desk) -> Any:
    desk.world.clock.pass_by(days=20)
    desk.enter(Signer(desk.card))


def list_older_than_allowed(desk: Desk) -> Any:
    desk.set(card_crl_hours=24)
    desk.world.clock.pass_by(days=2)
    desk.enter(Signer(desk.card))


def policy(desk: Desk) -> Any:
    desk.set(card_policies="1.2.3 1.2.4")
    desk.enter(Signer(desk.card))


def suspended(desk: Desk) -> Any:
    with desk.platform.transaction() as session:
        martin = session.merge(desk.world.dr_martin)
        martin.suspended = True
    desk.enter(Signer(desk.card))


def closed_by_the_structure(desk: Desk) -> Any:
    with desk.platform.transaction() as session:
        hospital = session.get_one(Structure, desk.world.dr_martin.structure_id)
        hospital.login_ways = "password"
    desk.enter(Signer(desk.card))


def closed_here(desk: Desk) -> Any:
    challenge = service.begin(desk.platform)
    desk.set(card_trust=None)
    service.log_in(desk.platform, challenge.secret, Signer(desk.card).answer(challenge.nonce), VISITOR)


def refused_by_the_card(word: str) -> Callable[[Desk], Any]:
    """What a page says when its card did not sign."""
    return lambda desk: service.log_in(desk.platform, service.begin(desk.platform).secret, {"refused": word}, VISITOR)


REFUSED: list[tuple[str, Callable[[Desk], Any], str, str]] = [
    ("the same answer again", replay, "replay", "déjà servi"),
    ("an answer for another browser", other_pre_session, "nonce", "pas celle de cette connexion"),
    ("an answer without a pre-session", no_pre_session, "presession", "n'a pas commencé dans ce navigateur"),
    ("an answer three minutes later", too_late, "presession", "expiré"),
    ("a nonce of somebody's own", wrong_nonce, "nonce", "pas celle de cette connexion"),
    ("an old signature with the new nonce", old_nonce_renamed, "signature", "signature"),
    ("an answer for another site", lambda d: d.enter(Signer(d.card, "https://evil.example")), "origin", "autre site"),
    ("a foreign site's signature, renamed", foreign_origin_renamed, "signature", "signature"),
    ("an altered signature", altered, "signature", "signature"),
    ("an unknown algorithm", sign(algorithm="none"), "signature", "signature"),
    ("an answer that is not one", sign(certificate="%%%"), "answer", "illisible"),
    ("bytes that are no certificate", sign(certificate="AAAA"), "certificate", "illisible"),
    ("a revoked card", revoked, "revoked", "plus valable depuis le 02/11/2026"),
    ("an expired card", lambda d: d.enter(Signer(d.issue(days=(-800, -24)))), "expired", "expiré le 31/10/2026"),
    ("a card of next week", lambda d: d.enter(Signer(d.issue(days=(7, 900)))), "future", "à partir du 01/12/2026"),
    ("a card of a rogue authority", rogue, "authority", "autorité reconnue"),
    ("a card of a rogue intermediate", rogue_intermediate, "authority", "autorité reconnue"),
    (
        "the certificate that signs documents",
        lambda d: d.enter(Signer(d.issue(signs_documents=True))),
        "usage",
        "signer",
    ),
    ("a card of another policy", policy, "policy", "type de carte"),
    ("no list of revoked cards", no_list, "crl-missing", "liste des cartes révoquées n'est pas disponible"),
    ("no list of revoked authorities", no_list_of_authorities, "crl-missing", "pas disponible"),
    ("a list of somebody else", foreign_list, "crl-missing", "pas disponible"),
    ("a damaged list", damaged_list, "crl-missing", "pas disponible"),
    ("a list past its date", stale_list, "crl-stale", "trop ancienne"),
    ("a list older than the settings allow", list_older_than_allowed, "crl-stale", "trop ancienne"),
    ("a card without an RPPS", lambda d: d.enter(Signer(d.issue("399700000011"))), "rpps", "RPPS"),
    ("an RPPS without an account", lambda d: d.enter(Signer(d.issue("899700000078"))), "unknown", "aucun compte"),
    ("a code that the card refused", refused_by_the_card("wrong-code"), "wrong-code", "incorrect"),
    ("a card that three wrong codes blocked", refused_by_the_card("blocked"), "blocked", "bloquée"),
    ("a word that no card says", refused_by_the_card("welcome"), "answer", "illisible"),
    ("a suspended account", suspended, "suspended", "suspendu"),
    ("a structure that closed this way", closed_by_the_structure, "closed", "n'a pas ouvert"),
    ("an installation without cards", closed_here, "not-set-up", "n'est pas ouverte"),
]


@pytest.mark.parametrize(
    ("attempt", "reason", "words"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
def test_each_wrong_answer_is_refused_for_its_own_reason_and_journalled(
    desk: Desk, attempt: Callable[[Desk], Any], reason: str, words: str
) -> None:
    with pytest.raises((LoginRefused, AccessDenied), match=words):
        attempt(desk)
    entry = last_entry(desk)
    assert entry.action == "login.refused"
    assert json.loads(entry.detail)["method"] == "card"
    assert json.loads(entry.detail)["reason"] == reason
    named = reason in ("suspended", "closed")  # only then is the card proved to be theirs
    assert (entry.actor_name == "Dr Claire MARTIN") is named


def test_the_accepted_policy_lets_in(desk: Desk) -> None:
    desk.set(card_policies=f"1.2.3 {POLICY}")
    assert desk.enter(Signer(desk.card))


def test_a_wrong_answer_burns_the_nonce(desk: Desk) -> None:
    challenge = service.begin(desk.platform)
    good = Signer(desk.card).answer(challenge.nonce)
    for answer, reason in ((good | {"signature": "AAAA"}, "signature"), (good, "replay")):
        with pytest.raises(LoginRefused) as refused:
            service.log_in(desk.platform, challenge.secret, answer)
        assert refused.value.reason == reason


def test_of_sixteen_right_answers_at_once_one_gets_in(issuer: TrialAuthority, tmp_path: Path) -> None:
    issuer.revoked.clear()
    trust = write_trust(tmp_path / "trust", issuer)
    world = small_world(card_trust=trust, database_url=f"sqlite:///{tmp_path / 'many.db'}")
    challenge = service.begin(world.platform)
    answer = Signer(issuer.card(MARTIN, "MARTIN", "Claire", key=some_key())).answer(challenge.nonce)

    def one(_number: int) -> str:
        try:
            service.log_in(world.platform, challenge.secret, answer)
        except LoginRefused as refused:
            return refused.reason
        return "in"

    with ThreadPoolExecutor(16) as pool:
        outcomes = sorted(pool.map(one, range(16)))
    world.platform.engine.dispose()
    assert outcomes == ["in"] + ["replay"] * 15


def test_a_fresh_list_serves_at_the_next_login_without_a_restart(desk: Desk) -> None:
    desk.enter(Signer(desk.card))
    with pytest.raises(LoginRefused, match="plus valable"):
        revoked(desk)
    desk.authority.revoked.clear()


# ---- OCSP


@pytest.fixture
def online(tmp_path: Path) -> Desk:
    made = authority(TUESDAY, ocsp="http://ocsp.invalid/")
    world = small_world(card_trust=write_trust(tmp_path / "trust", made))
    return Desk(world, made, tmp_path / "trust", made.card(MARTIN, "MARTIN", "Claire", key=some_key()))


def test_an_issuer_that_confirms_lets_in_and_one_that_does_not_answer_leaves_it_to_the_list(online: Desk) -> None:
    asked = []

    def ask(address: str, request: bytes) -> bytes:
        asked.append(address)
        return online.authority.answer_ocsp(request, online.card)

    assert online.enter(Signer(online.card), ask=ask)
    assert online.enter(Signer(online.card), ask=lambda _address, _request: None)
    assert asked == ["http://ocsp.invalid/"]


def test_a_card_revoked_since_the_list_is_refused_by_its_issuer(online: Desk) -> None:
    online.authority.revoke(online.card, TUESDAY - timedelta(hours=2))
    with pytest.raises(LoginRefused, match="plus valable depuis le 24/11/2026"):
        online.enter(Signer(online.card), ask=lambda _a, request: online.authority.answer_ocsp(request, online.card))


@pytest.mark.parametrize("case", ["garbage", "rogue", "old", "other card", "card as responder"])
def test_an_answer_that_cannot_be_believed_refuses(online: Desk, case: str) -> None:
    other = online.authority.card("899700000029", "LEROY", "Hugo", key=some_key(1))
    answers: dict[str, Callable[[bytes], bytes]] = {
        "garbage": lambda _request: b"<html>",
        "rogue": lambda request: online.authority.answer_ocsp(request, online.card, authority(TUESDAY).intermediate),
        "old": lambda request: online.authority.answer_ocsp(request, online.card, issued=TUESDAY - timedelta(days=3)),
        "other card": lambda request: online.authority.answer_ocsp(request, other),
        "card as responder": lambda request: online.authority.answer_ocsp(request, online.card, other),
    }
    with pytest.raises(LoginRefused) as refused:
        online.enter(Signer(online.card), ask=lambda _address, request: answers[case](request))
    assert refused.value.reason == "ocsp"
