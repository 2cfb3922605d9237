"""How media travel in each call, as plain values and rules: no clock, no socket, no unit.

    direct ── third person inside, a page says `blocked`, or somebody is silenced ──> unit
       ^                                                                              │
       └── exactly two people for STEADY; never after `blocked` or a silence ─────────┘

Peer to peer is the shortest way for two; it does not carry three, and some networks let nobody through. Changes are
told to the pages, which make the new way before they break the old one. A *call* is the people of one dossier in one
room (`call_name`); it begins and ends with the first and the last of them, and so does what is known about its route.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

STEADY = timedelta(seconds=30)  # at two, before the unit is left: people who drop out come back
MOST_DIRECT = 2  # people


class Route(StrEnum):
    """Peer to peer, or through the forwarding unit."""

    DIRECT = "direct"
    UNIT = "unit"


@dataclass(frozen=True)
class Change:
    """The route of a call changed; `reason` is « people », « blocked », « two » or « restart »."""

    call: str
    route: Route
    reason: str


@dataclass
class _Call:
    route: Route = Route.DIRECT
    blocked: bool = False
    two_since: datetime | None = None


def call_name(room: str, dossier_id: int) -> str:
    """The name of a call, on the unit too: nobody left over from another dossier's call is ever in the same one."""
    return f"{room}.{dossier_id}"


def room_of(call: str) -> str:
    """The room in which a call is."""
    return call.rpartition(".")[0]


class Routes:
    """The routes of one process's calls."""

    def __init__(self) -> None:
        self._calls: dict[str, _Call] = {}

    def of(self, call: str) -> Route:
        """The route now; a call that nobody has begun is direct."""
        known = self._calls.get(call)
        return known.route if known else Route.DIRECT

    def calls(self) -> list[str]:
        """Every call that something is known about."""
        return list(self._calls)

    def will_be_on_unit(self, call: str, people: int) -> bool:
        """Whether who enters next, with so many inside, will be on the unit."""
        return self.of(call) is Route.UNIT or people >= MOST_DIRECT

    def count(self, call: str, people: int, now: datetime) -> Change | None:
        """So many people are inside at this instant; told at every change of their number, and as time goes by."""
        if people == 0:
            self.forget(call)
            return None
        known = self._calls.setdefault(call, _Call())
        if people != MOST_DIRECT:
            known.two_since = None
        elif known.two_since is None:
            known.two_since = now
        if people > MOST_DIRECT:
            return self._set(call, known, Route.UNIT, "people")
        if known.two_since is not None and now - known.two_since >= STEADY and not known.blocked:
            return self._set(call, known, Route.DIRECT, "two")
        return None

    def blocked(self, call: str) -> Change | None:
        """A page can't reach another directly: the unit carries this call until it ends."""
        return self.keep_on_unit(call, "blocked")

    def keep_on_unit(self, call: str, reason: str) -> Change | None:
        """The unit carries this call until it ends: « blocked », or « muted », as only the unit can hold a silence."""
        known = self._calls.setdefault(call, _Call())
        known.blocked = True
        return self._set(call, known, Route.UNIT, reason)

    def found(self, call: str, people: int) -> Change | None:
        """After a restart of ours, so many people were found on the unit.

        With two or less, somebody may have said `blocked` before: we no longer know, and so the call stays there.
        """
        known = self._calls.setdefault(call, _Call())
        known.blocked = known.blocked or people <= MOST_DIRECT
        return self._set(call, known, Route.UNIT, "restart")

    def forget(self, call: str) -> None:
        """The call is over."""
        self._calls.pop(call, None)

    def _set(self, call: str, known: _Call, route: Route, reason: str) -> Change | None:
        if known.route is route:
            return None
        known.route = route
        return Change(call, route, reason)
