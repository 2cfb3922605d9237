"""The engines that carry a room, behind one face: who joins with a bot, and whose CPU is counted."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from app import settings as settings_module
from app.bench import janus, processes
from app.bench.control import Control
from app.bench.servers import free_port
from app.demo.bot import Bot
from app.demo.clip import Clip

BITRATE_CAP = 3_000_000  # Janus tells publishers by REMB; bots do not listen, but it must not be the smaller number


@dataclass
class Seat:
    """One person in a room: the bot that sends and the one that receives; often the same."""

    sending: Bot
    receiving: Bot
    handles: tuple[int, ...] = ()  # Janus's

    @property
    def bots(self) -> list[Bot]:
        return [self.sending] if self.sending is self.receiving else [self.sending, self.receiving]

    async def close(self) -> None:
        for bot in self.bots:
            await bot.close()


class Engine(Protocol):
    """A running engine; `pid` is its process."""

    name: str
    pid: int

    async def room(self, name: str, people: int, clip: Clip, stamped: bool = False) -> list[Seat]:
        """Fill a room: everybody sends, and receives everybody else. Raises: ConnectionError, TimeoutError."""
        ...

    async def empty(self, seats: list[Seat]) -> None:
        """Everybody of these seats leaves."""
        ...

    async def close(self) -> None:
        """Leave the control channel; the process goes on."""
        ...


class _Published(NamedTuple):
    bot: Bot
    handle: int
    feed: int


@dataclass
class Janus:
    """Janus VideoRoom: a connection that publishes and one that subscribes to all others."""

    pid: int
    session: janus.Session
    address: str
    name: str = "Janus"
    _rooms: int = field(default=0)

    @classmethod
    async def connect(cls, server: janus.Server) -> Janus:
        return cls(server.pid, await janus.Session.connect(server.url), server.address)

    async def room(self, name: str, people: int, clip: Clip, stamped: bool = False) -> list[Seat]:
        self._rooms += 1
        number, session = self._rooms, self.session
        words = {"request": "create", "room": number, "publishers": people, "bitrate": BITRATE_CAP, "videocodec": "vp8"}
        await session.tell(await session.attach(), words)
        published = await asyncio.gather(*(self._publish(number, clip, stamped, index) for index in range(people)))
        feeds = [each.feed for each in published]
        receiving = await asyncio.gather(
            *(self._subscribe(number, clip, stamped, [feed for feed in feeds if feed != own]) for own in feeds)
        )
        return [
            Seat(each.bot, bot, (each.handle, handle)) for each, (bot, handle) in zip(published, receiving, strict=True)
        ]

    async def _publish(self, room: int, clip: Clip, stamped: bool, index: int) -> _Published:
        bot = Bot(clip, stamped=stamped, position=spread(index, clip), addresses=[self.address])
        handle = await self.session.attach()
        body = {"request": "joinandconfigure", "ptype": "publisher", "room": room}
        words = await self.session.tell(handle, body, {"type": "offer", "sdp": await bot.offer()})
        await bot.accept(words["sdp"])
        await self.session.up(handle)
        return _Published(bot, handle, int(words["id"]))

    async def _subscribe(self, room: int, clip: Clip, stamped: bool, feeds: list[int]) -> tuple[Bot, int]:
        bot = Bot(clip, sends=(), stamped=stamped, addresses=[self.address])
        handle = await self.session.attach()
        streams = [{"feed": feed} for feed in feeds]
        body: dict[str, Any] = {"request": "join", "ptype": "subscriber", "room": room, "streams": streams}
        words = await self.session.tell(handle, body)
        answer = await bot.answer(words["sdp"])
        await self.session.tell(handle, {"request": "start"}, {"type": "answer", "sdp": answer})
        await bot.connected()
        return bot, handle

    async def empty(self, seats: list[Seat]) -> None:
        await leave(seats)
        for handle in [handle for seat in seats for handle in seat.handles]:
            await self.session.detach(handle)

    async def close(self) -> None:
        await self.session.close()


@dataclass
class Forwarding:
    """Our forwarding unit, or the comparator on MediaRelay: one connection each, with a slot for each other person."""

    name: str
    pid: int
    control: Control
    address: str = "127.0.0.1"
    _bots: dict[str, Bot] = field(default_factory=dict)

    async def room(self, name: str, people: int, clip: Clip, stamped: bool = False) -> list[Seat]:
        bots = [
            Bot(clip, slots=people - 1, stamped=stamped, position=spread(index, clip), addresses=[self.address])
            for index in range(people)
        ]
        await asyncio.gather(*(self._join(name, f"{name}-{index}", bot) for index, bot in enumerate(bots)))
        return [Seat(bot, bot) for bot in bots]

    async def _join(self, room: str, peer: str, bot: Bot) -> None:
        answer = await self.control.ask("join", room=room, peer=peer, offer=await bot.offer())
        await bot.accept(str(answer["answer"]))
        self._bots[peer] = bot

    async def empty(self, seats: list[Seat]) -> None:
        """Tell the engine that these people leave, then hang up."""
        leaving = [seat.sending for seat in seats]
        for peer in [peer for peer, bot in self._bots.items() if bot in leaving]:
            await self.control.ask("leave", peer=peer)
            del self._bots[peer]
        await leave(seats)

    async def close(self) -> None:
        await self.control.close()


@contextlib.contextmanager
def unit_process() -> Iterator[tuple[int, Path, str]]:
    """`python -m app media` with a folder of its own: process number, control socket, secret."""
    with tempfile.TemporaryDirectory() as name:
        settings = settings_module.demo_settings(Path(name) / "var", free_port())
        log = Path(name) / "media.log"
        command = [sys.executable, "-m", "app", "media"]
        with processes.running(command, log, **settings.environment()) as process:
            processes.wait_until(lambda: settings.media_socket.exists(), process, log)
            yield process.pid, settings.media_socket, settings.derived_secret("media")


@contextlib.contextmanager
def relay_process() -> Iterator[tuple[int, Path]]:
    """The comparator on MediaRelay: process number, control socket."""
    with tempfile.TemporaryDirectory() as name:
        path, log = Path(name) / "relay.sock", Path(name) / "relay.log"
        with processes.running([sys.executable, "-m", "app.bench.relay", str(path)], log) as process:
            processes.wait_until(path.exists, process, log)
            yield process.pid, path


@contextlib.asynccontextmanager
async def ours_and_janus() -> AsyncIterator[tuple[Forwarding, Janus]]:
    """Our unit and Janus, both running. Raises: SystemExit in French when Janus is not installed."""
    with unit_process() as (pid, path, secret), janus.running() as server:
        unit = Forwarding("unit", pid, await Control.connect(path, secret))
        other = await Janus.connect(server)
        try:
            yield unit, other
        finally:
            await other.close()
            await unit.close()


@contextlib.asynccontextmanager
async def relay() -> AsyncIterator[Forwarding]:
    """The comparator on MediaRelay, running."""
    with relay_process() as (pid, path):
        # aiortc gathers no candidate on 127.0.0.1.
        engine = Forwarding("MediaRelay", pid, await Control.connect(path), janus.own_address())
        try:
            yield engine
        finally:
            await engine.close()


def spread(index: int, clip: Clip) -> int:
    """Where in the clip the person of that number begins, so that they do not all say the same at once."""
    return index * 47 % len(clip.pictures)


async def leave(seats: list[Seat]) -> None:
    """Hang up for everybody."""
    await asyncio.gather(*(seat.close() for seat in seats))
