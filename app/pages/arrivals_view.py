"""Files on their way into a dossier, as the list of documents shows them, and what may be done about them."""

from __future__ import annotations

from datetime import datetime

from app.documents import arrivals, examining, flattening
from app.documents.arrivals import ArrivalView
from app.documents.models import ArrivalState
from app.french import NO_BREAK_SPACE, brief, file_size
from app.pages.context import PageContext
from components.document_list import ListedArrival


def listed(context: PageContext, number: str) -> list[ListedArrival]:
    """What is on its way into a dossier, in words. Raises: NotFound."""
    now = context.platform.now()
    return [_in_words(one, now) for one in arrivals.arrivals_of(context.platform, context.actor, number)]


def act(context: PageContext, action: str, reference: str) -> None:
    """Do what a button of the list asks for. Raises: NotFound (it has gone meanwhile), AccessDenied, WrongStep."""
    if action == "flatten":
        flattening.start(context.platform, context.actor, reference)
    elif action == "dismiss":
        examining.dismiss(context.platform, context.actor, reference)


def _in_words(one: ArrivalView, now: datetime) -> ListedArrival:
    label, progress = "Analyse en cours", None
    if one.state is ArrivalState.FLATTENING:
        label, progress = "Mise en images", 0.0
        if one.pages:
            label, progress = f"Mise en images : page {one.done} sur {one.pages}", one.done / one.pages
    elif one.state is ArrivalState.REFUSED:
        label = f"Refusé{NO_BREAK_SPACE}:"
    actions = ("flatten",) * one.can_flatten + ("dismiss",) if one.may_act else ()
    return ListedArrival(
        reference=one.reference,
        title=one.filename,
        facts=file_size(one.size),
        origin=f"{one.author_name} · {brief(one.created_at, now)}",
        state=one.state.value,
        state_label=label,
        reason=one.reason,
        progress=progress,
        actions=actions,
    )
