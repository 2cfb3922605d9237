"""Two connections made one: what comes in on either goes out on the other, byte for byte, as fast as the slower reads.

Nothing is looked at. What one side has sent and the other has not read waits in the senders' kernel: here at most one
piece of `PIECE` bytes for each direction, whoever does not read.
"""

from __future__ import annotations

import asyncio

from tornado.iostream import IOStream, StreamClosedError

PIECE = 64 << 10  # bytes
STUCK = 30.0  # seconds without a byte taken by a side that has one waiting: it will never read again


async def splice(one: IOStream, other: IOStream) -> None:
    """Hand on in both directions until either side is gone; then both are closed.

    What had come from a side before it went is handed on first: the last word of a line says why it was closed.
    """
    one.set_nodelay(True)
    other.set_nodelay(True)
    pumps = [asyncio.create_task(_pump(one, other)), asyncio.create_task(_pump(other, one))]
    try:
        await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
    finally:
        one.close()
        other.close()
        # The other direction ends by itself: its stream is closed.
        await asyncio.gather(*pumps, return_exceptions=True)


async def _pump(source: IOStream, sink: IOStream) -> None:
    """One direction, until either end is gone or the sink takes nothing for `STUCK` seconds."""
    try:
        while True:
            written = sink.write(await source.read_bytes(PIECE, partial=True))
            if not written.done():  # the common case needs no timer
                _done, late = await asyncio.wait([written], timeout=STUCK)
                if late:
                    return
            await written
            await asyncio.sleep(0)  # a flood waits for its turn as everybody else
    except StreamClosedError:
        return
