"""Log in with a card: a nonce for the pre-session, then the card's answer to it."""

from __future__ import annotations

import base64
import binascii
import json
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlmodel import select

from app.card_agent import message
from app.errors import AccessDenied, LoginExpired, LoginRefused
from app.identity import pending, service
from app.identity.card import certificates, refusals, revocation, trust
from app.identity.card.certificates import Holder
from app.identity.card.revocation import Ask
from app.identity.login_sessions import hash_secret
from app.identity.models import PendingLogin, Professional
from app.identity.ways import NOWHERE, Visitor, Way
from app.platform import Platform

PURPOSE = "card"
LIFETIME = timedelta(minutes=2)  # the code is already typed when the nonce is asked for
LONGEST_FIELD = 8192
BY_THE_CARD = ("wrong-code", "blocked")


@dataclass(frozen=True)
class Challenge:
    """What a page takes to the card. `secret` is for the pre-session cookie, `nonce` (base64) for the agent."""

    secret: str
    nonce: str


@dataclass(frozen=True)
class CardAnswer:
    """What the agent gave the page. `origin` and `nonce` are what it says it signed: the signature tells."""

    certificate: bytes
    algorithm: str
    signature: bytes
    origin: str
    nonce: bytes


def begin(platform: Platform) -> Challenge:
    """Draw a nonce for this browser. Raises: LoginRefused (« not-set-up »)."""
    if platform.settings.card_trust is None:
        raise refusals.refusal("not-set-up")
    nonce = base64.b64encode(secrets.token_bytes(message.NONCE_BYTES)).decode()
    with platform.transaction() as session:
        secret = pending.begin(session, platform, PURPOSE, {"nonce": nonce}, LIFETIME)
    return Challenge(secret, nonce)


def answer_of(sent: Any) -> CardAnswer:
    """The agent's answer out of what a page sent.

    A page also says when the card itself refused the code: that word opens nothing, and belongs in the journal.

    Raises: LoginRefused (« answer », « wrong-code », « blocked »).
    """
    if isinstance(sent, dict) and sent.get("refused") in BY_THE_CARD:
        raise refusals.refusal(sent["refused"])
    try:
        texts = {name: sent[name] for name in ("certificate", "algorithm", "signature", "origin", "nonce")}
        if not all(isinstance(text, str) and len(text) <= LONGEST_FIELD for text in texts.values()):
            raise ValueError
        raw = {name: base64.b64decode(texts[name], validate=True) for name in ("certificate", "signature", "nonce")}
    except (KeyError, TypeError, ValueError, binascii.Error):
        raise refusals.refusal("answer") from None
    return CardAnswer(raw["certificate"], texts["algorithm"], raw["signature"], texts["origin"], raw["nonce"])


def log_in(
    platform: Platform, pre_session: str | None, sent: Any, visitor: Visitor = NOWHERE, ask: Ask | None = None
) -> str:
    """Check a card's answer and open the login session; answers the secret for the login cookie.

    Reads files and may ask the issuer over the network: call it in a thread. The nonce is burned before anything is
    compared. Each refusal is journalled with its reason; a person is named in it only once the card is proved theirs.
    `ask` reaches the issuer (tests).

    Raises: LoginRefused(reason), AccessDenied (suspended, way closed by the structure).
    """
    try:
        nonce = _burned_nonce(platform, pre_session)
        holder = check(platform, answer_of(sent), nonce, ask)
    except LoginRefused as refusal:
        service.journal_refusal(platform, Way.CARD, refusal.reason, visitor)
        raise
    with platform.reading() as session:
        professional = session.exec(select(Professional).where(Professional.rpps == holder.rpps)).first()
    if professional is None:
        service.journal_refusal(platform, Way.CARD, "unknown", visitor)
        raise refusals.refusal("unknown")
    try:
        with platform.transaction() as session:
            fresh = session.get_one(Professional, professional.id)
            return service.finish_login(session, platform, fresh, Way.CARD, visitor)
    except AccessDenied:
        reason = "suspended" if professional.suspended else "closed"
        service.journal_refusal(platform, Way.CARD, reason, visitor, professional)
        raise


def check(platform: Platform, answer: CardAnswer, nonce: bytes, ask: Ask | None = None) -> Holder:
    """All that makes an answer good; the cheap and telling checks first, the network last.

    Raises: LoginRefused(reason).
    """
    settings, now = platform.settings, platform.now()
    if settings.card_trust is None:
        raise refusals.refusal("not-set-up")
    if answer.nonce != nonce:
        raise refusals.refusal("nonce")
    if answer.origin not in settings.card_origins:
        raise refusals.refusal("origin")
    believed = trust.load(settings.card_trust)
    certificate = certificates.read(answer.certificate)
    chain = certificates.chain_of(certificate, believed, now, settings.card_policies)
    certificates.check_signature(certificate, answer.algorithm, answer.signature, answer.origin, nonce)
    oldest = timedelta(hours=settings.card_crl_hours) if settings.card_crl_hours else None
    revocation.check_lists(chain, believed, now, oldest)
    if settings.card_ocsp and len(chain) > 1:
        revocation.check_online(certificate, chain[1], now, ask)
    return certificates.holder_of(certificate)


def _burned_nonce(platform: Platform, pre_session: str | None) -> bytes:
    """The nonce of this browser's pre-session, used up. Raises: LoginRefused (« replay », « presession »)."""
    try:
        with platform.transaction() as session:
            data = json.loads(pending.burn(session, platform, PURPOSE, pre_session).data)
    except LoginExpired:
        with platform.reading() as session:
            wanted = select(PendingLogin).where(PendingLogin.secret_hash == hash_secret(pre_session or ""))
            found = session.exec(wanted).first()
        used = found is not None and found.purpose == PURPOSE and found.used_at is not None
        raise refusals.refusal("replay" if used else "presession") from None
    return base64.b64decode(data["nonce"])
