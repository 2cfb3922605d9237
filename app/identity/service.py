"""Log in, log out (guide 1.1). One answer for every reason why a password login is refused."""

from __future__ import annotations

import hashlib
import hmac

from sqlmodel import Session, select

from app.audit import service as audit
from app.errors import AccessDenied, WrongCredentials
from app.identity import login_sessions, passwords, throttle, ways
from app.identity.models import Professional, Structure
from app.identity.ways import NOWHERE, Visitor, Way
from app.platform import Platform


def finish_login(session: Session, platform: Platform, professional: Professional, way: Way, visitor: Visitor) -> str:
    """The last step of every way, in the caller's transaction: may they, this way, from here? Then a new session.

    Answers the secret for the login cookie.

    Raises: AccessDenied (account suspended, way closed by the structure, password from a foreign network).
    """
    if professional.suspended:
        raise AccessDenied("Ce compte est suspendu. Appelez l'administrateur de votre établissement.", "suspended")
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

    Slow on purpose (argon2id): in the web process it takes its turn (`app.identity.turns`).

    Raises: AccessDenied (this way is switched off, or closed to this person or from here), TooManyAttempts(seconds),
    WrongCredentials.
    """
    if not platform.settings.password_login:
        raise AccessDenied("La connexion par mot de passe n'est pas ouverte ici. Choisissez un autre moyen.", "way")
    professional = check_password(platform, login, password, Way.PASSWORD, visitor)
    failures = throttle.counter(platform, professional.login, visitor)
    try:
        with platform.transaction() as session:
            throttle.forget(session, failures)
            return finish_login(session, platform, professional, Way.PASSWORD, visitor)
    except AccessDenied as denial:
        # That transaction kept nothing: neither an opened session nor forgotten failures.
        count_refusal(platform, professional.login, Way.PASSWORD, denial.reason, visitor, professional)
        raise


def check_password(platform: Platform, login: str, password: str, way: Way, visitor: Visitor = NOWHERE) -> Professional:
    """Who has this login and this password: the first step of two ways.

    An unknown login, a suspended one and a wrong password give the same answer after the same work; from the sixth
    failure in a row one has to wait, longer each time, known login or not. Failures stay counted: the way that comes
    to its end forgets them.

    Raises: TooManyAttempts(seconds), WrongCredentials.
    """
    login = throttle.tidied(login)
    throttle.check(platform, login, visitor)
    with platform.reading() as session:
        professional = session.exec(select(Professional).where(Professional.login == login)).first()
    right = passwords.is_right(professional.password_hash if professional else "", password)
    if professional is None or not right or professional.suspended:
        # The login as typed may be a password typed in the wrong field: only a known one is journalled by name.
        reason = "suspended" if professional and right else "wrong"
        count_refusal(platform, login, way, reason, visitor, professional)
        raise WrongCredentials
    if passwords.needs_rehash(professional.password_hash):
        with platform.transaction() as session:
            kept = session.get_one(Professional, professional.id)
            kept.password_hash = passwords.hash_password(password)
            session.add(kept)
    return professional


def count_refusal(
    platform: Platform,
    login: str,
    way: Way,
    reason: str,
    visitor: Visitor = NOWHERE,
    professional: Professional | None = None,
) -> None:
    """Count a failure against a login and keep it in the journal, in a transaction of its own."""
    failures = throttle.counter(platform, login, visitor)
    with platform.transaction() as session:
        throttle.count(session, platform, failures)
        detail = {"method": way, "reason": reason, "address": visitor.address}
        audit.record(session, platform.now(), professional or audit.SYSTEM, "login.refused", detail=detail)


def check_offered(platform: Platform, way: Way) -> None:
    """Raises: AccessDenied when this installation does not offer a way to log in."""
    if way not in ways.offered(platform.settings):
        raise AccessDenied(f"La connexion par « {way.label} » n'est pas ouverte ici. Choisissez un autre moyen.")


def confirm_password(platform: Platform, actor: Professional, password: str) -> None:
    """Whether who is logged in knows their password; guessing is as slow as at the login page.

    Slow on purpose (argon2id): call it in a thread. Raises: TooManyAttempts(seconds), WrongCredentials.
    """
    throttle.check(platform, actor.login)
    with platform.reading() as session:
        kept = session.get_one(Professional, actor.id).password_hash
    if not passwords.is_right(kept, password):
        count_refusal(platform, actor.login, Way.PASSWORD, "confirm", NOWHERE, actor)
        raise WrongCredentials("Mot de passe actuel incorrect. Vérifiez la touche majuscule, puis réessayez.")


def workstation(platform: Platform, mark: str | None) -> Structure | None:
    """The structure whose people log in from a browser, out of the mark that `mark_of` left there; None without one."""
    number, _, seal = (mark or "").partition(".")
    if not number.isdecimal() or not hmac.compare_digest(seal, _seal(platform, number)):
        return None
    with platform.reading() as session:
        return session.get(Structure, int(number))


def mark_of(platform: Platform, secret: str) -> str:
    """What a browser remembers of the structure of who just logged in; sealed, so that nobody tries numbers for names."""
    person = login_sessions.find(platform, secret)
    number = str(person.structure_id or "") if person else ""
    return f"{number}.{_seal(platform, number)}" if number else ""


def _seal(platform: Platform, number: str) -> str:
    key = platform.settings.derived_secret("workstation").encode()
    return hmac.new(key, number.encode(), hashlib.sha256).hexdigest()[:32]


def structure_of(session: Session, professional: Professional) -> Structure | None:
    """Where somebody works."""
    return session.get(Structure, professional.structure_id) if professional.structure_id else None
