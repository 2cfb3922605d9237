"""People (administration): find, create, change, suspend, invite anew. Every act is an administrator's and journalled."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from app.administration import letters, rights
from app.administration.drafts import PersonDraft, apply, checked, draft_of, version_of
from app.audit import service as audit
from app.db import key
from app.errors import InvalidInput, NotFound, Outdated, WrongStep
from app.french import folded
from app.identity import login_sessions, password_change
from app.identity.models import Profession, Professional, Structure
from app.messaging import service as outbox
from app.platform import Platform

SHOWN = 50  # people on one page of the list
TAKEN = "L'identifiant ou le RPPS vient d'être pris par un autre compte. Rien n'a été enregistré : vérifiez la liste."
LAST_ONE = (
    "C'est le dernier administrateur en activité : il ne peut être ni suspendu ni privé de ce droit. "
    "Nommez d'abord un autre administrateur."
)


@dataclass(frozen=True)
class PersonRow:
    """Somebody in the list, values as kept."""

    id: int
    login: str
    full_name: str
    qualification: str
    structure: str
    roles: tuple[str, ...]
    suspended: bool
    has_password: bool


@dataclass(frozen=True)
class PeoplePage:
    """A page of the list; `total` counts all that were found."""

    rows: tuple[PersonRow, ...]
    total: int
    page: int
    pages: int


@dataclass(frozen=True)
class PersonView:
    """Somebody in the form; hand `version` back with the change."""

    id: int
    full_name: str
    draft: PersonDraft
    version: str
    suspended: bool
    has_password: bool


def list_people(platform: Platform, actor: Professional, text: str = "", page: int = 1) -> PeoplePage:
    """People whose name, login, RPPS, e-mail or structure holds every word of `text`, by name. Raises: AccessDenied."""
    wanted = folded(text[:200]).split()
    with rights.looking(platform, actor, "people.list") as session:
        structures = {structure.id: structure for structure in session.exec(select(Structure))}
        found = _found(session, structures, wanted)
        pages = max(1, -(-len(found) // SHOWN))
        page = min(max(page, 1), pages)
        shown = found[(page - 1) * SHOWN : page * SHOWN]
        people = {
            person.id: person for person in session.exec(select(Professional).where(col(Professional.id).in_(shown)))
        }
        rows = tuple(_row(people[each], structures.get(people[each].structure_id)) for each in shown)
    return PeoplePage(rows, len(found), page, pages)


def _found(session: Session, structures: dict[int | None, Structure], wanted: list[str]) -> list[int]:
    """Numbers of everybody who holds every word, by name, suspended accounts last; few columns, for there are thousands."""
    places = {each.id: folded(f"{each.name} {each.town} {each.finess}") for each in structures.values()}
    columns = (
        "id",
        "suspended",
        "family_name",
        "given_name",
        "structure_id",
        "title",
        "login",
        "rpps",
        "email",
        "qualification",
    )
    found: list[tuple[bool, str, str, int]] = []
    for number, suspended, family, given, place, *more in session.execute(
        sa.select(*(getattr(Professional, name) for name in columns))
    ):
        family, given = folded(family), folded(given)
        if wanted:
            text = f"{family} {given} {family} {folded(' '.join(filter(None, more)))} {places.get(place, '')}"
            if not all(word in text for word in wanted):
                continue
        found.append((suspended, family, given, number))
    return [number for _, _, _, number in sorted(found)]


def read_person(platform: Platform, actor: Professional, person_id: int) -> PersonView:
    """Somebody, to be changed. Raises: AccessDenied, NotFound."""
    with rights.looking(platform, actor, "person.read") as session:
        return _view(_person(session, person_id))


def create_person(platform: Platform, actor: Professional, draft: PersonDraft) -> PersonView:
    """Open an account; with an e-mail address, an invitation to set a password goes there.

    Raises: AccessDenied, Faults (a sentence for each), InvalidInput (somebody took the login at this moment).
    """
    try:
        with rights.changing(platform, actor, "person.create") as session:
            person = add_person(session, platform, actor, checked(session, platform, draft))
            view = _view(person)
    except IntegrityError as taken:
        raise InvalidInput(TAKEN) from taken
    outbox.announce(platform)
    rights.tell(platform, "people")
    return view


def add_person(session: Session, platform: Platform, actor: audit.Actor, draft: PersonDraft) -> Professional:
    """Keep a checked draft as a new account, in the caller's transaction, with its invitation."""
    person = Professional(given_name="", family_name="", login="", profession=Profession.NURSE)
    apply(person, draft)
    session.add(person)
    session.flush()
    detail = {"roles": _roles(person), "invited": bool(person.email)}
    audit.record(session, platform.now(), actor, "person.created", subject=person.login, detail=detail)
    if person.email:
        letters.invite(session, platform, person)
    return person


def change_person(
    platform: Platform, actor: Professional, person_id: int, draft: PersonDraft, version: str
) -> PersonView:
    """Change an account. `version` is the one the form was filled with.

    Another RPPS number means that the former let somebody else in: the link with Pro Santé Connect and every login
    end. Another mobile or e-mail address is told to the address known until then.

    Raises: AccessDenied, NotFound, Outdated (changed meanwhile), Faults, WrongStep (the last administrator).
    """
    not_theirs = False
    try:
        with rights.changing(platform, actor, "person.change") as session:
            active = _active_administrators(session)
            person = _person(session, person_id, lock=True)
            if version_of(person) != version:
                raise Outdated
            wanted = checked(session, platform, draft, person)
            if person.is_administrator and not wanted.is_administrator:
                _check_not_last(person, active)
            before = draft_of(person)
            changed = apply(person, wanted)
            if changed:
                session.add(person)
                if "email" in changed:  # a link sent to the former address must not open this account
                    password_change.void_links(session, platform, person)
                letters.tell_moved(session, platform, person, before.email, changed)
                not_theirs = "rpps" in changed and before.rpps != ""
                if not_theirs:
                    person.psc_subject = None  # whoever the former number let in must not stay linked
                detail = {"fields": changed, "roles": _roles(person)}
                audit.record(session, platform.now(), actor, "person.changed", subject=person.login, detail=detail)
                session.flush()
            view = _view(person)
    except IntegrityError as taken:
        raise InvalidInput(TAKEN) from taken
    if not_theirs:
        login_sessions.end_all(platform, person, actor=actor)
    outbox.announce(platform)
    rights.tell(platform, "people")
    return view


def suspend_person(platform: Platform, actor: Professional, person_id: int) -> PersonView:
    """Close an account at once: its open pages close everywhere, its links to set a password are void.

    Raises: AccessDenied, NotFound, WrongStep (suspended already, or the last administrator).
    """
    with rights.changing(platform, actor, "person.suspend") as session:
        active = _active_administrators(session)
        person = _person(session, person_id, lock=True)
        if person.suspended:
            raise WrongStep("Ce compte est déjà suspendu. Rien n'a été modifié.")
        _check_not_last(person, active)
        person.suspended = True
        session.add(person)
        password_change.void_links(session, platform, person)
        audit.record(session, platform.now(), actor, "person.suspended", subject=person.login)
        view = _view(person)
    login_sessions.end_all(platform, person, actor=actor)
    rights.tell(platform, "people")
    return view


def restore_person(platform: Platform, actor: Professional, person_id: int) -> PersonView:
    """Open a suspended account again; logins of before stay ended. Raises: AccessDenied, NotFound, WrongStep."""
    with rights.looking(platform, actor, "person.restore") as session:
        before = _person(session, person_id)
    login_sessions.end_all(platform, before, actor=actor)  # should the suspension have been cut short
    with rights.changing(platform, actor, "person.restore") as session:
        person = _person(session, person_id)
        if not person.suspended:
            raise WrongStep("Ce compte n'est pas suspendu. Rien n'a été modifié.")
        person.suspended = False
        session.add(person)
        audit.record(session, platform.now(), actor, "person.restored", subject=person.login)
        view = _view(person)
    rights.tell(platform, "people")
    return view


def invite_person(platform: Platform, actor: Professional, person_id: int) -> str:
    """Send the link to set a password anew, earlier ones are void; answers the address it goes to.

    Raises: AccessDenied, NotFound, WrongStep (suspended), InvalidInput (no e-mail address).
    """
    with rights.changing(platform, actor, "person.invite") as session:
        person = _person(session, person_id)
        if person.suspended:
            raise WrongStep("Ce compte est suspendu : rétablissez-le avant d'inviter la personne.")
        if not person.email:
            raise InvalidInput("Ce compte n'a pas de courriel. Ajoutez-en un, enregistrez, puis recommencez.")
        password_change.void_links(session, platform, person)
        letters.invite(session, platform, person)
        audit.record(session, platform.now(), actor, "person.invited", subject=person.login)
        address = person.email
    outbox.announce(platform)
    return address


def _active_administrators(session: Session) -> set[int | None]:
    """Who administers now. Their rows are locked before any other, so that two can't send each other away at once."""
    wanted = (
        select(Professional.id)
        .where(col(Professional.is_administrator).is_(True), col(Professional.suspended).is_(False))
        .order_by(col(Professional.id))
        .with_for_update()
    )
    return set(session.exec(wanted))


def _check_not_last(person: Professional, active: set[int | None]) -> None:
    if person.id in active and len(active) == 1:
        raise WrongStep(LAST_ONE)


def _person(session: Session, person_id: int, *, lock: bool = False) -> Professional:
    person = session.get(Professional, person_id, with_for_update=lock)
    if person is None:
        raise NotFound("Ce compte n'existe pas.")
    return person


def _roles(person: Professional) -> list[str]:
    named = (
        ("requérant", person.is_requester),
        ("requis", person.is_expert),
        ("administrateur", person.is_administrator),
    )
    return [role for role, has in named if has]


def _row(person: Professional, structure: Structure | None) -> PersonRow:
    return PersonRow(
        id=key(person),
        login=person.login,
        full_name=person.full_name,
        qualification=person.qualification,
        structure=structure.name if structure else "",
        roles=tuple(_roles(person)),
        suspended=person.suspended,
        has_password=bool(person.password_hash),
    )


def _view(person: Professional) -> PersonView:
    return PersonView(
        key(person),
        person.full_name,
        draft_of(person),
        version_of(person),
        person.suspended,
        bool(person.password_hash),
    )
