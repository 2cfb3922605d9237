"""The encrypted file store: a key per file, the file in chunks, the key wrapped by a numbered master key.

A file is `TDE1`, a 7-byte nonce prefix, then chunks of 1 MiB under AES-256-GCM; a chunk's nonce is prefix, counter and
« last », its associated data the file's name (the STREAM construction, Hoang et al. 2015), so that a chunk that is
changed, moved, cut off or taken from another file does not open. The database keeps the wrapped key.
"""

from __future__ import annotations

import hashlib
import os
import re
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.errors import FileDamaged
from app.platform import StoredFile

CHUNK = 1 << 20
TAG = 16
MAGIC = b"TDE1"
HEADER = len(MAGIC) + 7
NONCE = 12
FILE_ID = re.compile(r"[0-9a-f]{32}")


class EncryptedFolder:
    """Encrypted files in a local folder, spread over 256 subfolders. `keys` are the master keys by their number."""

    def __init__(self, folder: Path, keys: Mapping[int, bytes], current: int) -> None:
        self._folder, self._keys, self._current = folder, dict(keys), current

    def write(self, file_id: str, chunks: Iterator[bytes]) -> StoredFile:
        """Encrypt into `.part`, sync, rename: what is under the final name is always whole."""
        path = self._path(file_id)
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        key = AESGCM.generate_key(256)
        try:
            with part.open("wb") as target:
                size, digest = _encrypt(target, key, file_id, chunks)
                target.flush()
                os.fsync(target.fileno())
            part.rename(path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)
        return StoredFile(file_id, size, digest, self._wrap(key, file_id))

    def read(self, file_id: str, wrapped_key: bytes, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """The clear bytes from `start` to `stop`; only the chunks needed are read. Raises: FileDamaged."""
        cipher = AESGCM(self._unwrap(wrapped_key, file_id))
        try:
            source = self._path(file_id).open("rb")
        except FileNotFoundError as error:
            raise FileDamaged from error
        with source:
            yield from _decrypt(source, cipher, file_id, start, stop)

    def delete(self, file_id: str) -> None:
        self._path(file_id).unlink(missing_ok=True)

    def rewrap(self, file_id: str, wrapped_key: bytes) -> bytes:
        """The same file key under today's master key; the file itself is not touched."""
        return self._wrap(self._unwrap(wrapped_key, file_id), file_id)

    def _path(self, file_id: str) -> Path:
        if not FILE_ID.fullmatch(file_id):
            raise ValueError("a file id is 32 hexadecimal digits")
        return self._folder / file_id[:2] / f"{file_id}.td"

    def _wrap(self, key: bytes, file_id: str) -> bytes:
        nonce = os.urandom(NONCE)
        sealed = AESGCM(self._keys[self._current]).encrypt(nonce, key, b"key|" + file_id.encode())
        return struct.pack("!I", self._current) + nonce + sealed

    def _unwrap(self, wrapped: bytes, file_id: str) -> bytes:
        try:
            master = self._keys[struct.unpack("!I", wrapped[:4])[0]]
            return AESGCM(master).decrypt(wrapped[4 : 4 + NONCE], wrapped[4 + NONCE :], b"key|" + file_id.encode())
        except (KeyError, InvalidTag, struct.error, ValueError) as error:
            raise FileDamaged from error


class MemoryFiles:
    """Files in memory, for tests and notebooks."""

    def __init__(self) -> None:
        self._files: dict[str, bytes] = {}

    def write(self, file_id: str, chunks: Iterator[bytes]) -> StoredFile:
        content = b"".join(chunks)
        self._files[file_id] = content
        return StoredFile(file_id, len(content), hashlib.sha256(content).hexdigest(), b"none")

    def read(self, file_id: str, wrapped_key: bytes, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        if file_id not in self._files:
            raise FileDamaged
        content = self._files[file_id][start:stop]
        for at in range(0, len(content), CHUNK):
            yield content[at : at + CHUNK]

    def delete(self, file_id: str) -> None:
        self._files.pop(file_id, None)


def _encrypt(target: BinaryIO, key: bytes, file_id: str, chunks: Iterator[bytes]) -> tuple[int, str]:
    cipher, prefix, digest, size = AESGCM(key), os.urandom(7), hashlib.sha256(), 0
    target.write(MAGIC + prefix)
    pending: bytes | None = None
    counter = 0
    for block in _even(chunks):
        if pending is not None:
            target.write(cipher.encrypt(_nonce(prefix, counter, False), pending, file_id.encode()))
            counter += 1
        pending = block
        digest.update(block)
        size += len(block)
    target.write(cipher.encrypt(_nonce(prefix, counter, True), pending or b"", file_id.encode()))
    return size, digest.hexdigest()


def _decrypt(source: BinaryIO, cipher: AESGCM, file_id: str, start: int, stop: int | None) -> Iterator[bytes]:
    header = source.read(HEADER)
    length = os.fstat(source.fileno()).st_size - HEADER
    count = max(1, -(-length // (CHUNK + TAG)))
    if header[:4] != MAGIC or len(header) != HEADER or length < TAG:
        raise FileDamaged
    first = start // CHUNK
    if first >= count:
        return
    source.seek(HEADER + first * (CHUNK + TAG))
    for counter in range(first, count):
        if stop is not None and counter * CHUNK >= stop:
            return
        try:
            clear = cipher.decrypt(
                _nonce(header[4:], counter, counter == count - 1), source.read(CHUNK + TAG), file_id.encode()
            )
        except (InvalidTag, ValueError) as error:
            raise FileDamaged from error
        begin = max(start - counter * CHUNK, 0)
        end = None if stop is None else stop - counter * CHUNK
        if piece := clear[begin:end]:
            yield piece


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


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
