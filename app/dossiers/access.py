"""Who may do what with a télédossier: one table, asked inside every use case.

| | sees | edits request | edits opinion | signs | adds documents | enters the room | invites |
|---|---|---|---|---|---|---|---|
| the requis of the dossier | yes | – | yes | yes | yes | yes | yes |
| requérants of its structure | yes | yes | – | – | yes | yes | yes |
| anybody else, the administrator too | – | – | – | – | – | – | – |

A dossier that somebody may not see is answered as if it did not exist, and the attempt is journalled.
"""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import ColumnElement, false, or_
from sqlmodel import Session, col, select

from app.audit import service as audit
from app.dossiers.models import Dossier, Step
from app.errors import AccessDenied, NotFound
from app.identity.models import Professional
from app.platform import Platform


class Right(StrEnum):
    """What a use case is about to do."""

    SEE = "see"
    EDIT_REQUEST = "edit_request"
    EDIT_OPINION = "edit_opinion"
    SIGN = "sign"
    ADD_DOCUMENT = "add_document"
    ENTER_ROOM = "enter_room"
    INVITE = "invite"


_EXPERT = {Right.SEE, Right.EDIT_OPINION, Right.SIGN, Right.ADD_DOCUMENT, Right.ENTER_ROOM, Right.INVITE}
_REQUESTER = {Right.SEE, Right.EDIT_REQUEST, Right.ADD_DOCUMENT, Right.ENTER_ROOM, Right.INVITE}


def visible_to(actor: Professional) -> ColumnElement[bool]:
    """The condition of every query over dossiers: those that `actor` has a right to."""
    conditions: list[ColumnElement[bool]] = []
    if actor.suspended:
        return false()
    if actor.is_expert:
        # A draft is the requérant's alone until it is sent.
        conditions.append((col(Dossier.expert_id) == actor.id) & (col(Dossier.step) != Step.DRAFT))
    if actor.is_requester and actor.structure_id is not None:
        conditions.append(col(Dossier.structure_id) == actor.structure_id)
    return or_(*conditions) if conditions else false()


def rights(actor: Professional, dossier: Dossier) -> frozenset[Right]:
    """What `actor` may do with `dossier`, by who they are; the step is the use case's own rule."""
    granted: set[Right] = set()
    if actor.suspended:
        return frozenset()
    if actor.is_expert and dossier.expert_id == actor.id and dossier.step is not Step.DRAFT:
        granted |= _EXPERT
    if actor.is_requester and actor.structure_id == dossier.structure_id:
        granted |= _REQUESTER
    return frozenset(granted)


def dossier_for(session: Session, actor: Professional, number: str, right: Right = Right.SEE) -> Dossier:
    """The dossier `number`, when `actor` has the right.

    Raises: NotFound (unknown, or not visible to the actor), AccessDenied (visible, but not this).
    """
    dossier = session.exec(select(Dossier).where(Dossier.number == number, visible_to(actor))).first()
    if dossier is None:
        raise NotFound
    if right not in rights(actor, dossier):
        raise AccessDenied
    return dossier


def journal_refusal(platform: Platform, actor: Professional, number: str) -> None:
    """Journal that `actor` asked for a dossier that exists and is not theirs (its own transaction: the act failed)."""
    with platform.transaction() as session:
        dossier = session.exec(select(Dossier).where(Dossier.number == number)).first()
        if dossier is not None and not rights(actor, dossier):
            audit.record(session, platform.now(), actor, "dossier.refused", dossier_id=dossier.id, subject=number)
