"""The forwarding unit, commanded over its control channel (docs/media-unit.md).

    connect ── challenge, HMAC ── welcome ──> up: requests, answers, events
       ^                                       │
       └────────── 0.1 s … 1 s ────────────────┘  the unit or its socket went away: what was asked fails at once

One JSON object a line. Requests leave in the order they are made, before the first `await`.
"""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any

import structlog

from app.errors import RelayRefused, RelayUnavailable, TeledossierError
from app.platform import (
    Joined,
    MediaEngine,
    PeerGone,
    QualityChanged,
    Slot,
    SlotsChanged,
    SpeakerChanged,
    UnitDown,
    UnitEvent,
    UnitPeer,
    UnitUp,
)

__all__ = ["MediaEngine", "UnitEngine"]

log = structlog.get_logger(__name__)

LONGEST_LINE = 262_144  # bytes, of a request
LONGEST_ANSWER = 1 << 22  # bytes: who sits where on a full unit, in one line
ANSWERED_WITHIN = 3.0  # seconds
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 1.0  # seconds between two attempts to reach the unit
MOST_WAITING = 256  # requests without an answer
MOST_UNSENT = 1 << 20  # bytes that the unit has not read yet
TRY_AGAIN = ("relais-plein",)  # refusals of the unit that pass
DESCRIBES = 2  # version of the contract from which the unit takes `describe`
FAULTS = (
    OSError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    EOFError,
)  # the line broke, was late, or is not of the contract

Message = dict[str, Any]


class UnitEngine:
    """A client of the unit behind the socket `path`; `secret` is what both derive from the settings."""

    def __init__(self, path: Path, secret: str) -> None:
        self._path, self._secret = path, secret.encode()
        self._listener: Callable[[UnitEvent], None] = lambda _event: None
        self._reaching: asyncio.Task[None] | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._waiting: dict[int, asyncio.Future[Message]] = {}
        self._count = 0
        self._version = 0

    @property
    def is_up(self) -> bool:
        """Whether the unit has welcomed us."""
        return self._writer is not None

    def start(self, listener: Callable[[UnitEvent], None]) -> None:
        """Reach for the unit until `close`; called once, on the loop that will make the requests."""
        self._listener = listener
        self._reaching = asyncio.get_running_loop().create_task(self._reach_for_ever())

    async def close(self) -> None:
        """Let go of the unit. Who is on it stays there."""
        if self._reaching is not None:
            self._reaching.cancel()
            await asyncio.gather(self._reaching, return_exceptions=True)
            self._reaching = None

    def join(self, room: str, peer: str, offer: str) -> Coroutine[Any, Any, Joined]:
        """Take somebody in or restart their ICE; the unit is asked at once, what is awaited is its answer.

        Raises, then: RelayUnavailable, RelayRefused.
        """
        return self._joined(self._send("join", room=room, peer=peer, offer=offer))

    async def _joined(self, answered: asyncio.Future[Message]) -> Joined:
        ok = await self._answer("join", answered)
        try:
            return Joined(str(ok["answer"]), _slots(ok["slots"]))
        except (KeyError, TypeError):
            raise RelayUnavailable from None

    async def leave(self, peer: str) -> None:
        """Somebody is out. Raises: RelayUnavailable, RelayRefused (not on the unit)."""
        await self._ask("leave", peer=peer)

    async def mute(self, peer: str, kind: str, muted: bool) -> None:
        """Drop somebody's sound or picture, or let it through again. Raises: RelayUnavailable, RelayRefused."""
        await self._ask("mute", peer=peer, kind=kind, muted=muted)

    async def describe(self, peer: str, source: str, content: str) -> None:
        """Say what a second sound or picture is. Raises: RelayUnavailable, RelayRefused."""
        if self._version < DESCRIBES:
            return  # a unit that outlived an upgrade of ours would close the connection on an unknown word
        await self._ask("describe", peer=peer, source=source, content=content)

    async def list(self) -> tuple[UnitPeer, ...]:
        """Who is on the unit. Raises: RelayUnavailable."""
        ok = await self._ask("list")
        try:
            return _peers(ok["peers"])
        except (KeyError, TypeError):
            raise RelayUnavailable from None

    async def stats(self) -> Message:
        """Load and quality figures. Raises: RelayUnavailable."""
        return await self._ask("stats")

    # -- requests

    async def _ask(self, t: str, **fields: Any) -> Message:
        return await self._answer(t, self._send(t, **fields))

    def _send(self, t: str, **fields: Any) -> asyncio.Future[Message]:
        """Ask now; what keeps the request from leaving is told by the future."""
        answered: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        try:
            writer = self._ready()
            line = _line({"t": t, "id": self._count + 1, **fields})
            if len(line) > LONGEST_LINE:
                raise RelayRefused
        except TeledossierError as refusal:
            answered.set_exception(refusal)
            return answered
        self._count += 1
        number = self._count
        self._waiting[number] = answered
        answered.add_done_callback(lambda _done: self._waiting.pop(number, None))
        writer.write(line)
        return answered

    def _ready(self) -> asyncio.StreamWriter:
        """The line to the unit. Raises: RelayUnavailable, when it takes nothing now."""
        writer = self._writer
        if writer is None or writer.is_closing() or len(self._waiting) >= MOST_WAITING:
            raise RelayUnavailable
        if writer.transport.get_write_buffer_size() > MOST_UNSENT:
            raise RelayUnavailable
        return writer

    async def _answer(self, t: str, answered: asyncio.Future[Message]) -> Message:
        try:
            async with asyncio.timeout(ANSWERED_WITHIN):
                return _ok(await answered)
        except TimeoutError:
            log.warning("relay.slow", asked=t)
            raise RelayUnavailable from None

    # -- the connection

    async def _reach_for_ever(self) -> None:
        pause, is_first = FIRST_PAUSE, True
        while True:
            if await self._converse():
                pause = FIRST_PAUSE
            elif is_first:  # else whoever waits for the first word would wait for a unit that is not there
                self._tell(UnitDown())
            is_first = False
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _converse(self) -> bool:
        """One connection, from its start to its end; whether it was good for something."""
        try:
            reader, writer = await asyncio.open_unix_connection(self._path, limit=LONGEST_ANSWER)
        except OSError:
            return False  # it has not started yet
        try:
            async with asyncio.timeout(ANSWERED_WITHIN):
                welcome = await self._prove(reader, writer)
            peers = _peers(welcome["peers"])
            self._writer, self._version = writer, int(welcome["version"])
            log.info("relay.up", peers=len(peers))
            self._tell(UnitUp(peers))
            while line := await reader.readline():
                self._hear(_read(line))
                # Whoever waited for this answer acts on it before the next event, which is news to them.
                await asyncio.sleep(0)
        except FAULTS as fault:
            log.warning("relay.fault", error=type(fault).__name__)
        finally:
            writer.close()
            was_good = self._let_go()
        return was_good

    async def _prove(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Message:
        """Show that we know the secret; answers the welcome. Raises: ValueError, KeyError, EOFError."""
        nonce = str(_read(await reader.readline())["nonce"])
        proof = hmac.digest(self._secret, f"control:{nonce}".encode(), "sha256").hex()
        writer.write(_line({"t": "hello", "proof": proof}))
        welcome = _read(await reader.readline())
        if welcome.get("t") != "welcome":
            raise ValueError
        return welcome

    def _let_go(self) -> bool:
        """The unit is out of reach: who waits for an answer learns it now. Answers whether it had been reached."""
        writer, self._writer = self._writer, None
        if writer is None:
            return False
        for answered in self._waiting.values():
            if not answered.done():
                answered.set_exception(RelayUnavailable())
        log.info("relay.down")
        self._tell(UnitDown())
        return True

    def _hear(self, message: Message) -> None:
        if "re" in message:
            answered = self._waiting.get(message["re"])
            if answered is not None and not answered.done():
                answered.set_result(message)
        elif (event := _event(message)) is not None:
            self._tell(event)

    def _tell(self, event: UnitEvent) -> None:
        try:
            self._listener(event)
        except Exception:  # a fault in one room must not cut all the others off from the unit
            log.exception("relay.listener")


def _event(message: Message) -> UnitEvent | None:
    """An event of the unit; None for those nobody here needs. Raises: KeyError, TypeError."""
    match message.get("t"):
        case "slots":
            return SlotsChanged(str(message["peer"]), _slots(message["slots"]))
        case "gone":
            return PeerGone(str(message["peer"]), str(message["reason"]))
        case "speaker":
            return SpeakerChanged(str(message["room"]), None if message["peer"] is None else str(message["peer"]))
        case "quality":
            return QualityChanged(str(message["peer"]), int(message["level"]))
    return None


def _slots(values: Any) -> tuple[Slot, ...]:
    return tuple(Slot(str(v["mid"]), str(v["kind"]), str(v["from"]), str(v["source"])) for v in values)


def _peers(values: Any) -> tuple[UnitPeer, ...]:
    return tuple(
        UnitPeer(
            str(value["peer"]),
            str(value["room"]),
            frozenset(map(str, value["muted"])),
            _slots(value["slots"]) if "slots" in value else None,
            {str(source): str(content) for source, content in value.get("described", {}).items()},
        )
        for value in values
    )


def _ok(answer: Message) -> Message:
    ok, error = answer.get("ok"), answer.get("error")
    if isinstance(ok, dict):
        return ok
    code = str(error.get("code")) if isinstance(error, dict) else ""
    refusal: TeledossierError = RelayUnavailable() if code in TRY_AGAIN else RelayRefused()
    log.info("relay.refused", code=code)
    raise refusal


def _line(message: Message) -> bytes:
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _read(line: bytes) -> Message:
    """One JSON object. Raises: EOFError (the other side closed), ValueError."""
    if not line:
        raise EOFError
    with suppress(RecursionError):
        message = json.loads(line)
        if isinstance(message, dict):
            return message
    raise ValueError
