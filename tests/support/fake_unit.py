"""A forwarding unit without media: remembers who is on it and what it was asked, can die and come back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from app.errors import RelayRefused, RelayUnavailable
from app.platform import Joined, Slot, UnitDown, UnitEvent, UnitPeer, UnitUp


@dataclass
class FakePeer:
    """Somebody on the unit."""

    room: str
    offers: list[str] = field(default_factory=list)
    muted: set[str] = field(default_factory=set)
    described: dict[str, str] = field(default_factory=dict)


class FakeUnit:
    """Answers at once, unless `answering` is cleared: then `join` waits for it."""

    def __init__(self) -> None:
        self.is_up = True
        self.welcomes = True  # else it is there, and says nothing until `come_back`
        self.peers: dict[str, FakePeer] = {}
        self.asked: list[tuple[Any, ...]] = []
        self.refuses = False
        self.answering = asyncio.Event()
        self.answering.set()
        self.tell: Callable[[UnitEvent], None] = lambda _event: None

    def start(self, listener: Callable[[UnitEvent], None]) -> None:
        self.tell = listener
        if self.welcomes:
            loop = asyncio.get_running_loop()
            loop.call_soon(lambda: self.tell(UnitUp(self._listed()) if self.is_up else UnitDown()))

    async def close(self) -> None:
        self.tell = lambda _event: None

    async def join(self, room: str, peer: str, offer: str) -> Joined:
        self._ask("join", room, peer)
        await self.answering.wait()
        if self.refuses:
            raise RelayRefused
        known = self.peers.setdefault(peer, FakePeer(room))
        known.offers.append(offer)
        others = [name for name, other in self.peers.items() if other.room == room and name != peer]
        return Joined(f"answer to {offer}", tuple(Slot(str(n), "audio", name, "mic") for n, name in enumerate(others)))

    async def leave(self, peer: str) -> None:
        self._ask("leave", peer)
        if self.peers.pop(peer, None) is None:
            raise RelayRefused

    async def mute(self, peer: str, kind: str, muted: bool) -> None:
        self._ask("mute", peer, kind, muted)
        if peer not in self.peers:
            raise RelayRefused
        (self.peers[peer].muted.add if muted else self.peers[peer].muted.discard)(kind)

    async def describe(self, peer: str, source: str, content: str) -> None:
        self._ask("describe", peer, source, content)
        if peer not in self.peers:
            raise RelayRefused
        self.peers[peer].described[source] = content
        if not content:
            del self.peers[peer].described[source]

    async def list(self) -> tuple[UnitPeer, ...]:
        self._ask("list")
        return self._listed()

    async def stats(self) -> dict[str, Any]:
        self._ask("stats")
        return {}

    def die(self) -> None:
        """The process is gone, with everybody on it."""
        self.is_up = False
        self.peers.clear()
        self.tell(UnitDown())

    def lose_line(self) -> None:
        """Only the control channel broke; everybody is still on it."""
        self.is_up = False
        self.tell(UnitDown())

    def come_back(self) -> None:
        self.is_up = self.welcomes = True
        self.tell(UnitUp(self._listed()))

    def silenced(self) -> set[str]:
        """Who can be heard by nobody."""
        return {name for name, peer in self.peers.items() if "audio" in peer.muted}

    def _ask(self, *what: Any) -> None:
        if not self.is_up:
            raise RelayUnavailable
        self.asked.append(what)

    def _listed(self) -> tuple[UnitPeer, ...]:
        return tuple(
            UnitPeer(name, peer.room, frozenset(peer.muted), None, dict(peer.described))
            for name, peer in self.peers.items()
        )
