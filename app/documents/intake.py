"""From a stream of bytes to an encrypted file, on a thread of its own: a slow sender never holds the event loop."""

from __future__ import annotations

import asyncio
import concurrent.futures
import secrets
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

import structlog

from app.documents.store_threads import in_thread
from app.errors import FileStoreUnavailable, FileTooLarge
from app.platform import Platform, StoredFile

log = structlog.get_logger(__name__)

MEGABYTE = 1_000_000
# A thread per upload that is under way, as slow as its sender; more of them wait.
_writers = ThreadPoolExecutor(32, thread_name_prefix="upload")

Chunks = AsyncIterable[bytes] | Iterable[bytes]


async def keep(platform: Platform, chunks: Chunks, megabytes: int | None = None) -> StoredFile:
    """Write chunks into the file store under a new id, `megabytes` at most, or as many as the setting says.

    Whatever goes wrong, nothing remains there.

    Raises: FileTooLarge, FileStoreFull, FileStoreUnavailable, and whatever `chunks` raises.
    """
    file_id = secrets.token_hex(16)
    source = _FromLoop(chunks) if isinstance(chunks, AsyncIterable) else None
    limited = _limited(source or chunks, megabytes or platform.settings.upload_megabytes)  # type: ignore[arg-type]
    writing = asyncio.wrap_future(_writers.submit(platform.files.write, file_id, limited))
    try:
        return await asyncio.shield(writing)
    except asyncio.CancelledError:
        if source is not None:
            source.stop()
        await asyncio.wait([writing])
        if not writing.cancelled() and writing.exception() is None:
            await forget(platform, file_id)
        raise


@asynccontextmanager
async def keeping(platform: Platform, content: bytes) -> AsyncIterator[StoredFile]:
    """A content of ours in the store, around the transaction that names it; it goes again when that fails.

    Written before the transaction begins: a slow disk or bucket must hold up neither the database nor the event loop.
    """
    stored = await keep(platform, iter([content]))
    try:
        yield stored
    except BaseException:
        await asyncio.shield(forget(platform, stored.file_id))
        raise


async def forget(platform: Platform, file_id: str) -> None:
    """Delete a file that no document owns (any more). Where that can't be done now, `upkeep.sweep` does it later."""
    try:
        await in_thread(platform.files.delete, file_id)
    except (FileStoreUnavailable, OSError) as error:
        log.warning("files.left", reason=type(error).__name__)


def _limited(chunks: Iterable[bytes], megabytes: int) -> Iterator[bytes]:
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > megabytes * MEGABYTE:
            raise FileTooLarge(megabytes)
        yield chunk


class _FromLoop:
    """An asynchronous source, read from a thread."""

    def __init__(self, chunks: AsyncIterable[bytes]) -> None:
        self._chunks: AsyncIterator[bytes] = aiter(chunks)
        self._loop = asyncio.get_running_loop()
        self._pending: concurrent.futures.Future[Any] | None = None
        self._stopped = False

    def __iter__(self) -> Iterator[bytes]:
        while (chunk := self._pull()) is not None:
            yield chunk

    def stop(self) -> None:
        """Nobody waits any more: the thread gets an error instead of a next chunk."""
        self._stopped = True
        if self._pending is not None:
            self._pending.cancel()

    def _pull(self) -> bytes | None:
        self._pending = asyncio.run_coroutine_threadsafe(self._next(), self._loop)
        if self._stopped:
            self._pending.cancel()
        chunk: bytes | None = self._pending.result()
        return chunk

    async def _next(self) -> bytes | None:
        return await anext(self._chunks, None)
