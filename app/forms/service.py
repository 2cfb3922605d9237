"""The requérant's request and the requis' opinion: read, save as one types, sign once (guide 4)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, select

from app.audit import service as audit
from app.db import key
from app.dossiers.access import Right, dossier_for, rights
from app.dossiers.models import Dossier, Step
from app.dossiers.service import announce, move_to
from app.errors import IncompleteForm, Locked, StaleDraft, WrongStep
from app.forms import questionnaire as questionnaires
from app.forms.models import FormKind, FormResponse
from app.forms.questionnaire import Answers, Questionnaire
from app.identity.models import Professional
from app.platform import Platform

OPINION_QUESTIONNAIRE = "avis-expert"
DRAFT_SAVED = "draft"  # bus topic: `number`, `kind` and `revision` of a form that was saved

_EDIT = {FormKind.REQUEST: Right.EDIT_REQUEST, FormKind.OPINION: Right.EDIT_OPINION}
_OPEN_FOR_OPINION = (Step.REQUESTED, Step.PLANNED, Step.IN_CALL, Step.OPINION_DUE)
_OPEN_FOR_REQUEST = (Step.DRAFT,)


@dataclass(frozen=True)
class FormView:
    """A form as its reader may see it. `hidden`: somebody else's draft, which is theirs until signed."""

    questionnaire: Questionnaire
    answers: Answers
    revision: int
    editable: bool
    hidden: bool
    updated_at: datetime | None
    signed_at: datetime | None
    signed_by: Professional | None


@dataclass(frozen=True)
class SavedDraft:
    """What saving answers: the revision to name next time, and when."""

    revision: int
    at: datetime


@dataclass(frozen=True)
class SignedOpinion:
    """A signed opinion: nothing in it changes any more; `sha256` seals its answers."""

    number: str
    signed_at: datetime
    signed_by: str
    sha256: str


def form_of(platform: Platform, actor: Professional, number: str, kind: FormKind) -> FormView:
    """The form of a dossier. The expert's draft is seen by the expert alone until it is signed.

    Raises: NotFound.
    """
    with platform.reading() as session:
        dossier = dossier_for(session, actor, number)
        response = _response(session, dossier, kind)
        return _view(session, actor, dossier, kind, response)


def save_draft(
    platform: Platform,
    actor: Professional,
    number: str,
    kind: FormKind,
    answers: Mapping[str, Any],
    revision: int,
    explicit: bool = False,
) -> SavedDraft:
    """Save answers as a draft. `revision` is the one the page started from; `explicit`: « Enregistrer » was pressed.

    Automatic saving is journalled for the first draft only, « Enregistrer » each time. Other pages of its author follow
    (`DRAFT_SAVED`).

    Raises: NotFound, AccessDenied, Locked (signed), WrongStep, StaleDraft(current), InvalidInput.
    """
    with platform.transaction() as session:
        dossier = dossier_for(session, actor, number, _EDIT[kind])
        response = _response(session, dossier, kind)
        _check_open(dossier, kind, response)
        if response.revision != revision:
            raise StaleDraft(response.revision)
        questionnaire = questionnaires.by_reference(response.questionnaire)
        response.answers = _canonical(questionnaires.checked(questionnaire, answers))
        response.revision += 1
        response.author_id = actor.id
        response.updated_at = platform.now()
        session.add(response)
        if explicit or response.revision == 1:
            audit.record(
                session,
                response.updated_at,
                actor,
                f"{kind}.saved",
                dossier_id=dossier.id,
                subject=number,
                detail={"revision": response.revision},
            )
    platform.bus.publish(DRAFT_SAVED, {"number": number, "kind": kind.value, "revision": response.revision})
    return SavedDraft(response.revision, response.updated_at)


def seal_opinion(
    session: Session, platform: Platform, actor: Professional, number: str, revision: int, at: datetime
) -> SignedOpinion:
    """Sign the expert's opinion and close the dossier, in the caller's transaction (`documents.reporting.sign`).

    Only the requis may sign, once; from then on nothing in the opinion changes (guide 4). `revision` is the draft the
    physician was looking at: another one means somebody typed meanwhile.

    Raises: NotFound, AccessDenied, Locked, WrongStep, IncompleteForm(missing), StaleDraft(current).
    """
    dossier = dossier_for(session, actor, number, Right.SIGN)
    response = _response(session, dossier, FormKind.OPINION)
    _check_open(dossier, FormKind.OPINION, response)
    if response.revision != revision:
        raise StaleDraft(response.revision)
    missing = questionnaires.missing(questionnaires.by_reference(response.questionnaire), json.loads(response.answers))
    if missing:
        raise IncompleteForm(missing)
    response.signed_at = at
    response.signed_by_id = actor.id
    response.signed_sha256 = seal_of(response)
    session.add(response)
    audit.record(
        session,
        at,
        actor,
        "opinion.signed",
        dossier_id=dossier.id,
        subject=number,
        detail={"revision": response.revision, "sha256": response.signed_sha256},
    )
    move_to(session, platform, actor, dossier, Step.CLOSED)
    return SignedOpinion(number, at, actor.full_name, response.signed_sha256)


def check_opinion_open(session: Session, actor: Professional, number: str) -> None:
    """Whether the expert may still write their opinion, in the caller's transaction.

    Raises: NotFound, AccessDenied, Locked (signed), WrongStep (closed or cancelled).
    """
    dossier = dossier_for(session, actor, number, Right.EDIT_OPINION)
    _check_open(dossier, FormKind.OPINION, _response(session, dossier, FormKind.OPINION))


def seal_of(response: FormResponse) -> str:
    """SHA-256 of what is signed: questionnaire, answers, revision."""
    content = json.dumps([response.questionnaire, response.answers, response.revision], ensure_ascii=False)
    return hashlib.sha256(content.encode()).hexdigest()


def start_form(
    session: Session,
    dossier: Dossier,
    kind: FormKind,
    name: str,
    at: datetime,
    answers: Mapping[str, Any] | None = None,
    author: Professional | None = None,
) -> FormResponse:
    """Create a dossier's form, in the caller's transaction."""
    questionnaire = questionnaires.load(name)
    response = FormResponse(
        dossier_id=key(dossier),
        kind=kind,
        questionnaire=questionnaire.reference,
        answers=_canonical(questionnaires.checked(questionnaire, answers or {})),
        revision=1 if answers else 0,
        author_id=author.id if author else None,
        updated_at=at,
    )
    session.add(response)
    session.flush()
    return response


def announce_signature(platform: Platform, number: str) -> None:
    """Tell every open page; after the commit."""
    announce(platform, number)


def _view(session: Session, actor: Professional, dossier: Dossier, kind: FormKind, response: FormResponse) -> FormView:
    may_edit = _EDIT[kind] in rights(actor, dossier)
    hidden = kind is FormKind.OPINION and response.signed_at is None and not may_edit
    return FormView(
        questionnaire=questionnaires.by_reference(response.questionnaire),
        answers={} if hidden else json.loads(response.answers),
        revision=response.revision,
        editable=may_edit and _is_open(dossier, kind, response),
        hidden=hidden,
        updated_at=response.updated_at if response.revision else None,
        signed_at=response.signed_at,
        signed_by=session.get(Professional, response.signed_by_id) if response.signed_by_id else None,
    )


def _response(session: Session, dossier: Dossier, kind: FormKind) -> FormResponse:
    wanted = select(FormResponse).where(FormResponse.dossier_id == dossier.id, FormResponse.kind == kind)
    return session.exec(wanted).one()


def _is_open(dossier: Dossier, kind: FormKind, response: FormResponse) -> bool:
    steps = _OPEN_FOR_OPINION if kind is FormKind.OPINION else _OPEN_FOR_REQUEST
    return response.signed_at is None and dossier.step in steps


def _check_open(dossier: Dossier, kind: FormKind, response: FormResponse) -> None:
    if response.signed_at is not None:
        raise Locked
    if not _is_open(dossier, kind, response):
        raise WrongStep


def _canonical(answers: Mapping[str, Any]) -> str:
    return json.dumps(answers, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
