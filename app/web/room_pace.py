"""How often somebody may ask for what belongs to rooms and invitations: lines, links, files, pictures.

None of it asks for a password, a link can be guessed at without end, and each refusal looks into the database and may
stand in the journal. Who is logged in has a bucket of their own; everybody else shares that of their address, so it holds
a whole care home that comes back after a power cut. A refusal costs as much as many answers. Per process, in memory.
"""

from __future__ import annotations

from typing import Any

from tornado.web import Application, HTTPError
from tornado.websocket import WebSocketHandler

from app.errors import NotAuthenticated, TeledossierError, TooManyRequests
from app.identity.models import Professional
from app.server.origin import is_ours
from app.teleconsultation import direct
from app.web.base import Handler
from app.web.pace import Pace

BURST = 1200  # requests: some documents of a hundred pages, looked through quickly
PER_SECOND = 10.0
REFUSED = 20  # requests that a refusal counts for
PACE = "room-pace"  # among the settings of the application


def steps(application: Application, name: str = PACE) -> Pace:
    """Who has asked how often in this process."""
    pace: Pace = application.settings.setdefault(name, Pace(burst=BURST, per_second=PER_SECOND))
    return pace


class Paced(Handler):
    """A handler whose every request counts; stands before the other bases."""

    pace = PACE  # where it is counted
    _refused = False

    @property
    def asking(self) -> str:
        """Whose bucket it is."""
        if self.current_user is not None:
            return f"professional {self.current_user.id}"
        return self.request.remote_ip or ""

    def prepare(self) -> Any:
        seconds = steps(self.application, self.pace).wait(self.asking)
        if seconds:
            raise TooManyRequests(seconds)
        return super().prepare()

    def refuse(self, error: TeledossierError) -> None:
        if not isinstance(error, TooManyRequests):
            self.count_refusal()
        super().refuse(error)

    def count_refusal(self) -> None:
        """Once, however often it is said: who waits before answering counts first, or many at once would be cheap."""
        if not self._refused:
            self._refused = True
            steps(self.application, self.pace).wait(self.asking, REFUSED)


class PacedSocket(Paced, WebSocketHandler):
    """A line of a page, counted before it is granted."""

    public = True  # each looks for itself who is there

    def get_current_user(self) -> Professional | None:
        # Looking is not using: a page that comes back by itself must not keep a login alive.
        if not self.login_secret:
            return None
        try:
            with self.platform.reading() as session:
                return direct.caller(session, self.platform, self.login_secret)
        except NotAuthenticated:
            return None

    def prepare(self) -> Any:
        if not is_ours(self):  # first: a page of another site spends nobody's steps
            raise HTTPError(403, reason="Origin")
        return super().prepare()
