"""Who asks, and from where: what most acts of a room begin with, and how a refusal goes back."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from app.errors import (
    AccessDenied,
    InvalidInput,
    InvitationInvalid,
    NotAdmitted,
    NotAuthenticated,
    NotFound,
    TeledossierError,
)
from app.platform import Platform
from app.teleconsultation import messages
from app.teleconsultation.lines import CallerLine, Line
from app.teleconsultation.presence import Participant

if TYPE_CHECKING:
    from app.teleconsultation.hub import Hub

P = ParamSpec("P")
T = TypeVar("T")

RIGHTS_LOST = (NotAuthenticated, NotFound, AccessDenied, InvitationInvalid)

NOT_IN_ROOM = "Entrez d'abord dans la salle."
NOT_FOR_GUESTS = "Seul un professionnel peut faire cela."


def professional(line: Line) -> CallerLine:
    """The line, when a professional speaks on it. Raises: AccessDenied."""
    if not isinstance(line, CallerLine):
        raise AccessDenied(NOT_FOR_GUESTS)
    return line


def place(hub: Hub, line: Line) -> Participant:
    """The place that this page has in a room. Raises: NotAdmitted (guest), InvalidInput."""
    participant = hub.presence.find(line.participant) if line.participant else None
    if participant is None:
        raise InvalidInput(NOT_IN_ROOM) if isinstance(line, CallerLine) else NotAdmitted()
    return participant


async def asked(
    hub: Hub,
    line: Line,
    message: object,
    use_case: Callable[Concatenate[Platform, P], T],
    *arguments: P.args,
    **options: P.kwargs,
) -> T:
    """Do a use case that a page asked for; its refusal goes back to that page, and so does that it failed."""
    try:
        return await hub.desk.run(use_case, *arguments, **options)
    except TeledossierError as refusal:
        hub.refuse(line, refusal, messages.name_of(message), getattr(message, "key", None))
        raise
    except Exception:  # a database that is too busy, say: who asked must not wait for an answer that never comes
        hub.refuse(line, TeledossierError(), messages.name_of(message), getattr(message, "key", None))
        raise
