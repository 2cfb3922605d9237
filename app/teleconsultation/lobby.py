"""Who waits to be let in: plain values and rules, no clock, no socket, no database.

A guest waits for a dossier, not for a room: the professionals may have chosen another room than planned. Being let
in is kept in the database (`Invitation.admitted_at`); this only knows who stands at the door now.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

SILENCE = timedelta(seconds=5)  # without a word for so long, a guest is no longer at the door


@dataclass
class Waiting:
    """A guest at the door."""

    invitation_id: int
    dossier_id: int
    name: str
    role: str
    since: datetime
    heard_at: datetime


class Lobby:
    """The waiting rooms of one process."""

    def __init__(self) -> None:
        self._waiting: dict[int, Waiting] = {}

    def wait(self, invitation_id: int, dossier_id: int, name: str, role: str, now: datetime) -> Waiting:
        """Stand at the door; who already does keeps the place in the queue."""
        guest = self._waiting.setdefault(
            invitation_id, Waiting(invitation_id, dossier_id, name, role, since=now, heard_at=now)
        )
        guest.heard_at = now
        return guest

    def heard(self, invitation_id: int, now: datetime) -> None:
        """A word from a guest: still there."""
        if guest := self._waiting.get(invitation_id):
            guest.heard_at = now

    def find(self, invitation_id: int) -> Waiting | None:
        return self._waiting.get(invitation_id)

    def leave(self, invitation_id: int) -> Waiting | None:
        return self._waiting.pop(invitation_id, None)

    def of_dossier(self, dossier_id: int) -> list[Waiting]:
        """Who waits for this dossier, first come first."""
        return [guest for guest in self._waiting.values() if guest.dossier_id == dossier_id]

    def counts(self) -> dict[int, int]:
        """How many wait for each dossier for which somebody does."""
        return dict(Counter(guest.dossier_id for guest in self._waiting.values()))

    def slept(self, time: timedelta) -> None:
        """For so long nobody could be heard."""
        for guest in self._waiting.values():
            guest.heard_at += time

    def expire(self, now: datetime) -> list[Waiting]:
        """Forget who has been silent for too long."""
        silent = [guest for guest in self._waiting.values() if now - guest.heard_at >= SILENCE]
        for guest in silent:
            self.leave(guest.invitation_id)
        return silent
