"""How often somebody may ask for what belongs to rooms and invitations: lines, links, files, pictures.

None of it asks for a password, a link can be guessed at without end, and each refusal looks into the database and may
stand in the journal. Who is logged in has a bucket of their own; everybody else shares that of their address, so it holds
a whole care home that comes back after a power cut. A refusal costs as much as many answers. Per process, in memory.
"""

from __future__ import annotations

from typing import Any

from tornado.web import Application

from app.errors import TeledossierError, TooManyRequests
from app.web.base import Handler
from app.web.pace import Pace

BURST = 1200  # requests: some documents of a hundred pages, looked through quickly
PER_SECOND = 10.0
REFUSED = 20  # requests that a refusal counts for
PACE = "room-pace"  # among the settings of the application


def steps(application: Application) -> Pace:
    """Who has asked how often in this process."""
    pace: Pace = application.settings.setdefault(PACE, Pace(burst=BURST, per_second=PER_SECOND))
    return pace


def take(handler: Handler, who: str) -> None:
    """Count one request of an address or a person. Raises: TooManyRequests."""
    seconds = steps(handler.application).wait(who)
    if seconds:
        raise TooManyRequests(seconds)


class Paced(Handler):
    """A handler whose every request counts; stands before the other bases."""

    @property
    def asking(self) -> str:
        """Whose bucket it is."""
        if self.current_user is not None:
            return f"professional {self.current_user.id}"
        return self.request.remote_ip or ""

    def prepare(self) -> Any:
        take(self, self.asking)
        return super().prepare()

    def refuse(self, error: TeledossierError) -> None:
        if not isinstance(error, TooManyRequests):
            self.count_refusal()
        super().refuse(error)

    def count_refusal(self) -> None:
        steps(self.application).wait(self.asking, REFUSED)
