"""Two connections made one: what comes in on either goes out on the other, byte for byte, as fast as the slower reads.

Nothing is looked at. What one side has sent and the other has not read waits in the senders' kernel: here at most one
piece of `PIECE` bytes for each direction, whoever does not read.
"""

from __future__ import annotations

import asyncio
import socket
from enum import Enum

from tornado.iostream import IOStream, StreamClosedError

PIECE = 64 << 10  # bytes
STUCK = 30.0  # seconds without a byte taken by a side that has some waiting: it will never read again
LAST_WORDS = 2.0  # seconds for a side that takes nothing any more to be heard to its end


class _End(Enum):
    SAID_ALL = 1  # the source is gone, and everything it said is handed on
    REFUSED = 2  # the sink takes nothing any more; it may have said why
    STUCK = 3


async def splice(one: IOStream, other: IOStream) -> None:
    """Hand on in both directions until either side is gone; then both are closed.

    What had come from a side before it went is handed on first: the last word of a line says why it was closed. What
    was written to the streams before must have gone out.
    """
    ends = (_writing_end(one), _writing_end(other))
    pumps = [asyncio.create_task(_pump(one, ends[1])), asyncio.create_task(_pump(other, ends[0]))]
    try:
        [first, *_], rest = await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        if rest and first.result() is _End.REFUSED:
            await asyncio.wait(rest, timeout=LAST_WORDS)
    finally:
        one.close()
        other.close()
        for pump in pumps:
            pump.cancel()
        await asyncio.gather(*pumps, return_exceptions=True)
        for end in ends:
            end.close()


def _writing_end(stream: IOStream) -> socket.socket:
    """A socket of its own to write to: a stream that can't write forgets what it has not read.

    Raises: StreamClosedError.
    """
    stream.set_nodelay(True)
    if stream.socket is None:
        raise StreamClosedError
    return stream.socket.dup()  # as its model: without blocking


async def _pump(source: IOStream, sink: socket.socket) -> _End:
    """One direction."""
    try:
        while True:
            piece = await source.read_bytes(PIECE, partial=True)
            await _send(sink, piece)
            await asyncio.sleep(0)  # a flood waits for its turn as everybody else
    except StreamClosedError:
        return _End.SAID_ALL
    except TimeoutError:
        return _End.STUCK
    except OSError:
        return _End.REFUSED


async def _send(sink: socket.socket, piece: bytes) -> None:
    """All of it. Raises: OSError; TimeoutError when nothing of it is taken for `STUCK` seconds."""
    left = memoryview(piece)
    while left:
        try:
            left = left[sink.send(left) :]
        except BlockingIOError:
            async with asyncio.timeout(STUCK):
                await _writable(sink)


async def _writable(sink: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_writer(sink, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_writer(sink)
