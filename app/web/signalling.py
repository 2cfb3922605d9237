"""The WebSockets of the room: `/api/salle` for professionals, `/api/invitation/salle` for guests.

Only the door: Origin, login or invitation, size, TCP_NODELAY. What is said is `app.teleconsultation`'s.
Words, close codes and limits: docs/signalling.md.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

import structlog
from tornado.iostream import StreamBufferFullError, StreamClosedError
from tornado.websocket import WebSocketClosedError

from app.dossiers.access import journal_refusal
from app.errors import InvitationInvalid, NotAuthenticated, NotFound, RoomsElsewhere, TeledossierError
from app.server.rooms import hub_of
from app.teleconsultation import door, wire
from app.teleconsultation.hub import Hub
from app.teleconsultation.lines import ELSEWHERE, RIGHT_LOST, Line
from app.teleconsultation.messages import LARGEST_MESSAGE
from app.web.guest_cookie import guest_secret
from app.web.room_pace import PacedSocket

log = structlog.get_logger(__name__)

MOST_UNREAD = 8 << 20  # bytes that a page may leave unread; more than twice the longest discussion
NUMBER = r"[A-Za-z0-9-]{1,32}"


class RoomSocket(PacedSocket):
    """What both have in common."""

    of_rooms = True
    hub: Hub
    line: Line | None = None
    ended: TeledossierError | None = None  # who they were is no longer good: said after the upgrade

    @property
    def max_message_size(self) -> int:
        # Twice ours: what is a little too large is refused with a word, what is far too large ends the connection.
        return 2 * LARGEST_MESSAGE

    def prepare(self) -> Any:
        super().prepare()
        try:
            self.admit()
        except (NotAuthenticated, InvitationInvalid) as refusal:
            if not self.secret:
                raise
            # A page that comes back with an ended login can't read the status of a refused upgrade: it would try
            # for ever. So the upgrade is granted, the reason said, and the line closed.
            self.count_refusal()
            self.ended = refusal

    @property
    def secret(self) -> str:
        """What they hold: the content of their cookie."""
        raise NotImplementedError

    def admit(self) -> None:
        """Look who is there, before the upgrade. Raises: TeledossierError."""
        raise NotImplementedError

    def connect(self, hub: Hub) -> Line:
        """Give the connection to the hub."""
        raise NotImplementedError

    def open(self, *args: str, **kwargs: str) -> None:
        self.set_nodelay(True)
        if self.ws_connection is not None and self.ws_connection.stream is not None:
            self.ws_connection.stream.max_write_buffer_size = MOST_UNREAD
        if self.ended is not None:
            self.send(wire.error(self.ended, "hello"))
            self.close(RIGHT_LOST, self.ended.code)
            return
        try:
            self.hub = hub_of(self.application)
        except RoomsElsewhere as refusal:
            self.send(wire.error(refusal, "hello"))
            self.close(ELSEWHERE, refusal.code)
            return
        self.line = self.connect(self.hub)

    def on_message(self, message: str | bytes) -> None:
        if self.line is not None and self.line.is_open:
            self.hub.receive(self.line, message)

    def on_close(self) -> None:
        if self.line is not None:
            self.hub.closed(self.line)

    def send(self, message: dict[str, Any]) -> None:
        """Say it at once. A connection that is going away is noticed by `on_close`."""
        try:
            written = self.write_message(json.dumps(message, ensure_ascii=False, separators=(",", ":")))
        except (WebSocketClosedError, StreamClosedError):
            return
        except StreamBufferFullError:
            # It speaks, or it would have been silent for too long, and reads nothing: our memory is not its store.
            log.warning("room.unread")
            if self.ws_connection is not None and self.ws_connection.stream is not None:
                self.ws_connection.stream.close()
            return
        # Nobody waits for it; a failure to send is told by `on_close`, and must not be logged as never retrieved.
        written.add_done_callback(lambda done: done.cancelled() or done.exception())


class ProfessionalSocket(RoomSocket):
    """`/api/salle?dossier=…`: login cookie, right to enter the room."""

    caller: door.Caller

    async def prepare(self) -> None:
        try:
            super().prepare()
        except NotFound:
            self.count_refusal()
            if self.current_user is not None:
                number = self.argument_matching("dossier", NUMBER)
                # Writing may have to wait for another process, and nobody's call shall wait with it.
                await asyncio.to_thread(journal_refusal, self.platform, self.current_user, number)
            raise

    @property
    def secret(self) -> str:
        return self.get_cookie(self.platform.settings.session_cookie) or ""

    def admit(self) -> None:
        number = self.argument_matching("dossier", NUMBER)
        with self.platform.reading() as session:
            self.caller = door.caller(session, self.platform, self.secret, number)

    def connect(self, hub: Hub) -> Line:
        return hub.open_caller(self, self.secret, self.caller)


class GuestSocket(RoomSocket):
    """`/api/invitation/salle?invitation=…`: the cookie that was exchanged for the link."""

    guest: door.Guest

    @property
    def secret(self) -> str:
        return guest_secret(self)

    def admit(self) -> None:
        with self.platform.reading() as session:
            self.guest = door.guest(session, self.platform, self.secret)

    def connect(self, hub: Hub) -> Line:
        return hub.open_guest(self, self.secret, self.guest)
