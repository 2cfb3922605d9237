"""The antivirus: a clamd of the installation's own, asked over its socket (`INSTREAM`, clamd(8)).

A file is streamed to it as it is read from the store. Where one is configured, nothing passes without its word: when it
does not answer, the file is refused for the moment.
"""

from __future__ import annotations

import asyncio
import re
import struct
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager

import structlog

from app.errors import FileInfected, FileRefused
from app.settings import Settings

log = structlog.get_logger(__name__)

CONNECT_SECONDS = 5.0
STALL_SECONDS = 20.0  # between two pieces it takes
VERDICT_SECONDS = 120.0  # after the last piece; an archive in an archive takes it a while
PIECE = 1 << 18  # bytes
ANSWER = 4096  # bytes, at most
STATE_KEPT = 10.0  # seconds: `/sante/pret` is public, and must not become a way to tire clamd

AWAY = "analyse impossible pour le moment, réessayez dans quelques minutes (l'antivirus ne répond pas)."
TOO_LARGE = "il est trop grand pour l'antivirus de cette installation. Appelez l'assistance."
UNSURE = "l'antivirus n'a pas pu l'analyser. Réessayez, puis appelez l'assistance."

_last_state: tuple[str, float, bool] = ("", 0.0, True)


async def check(settings: Settings, load: Callable[[], Iterator[bytes]], size: int) -> None:
    """Have a file looked at, where an antivirus is configured. Raises: FileInfected, FileRefused."""
    if not settings.clamd:
        return
    try:
        answer = await _scan(settings.clamd, load)
    except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
        log.error("antivirus.away", address=settings.clamd, reason=type(error).__name__)
        raise FileRefused(AWAY) from error
    found = re.fullmatch(r"stream: (?P<virus>.{1,200}) FOUND", answer)
    if found:
        log.warning("antivirus.found", virus=found["virus"], size=size)
        raise FileInfected(re.sub(r"[^\w.:/-]", "_", found["virus"])[:80])
    if answer != "stream: OK":
        log.error("antivirus.unsure", answer=answer[:200], size=size)
        raise FileRefused(TOO_LARGE if "size limit exceeded" in answer else UNSURE)


async def answers(settings: Settings) -> bool:
    """Whether the antivirus answers `PING`; True where none is configured. Asked again after 10 s at the earliest."""
    global _last_state
    if not settings.clamd:
        return True
    address, at, state = _last_state
    if address == settings.clamd and time.monotonic() - at < STATE_KEPT:
        return state
    state = await _ask(settings.clamd, b"PING") == "PONG"
    _last_state = (settings.clamd, time.monotonic(), state)
    return state


async def say_state(settings: Settings) -> None:
    """Write into the log which antivirus looks at files, and how old its signatures are."""
    if not settings.clamd:
        log.info("antivirus.none")
        return
    version = await _ask(settings.clamd, b"VERSION")
    if version:
        log.info("antivirus.ready", address=settings.clamd, version=version)
    else:
        log.error("antivirus.away", address=settings.clamd)


async def _ask(address: str, command: bytes) -> str:
    """A command's answer; empty when there is none."""
    try:
        async with asyncio.timeout(CONNECT_SECONDS), _line(address) as (reader, writer):
            writer.write(b"z" + command + b"\0")
            await writer.drain()
            return await _answer(reader)
    except (OSError, TimeoutError, asyncio.IncompleteReadError):
        return ""


async def _scan(address: str, load: Callable[[], Iterator[bytes]]) -> str:
    async with _line(address) as (reader, writer):
        verdict = asyncio.ensure_future(_answer(reader))
        try:
            await _send(writer, load(), verdict)
            async with asyncio.timeout(VERDICT_SECONDS):
                return await verdict
        finally:
            verdict.cancel()


async def _send(writer: asyncio.StreamWriter, content: Iterator[bytes], verdict: asyncio.Future[str]) -> None:
    """The content in pieces, each after its length; an empty one at the end. Stops when the verdict is there already.

    clamd answers « size limit exceeded » in the middle, and closes.
    """
    try:
        writer.write(b"zINSTREAM\0")
        while not verdict.done() and (piece := await asyncio.to_thread(next, content, None)) is not None:
            for at in range(0, len(piece), PIECE):
                part = piece[at : at + PIECE]
                writer.write(struct.pack("!I", len(part)) + part)
                async with asyncio.timeout(STALL_SECONDS):
                    await writer.drain()
        writer.write(struct.pack("!I", 0))
        async with asyncio.timeout(STALL_SECONDS):
            await writer.drain()
    except (BrokenPipeError, ConnectionResetError):
        # It may have said why before it closed.
        async with asyncio.timeout(CONNECT_SECONDS):
            await verdict


async def _answer(reader: asyncio.StreamReader) -> str:
    said = await reader.readuntil(b"\0")
    return said[:-1].decode("utf-8", "replace").strip()


@asynccontextmanager
async def _line(address: str) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection to clamd: a path is a Unix socket, anything else `host:port`."""
    async with asyncio.timeout(CONNECT_SECONDS):
        if address.startswith("/"):
            reader, writer = await asyncio.open_unix_connection(address, limit=ANSWER)
        else:
            host, _, port = address.rpartition(":")
            reader, writer = await asyncio.open_connection(host.strip("[]"), int(port), limit=ANSWER)
    try:
        yield reader, writer
    finally:
        writer.close()
