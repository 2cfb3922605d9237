"""Who is where in the in-memory hub: visitors, rooms, lines and places, as plain values."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from components.video_room.hub import LocalHub

Message = dict[str, Any]

_LONGEST = 128 * 1024


@dataclass(frozen=True)
class Visitor:
    """Who stands behind a line: what the other people may see of them, and nothing else."""

    name: str
    role: str = "professional"
    detail: str = ""
    label: str = ""

    @property
    def professional(self) -> bool:
        return self.role == "professional"

    @property
    def short(self) -> str:
        """The name as a list of rooms shows it: « Dr MARTIN »."""
        return self.label or self.name


@dataclass(frozen=True)
class HubRoom:
    """A room that people can enter."""

    id: str
    name: str
    planned: bool = False


@dataclass
class Place:
    """A participant's place in a room; it outlives a line that is cut for a moment."""

    id: str
    room: str
    visitor: Visitor
    camera: bool
    microphone: bool
    since: str
    line: Line | None
    lost: float | None = None
    aux: str = ""
    auscultation: bool = False

    def person(self) -> Message:
        visitor = self.visitor
        return {
            "id": self.id,
            "name": visitor.name,
            "detail": visitor.detail,
            "role": visitor.role,
            **self.sends(),
            "since": self.since,
        }

    def sends(self) -> Message:
        """What the page sends now; `aux` is what its second picture shows."""
        return {
            "camera": self.camera,
            "microphone": self.microphone,
            "aux": self.aux,
            "auscultation": self.auscultation,
            "silenced": False,
        }


@dataclass(eq=False)
class Line:
    """One connection of one page."""

    hub: LocalHub
    visitor: Visitor
    deliver: Callable[[Message], None]
    id: str
    heard: float
    watches: bool = False
    waiting: str | None = None
    admitted: str | None = None
    refused: bool = False
    place: Place | None = None
    closed: bool = False

    def send(self, t: str, **fields: Any) -> None:
        if not self.closed:
            self.deliver({"t": t, **fields})

    def receive(self, said: str | Mapping[str, Any]) -> None:
        """Take one message of the page; what is not allowed is answered with `error`."""
        self.hub.receive(self, said)

    def close(self, *, gone: bool = True) -> None:
        """The page hung up; with `gone=False` the line broke, and its place is held for a while."""
        self.hub.disconnect(self, gone=gone)


class Refused(Exception):
    """What a page asked is not allowed; the words are for the person."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def need_professional(line: Line) -> None:
    """Raises: Refused, for a guest."""
    if not line.visitor.professional:
        raise Refused("acces-refuse", "Seul un professionnel peut faire cela.")


def need_place(line: Line) -> Place:
    """The place of somebody inside. Raises: Refused."""
    if line.place is None:
        raise Refused("hors-salle", "Entrez d'abord en salle.")
    return line.place


def second(message: Message) -> tuple[str, bool]:
    """`aux` and `auscultation` of a page's message. Raises: Refused, for anything that is none."""
    aux, auscultation = message.get("aux", ""), message.get("auscultation", False)
    if aux not in ("", "screen", "camera") or not isinstance(auscultation, bool):
        raise Refused("saisie", "La page a envoyé une demande incorrecte. Rechargez-la, puis réessayez.")
    return aux, auscultation


def parsed(said: str | Mapping[str, Any]) -> Message:
    """What a page said; what cannot be read has no name."""
    if isinstance(said, Mapping):
        return dict(said)
    if len(said.encode()) > _LONGEST:
        return {"t": ""}
    try:
        message = json.loads(said)
    except ValueError:
        return {"t": ""}
    return message if isinstance(message, dict) else {"t": ""}


def now() -> str:
    """The instant, as the signalling writes it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
