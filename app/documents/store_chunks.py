"""How a stored file is written: `TDE1`, a 7-byte nonce prefix, then chunks of 1 MiB under AES-256-GCM.

A chunk's nonce is prefix, counter and « last », its associated data the file's name (the STREAM construction, Hoang et
al. 2015), so that a chunk that is changed, moved, cut off or taken from another file does not open. Where the bytes lie
is not known here: `Sealed` makes them, `opened` asks for them.
"""

from __future__ import annotations

import hashlib
import os
import re
import struct
from collections.abc import Iterator
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.errors import FileDamaged

CHUNK = 1 << 20
TAG = 16
MAGIC = b"TDE1"
HEADER = len(MAGIC) + 7
FILE_ID = re.compile(r"[0-9a-f]{32}")


class Source(Protocol):
    """The encrypted bytes of one file, wherever they are."""

    @property
    def length(self) -> int:
        """Bytes, header and tags included."""
        ...

    def fetch(self, start: int, stop: int) -> bytes:
        """The bytes `start` to `stop`; fewer where the file ends before."""
        ...


class Sealed:
    """A file's encrypted bytes, made as they are taken: the header first, then a chunk at a time.

    `size` (bytes) and `sha256` are those of the clear content, once everything was taken.
    """

    def __init__(self, key: bytes, file_id: str, chunks: Iterator[bytes]) -> None:
        self._cipher, self._file_id, self._chunks = AESGCM(key), file_id.encode(), chunks
        self._prefix, self._digest = os.urandom(7), hashlib.sha256()
        self.size = 0

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    def __iter__(self) -> Iterator[bytes]:
        yield MAGIC + self._prefix
        pending: bytes | None = None
        counter = 0
        for block in _even(self._chunks):
            if pending is not None:
                yield self._seal(counter, pending, last=False)
                counter += 1
            pending = block
            self._digest.update(block)
            self.size += len(block)
        yield self._seal(counter, pending or b"", last=True)

    def _seal(self, counter: int, clear: bytes, *, last: bool) -> bytes:
        return self._cipher.encrypt(_nonce(self._prefix, counter, last), clear, self._file_id)


def opened(key: bytes, file_id: str, source: Source, start: int, stop: int | None, at_once: int = 1) -> Iterator[bytes]:
    """The clear bytes from `start` to `stop`; only the chunks needed are fetched, `at_once` of them at a time.

    Raises: FileDamaged, when anything is not as it was written.
    """
    cipher = AESGCM(key)
    header = source.fetch(0, HEADER)
    count = max(1, -(-(source.length - HEADER) // (CHUNK + TAG)))
    size = source.length - HEADER - count * TAG
    if header[:4] != MAGIC or len(header) != HEADER or size < 0 or (stop is not None and stop > size):
        raise FileDamaged
    stop = size if stop is None else stop
    first = start // CHUNK
    # An empty file is one empty chunk: opened too, or an altered one would pass.
    last = count - 1 if size == 0 else (stop - 1) // CHUNK
    for counter in range(first, last + 1, at_once):
        until = min(counter + at_once, last + 1)
        several = memoryview(source.fetch(_place(counter), _place(until)))
        for number in range(counter, until):
            sealed = several[(number - counter) * (CHUNK + TAG) :][: CHUNK + TAG]
            try:
                clear = cipher.decrypt(_nonce(header[4:], number, number == count - 1), sealed, file_id.encode())
            except (InvalidTag, ValueError) as error:
                raise FileDamaged from error
            if piece := clear[max(start - number * CHUNK, 0) : stop - number * CHUNK]:
                yield piece


def sealed_size(size: int) -> int:
    """How many bytes a clear content of `size` bytes takes in a store."""
    return HEADER + size + TAG * max(1, -(-size // CHUNK))


def check_id(file_id: str) -> None:
    """Raises: ValueError, for what is no id of ours: it becomes a part of paths."""
    if not FILE_ID.fullmatch(file_id):
        raise ValueError("a file id is 32 hexadecimal digits")


def _place(counter: int) -> int:
    return HEADER + counter * (CHUNK + TAG)


def _even(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The same bytes in blocks of exactly 1 MiB, but for the last."""
    buffer = bytearray()
    for chunk in chunks:
        buffer += chunk
        while len(buffer) >= CHUNK:
            yield bytes(buffer[:CHUNK])
            del buffer[:CHUNK]
    if buffer:
        yield bytes(buffer)


def _nonce(prefix: bytes, counter: int, last: bool) -> bytes:
    return prefix + struct.pack("!IB", counter, last)
