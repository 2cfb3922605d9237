"""`/api/messages`: the small socket of every page of who is logged in, for direct messages and for being there.

Only the door, as `signalling`: Origin, login, size. A guest has no login, and so no line.
"""

from __future__ import annotations

import json
from typing import Any

from tornado.iostream import StreamBufferFullError, StreamClosedError
from tornado.web import Application
from tornado.websocket import WebSocketClosedError

from app.errors import NotAuthenticated
from app.platform import Platform
from app.teleconsultation import wire
from app.teleconsultation.direct_frames import LARGEST
from app.teleconsultation.direct_lines import DirectLine, Switchboard
from app.teleconsultation.lines import RIGHT_LOST
from app.web.room_pace import PacedSocket

SWITCHBOARD = "direct_messages"  # in the application's settings
MOST_UNREAD = 1 << 20  # bytes that a page may leave unread
# Counted apart from the rooms: pages whose login has ended ask again for ever, until somebody logs in, and must not use up
# what the invited people of their network have.
PACE = "direct-pace"


def switchboard_of(application: Application, platform: Platform) -> Switchboard:
    """The direct messages of this process, made when the first page connects."""
    known = application.settings.get(SWITCHBOARD)
    if known is None:
        known = application.settings[SWITCHBOARD] = Switchboard(platform)
    return known


class DirectSocket(PacedSocket):
    """Words: docs/signalling.md, « Direct »."""

    pace = PACE
    line: DirectLine | None = None

    @property
    def max_message_size(self) -> int:
        return 2 * LARGEST

    def prepare(self) -> Any:
        super().prepare()
        if not self.login_secret:  # of an ended login: said after the upgrade, which a page can read
            raise NotAuthenticated

    def open(self, *args: str, **kwargs: str) -> None:
        if self.ws_connection is not None and self.ws_connection.stream is not None:
            self.ws_connection.stream.max_write_buffer_size = MOST_UNREAD
        if self.current_user is None:
            refusal = NotAuthenticated()
            self.send(wire.error(refusal, "hello"))
            self.close(RIGHT_LOST, refusal.code)
            return
        board = switchboard_of(self.application, self.platform)
        self.line = board.open(self, self.login_secret or "", self.current_user)

    def on_message(self, message: str | bytes) -> None:
        if self.line is not None and self.line.is_open:
            switchboard_of(self.application, self.platform).receive(self.line, message)

    def on_close(self) -> None:
        if self.line is not None:
            switchboard_of(self.application, self.platform).closed(self.line)

    def send(self, message: dict[str, Any]) -> None:
        """Say it at once. A connection that is going away is noticed by `on_close`."""
        try:
            written = self.write_message(json.dumps(message, ensure_ascii=False, separators=(",", ":")))
        except (WebSocketClosedError, StreamClosedError):
            return
        except StreamBufferFullError:
            if self.ws_connection is not None and self.ws_connection.stream is not None:
                self.ws_connection.stream.close()
            return
        written.add_done_callback(lambda done: done.cancelled() or done.exception())
