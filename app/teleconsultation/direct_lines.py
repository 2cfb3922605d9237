"""Who is connected for direct messages, in all web processes, and what each page hears.

Every page of who is logged in holds one small socket (`/api/messages`); whoever has a living one is there. The processes
tell each other who is there by the bus, and that something was written, never what. Words: docs/signalling.md.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import timedelta
from typing import Any

import structlog

from app.bus import MISSED
from app.bus import Message as Event
from app.errors import NotAuthenticated, TeledossierError
from app.identity import login_sessions
from app.identity.models import Professional
from app.platform import Platform
from app.teleconsultation import direct, wire
from app.teleconsultation.desk import Desk
from app.teleconsultation.direct_frames import Find, Open, Ping, Read, Send, parse
from app.teleconsultation.limits import TOO_FAST, Bucket, Returning
from app.teleconsultation.lines import FLOOD, RIGHT_LOST, SILENT, Socket
from app.teleconsultation.schema import MessageRefused

log = structlog.get_logger(__name__)

HERE = "direct.here"  # bus topic: who is connected to one process
WHO = "direct.who"  # bus topic: a process has come and asks the others for `HERE`
TICK = 5.0
SILENCE = 45.0  # seconds without a word, and a page is gone; hidden pages are slowed down by browsers
TOGETHER = 0.5  # seconds in which comings and goings are told together
STALE = timedelta(seconds=20).total_seconds()  # a process that has not said for so long who is there is gone
MOST_LINES = 24  # of one login


class Means:
    """How much one page may say and ask, and how often it may be refused before it is cut off."""

    def __init__(self) -> None:
        self.writing, self.looking, self.beating = Bucket(1, 10), Bucket(3, 30), Bucket(2, 60)
        self.patience = Bucket(1, 50)


class DirectLine:
    """One page's connection."""

    def __init__(self, socket: Socket, secret: str, actor: Professional) -> None:
        self.socket, self.secret, self.actor = socket, secret, actor
        self.heard_at = time.monotonic()
        self.is_open = True
        self.means = Means()
        self.here: frozenset[int] | None = None  # who it knows to be there, since it was greeted

    def tell(self, message: wire.Answer) -> None:
        if self.is_open:
            self.socket.send(message)

    def cut(self, code: int, reason: str) -> None:
        if self.is_open:
            self.is_open = False
            self.socket.close(code, reason)


class Switchboard:
    """The direct messages of one web process; make it on its event loop."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.lines: set[DirectLine] = set()
        self._returning = Returning(Means)
        self._desk = Desk(platform)
        self._loop = asyncio.get_running_loop()
        self._work: set[asyncio.Task[None]] = set()
        self._name = uuid.uuid4().hex  # of this process on the bus
        self._elsewhere: dict[str, tuple[frozenset[int], float]] = {}  # process -> who is there, heard when
        self._told: frozenset[int] = frozenset()  # to the other processes
        self._presence_due: asyncio.TimerHandle | None = None
        self._unsubscribe = [
            self._subscribe(direct.TOPIC, self._written),
            self._subscribe(HERE, self._others_are),
            self._subscribe(WHO, self._asked_who),
            self._subscribe("logout", self._logged_out),
            self._subscribe(MISSED, lambda _event: self._events_missed()),
        ]
        self._ticking = self._loop.create_task(self._tick_for_ever())
        platform.bus.publish(WHO, {"process": self._name})

    async def close(self) -> None:
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        self._ticking.cancel()
        if self._presence_due is not None:
            self._presence_due.cancel()
        await asyncio.gather(self._ticking, *self._work, return_exceptions=True)
        self.platform.bus.publish(HERE, {"process": self._name, "people": []})
        self._desk.close()

    # -- connections

    def open(self, socket: Socket, secret: str, actor: Professional) -> DirectLine:
        """A page connects; `actor` was just checked."""
        line = DirectLine(socket, secret, actor)
        theirs = sorted((known for known in self.lines if known.secret == secret), key=lambda known: known.heard_at)
        if len(theirs) >= MOST_LINES:
            theirs[0].cut(FLOOD, "lines")
            self.closed(theirs[0])
        line.means = self._returning.come(secret)
        self.lines.add(line)
        self._presence_changed()
        self._later(self._greet(line))
        return line

    def closed(self, line: DirectLine) -> None:
        line.is_open = False
        if line in self.lines:
            self._returning.leave(line.secret, line.means, time.monotonic())
        self.lines.discard(line)
        self._presence_changed()

    def receive(self, line: DirectLine, frame: str | bytes) -> None:
        """One frame: checked, counted, acted on; what is refused is answered with `error`."""
        line.heard_at = time.monotonic()
        means, about, key = line.means, "", None
        try:
            about, key, message = parse(frame)
            bucket = {"send": means.writing, "ping": means.beating}.get(about, means.looking)
            if not bucket.take(line.heard_at):
                raise MessageRefused(TOO_FAST)
        except MessageRefused as refusal:
            if means.patience.take(line.heard_at):
                line.tell(wire.error(refusal, refusal.about or about, refusal.key or key))
            else:
                line.cut(FLOOD, "flood")
                self.closed(line)
            return
        if isinstance(message, Ping):
            line.tell({"t": "pong"})
        else:
            self._later(self._act(line, about, key, message))

    async def _act(self, line: DirectLine, about: str, key: str | None, message: Any) -> None:
        try:
            actor = line.actor = self._check(line)
            if isinstance(message, Find):
                await self._tell_colleagues(line, message.query)
            elif isinstance(message, Open):
                said = await self._desk.run(direct.exchange, actor, message.person)
                messages = [_message(each, actor) for each in said]
                line.tell({"t": "exchange", "person": message.person, "messages": messages})
            elif isinstance(message, Send):
                arguments = (actor, message.to, message.text, message.key, message.dossier)
                sent = await self._desk.run(direct.send, *arguments)
                line.tell({"t": "message", **_message(sent, actor), "here": message.to in self.here()})
            elif isinstance(message, Read):
                await self._desk.run(direct.read, actor, message.person, message.upto)
        except TeledossierError as refusal:
            line.tell(wire.error(refusal, about, key))
            if isinstance(refusal, NotAuthenticated):
                line.cut(RIGHT_LOST, refusal.code)
                self.closed(line)

    def _check(self, line: DirectLine) -> Professional:
        """The login still holds. Raises: NotAuthenticated."""
        with self.platform.reading() as session:
            return direct.caller(session, self.platform, line.secret)

    async def _greet(self, line: DirectLine) -> None:
        unread = await self._desk.run(direct.unread_of, line.actor)
        line.here = self.here()
        line.tell({"t": "hello", "me": line.actor.id, "unread": _counts(unread), "here": sorted(line.here)})

    async def _tell_colleagues(self, line: DirectLine, query: str) -> None:
        found = await self._desk.run(direct.colleagues, line.actor, query, self.here())
        here = self.here()
        people = [
            {"id": each.id, "name": each.name, "detail": each.detail, "unread": each.unread, "here": each.id in here}
            for each in found
        ]
        line.tell({"t": "colleagues", "query": query, "people": people})

    # -- who is there

    def here(self) -> frozenset[int]:
        """Who has a living socket, in whatever process."""
        now = time.monotonic()
        others = (people for people, heard in self._elsewhere.values() if now - heard < STALE)
        return self._mine().union(*others)

    def _mine(self) -> frozenset[int]:
        return frozenset(line.actor.id for line in self.lines if line.is_open and line.actor.id is not None)

    def _presence_changed(self) -> None:
        """Tell who is there, once for all that happens within a moment: whoever comes and goes without end, or only
        reloads a page, must not wake every page of the house each time."""
        if self._presence_due is None:
            self._presence_due = self._loop.call_later(TOGETHER, self._tell_presence)

    def _say_who(self) -> None:
        self.platform.bus.publish(HERE, {"process": self._name, "people": sorted(self._mine())})

    def _tell_presence(self) -> None:
        self._presence_due = None
        mine, here = self._mine(), self.here()
        if mine != self._told:
            self._told = mine
            self._say_who()
        message = {"t": "here", "people": sorted(here)}
        for line in tuple(self.lines):
            if line.here is not None and line.here != here:  # one that was not greeted yet hears it then
                line.here = here
                line.tell(message)

    # -- events of the bus

    def _subscribe(self, topic: str, listener: Callable[[Event], None]) -> Callable[[], None]:
        def on_loop(event: Event) -> None:
            with suppress(RuntimeError):  # the loop is closed: the process ends
                self._loop.call_soon_threadsafe(listener, event)

        return self.platform.bus.subscribe(topic, on_loop)

    def _written(self, event: Event) -> None:
        """Something was written or read: those of the two who are connected here learn it from the database."""
        for line in tuple(self.lines):
            if line.actor.id in event["people"]:
                self._later(self._tell_written(line, int(event["id"])))

    async def _tell_written(self, line: DirectLine, message_id: int) -> None:
        try:
            actor = self._check(line)  # nothing is told to a login that has ended a moment ago
        except NotAuthenticated as refusal:
            line.cut(RIGHT_LOST, refusal.code)
            self.closed(line)
            return
        said = await self._desk.run(direct.find, actor, message_id) if message_id else None
        if said is not None:
            line.tell({"t": "message", **_message(said, actor)})
        line.tell({"t": "unread", "unread": _counts(await self._desk.run(direct.unread_of, actor))})

    def _events_missed(self) -> None:
        """Something may have been written that nobody here heard of: pages that are greeted ask for it again."""
        for line in tuple(self.lines):
            self._later(self._greet(line))

    def _others_are(self, event: Event) -> None:
        if event["process"] == self._name:
            return
        before = self.here()
        self._elsewhere[event["process"]] = (frozenset(event["people"]), time.monotonic())
        if self.here() != before:
            self._presence_changed()

    def _asked_who(self, event: Event) -> None:
        if event["process"] != self._name:
            self._say_who()

    def _logged_out(self, event: Event) -> None:
        for line in tuple(self.lines):
            if line.actor.id == event.get("professional"):
                self._look(line)

    def _look(self, line: DirectLine) -> None:
        try:
            line.actor = self._check(line)
        except NotAuthenticated as refusal:
            line.cut(RIGHT_LOST, refusal.code)
            self.closed(line)

    # -- time

    async def _tick_for_ever(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            try:
                await self.tick()
            except Exception:
                log.exception("direct.tick")  # the next look may do

    async def tick(self) -> None:
        """Silent pages are gone, ended logins cut off, the other processes told who is here."""
        now = time.monotonic()
        for line in tuple(self.lines):
            if now - line.heard_at > SILENCE:
                line.cut(SILENT, "silent")
                self.closed(line)
        held = {line.secret for line in self.lines}
        ended = await self._desk.run(login_sessions.not_alive, held) if held else set()
        for line in tuple(self.lines):
            if line.secret in ended:
                self._look(line)
        self._elsewhere = {name: said for name, said in self._elsewhere.items() if now - said[1] < STALE}
        self._say_who()
        self._presence_changed()  # a process may be gone without a word, and its people with it

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        async def guarded() -> None:
            try:
                await work
            except Exception:
                log.exception("direct.fault")

        task = self._loop.create_task(guarded())
        self._work.add(task)
        task.add_done_callback(self._work.discard)


def _message(said: direct.Said, reader: Professional) -> wire.Answer:
    mine = said.sender == reader.id
    return {
        "id": said.id,
        "key": said.key,
        "person": said.recipient if mine else said.sender,
        "mine": mine,
        "text": said.text,
        "at": wire.instant(said.at),
        "read": said.read,
        "dossier": said.dossier,
    }


def _counts(unread: dict[int, int]) -> list[wire.Answer]:
    return [{"person": person, "count": count} for person, count in sorted(unread.items())]
