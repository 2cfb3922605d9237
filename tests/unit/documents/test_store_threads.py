"""A store that does not answer holds up its own readers, nobody else."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

from app.documents.store_threads import pieces


async def test_readers_of_a_silent_bucket_keep_nobody_else_waiting() -> None:
    answering = threading.Event()

    def silent() -> Iterator[bytes]:
        assert answering.wait(90)
        yield b""
        yield b"enfin"

    async def read() -> bytes:
        return b"".join([piece async for piece in pieces(silent())])

    readers = [asyncio.create_task(read()) for _ in range(40)]
    try:
        async with asyncio.timeout(60):
            assert await asyncio.to_thread(sum, (1, 2)) == 3  # a login, a page, a notice
        assert not any(reader.done() for reader in readers)
    finally:
        answering.set()
    assert await asyncio.gather(*readers) == [b"enfin"] * 40
