"""Which account an identity of Pro Santé Connect opens.

The key is the national identifier (`SubjectNameID`). An account known by its RPPS number is linked the first time; an
identity that fits none opens nothing, unless the installation lets professionals register by themselves.
"""

from __future__ import annotations

import re
from datetime import timedelta

from sqlalchemy import update
from sqlmodel import Session, col, select

from app.audit import service as audit
from app.db import key
from app.identity.login_sessions import hash_secret
from app.identity.models import LoginSession, Profession, Professional
from app.identity.psc.claims import Identity, Situation
from app.identity.psc.refusals import UnknownProfessional, refused
from app.identity.service import finish_login
from app.identity.ways import Visitor, Way
from app.platform import Platform

_QUALIFICATIONS = {Profession.PHYSICIAN: "médecin", Profession.NURSE: "infirmier"}


def account(session: Session, platform: Platform, identity: Identity) -> Professional:
    """The account of an identified person, linked or opened where that is due, in the caller's transaction.

    Raises: UnknownProfessional (unknown, profession), LoginRefused (other_identity).
    """
    found = known(session, identity)
    if found is None:
        return _register(session, platform, identity)
    if found.psc_subject != identity.subject:
        _link(session, platform, found, identity)
    return found


def known(session: Session, identity: Identity) -> Professional | None:
    """The account linked to an identity, else the one with its RPPS number."""
    linked = session.exec(select(Professional).where(Professional.psc_subject == identity.subject)).first()
    if linked is not None or not identity.rpps:
        return linked
    return session.exec(select(Professional).where(Professional.rpps == identity.rpps)).first()


def open_session(
    session: Session,
    platform: Platform,
    professional: Professional,
    visitor: Visitor,
    *,
    situation: Situation | None,
    hint: str,
) -> str:
    """The last step of this way; keeps what logging out at the provider needs (`hint`, an ID token).

    Raises: LoginRefused (suspended), AccessDenied (way closed by the structure).
    """
    if professional.suspended:
        raise refused("suspended")
    # Sessions that nobody ended: their ID tokens have no use any more.
    too_old = platform.now() - timedelta(hours=platform.settings.session_hours)
    session.execute(
        update(LoginSession)
        .where(col(LoginSession.created_at) < too_old, col(LoginSession.provider_hint) != "")
        .values(provider_hint="")
    )
    secret = finish_login(session, platform, professional, Way.PSC, visitor)
    login = session.exec(select(LoginSession).where(LoginSession.secret_hash == hash_secret(secret))).one()
    login.provider_hint = hint
    login.situation = situation.label if situation else ""
    session.add(login)
    if situation:
        audit.record(session, platform.now(), professional, "login.situation", detail={"situation": situation.label})
    return secret


def _link(session: Session, platform: Platform, professional: Professional, identity: Identity) -> None:
    if professional.psc_subject:
        raise refused("other_identity")
    if professional.suspended:
        return  # refused a step later; a suspended account changes in nothing
    professional.psc_subject = identity.subject
    session.add(professional)
    audit.record(session, platform.now(), professional, "account.linked", detail={"method": Way.PSC})


def _register(session: Session, platform: Platform, identity: Identity) -> Professional:
    """A new account as requis, with no structure and no dossier: somebody has to address one to them."""
    if not platform.settings.self_registration:
        raise UnknownProfessional("unknown", identity)
    if identity.profession not in _QUALIFICATIONS or not identity.family_name:
        raise UnknownProfessional("profession", identity)
    profession = Profession(identity.profession)
    made = Professional(
        login="psc." + re.sub(r"[^0-9a-z.-]", "-", identity.subject.casefold()),
        title=identity.title,
        given_name=identity.given_name,
        family_name=identity.family_name.title(),
        profession=profession,
        qualification=_QUALIFICATIONS[profession],
        rpps=identity.rpps,
        psc_subject=identity.subject,
        is_expert=True,
    )
    session.add(made)
    session.flush()
    audit.record(session, platform.now(), made, "account.opened", detail={"method": Way.PSC, "account": key(made)})
    return made
