"""Change a password; choose a new one by a link when it is forgotten.

A changed password ends the person's other login sessions: whoever used the old one is out.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, update
from sqlmodel import Session, col, select

from app.audit import service as audit
from app.db import key
from app.errors import InvalidInput, LoginExpired
from app.identity import login_sessions, passwords, pending, service, throttle
from app.identity.models import PendingLogin, Professional
from app.identity.ways import NOWHERE, Visitor, Way
from app.platform import Platform

LIFETIME = timedelta(minutes=30)
RESETS_OF_ACCOUNT = 3  # letters an hour
RESETS_FROM_ADDRESS = 50  # an hour: a hospital is one address
PURPOSE = "reset"
TOPIC = "login.reset"  # in the outbox

LINK_OVER = (
    "Ce lien a expiré ou a déjà servi. Votre mot de passe n'a pas changé par cette page : "
    "demandez un nouveau lien, il arrive en une minute."
)


class PasswordUnchanged(InvalidInput):
    """The old password is wrong, or the new one is the old one."""

    code = "mot-de-passe-inchange"


def change_password(
    platform: Platform, actor: Professional, old: str, new: str, except_secret: str | None = None
) -> None:
    """Change one's own password; every other login session of the person ends (all but `except_secret`).

    Slow on purpose (argon2id, twice): call it in a thread.

    Raises: TooManyAttempts(seconds), PasswordUnchanged, WeakPassword.
    """
    throttle.check(platform, actor.login)
    with platform.reading() as session:
        person = session.get_one(Professional, actor.id)
        words = own_words(session, person)
    if not passwords.is_right(person.password_hash, old):
        service.count_refusal(platform, person.login, Way.PASSWORD, "change", NOWHERE, person)
        raise PasswordUnchanged("Le mot de passe actuel est incorrect. Rien n'a changé : réessayez.")
    if old == new:
        raise PasswordUnchanged("Le nouveau mot de passe est l'ancien. Choisissez-en un autre.")
    passwords.check_new(new, words)
    _keep(platform, person, passwords.hash_password(new), "password.change")
    login_sessions.end_all(platform, person, keep=except_secret)


def ask_reset(platform: Platform, login: str, visitor: Visitor = NOWHERE) -> None:
    """Send a link to choose a new password, where the account exists and has an address.

    Answers nothing in any case: who asks must not learn whether an account exists. The caller gives its answer
    without waiting for this, or the time would tell.
    """
    login = throttle.tidied(login)
    with platform.transaction() as session:
        person = session.exec(select(Professional).where(Professional.login == login)).first()
        if person is None or person.suspended or not person.email or not _may_ask(session, platform, person, visitor):
            detail = {"method": PURPOSE, "reason": "reset", "address": visitor.address}
            audit.record(session, platform.now(), person or audit.SYSTEM, "login.refused", detail=detail)
            return
        secret = pending.begin(session, platform, PURPOSE, {}, LIFETIME, professional_id=person.id, visitor=visitor)
        row = pending.look(session, platform, PURPOSE, secret)
        row.sends = 1
        session.add(row)
        link = platform.settings.url(f"/connexion/nouveau-mot-de-passe/{secret}")
        platform.outbox.queue_mail(
            session, platform.now(), person.email, "Choisir un nouveau mot de passe",
            LETTER.format(login=person.login, link=link), TOPIC, key(row), row.expires_at,
        )  # fmt: skip
        audit.record(session, platform.now(), person, "password.asked", detail={"address": visitor.address})
    platform.outbox.announce(platform)


def check_link(platform: Platform, secret: str) -> str:
    """The login whose password this link lets choose; looking does not use it up, mail scanners look too.

    Raises: LoginExpired.
    """
    with platform.reading() as session:
        return _person_of(session, platform, secret)[1].login


def reset_password(platform: Platform, secret: str, new: str, visitor: Visitor = NOWHERE) -> None:
    """Choose a new password by a link, once; every login session of the person ends, waiting codes and links too.

    Slow on purpose (argon2id): call it in a thread.

    Raises: LoginExpired, WeakPassword (the link stays good).
    """
    with platform.reading() as session:
        _row, person = _person_of(session, platform, secret)
        words = own_words(session, person)
    passwords.check_new(new, words)
    hashed = passwords.hash_password(new)
    with platform.transaction() as session:  # from here on the link is used, whatever follows
        try:
            pending.burn(session, platform, PURPOSE, secret)
        except LoginExpired as error:
            raise LoginExpired(LINK_OVER) from error
    _keep(platform, person, hashed, "password.reset", visitor)
    login_sessions.end_all(platform, person)


def void_links(session: Session, platform: Platform, person: Professional) -> None:
    """Links to set a password that are still open lead nowhere any more."""
    session.execute(
        update(PendingLogin)
        .where(
            col(PendingLogin.professional_id) == key(person),
            col(PendingLogin.purpose) == PURPOSE,
            col(PendingLogin.used_at).is_(None),
        )
        .values(used_at=platform.now())
        .execution_options(synchronize_session=False)
    )


def own_words(session: Session, person: Professional) -> list[str]:
    """What a stranger would try first for this person."""
    structure = service.structure_of(session, person)
    words = [person.login, person.given_name, person.family_name, person.email, person.rpps or "", person.mobile]
    return [*words, structure.name, structure.town, "télédossier"] if structure else [*words, "télédossier"]


def _person_of(session: Session, platform: Platform, secret: str) -> tuple[PendingLogin, Professional]:
    try:
        row = pending.look(session, platform, PURPOSE, secret)
    except LoginExpired as error:
        raise LoginExpired(LINK_OVER) from error
    person = session.get_one(Professional, row.professional_id)
    if person.suspended:
        raise LoginExpired(LINK_OVER)
    return row, person


def _may_ask(session: Session, platform: Platform, person: Professional, visitor: Visitor) -> bool:
    counted = select(func.count()).where(
        PendingLogin.purpose == PURPOSE, col(PendingLogin.created_at) > platform.now() - timedelta(hours=1)
    )
    of_account = session.exec(counted.where(PendingLogin.professional_id == person.id)).one()
    from_address = session.exec(counted.where(PendingLogin.address == visitor.address)).one() if visitor.address else 0
    return of_account < RESETS_OF_ACCOUNT and from_address < RESETS_FROM_ADDRESS


def _keep(
    platform: Platform, person: Professional, password_hash: str, action: str, visitor: Visitor = NOWHERE
) -> None:
    now = platform.now()
    failures = {person.login, throttle.counter(platform, person.login, visitor)}
    with platform.transaction() as session:
        kept = session.get_one(Professional, person.id)
        kept.password_hash = password_hash
        session.add(kept)
        for name in failures:
            throttle.forget(session, name)
        open_rows = select(PendingLogin).where(
            PendingLogin.professional_id == person.id, col(PendingLogin.used_at).is_(None)
        )
        for row in session.exec(open_rows):
            row.used_at = now
            session.add(row)
        if kept.email:
            subject = "Votre mot de passe Télédossier a changé"
            platform.outbox.queue_mail(session, now, kept.email, subject, NOTICE, "password", kept.id)
        audit.record(session, now, kept, action, detail={"address": visitor.address})
    platform.outbox.announce(platform)


LETTER = """Bonjour,

Pour choisir un nouveau mot de passe du compte « {login} », ouvrez ce lien dans les 30 minutes :

{link}

Il ne sert qu'une fois. Vous n'avez rien demandé ? Ne faites rien : votre mot de passe reste le même.
"""

NOTICE = """Bonjour,

Le mot de passe de votre compte Télédossier vient de changer. Vos autres sessions sont fermées.

Ce n'était pas vous ? Appelez l'assistance sans attendre.
"""
