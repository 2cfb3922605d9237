"""Log in, log out (guide 1.1). One answer for every reason why a password login is refused."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from sqlmodel import Session, select

from app.audit import service as audit
from app.errors import AccessDenied, InvalidInput, TooManyAttempts, WrongCredentials
from app.identity import login_sessions, passwords, ways
from app.identity.models import LoginThrottle, Professional, Structure
from app.identity.ways import NOWHERE, Visitor, Way
from app.platform import Platform

FREE_FAILURES = 5  # this many in a row cost nothing but the time of argon2
LONGEST_WAIT = timedelta(minutes=15)
FORGOTTEN_AFTER = timedelta(hours=24)
SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 1024


def finish_login(session: Session, platform: Platform, professional: Professional, way: Way, visitor: Visitor) -> str:
    """The last step of every way, in the caller's transaction: may they, this way, from here? Then a new session.

    Answers the secret for the login cookie.

    Raises: AccessDenied (account suspended, way closed by the structure, password from a foreign network).
    """
    if professional.suspended:
        raise AccessDenied("Ce compte est suspendu. Appelez l'administrateur de votre établissement.")
    ways.check(session, platform.settings, professional, way, visitor)
    return login_sessions.open_session(session, platform, professional, way, visitor)


def journal_refusal(
    platform: Platform, way: Way, reason: str, visitor: Visitor = NOWHERE, professional: Professional | None = None
) -> None:
    """Keep in the journal that a login was refused and why, in a transaction of its own; call it outside any other.

    `reason` is a stable word (« revoked », « nonce »). `professional` only when known for certain.
    """
    with platform.transaction() as session:
        detail = {"method": way, "reason": reason, "address": visitor.address}
        audit.record(session, platform.now(), professional or audit.SYSTEM, "login.refused", detail=detail)


def log_in_by_password(platform: Platform, login: str, password: str, visitor: Visitor = NOWHERE) -> str:
    """Log in by « Identifiant et mot de passe »; answers the secret for the login cookie.

    Slow on purpose (argon2id): call it in a thread. An unknown login and a wrong password give the same answer
    after the same work; from the sixth failure in a row one has to wait, longer each time, known login or not.

    Raises: AccessDenied (this way is switched off), TooManyAttempts(seconds), WrongCredentials.
    """
    if not platform.settings.password_login:
        raise AccessDenied("La connexion par mot de passe n'est pas ouverte ici. Choisissez un autre moyen.")
    login = login.strip().casefold()[:200]
    _check_wait(platform, login)
    with platform.reading() as session:
        professional = session.exec(select(Professional).where(Professional.login == login)).first()
    right = passwords.is_right(professional.password_hash if professional else "", password[:LONGEST_PASSWORD])
    if professional is None or not right or professional.suspended:
        _count_failure(platform, login, professional)
        raise WrongCredentials
    with platform.transaction() as session:
        throttle = session.get(LoginThrottle, _hashed(login))
        if throttle is not None:
            session.delete(throttle)
        if passwords.needs_rehash(professional.password_hash):
            kept = session.get_one(Professional, professional.id)
            kept.password_hash = passwords.hash_password(password)
            session.add(kept)
        return finish_login(session, platform, professional, Way.PASSWORD, visitor)


def check_offered(platform: Platform, way: Way) -> None:
    """Raises: AccessDenied when this installation does not offer a way to log in."""
    if way not in ways.offered(platform.settings):
        raise AccessDenied(f"La connexion par « {way.label} » n'est pas ouverte ici. Choisissez un autre moyen.")


def check_password(platform: Platform, actor: Professional, password: str) -> None:
    """Whether who is logged in knows their password; guessing is as slow as at the login page.

    Slow on purpose (argon2id): call it in a thread. Raises: TooManyAttempts(seconds), WrongCredentials.
    """
    _check_wait(platform, actor.login)
    with platform.reading() as session:
        kept = session.get_one(Professional, actor.id).password_hash
    if not passwords.is_right(kept, password[:LONGEST_PASSWORD]):
        _count_failure(platform, actor.login, actor)
        raise WrongCredentials("Mot de passe actuel incorrect. Vérifiez la touche majuscule, puis réessayez.")


def change_password(platform: Platform, actor: Professional, old: str, new: str) -> None:
    """Change one's own password. Slow on purpose (argon2id, twice): call it in a thread.

    Raises: WrongCredentials, TooManyAttempts, InvalidInput.
    """
    check_password(platform, actor, old)
    if not SHORTEST_PASSWORD <= len(new) <= LONGEST_PASSWORD:
        raise InvalidInput(f"Le nouveau mot de passe doit avoir {SHORTEST_PASSWORD} caractères au moins.")
    if new == old:
        raise InvalidInput("Le nouveau mot de passe est le même que l'ancien. Rien n'a été modifié.")
    hashed = passwords.hash_password(new)
    with platform.transaction() as session:
        person = session.get_one(Professional, actor.id)
        person.password_hash = hashed
        session.add(person)
        audit.record(session, platform.now(), person, "password.changed")


def structure_of(session: Session, professional: Professional) -> Structure | None:
    """Where somebody works."""
    return session.get(Structure, professional.structure_id) if professional.structure_id else None


def wait_after(failures: int) -> timedelta:
    """How long to wait after so many failures in a row: nothing, then 2 s, 4 s, 8 s … 15 minutes."""
    if failures < FREE_FAILURES:
        return timedelta()
    return min(timedelta(seconds=2 ** min(failures - FREE_FAILURES + 1, 20)), LONGEST_WAIT)


def _check_wait(platform: Platform, login: str) -> None:
    with platform.reading() as session:
        throttle = session.get(LoginThrottle, _hashed(login))
    if throttle is None:
        return
    left = throttle.last_failure_at + wait_after(throttle.failures) - platform.now()
    if left > timedelta():
        raise TooManyAttempts(int(left.total_seconds()) + 1)


def _count_failure(platform: Platform, login: str, professional: Professional | None) -> None:
    now = platform.now()
    with platform.transaction() as session:
        throttle = session.get(LoginThrottle, _hashed(login))
        if throttle is None:
            throttle = LoginThrottle(login_hash=_hashed(login), last_failure_at=now)
        if now - throttle.last_failure_at > FORGOTTEN_AFTER:
            throttle.failures = 0
        throttle.failures += 1
        throttle.last_failure_at = now
        session.add(throttle)
        # The login as typed may be a password typed in the wrong field: only a known one is journalled by name.
        audit.record(session, now, professional or audit.SYSTEM, "login.refused", detail={"method": "password"})


def _hashed(login: str) -> str:
    return hashlib.sha256(login.encode()).hexdigest()
