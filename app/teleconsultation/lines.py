"""One open connection, as the hub sees it: who speaks, what they may, how to answer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Protocol

from sqlmodel import Session

from app.db import key
from app.dossiers.models import Dossier
from app.identity.models import Professional
from app.platform import Platform
from app.teleconsultation import door, wire
from app.teleconsultation.limits import Limits
from app.teleconsultation.models import Invitation
from app.teleconsultation.presence import Person
from app.teleconsultation.service import RoomChoice

RIGHT_LOST = 4401  # close codes: docs/signalling.md
FLOOD = 4429
ELSEWHERE = 4503  # another process has the rooms, and can't be reached
SILENT = 4408
REPLACED = 4409


class Socket(Protocol):
    """What the hub needs of a WebSocket (or of a notebook's channel)."""

    def send(self, message: dict[str, Any]) -> None:
        """Say it at once; nothing happens when the other side has gone."""
        ...

    def close(self, code: int, reason: str) -> None: ...


class Line(ABC):
    """One page's connection. `participant` is its place in a room, by id, while it has one."""

    def __init__(self, socket: Socket, secret: str, now: float) -> None:
        self.socket = socket
        self.secret = secret
        self.limits = Limits()
        self.heard_at = now
        self.checked_at = now
        self.participant: str | None = None
        self.is_open = True

    @property
    @abstractmethod
    def dossier(self) -> Dossier: ...

    @property
    def dossier_id(self) -> int:
        return key(self.dossier)

    @property
    def number(self) -> str:
        return self.dossier.number

    @property
    @abstractmethod
    def person(self) -> Person: ...

    @property
    @abstractmethod
    def actor(self) -> Professional | Invitation: ...

    @abstractmethod
    def renew(self, session: Session, platform: Platform) -> None:
        """Look again who this is and what they may. Raises: NotAuthenticated, NotFound, AccessDenied, …"""

    def tell(self, message: wire.Answer) -> None:
        if self.is_open:
            self.socket.send(message)

    def cut(self, code: int, reason: str) -> None:
        if self.is_open:
            self.is_open = False
            self.socket.close(code, reason)


class CallerLine(Line):
    """A professional's connection, about one dossier."""

    def __init__(self, socket: Socket, secret: str, caller: door.Caller, now: float) -> None:
        super().__init__(socket, secret, now)
        self.caller = caller
        self.rooms: list[RoomChoice] = []
        self.follows_rooms = False
        self.follows_invitations = False

    @property
    def dossier(self) -> Dossier:
        return self.caller.dossier

    @property
    def person(self) -> Person:
        return wire.caller_person(self.caller)

    @property
    def actor(self) -> Professional:
        return self.caller.professional

    def renew(self, session: Session, platform: Platform) -> None:
        self.caller = door.caller(session, platform, self.secret, self.number)


class GuestLine(Line):
    """A guest's connection, by one invitation."""

    def __init__(self, socket: Socket, secret: str, guest: door.Guest, now: float) -> None:
        super().__init__(socket, secret, now)
        self.guest = guest
        self.waits = False

    @property
    def invitation_id(self) -> int:
        return key(self.guest.invitation)

    @property
    def dossier(self) -> Dossier:
        return self.guest.dossier

    @property
    def person(self) -> Person:
        return wire.guest_person(self.guest)

    @property
    def actor(self) -> Invitation:
        return self.guest.invitation

    def renew(self, session: Session, platform: Platform) -> None:
        self.guest = door.guest(session, platform, self.secret)
