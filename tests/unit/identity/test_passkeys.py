"""Rules of « Clé d'accès »: what is refused, and why, and what the journal keeps of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select

from app.audit.models import AuditEntry
from app.errors import (
    AccessDenied,
    ConfirmationNeeded,
    InvalidInput,
    LoginExpired,
    LoginRefused,
    NotFound,
    TeledossierError,
)
from app.identity import ceremony, login_sessions, passkeys, ways
from app.identity.models import Passkey, Professional, Structure
from app.identity.ways import Visitor, Way
from app.messaging import service as outbox
from app.messaging.models import OutboxMessage
from app.settings import load
from tests.support.authenticator import PRESENT, VERIFIED, Device
from tests.support.people import World, small_world

HERE = Visitor("192.0.2.7", "a browser")


@pytest.fixture
def world() -> World:
    return small_world()


def session_of(world: World, login: str = "dr.martin") -> str:
    with world.platform.transaction() as session:
        return login_sessions.open_session(session, world.platform, world.people[login], Way.CARD, HERE)


def add_key(world: World, device: Device, login: str = "dr.martin", name: str = "Téléphone") -> Passkey:
    secret, person = session_of(world, login), world.people[login]
    begun = passkeys.begin_registration(world.platform, person, secret)
    answer = device.make(begun.options)
    return passkeys.register(world.platform, person, secret, begun.secret, answer, name, outbox.queue_mail)


def log_in(world: World, device: Device, **wrong: Any) -> str:
    begun = passkeys.begin_login(world.platform)
    return passkeys.log_in(world.platform, begun.secret, device.sign(begun.options, **wrong), HERE)


def last_refusal(world: World) -> tuple[str | None, str]:
    """Who, as the journal says, and the reason."""
    with world.platform.reading() as session:
        wanted = select(AuditEntry).where(AuditEntry.action == "login.refused").order_by(col(AuditEntry.id).desc())
        entry = session.exec(wanted).first()
    assert entry is not None
    return entry.actor_name, json.loads(entry.detail)["reason"]


# ---- the way in


def test_a_key_added_in_the_settings_opens_a_login_session(world: World) -> None:
    device = Device(counter=1)
    add_key(world, device)
    found = login_sessions.find(world.platform, log_in(world, device))
    assert found is not None
    assert found.login == "dr.martin"
    [kept] = passkeys.mine(world.platform, found)
    assert kept.last_used_at == world.clock.now()
    assert kept.sign_count == device.counter


def test_a_key_without_a_counter_may_log_in_again_and_again(world: World) -> None:
    device = Device()
    add_key(world, device)
    for _ in range(3):
        assert log_in(world, device)


def test_the_browser_is_asked_for_a_verified_key_kept_on_the_device(world: World) -> None:
    secret = session_of(world)
    options = passkeys.begin_registration(world.platform, world.dr_martin, secret).options
    assert options["authenticatorSelection"]["residentKey"] == "required"
    assert options["authenticatorSelection"]["userVerification"] == "required"
    assert options["rp"]["id"] == "localhost"
    assert "martin" not in json.dumps(options["user"]["id"])
    login = passkeys.begin_login(world.platform).options
    assert login["userVerification"] == "required"
    assert login.get("allowCredentials", []) == []  # names nobody


def test_a_device_that_has_a_key_is_asked_not_to_make_another(world: World) -> None:
    device = Device()
    add_key(world, device)
    options = passkeys.begin_registration(world.platform, world.dr_martin, session_of(world)).options
    assert [each["id"] for each in options["excludeCredentials"]] == [device.make(options)["id"]]


# ---- logins refused: each for its own reason, and journalled


def suspended(world: World, device: Device) -> None:
    with world.platform.transaction() as session:
        person = session.get_one(Professional, world.dr_martin.id)
        person.suspended = True
        session.add(person)
    log_in(world, device)


def closed_way(world: World, device: Device) -> None:
    with world.platform.transaction() as session:
        structure = session.get_one(Structure, world.dr_martin.structure_id)
        structure.login_ways = "password"
        session.add(structure)
    log_in(world, device)


def reused_challenge(world: World, device: Device) -> None:
    begun = passkeys.begin_login(world.platform)
    assert passkeys.log_in(world.platform, begun.secret, device.sign(begun.options), HERE)
    passkeys.log_in(world.platform, begun.secret, device.sign(begun.options), HERE)


def other_pre_session(world: World, device: Device) -> None:
    begun, other = passkeys.begin_login(world.platform), passkeys.begin_login(world.platform)
    passkeys.log_in(world.platform, other.secret, device.sign(begun.options), HERE)


def no_pre_session(world: World, device: Device) -> None:
    begun = passkeys.begin_login(world.platform)
    passkeys.log_in(world.platform, None, device.sign(begun.options), HERE)


def challenge_of_a_registration(world: World, device: Device) -> None:
    begun = passkeys.begin_registration(world.platform, world.dr_martin, session_of(world))
    passkeys.log_in(world.platform, begun.secret, device.sign(begun.options), HERE)


def expired(world: World, device: Device) -> None:
    begun = passkeys.begin_login(world.platform)
    world.clock.pass_by(minutes=5)
    passkeys.log_in(world.platform, begun.secret, device.sign(begun.options), HERE)


def wrong_origin(world: World, device: Device) -> None:
    device.origin = "https://teledossier.example.evil"
    log_in(world, device)


def in_a_foreign_frame(world: World, device: Device) -> None:
    log_in(world, device, crossOrigin=True)


def wrong_rp(world: World, device: Device) -> None:
    device.rp = "evil.example"
    log_in(world, device)


def unknown_key(world: World, device: Device) -> None:
    stranger = Device(handle=device.handle)
    log_in(world, stranger)


def removed_key(world: World, device: Device) -> None:
    [kept] = passkeys.mine(world.platform, world.dr_martin)
    passkeys.remove(world.platform, world.dr_martin, kept.id or 0, outbox.queue_mail)
    log_in(world, device)


def foreign_signature(world: World, device: Device) -> None:
    thief = Device(credential_id=device.credential_id, handle=device.handle, counter=device.counter)
    log_in(world, thief)


def altered_signature(world: World, device: Device) -> None:
    log_in(world, device, signature=b"\x30\x06\x02\x01\x01\x02\x01\x01")


def other_persons_handle(world: World, device: Device) -> None:
    other = Device()
    add_key(world, other, "dr.leroy")
    device.handle = other.handle
    log_in(world, device)


def cloned(world: World, device: Device) -> None:
    copy = replace(device)
    assert log_in(world, device)
    log_in(world, copy)  # says a number that the real one has said already


def not_verified(world: World, device: Device) -> None:
    device.flags = PRESENT
    log_in(world, device)


def not_present(world: World, device: Device) -> None:
    device.flags = VERIFIED
    log_in(world, device)


def registration_answer(world: World, device: Device) -> None:
    begun = passkeys.begin_login(world.platform)
    answer = Device().make({"challenge": begun.options["challenge"], "user": {"id": "AAAA"}})
    passkeys.log_in(world.platform, begun.secret, answer, HERE)


def nonsense(world: World, device: Device) -> None:
    begun = passkeys.begin_login(world.platform)
    answer = device.sign(begun.options)
    answer["response"]["authenticatorData"] = "AAAA"
    passkeys.log_in(world.platform, begun.secret, answer, HERE)


MARTIN, NOBODY = "Dr Claire MARTIN", "système"
LINES: list[tuple[Callable[[World, Device], None], type[TeledossierError], str, str]] = [
    (reused_challenge, LoginExpired, "challenge-over", NOBODY),
    (other_pre_session, LoginRefused, "challenge", NOBODY),
    (no_pre_session, LoginExpired, "challenge-over", NOBODY),
    (challenge_of_a_registration, LoginExpired, "challenge-over", NOBODY),
    (expired, LoginExpired, "challenge-over", NOBODY),
    (wrong_origin, LoginRefused, "origin", NOBODY),
    (in_a_foreign_frame, LoginRefused, "origin", NOBODY),
    (wrong_rp, LoginRefused, "rp", NOBODY),
    (unknown_key, LoginRefused, "unknown", NOBODY),
    (removed_key, LoginRefused, "unknown", NOBODY),
    (foreign_signature, LoginRefused, "signature", NOBODY),
    (altered_signature, LoginRefused, "signature", NOBODY),
    (other_persons_handle, LoginRefused, "handle", MARTIN),
    (cloned, LoginRefused, "cloned", MARTIN),
    (not_verified, LoginRefused, "verification", NOBODY),
    (not_present, LoginRefused, "presence", NOBODY),
    (registration_answer, LoginRefused, "malformed", NOBODY),
    (nonsense, LoginRefused, "malformed", NOBODY),
    (suspended, AccessDenied, "suspended", MARTIN),
    (closed_way, AccessDenied, "way-closed", MARTIN),
]


@pytest.mark.parametrize(("attempt", "error", "reason", "who"), LINES, ids=[line[0].__name__ for line in LINES])
def test_each_login_is_refused_for_its_own_reason(
    world: World, attempt: Callable[[World, Device], None], error: type[TeledossierError], reason: str, who: str
) -> None:
    device = Device(counter=1)
    add_key(world, device)
    with pytest.raises(error) as refused:
        attempt(world, device)
    assert len(refused.value.message) > 40  # words for a physician, not a code
    assert last_refusal(world) == (who, reason)


@pytest.mark.parametrize("answer", [{}, {"rawId": 7}, {"rawId": "é"}, {"rawId": "AAAA", "response": []}])
def test_what_is_no_answer_at_all_is_refused_as_unreadable(world: World, answer: dict[str, Any]) -> None:
    with pytest.raises(LoginRefused) as refused:
        passkeys.log_in(world.platform, passkeys.begin_login(world.platform).secret, answer, HERE)
    assert refused.value.reason == "malformed"


def test_a_wrong_answer_uses_the_challenge_up(world: World) -> None:
    device = Device(counter=1)
    add_key(world, device)
    begun = passkeys.begin_login(world.platform)
    with pytest.raises(LoginRefused):
        passkeys.log_in(world.platform, begun.secret, device.sign(begun.options, signature=b"x"), HERE)
    with pytest.raises(LoginExpired):
        passkeys.log_in(world.platform, begun.secret, device.sign(begun.options), HERE)


def test_of_sixteen_answers_at_once_to_one_challenge_one_gets_in(tmp_path: Path) -> None:
    world = small_world(database_url=f"sqlite:///{tmp_path}/t.db")
    device = Device(counter=1)
    add_key(world, device)
    begun = passkeys.begin_login(world.platform)
    answer = device.sign(begun.options)

    def attempt(_number: int) -> bool:
        try:
            return bool(passkeys.log_in(world.platform, begun.secret, answer, HERE))
        except TeledossierError:
            return False

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(attempt, range(16))) == 1
    world.platform.engine.dispose()


def test_of_two_answers_with_one_counter_to_two_challenges_one_gets_in(world: World) -> None:
    device = Device(counter=1)
    add_key(world, device)
    first, second = passkeys.begin_login(world.platform), passkeys.begin_login(world.platform)
    copy = replace(device)
    assert passkeys.log_in(world.platform, first.secret, device.sign(first.options), HERE)
    with pytest.raises(LoginRefused) as refused:
        passkeys.log_in(world.platform, second.secret, copy.sign(second.options), HERE)
    assert refused.value.reason == "cloned"


# ---- registrations refused


@pytest.mark.parametrize(
    ("device", "reason"),
    [
        (Device(origin="https://evil.example"), "origin"),
        (Device(rp="evil.example"), "rp"),
        (Device(flags=PRESENT), "verification"),
    ],
)
def test_a_key_made_elsewhere_or_without_verification_is_not_kept(world: World, device: Device, reason: str) -> None:
    with pytest.raises(LoginRefused) as refused:
        add_key(world, device)
    assert refused.value.reason == reason
    assert passkeys.mine(world.platform, world.dr_martin) == []


def test_a_key_is_added_only_by_the_person_and_the_login_that_asked_for_it(world: World) -> None:
    secret = session_of(world)
    for person, login in ((world.dr_leroy, session_of(world, "dr.leroy")), (world.dr_martin, session_of(world))):
        begun = passkeys.begin_registration(world.platform, world.dr_martin, secret)
        answer = Device().make(begun.options)
        with pytest.raises(LoginExpired):
            passkeys.register(world.platform, person, login, begun.secret, answer, "x", outbox.queue_mail)
    begun = passkeys.begin_registration(world.platform, world.dr_martin, secret)
    answer = Device().make(begun.options)
    world.clock.pass_by(minutes=5)
    with pytest.raises(LoginExpired):
        passkeys.register(world.platform, world.dr_martin, secret, begun.secret, answer, "x", outbox.queue_mail)


def test_a_key_belongs_to_one_person(world: World) -> None:
    device = Device()
    add_key(world, device)
    with pytest.raises(LoginRefused) as refused:
        add_key(world, device, "dr.leroy")
    assert refused.value.reason == "known"


def test_an_old_login_needs_the_password_to_add_a_key(world: World) -> None:
    secret = session_of(world)
    world.clock.pass_by(minutes=11)
    with pytest.raises(ConfirmationNeeded):
        passkeys.begin_registration(world.platform, world.dr_martin, secret)
    assert passkeys.begin_registration(world.platform, world.dr_martin, secret, "Demonstration-2026")


# ---- one's own keys


def test_one_renames_and_removes_only_ones_own_keys(world: World) -> None:
    kept = add_key(world, Device())
    assert kept.id is not None
    for act in (
        lambda: passkeys.rename(world.platform, world.dr_leroy, kept.id, "à moi"),
        lambda: passkeys.remove(world.platform, world.dr_leroy, kept.id, outbox.queue_mail),
    ):
        with pytest.raises(NotFound):
            act()
    passkeys.rename(world.platform, world.dr_martin, kept.id, "  Poste   de soins ")
    assert [each.name for each in passkeys.mine(world.platform, world.dr_martin)] == ["Poste de soins"]
    for name in ("", "  ", "x" * 61):
        with pytest.raises(InvalidInput):
            passkeys.rename(world.platform, world.dr_martin, kept.id, name)
    passkeys.remove(world.platform, world.dr_martin, kept.id, outbox.queue_mail)
    assert passkeys.mine(world.platform, world.dr_martin) == []


def test_adding_and_removing_a_key_are_journalled_and_told_by_mail(world: World) -> None:
    kept = add_key(world, Device())
    passkeys.remove(world.platform, world.dr_martin, kept.id or 0, outbox.queue_mail)
    with world.platform.reading() as session:
        actions = [entry.action for entry in session.exec(select(AuditEntry))]
        letters = list(session.exec(select(OutboxMessage)))
    assert [action for action in actions if action.startswith("passkey")] == ["passkey.added", "passkey.removed"]
    assert [letter.recipient for letter in letters] == ["dr.martin@demo.invalid"] * 2
    assert "Téléphone" in letters[0].body


# ---- where passkeys are offered


@pytest.mark.parametrize(
    ("url", "offered", "rp", "origin"),
    [
        ("https://tele.example.fr", True, "tele.example.fr", "https://tele.example.fr"),
        ("https://tele.example.fr:443/", True, "tele.example.fr", "https://tele.example.fr"),
        ("https://tele.example.fr:8443", True, "tele.example.fr", "https://tele.example.fr:8443"),
        ("http://tele.example.fr", False, "tele.example.fr", "http://tele.example.fr"),
        ("https://192.0.2.1", False, "192.0.2.1", "https://192.0.2.1"),
        ("", True, "localhost", "http://localhost:5006"),
    ],
)
def test_passkeys_are_offered_where_browsers_have_them(url: str, offered: bool, rp: str, origin: str) -> None:
    settings = load(public_url=url)
    assert (Way.PASSKEY in ways.offered(settings)) is offered
    assert (ceremony.rp_id(settings), ceremony.origin(settings)) == (rp, origin)


def test_where_passkeys_are_not_offered_none_is_asked_for() -> None:
    with pytest.raises(AccessDenied):
        passkeys.begin_login(small_world(public_url="http://tele.example.fr").platform)
