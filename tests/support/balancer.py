"""A balancer in front of several web processes, as small as can be: TCP, sticky by a word in the User-Agent.

Whoever says « web-2 » goes to the second address as long as it listens, else to the first that does.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import threading
from collections.abc import Iterator, Sequence

HEAD = 65536  # bytes
MARK = re.compile(rb"^user-agent:.*\bweb-(\d)\b", re.IGNORECASE | re.MULTILINE)


@contextlib.contextmanager
def balancing(port: int, targets: Sequence[int]) -> Iterator[None]:
    """Listen on `port` of this machine, in a thread of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    balancer = _Balancer(targets)
    server = asyncio.run_coroutine_threadsafe(
        asyncio.start_server(balancer.serve, "127.0.0.1", port, limit=HEAD), loop
    ).result(10)
    try:
        yield
    finally:
        asyncio.run_coroutine_threadsafe(balancer.close(server), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


class _Balancer:
    def __init__(self, targets: Sequence[int]) -> None:
        self._targets = list(targets)
        self._serving: set[asyncio.Task[None]] = set()

    async def close(self, server: asyncio.Server) -> None:
        server.close()
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)
        with contextlib.suppress(OSError, EOFError, asyncio.LimitOverrunError, asyncio.CancelledError):
            head = await reader.readuntil(b"\r\n\r\n")
            marked = MARK.search(head)
            await self._join(head, reader, writer, int(marked[1]) - 1 if marked else 0)
        writer.close()

    async def _join(self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, wanted: int) -> None:
        back, onward = await self._open(wanted)
        onward.write(head)
        ways = {asyncio.create_task(_copy(reader, onward)), asyncio.create_task(_copy(back, writer))}
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            onward.close()

    async def _open(self, wanted: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """The wanted one, or another that listens. Raises: OSError."""
        for target in [self._targets[wanted], *self._targets]:
            with contextlib.suppress(ConnectionRefusedError):
                return await asyncio.open_connection("127.0.0.1", target)
        raise ConnectionRefusedError


async def _copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while piece := await source.read(65536):
        sink.write(piece)
        await sink.drain()
