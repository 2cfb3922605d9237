"""Two connections made one, over real sockets."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from tornado.iostream import IOStream, StreamClosedError

from app.server import splice

PATIENCE = 60.0  # seconds: ends what will never come
MEGABYTE = bytes(1 << 20)


@dataclass
class Line:
    """A client and a server with a splice between them."""

    client: IOStream
    server: IOStream
    between: asyncio.Task[None]


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    client, ours = socket.socketpair()
    theirs, server = socket.socketpair()
    between = asyncio.create_task(splice.splice(IOStream(ours), IOStream(theirs)))
    line = Line(IOStream(client), IOStream(server), between)
    yield line
    line.client.close()
    line.server.close()
    await asyncio.wait_for(between, PATIENCE)


async def swallowed(sender: IOStream) -> int:
    """How many bytes go away although nobody reads them."""
    sent = 0
    while True:
        written = sender.write(MEGABYTE)
        try:
            await asyncio.wait_for(asyncio.shield(written), 0.5)
        except TimeoutError:
            return sent
        sent += len(MEGABYTE)


async def test_bytes_pass_both_ways_unchanged(line: Line) -> None:
    up, down = bytes(range(256)) * 8192, bytes(reversed(range(256))) * 8192  # 2 MiB each, at the same time
    sent = [line.client.write(up), line.server.write(down)]
    heard = await asyncio.gather(line.server.read_bytes(len(up)), line.client.read_bytes(len(down)))
    await asyncio.gather(*sent)
    assert heard == [up, down]


@pytest.mark.parametrize("gone", ["client", "server"])
async def test_when_one_side_goes_the_other_hears_the_last_word_and_its_end(line: Line, gone: str) -> None:
    leaving, staying = (line.client, line.server) if gone == "client" else (line.server, line.client)
    await leaving.write(b"because")
    leaving.close()
    assert await asyncio.wait_for(staying.read_bytes(7), PATIENCE) == b"because"
    with pytest.raises(StreamClosedError):
        await asyncio.wait_for(staying.read_bytes(1), PATIENCE)


@pytest.mark.parametrize("sender", ["client", "server"])
async def test_what_nobody_reads_is_not_taken(line: Line, sender: str) -> None:
    assert await swallowed(line.client if sender == "client" else line.server) <= 2 << 20  # mostly the kernel's
    assert not line.between.done()


async def test_a_side_that_will_not_read_does_not_hold_up_the_other_direction(line: Line) -> None:
    await swallowed(line.server)
    await line.client.write(b"still here")
    assert await asyncio.wait_for(line.server.read_bytes(10), PATIENCE) == b"still here"


async def test_a_side_that_never_reads_is_given_up(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(splice, "STUCK", 0.2)
    written = line.server.write(8 * MEGABYTE)
    await asyncio.wait_for(line.between, PATIENCE)
    with pytest.raises(StreamClosedError):
        await asyncio.wait_for(written, PATIENCE)


async def test_the_last_word_of_a_side_that_hangs_up_on_a_flood_is_heard(line: Line) -> None:
    flood = line.client.write(32 * MEGABYTE)
    await line.server.read_bytes(1)
    await line.server.write(b"too much")
    line.server.close()  # with much unread: the next that is written there is refused
    assert await asyncio.wait_for(line.client.read_bytes(8), PATIENCE) == b"too much"
    await asyncio.wait_for(line.between, PATIENCE)
    with pytest.raises(StreamClosedError):
        await flood


async def test_a_slow_reader_is_no_stuck_one(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(splice, "STUCK", 2.0)
    written = line.server.write(4 * MEGABYTE)
    left, end = 4 * len(MEGABYTE), time.monotonic() + 1.2 * splice.STUCK
    while time.monotonic() < end:
        left -= len(await line.client.read_bytes(splice.PIECE, partial=True))
        await asyncio.sleep(0.06)
    await line.client.read_bytes(left)
    await written
    assert not line.between.done()


async def test_an_idle_line_is_left_alone(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(splice, "STUCK", 0.05)
    await asyncio.wait([line.between], timeout=0.3)
    assert not line.between.done()
