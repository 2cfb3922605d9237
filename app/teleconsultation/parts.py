"""What a feature keeps of its own beside the room: told when people come and go, and asked for its share of `joined`.

    @part
    class Removed(Part):
        def check_entry(...): ...

A part is made with its hub, lives on the hub's event loop and never waits (`hub.later` does). A fault of one part is
logged and harms nobody, but in `check_entry`, where a fault keeps people out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

import structlog
from sqlmodel import Session

from app.teleconsultation.lines import Line
from app.teleconsultation.models import Room
from app.teleconsultation.presence import Participant
from app.teleconsultation.routes import Change

if TYPE_CHECKING:
    from app.teleconsultation.hub import Hub

log = structlog.get_logger(__name__)


class Part:
    """Does nothing; a feature overrides what it needs."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub

    def check_entry(self, session: Session, line: Line, room: Room) -> None:
        """Somebody whose rights hold wants to enter, anew or again. Raises: TeledossierError, to keep them out."""

    def joined(self, line: Line, me: Participant) -> dict[str, Any]:
        """Fields to add to `joined`, JSON-ready, under names that nobody else uses (docs/signalling.md)."""
        return {}

    def entered(self, me: Participant, *, resumed: bool) -> None:
        """Somebody has heard `joined`; `resumed`: the others never thought them gone."""

    def gone(self, participant: Participant, reason: str) -> None:
        """Somebody is out, and no longer among `hub.presence`: left, line-lost, replaced, over, refused …"""

    def rerouted(self, change: Change) -> None:
        """A call goes another way now."""

    def off_unit(self, participant: Participant, reason: str) -> None:
        """The forwarding unit lost somebody who is still inside (reasons of `unpublished`)."""

    def tick(self, now: datetime) -> None:
        """Twice a second."""

    async def close(self) -> None:
        """The process ends; the desk still works."""


P = TypeVar("P", bound=Part)

_KINDS: list[type[Part]] = []


def part(kind: type[P]) -> type[P]:
    """Give every hub a part of this kind."""
    _KINDS.append(kind)
    return kind


class Parts:
    """The parts of one hub, each kept from harming the others."""

    def __init__(self, hub: Hub) -> None:
        self._parts = [kind(hub) for kind in _KINDS]

    def __iter__(self) -> Iterator[Part]:
        return iter(self._parts)

    def of(self, kind: type[P]) -> P:
        """The hub's part of that kind. Raises: KeyError when none was registered."""
        for each in self._parts:
            if isinstance(each, kind):
                return each
        raise KeyError(kind.__name__)

    def joined(self, line: Line, me: Participant, answer: dict[str, Any]) -> None:
        """Add what the parts have to say to the answer; a name that is taken is a fault of the later one."""

        def add(each: Part) -> None:
            fields = each.joined(line, me)
            if taken := fields.keys() & answer.keys():
                raise ValueError(f"taken in `joined`: {sorted(taken)}")
            answer.update(fields)

        self.each(add)

    def each(self, tell: Callable[[Part], None]) -> None:
        """Tell every part, whatever becomes of the others."""
        for each in self._parts:
            try:
                tell(each)
            except Exception:
                log.exception("room.part", part=type(each).__name__)
