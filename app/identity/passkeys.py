"""Passkeys (WebAuthn): add one in « Paramètres », log in with one, name, remove.

A passkey stands for two factors: the device that holds it, and the finger, face or code that opens it. The challenge of
either ceremony is a pending login, burned before anything is compared; one for a new key is bound to the person and to
the login session that asked for it.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import update
from sqlmodel import Session, col, or_, select
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url

from app.audit import service as audit
from app.db import key
from app.errors import AccessDenied, InvalidInput, LoginExpired, LoginRefused, NotFound
from app.identity import ceremony, confirming, login_sessions, pending, service
from app.identity.ceremony import Answer
from app.identity.models import Passkey, PendingLogin, Professional
from app.identity.notices import Tell, tell_change
from app.identity.ways import NOWHERE, Visitor, Way
from app.platform import Platform

NEW = "passkey.new"  # purpose of the pending login of a new key
LOGIN = Way.PASSKEY.value
LIFETIME = timedelta(minutes=5)  # of a challenge; the browser itself gives up after two
HANDLE_BYTES = 32  # WebAuthn 14.6.1: drawn by chance, says nothing about the person
MOST_KEYS = 20
LONGEST_NAME = 60


@dataclass(frozen=True)
class Begun:
    """A ceremony that waits for the browser's answer: options for it, secret and lifetime of the pre-session cookie."""

    options: Answer
    secret: str
    lifetime: timedelta = LIFETIME


def mine(platform: Platform, actor: Professional) -> list[Passkey]:
    """The person's own keys, the oldest first."""
    with platform.reading() as session:
        return _of(session, actor)


def begin_registration(platform: Platform, actor: Professional, login_secret: str | None, password: str = "") -> Begun:
    """Ask for a new key. Slow when a password is given: call it in a thread.

    Raises: ConfirmationNeeded, TooManyAttempts (confirming.check), InvalidInput (too many keys).
    """
    confirming.check(platform, actor, login_secret, password)
    with platform.transaction() as session:
        person = session.get_one(Professional, actor.id)
        known = _of(session, person)
        if len(known) >= MOST_KEYS:
            raise InvalidInput("Vous avez déjà vingt clés d'accès. Retirez-en une avant d'en ajouter une autre.")
        if person.passkey_handle is None:
            person.passkey_handle = secrets.token_bytes(HANDLE_BYTES)
            session.add(person)
        options, challenge = ceremony.registration_options(
            platform.settings,
            person.passkey_handle,
            person.login,
            person.full_name,
            [each.credential_id for each in known],
        )
        here = login_sessions.hash_secret(login_secret or "")
        kept = {"challenge": bytes_to_base64url(challenge), "login": here}
        return Begun(options, pending.begin(session, platform, NEW, kept, LIFETIME, professional_id=person.id))


def register(
    platform: Platform,
    actor: Professional,
    login_secret: str | None,
    pending_secret: str | None,
    answer: Answer,
    name: str,
    tell: Tell,
) -> Passkey:
    """Keep the key that the browser has made. Journalled; the person's e-mail address hears of it.

    Raises: LoginExpired (challenge unknown, used, too old, or of another person or login), LoginRefused.
    """
    begun = _burn(platform, NEW, pending_secret)
    data = json.loads(begun.data)
    if begun.professional_id != actor.id or data["login"] != login_sessions.hash_secret(login_secret or ""):
        raise LoginExpired
    made = ceremony.check_registration(platform.settings, answer, base64url_to_bytes(data["challenge"]))
    now = platform.now()
    with platform.transaction() as session:
        if session.exec(select(Passkey).where(Passkey.credential_id == made.credential_id)).first():
            raise ceremony.refused("known")
        person = session.get_one(Professional, actor.id)
        passkey = Passkey(
            professional_id=key(person),
            credential_id=made.credential_id,
            public_key=made.public_key,
            sign_count=made.sign_count,
            name=_checked_name(name[:LONGEST_NAME].strip() or Way.PASSKEY.label),
            transports=ceremony.transports_of(answer),
            backed_up=made.backed_up,
            created_at=now,
        )
        session.add(passkey)
        session.flush()
        audit.record(session, now, person, "passkey.added", subject=str(passkey.id))
        tell_change(session, now, person, f"La clé d'accès « {passkey.name} » a été ajoutée à votre compte.", tell)
    return passkey


def begin_login(platform: Platform) -> Begun:
    """Ask for any key of ours that the device holds.

    Raises: AccessDenied when this installation does not offer passkeys.
    """
    service.check_offered(platform, Way.PASSKEY)
    options, challenge = ceremony.login_options(platform.settings)
    with platform.transaction() as session:
        kept = {"challenge": bytes_to_base64url(challenge)}
        return Begun(options, pending.begin(session, platform, LOGIN, kept, LIFETIME))


def log_in(platform: Platform, pending_secret: str | None, answer: Answer, visitor: Visitor = NOWHERE) -> str:
    """Log in with a key; answers the secret for the login cookie. Every refusal is journalled.

    Raises: LoginExpired, LoginRefused, AccessDenied (suspended, way closed by the structure).
    """
    owner: list[Professional] = []
    try:
        return _log_in(platform, pending_secret, answer, visitor, owner)
    except LoginExpired:
        service.journal_refusal(platform, Way.PASSKEY, "challenge-over", visitor)
        raise
    except LoginRefused as refusal:
        service.journal_refusal(platform, Way.PASSKEY, refusal.reason, visitor, *owner)
        raise
    except AccessDenied:
        reason = "suspended" if owner and owner[0].suspended else "way-closed"
        service.journal_refusal(platform, Way.PASSKEY, reason, visitor, *owner)
        raise


def rename(platform: Platform, actor: Professional, passkey_id: int, name: str) -> None:
    """Give one of one's keys another name. Raises: NotFound, InvalidInput."""
    with platform.transaction() as session:
        passkey = _own(session, actor, passkey_id)
        passkey.name = _checked_name(name)
        session.add(passkey)
        audit.record(session, platform.now(), actor, "passkey.renamed", subject=str(passkey_id))


def remove(platform: Platform, actor: Professional, passkey_id: int, tell: Tell) -> None:
    """Forget one of one's keys: it opens nothing any more. Login sessions that it opened stay open.

    Raises: NotFound.
    """
    now = platform.now()
    with platform.transaction() as session:
        passkey = _own(session, actor, passkey_id)
        session.delete(passkey)
        audit.record(session, now, actor, "passkey.removed", subject=str(passkey_id))
        tell_change(session, now, actor, f"La clé d'accès « {passkey.name} » a été retirée de votre compte.", tell)


def _log_in(
    platform: Platform, pending_secret: str | None, answer: Answer, visitor: Visitor, owner: list[Professional]
) -> str:
    """`owner` takes the person in once the signature has shown who it is: only then may the journal name them."""
    challenge = base64url_to_bytes(json.loads(_burn(platform, LOGIN, pending_secret).data)["challenge"])
    credential_id, handle = ceremony.credential_id_of(answer), ceremony.handle_of(answer)
    with platform.reading() as session:
        found = session.exec(
            select(Passkey, Professional)
            .join(Professional, col(Professional.id) == col(Passkey.professional_id))
            .where(Passkey.credential_id == credential_id)
        ).first()
    if found is None:
        raise ceremony.refused("unknown")
    passkey, person = found
    signed = ceremony.check_login(platform.settings, answer, challenge, passkey.public_key)
    owner.append(person)
    # WebAuthn 7.2, step 6: who was not named before is whom the key names, and that must be its owner.
    if not secrets.compare_digest(handle, person.passkey_handle or b""):
        raise ceremony.refused("handle")
    with platform.transaction() as session:
        _count_up(session, platform, passkey, signed)
        kept = session.get_one(Professional, person.id)
        return service.finish_login(session, platform, kept, Way.PASSKEY, visitor)


def _count_up(session: Session, platform: Platform, passkey: Passkey, signed: ceremony.Signed) -> None:
    """Keep the counter of the answer, which must be above the last one known (or both zero: keys without a counter).

    One statement, so that of two answers at once with the same counter only one passes. A counter that does not rise
    means that somebody else used the key, hence that it was copied (WebAuthn 7.2, step 22). Raises: LoginRefused.
    """
    counter, new = col(Passkey.sign_count), signed.sign_count
    # A key that once counted must go on counting: from above zero it never comes back to zero.
    rises = or_(counter < new, (counter == 0) & (new == 0))
    done = session.execute(
        update(Passkey)
        .where(col(Passkey.id) == passkey.id, rises)
        .values(sign_count=new, backed_up=signed.backed_up, last_used_at=platform.now())
    )
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise ceremony.refused("cloned")


def _burn(platform: Platform, purpose: str, secret: str | None) -> PendingLogin:
    """The pending login, used up and committed. Raises: LoginExpired."""
    with platform.transaction() as session:
        return pending.burn(session, platform, purpose, secret)


def _of(session: Session, professional: Professional) -> list[Passkey]:
    wanted = select(Passkey).where(Passkey.professional_id == professional.id).order_by(col(Passkey.id))
    return list(session.exec(wanted))


def _own(session: Session, actor: Professional, passkey_id: int) -> Passkey:
    passkey = session.get(Passkey, passkey_id)
    if passkey is None or passkey.professional_id != actor.id:
        raise NotFound
    return passkey


def _checked_name(name: str) -> str:
    name = " ".join(name.split())
    if not name:
        raise InvalidInput("Donnez un nom à cette clé, par exemple « Téléphone » ou « Poste de soins ».")
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise InvalidInput(f"Ce nom est trop long : {LONGEST_NAME} caractères au plus.")
    return name
