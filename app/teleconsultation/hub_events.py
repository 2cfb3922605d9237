"""What the rooms of a process hear from elsewhere: logins that end, invitations that change, letters that went.

Events come over the bus (`app/bus.py`) from use cases, which may run in a thread; rooms are touched on the loop only.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from app.bus import MISSED
from app.bus import Message as Event
from app.messaging import service as outbox
from app.teleconsultation import invitations
from app.teleconsultation.lines import CallerLine, GuestLine
from app.teleconsultation.models import Invitation
from app.teleconsultation.register import GUESTS_ASKED

if TYPE_CHECKING:
    from app.teleconsultation.hub import Hub


class HubEvents:
    """Subscribed from being made until `close`; made on the event loop."""

    def __init__(self, hub: Hub) -> None:
        self._hub, self._loop = hub, asyncio.get_running_loop()
        self._unsubscribe = [
            self._subscribe("logout", self._logged_out),
            self._subscribe(invitations.TOPIC, self._invitation_changed),
            self._subscribe(outbox.CHANGED, self._mail_changed),
            self._subscribe(GUESTS_ASKED, lambda event: hub.tell_pages(int(event["dossier"]))),
            self._subscribe(MISSED, lambda _event: self._some_missed()),
        ]

    def close(self) -> None:
        for unsubscribe in self._unsubscribe:
            unsubscribe()

    def _subscribe(self, topic: str, listener: Callable[[Event], None]) -> Callable[[], None]:
        return self._hub.platform.bus.subscribe(topic, lambda event: self._on_loop(listener, event))

    def _on_loop(self, listener: Callable[[Event], None], event: Event) -> None:
        with suppress(RuntimeError):  # the loop is closed: the process ends
            self._loop.call_soon_threadsafe(listener, event)

    def _logged_out(self, event: Event) -> None:
        for line in self._hub.holders():
            if isinstance(line, CallerLine) and line.actor.id == event.get("professional"):
                self._hub.cut_unless_welcome(line)

    def _invitation_changed(self, event: Event) -> None:
        if event.get("closed"):
            for line in self._hub.holders():
                if isinstance(line, GuestLine) and line.invitation_id == event.get("id"):
                    self._hub.cut_unless_welcome(line)
        self._hub.tell_invitations(int(event["dossier"]))

    def _mail_changed(self, event: Event) -> None:
        if event.get("topic") != invitations.TOPIC:
            return
        with self._hub.platform.reading() as session:
            invitation = session.get(Invitation, event.get("topic_id"))
        if invitation is not None:
            self._hub.tell_invitations(invitation.dossier_id)

    def _some_missed(self) -> None:
        """Invitations may have changed, been closed, or be asked for: look at those of every dossier that is here."""
        for line in self._hub.holders():
            if isinstance(line, GuestLine):
                self._hub.cut_unless_welcome(line)
        for dossier_id in {line.dossier_id for line in self._hub.lines}:
            self._hub.tell_invitations(dossier_id)
