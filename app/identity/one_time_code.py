"""« Authentification forte »: login and password, then a code of six digits by SMS or e-mail (ASVS 5.0 6.5, 6.6).

A code lives five minutes, in one `pending_login` row bound to the browser that asked for it. The row holds a keyed
digest of the code, never the code. How an answer is taken:

    tries + 1, where unused, in time and below five  -- committed
    compare with the digest, in constant time
    used_at, where unused                            -- committed: of many right answers at once, one gets here first
    the last step of every way

A code sent anew replaces the one before and does not give the tries back.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import func, update
from sqlmodel import Session, col, select

from app.audit import service as audit
from app.db import key
from app.errors import AccessDenied, LoginExpired, LoginRefused, TooManyCodes
from app.french import NO_BREAK_SPACE
from app.identity import pending, service, throttle, ways
from app.identity.models import PendingLogin, Professional
from app.identity.ways import NOWHERE, Visitor, Way
from app.platform import Platform

DIGITS = 6
LIFETIME = timedelta(minutes=5)
TRIES = 5
RESENDS = 3
RESEND_AFTER = timedelta(seconds=30)
SENDS_OF_ACCOUNT = 10  # an hour
SENDS_FROM_ADDRESS = 200  # an hour: a hospital is one address
TOPIC = "login.code"  # in the outbox

NO_MOBILE = ("de numéro de mobile", "Courriel")
NO_EMAIL = ("d'adresse de courriel", "SMS")
LOCKED = "Cinq codes incorrects : ce code ne sert plus. Recommencez avec votre mot de passe."


class Channel(StrEnum):
    """How a code travels."""

    SMS = "sms"
    EMAIL = "email"

    @property
    def label(self) -> str:
        return "SMS" if self is Channel.SMS else "Courriel"


@dataclass(frozen=True)
class CodeSent:
    """A code is on its way: the secret for the pre-session cookie, to whom (masked), until when, what may be asked anew."""

    secret: str
    channel: Channel
    destination: str
    expires_at: datetime
    resend_at: datetime
    resends_left: int
    tries_left: int


def channels(platform: Platform) -> list[Channel]:
    """What this installation can send by."""
    return [each for each in Channel if each is Channel.EMAIL or platform.settings.sms_transport != "none"]


def ask(platform: Platform, login: str, password: str, channel: Channel, visitor: Visitor = NOWHERE) -> CodeSent:
    """The first step: check the password, send a code.

    Slow on purpose (argon2id): in the web process it takes its turn (`app.identity.turns`).

    Raises: TooManyAttempts, WrongCredentials (the same for an unknown login), AccessDenied (this way is closed to this
    person), LoginRefused (no mobile number, no address: after a right password only), TooManyCodes.
    """
    professional = service.check_password(platform, login, password, Way.STRONG, visitor)
    try:
        with platform.transaction() as session:
            ways.check(session, platform.settings, professional, Way.STRONG, visitor)
            to = _destination(platform, professional, channel)
            _check_rate(session, platform, professional.id, visitor)
            _supersede(session, platform, professional)
            data = {"channel": channel, "to": masked(to, channel)}
            secret = pending.begin(
                session, platform, Way.STRONG, data, LIFETIME, professional_id=professional.id, visitor=visitor
            )
            row = pending.look(session, platform, Way.STRONG, secret)
            _send(session, platform, row, professional, visitor)
    except (AccessDenied, LoginRefused, TooManyCodes) as refusal:
        reason = getattr(refusal, "reason", "rate")
        service.journal_refusal(platform, Way.STRONG, reason, visitor, professional)
        raise
    platform.outbox.announce(platform)
    return _sent(row, secret)


def waiting(platform: Platform, secret: str | None) -> CodeSent:
    """The code this browser is waiting for. Raises: LoginExpired."""
    with platform.reading() as session:
        return _sent(pending.look(session, platform, Way.STRONG, secret), secret or "")


def resend(platform: Platform, secret: str | None, visitor: Visitor = NOWHERE) -> CodeSent:
    """Send a new code in place of the one before: three times at most, thirty seconds apart.

    Raises: LoginExpired, LoginRefused (too early, too often, no mobile number any more), TooManyCodes.
    """
    now = platform.now()
    with platform.transaction() as session:
        row = pending.look(session, platform, Way.STRONG, secret)
        sent = _sent(row, secret or "")
        if not sent.tries_left:
            raise LoginRefused("locked", LOCKED)
        if not sent.resends_left:
            raise LoginRefused("resends", "Trois codes ont déjà été renvoyés. Recommencez avec votre mot de passe.")
        if now < sent.resend_at:
            seconds = int((sent.resend_at - now).total_seconds()) + 1
            raise LoginRefused(
                "resend-early", f"Le code est en route. Vous pourrez en demander un autre dans {seconds} s."
            )
        _check_rate(session, platform, row.professional_id, visitor)
        professional = session.get_one(Professional, row.professional_id)
        _destination(platform, professional, sent.channel)
        # PostgreSQL lets two transactions come this far: only one finds the count it has read.
        claimed = session.execute(
            update(PendingLogin)
            .where(col(PendingLogin.id) == row.id, col(PendingLogin.sends) == row.sends)
            .where(col(PendingLogin.used_at).is_(None))
            .values(expires_at=now + LIFETIME)
        )
        if claimed.rowcount != 1:  # type: ignore[attr-defined]
            raise LoginExpired
        session.refresh(row)
        _send(session, platform, row, professional, visitor)
    platform.outbox.announce(platform)
    return _sent(row, secret or "")


def answer(platform: Platform, secret: str | None, code: str, visitor: Visitor = NOWHERE) -> str:
    """The second step: check the code and log in; answers the secret for the login cookie.

    Raises: LoginExpired (too old, used, of another browser), LoginRefused (« code » with the tries left, « locked »),
    AccessDenied (suspended or closed meanwhile).
    """
    row, professional = _count_try(platform, secret)
    failures = throttle.counter(platform, professional.login, visitor)
    try:
        given = "".join(code.split())[:20]
        if not hmac.compare_digest(_digest(platform, row, given), json.loads(row.data)["code"]):
            raise _wrong(TRIES - row.tries)
        with platform.transaction() as session:
            pending.burn(session, platform, Way.STRONG, secret)
        with platform.transaction() as session:
            throttle.forget(session, failures)
            return service.finish_login(session, platform, professional, Way.STRONG, visitor)
    except (AccessDenied, LoginRefused) as refusal:
        service.count_refusal(platform, professional.login, Way.STRONG, refusal.reason, visitor, professional)
        raise


def masked(to: str, channel: Channel) -> str:
    """« +33 •• •• •• 00 11 », « d•••@demo.invalid »: enough to know one's own, not enough to learn another's."""
    if channel is Channel.EMAIL:
        name, _, host = to.partition("@")
        return f"{name[:1]}•••@{host}"
    prefix = to[:3] if to.startswith("+") else ""
    digits = [sign for sign in to[len(prefix) :] if sign.isdigit()]
    end = "".join(digits[-4:])
    return " ".join(part for part in (prefix, "••", "••", "••", end[:2], end[2:]) if part).replace(" ", NO_BREAK_SPACE)


def _count_try(platform: Platform, secret: str | None) -> tuple[PendingLogin, Professional]:
    """Take one of the five tries, committed before anything is compared."""
    with platform.transaction() as session:
        row = pending.look(session, platform, Way.STRONG, secret)
        counted = session.execute(
            update(PendingLogin)
            .where(col(PendingLogin.id) == row.id, col(PendingLogin.tries) < TRIES)
            .where(col(PendingLogin.used_at).is_(None), col(PendingLogin.expires_at) > platform.now())
            .values(tries=PendingLogin.tries + 1)
        )
        if counted.rowcount != 1:  # type: ignore[attr-defined]
            raise LoginRefused("locked", LOCKED)
        session.refresh(row)
        return row, session.get_one(Professional, row.professional_id)


def _wrong(left: int) -> LoginRefused:
    if left <= 0:
        return LoginRefused("locked", LOCKED)
    tries = "1 essai" if left == 1 else f"{left} essais"
    return LoginRefused(
        "code", f"Code incorrect. Il vous reste {tries} : vérifiez les six chiffres du dernier message."
    )


def _destination(platform: Platform, professional: Professional, channel: Channel) -> str:
    if channel not in channels(platform):
        raise LoginRefused("channel", "Cette installation n'envoie pas de SMS. Choisissez « Courriel ».")
    to = professional.mobile if channel is Channel.SMS else professional.email
    if not to:
        missing, other = NO_MOBILE if channel is Channel.SMS else NO_EMAIL
        raise LoginRefused(
            f"no-{channel}",
            f"Votre mot de passe est bon, mais votre compte n'a pas {missing}. "
            f"Choisissez « {other} », ou demandez à l'administrateur de compléter votre compte.",
        )
    return to


def _check_rate(session: Session, platform: Platform, professional_id: int | None, visitor: Visitor) -> None:
    since = col(PendingLogin.created_at) > platform.now() - timedelta(hours=1)
    counted = select(func.coalesce(func.sum(PendingLogin.sends), 0)).where(PendingLogin.purpose == Way.STRONG, since)
    if session.exec(counted.where(PendingLogin.professional_id == professional_id)).one() >= SENDS_OF_ACCOUNT:
        raise TooManyCodes
    if visitor.address and (
        session.exec(counted.where(PendingLogin.address == visitor.address)).one() >= SENDS_FROM_ADDRESS
    ):
        raise TooManyCodes


def _supersede(session: Session, platform: Platform, professional: Professional) -> None:
    """A new login makes the codes of earlier ones useless, sent or not."""
    earlier = select(PendingLogin).where(
        PendingLogin.purpose == Way.STRONG,
        PendingLogin.professional_id == professional.id,
        col(PendingLogin.used_at).is_(None),
    )
    for row in session.exec(earlier):
        row.used_at = platform.now()
        session.add(row)
        platform.outbox.take_back(session, TOPIC, key(row))


def _send(
    session: Session, platform: Platform, row: PendingLogin, professional: Professional, visitor: Visitor
) -> None:
    """Draw a code into the row and the outbox; what was waiting there before is taken back."""
    now, code = platform.now(), f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
    row.sends += 1
    content: dict[str, Any] = json.loads(row.data)
    row.data = json.dumps(
        content | {"code": _digest(platform, row, code), "resend_at": (now + RESEND_AFTER).isoformat()}
    )
    session.add(row)
    topic_id, expires_at = key(row), row.expires_at
    platform.outbox.take_back(session, TOPIC, topic_id)
    if content["channel"] == Channel.SMS:
        text = f"Télédossier : {code} est votre code de connexion, valable 5 minutes. Ne le donnez à personne."
        platform.outbox.queue_sms(session, now, professional.mobile, text, TOPIC, topic_id, expires_at)
    else:
        subject = "Votre code de connexion à Télédossier"
        platform.outbox.queue_mail(
            session, now, professional.email, subject, LETTER.format(code=code), TOPIC, topic_id, expires_at
        )
    detail = {"method": Way.STRONG, "channel": content["channel"], "address": visitor.address}
    audit.record(session, now, professional, "login.code", detail=detail)


LETTER = """Bonjour,

Votre code de connexion à Télédossier : {code}

Il est valable 5 minutes et ne sert qu'une fois. Ne le donnez à personne : l'assistance ne vous le demandera jamais.

Vous n'avez pas demandé ce code ? Quelqu'un connaît votre mot de passe : changez-le.
"""


def _sent(row: PendingLogin, secret: str) -> CodeSent:
    content = json.loads(row.data)
    return CodeSent(
        secret=secret,
        channel=Channel(content["channel"]),
        destination=content["to"],
        expires_at=row.expires_at,
        resend_at=datetime.fromisoformat(content["resend_at"]),
        resends_left=max(1 + RESENDS - row.sends, 0),
        tries_left=TRIES - row.tries,
    )


def _digest(platform: Platform, row: PendingLogin, code: str) -> str:
    """Six digits are few: without the key, which is not in the database, a digest of them would be no secret."""
    pepper = platform.settings.derived_secret("one-time-code").encode()
    return hmac.new(
        pepper, f"{row.secret_hash}/{row.sends}/{code}".encode(errors="replace"), hashlib.sha256
    ).hexdigest()
