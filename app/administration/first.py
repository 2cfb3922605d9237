"""The first administrator of an installation: made at the command line, by whoever holds the machine."""

from __future__ import annotations

from sqlmodel import col, select

from app.administration import letters
from app.administration.drafts import PersonDraft, apply, checked
from app.audit import service as audit
from app.errors import WrongStep
from app.identity import password_change
from app.identity.models import LoginSession, Profession, Professional
from app.platform import Platform

EXISTS = (
    "Cette installation a déjà un administrateur, qui peut en créer d'autres dans « Administration ». "
    "Rien n'a été modifié."
)


def create_first(
    platform: Platform, login: str, email: str, given_name: str = "Administrateur", family_name: str = "Premier"
) -> str:
    """Make the first administrator; answers the link with which they set their password, known nowhere else.

    Asked again for the same login before this person has ever logged in, it answers a new link: the former is void.

    Raises: WrongStep (there is an administrator already), Faults (login, address, names).
    """
    draft = PersonDraft(
        login=login,
        email=email,
        given_name=given_name,
        family_name=family_name,
        profession=Profession.ADMINISTRATOR.value,
        qualification="administration",
        is_administrator=True,
    )
    with platform.transaction() as session:
        kept = session.exec(
            select(Professional)
            .where(col(Professional.is_administrator).is_(True), col(Professional.suspended).is_(False))
            .with_for_update()
        ).all()
        person = kept[0] if len(kept) == 1 and kept[0].login == login.strip().casefold() else None
        if (
            person is not None
            and session.exec(select(LoginSession.id).where(LoginSession.professional_id == person.id)).first()
        ):
            person = None
        if kept and person is None:
            raise WrongStep(EXISTS)
        wanted = checked(session, platform, draft, person)
        person = person or Professional(login="", given_name="", family_name="", profession=Profession.ADMINISTRATOR)
        apply(person, wanted)
        session.add(person)
        session.flush()
        audit.record(session, platform.now(), audit.SYSTEM, "administrator.first", subject=person.login)
        password_change.void_links(session, platform, person)
        return letters.password_link(session, platform, person)
