"""The encrypted file store: a key per file, the file in chunks, the key wrapped by a numbered master key.

A file is `TDE1`, a 7-byte nonce prefix, then chunks of 1 MiB under AES-256-GCM; a chunk's nonce is prefix, counter and
« last », its associated data the file's name (the STREAM construction, Hoang et al. 2015), so that a chunk that is
changed, moved, cut off or taken from another file does not open. The database keeps the wrapped key.
"""

from __future__ import annotations

import fcntl
import hashlib
import io
import os
import re
import struct
import time
from collections.abc import Collection, Iterator, Mapping
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
UNFINISHED = "unfinished"  # folder of the files that are being written


class _Keys:
    """The master keys by their number; a file's own key is wrapped by one of them."""

    def __init__(self, keys: Mapping[int, bytes], current: int) -> None:
        if current not in keys:
            raise ValueError(f"no master key has the number {current}")
        self._keys, self._current = dict(keys), current

    def wrap(self, key: bytes, file_id: str) -> bytes:
        nonce = os.urandom(NONCE)
        sealed = AESGCM(self._keys[self._current]).encrypt(nonce, key, b"key|" + file_id.encode())
        return struct.pack("!I", self._current) + nonce + sealed

    def unwrap(self, wrapped: bytes, file_id: str) -> bytes:
        """Raises: FileDamaged, when the key was altered, is another file's, or its master key is gone."""
        try:
            master = self._keys[struct.unpack("!I", wrapped[:4])[0]]
            return AESGCM(master).decrypt(wrapped[4 : 4 + NONCE], wrapped[4 + NONCE :], b"key|" + file_id.encode())
        except (KeyError, InvalidTag, struct.error, ValueError) as error:
            raise FileDamaged from error

    def rewrap(self, file_id: str, wrapped_key: bytes) -> bytes:
        return self.wrap(self.unwrap(wrapped_key, file_id), file_id)


class EncryptedFolder:
    """Encrypted files in a local folder, spread over 256 subfolders. `keys` are the master keys by their number."""

    def __init__(self, folder: Path, keys: Mapping[int, bytes], current: int) -> None:
        self._folder, self._keys = folder, _Keys(keys, current)

    def write(self, file_id: str, chunks: Iterator[bytes]) -> StoredFile:
        """Encrypt into `.part`, sync, rename: what is under the final name is always whole.

        Whatever stops it, an error of `chunks` or a full disk, nothing remains; after a `kill -9` a `.part` may,
        without its key, until `sweep`. Raises: FileExistsError, for a file that is there already.
        """
        path = self._path(file_id)
        if path.exists():
            raise FileExistsError(file_id)
        part = self._folder / UNFINISHED / f"{file_id}.part"
        _make_folder(part.parent)
        _make_folder(path.parent)
        key = AESGCM.generate_key(256)
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with open(handle, "wb") as target:
                fcntl.flock(target, fcntl.LOCK_EX)  # « somebody is writing this », for `sweep`; ends with the process
                size, digest = _encrypt(target, key, file_id, chunks)
                target.flush()
                os.fsync(target.fileno())
                part.rename(path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)
        return StoredFile(file_id, size, digest, self._keys.wrap(key, file_id))

    def read(self, file_id: str, wrapped_key: bytes, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """The clear bytes from `start` to `stop`; only the chunks needed are read. Raises: FileDamaged.

        Name `stop` wherever the size is known: a file cut short then shows, even at the border of two chunks.
        """
        key = self._keys.unwrap(wrapped_key, file_id)
        try:
            source = self._path(file_id).open("rb")
        except FileNotFoundError as error:
            raise FileDamaged from error
        with source:
            yield from _decrypt(source, key, file_id, start, stop)

    def delete(self, file_id: str) -> None:
        path = self._path(file_id)
        path.unlink(missing_ok=True)
        if path.parent.exists():
            _sync_folder(path.parent)

    def rewrap(self, file_id: str, wrapped_key: bytes) -> bytes:
        """The same file key under today's master key; the file itself is not touched."""
        return self._keys.rewrap(file_id, wrapped_key)

    def sweep(self, known: Collection[str], older_than: float = 3600.0) -> list[str]:
        """Remove what no document owns: files not in `known` (ids), and `.part` files whose writer has died.

        Only what is older than so many seconds: a file is renamed a moment before its row is committed.
        """
        removed = []
        for part in (self._folder / UNFINISHED).glob("*.part"):
            if _is_old(part, older_than) and _is_abandoned(part):
                part.unlink(missing_ok=True)
                removed.append(part.stem)
        for path in self._folder.glob("[0-9a-f][0-9a-f]/*.td"):
            if path.stem not in known and _is_old(path, older_than):
                path.unlink(missing_ok=True)
                removed.append(path.stem)
        return removed

    def _path(self, file_id: str) -> Path:
        _check_id(file_id)
        return self._folder / file_id[:2] / f"{file_id}.td"


class MemoryFiles:
    """Files in memory, encrypted the same way: for tests and notebooks."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self._keys = _Keys({1: AESGCM.generate_key(256)}, 1)

    def write(self, file_id: str, chunks: Iterator[bytes]) -> StoredFile:
        _check_id(file_id)
        if file_id in self.files:
            raise FileExistsError(file_id)
        key, target = AESGCM.generate_key(256), io.BytesIO()
        size, digest = _encrypt(target, key, file_id, chunks)
        self.files[file_id] = target.getvalue()
        return StoredFile(file_id, size, digest, self._keys.wrap(key, file_id))

    def read(self, file_id: str, wrapped_key: bytes, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        key = self._keys.unwrap(wrapped_key, file_id)
        if file_id not in self.files:
            raise FileDamaged
        yield from _decrypt(io.BytesIO(self.files[file_id]), key, file_id, start, stop)

    def delete(self, file_id: str) -> None:
        self.files.pop(file_id, None)

    def rewrap(self, file_id: str, wrapped_key: bytes) -> bytes:
        return self._keys.rewrap(file_id, wrapped_key)


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


def _decrypt(source: BinaryIO, key: bytes, file_id: str, start: int, stop: int | None) -> Iterator[bytes]:
    cipher = AESGCM(key)
    length = source.seek(0, os.SEEK_END) - HEADER
    source.seek(0)
    header = source.read(HEADER)
    count = max(1, -(-length // (CHUNK + TAG)))
    size = length - count * TAG
    if header[:4] != MAGIC or size < 0 or (stop is not None and stop > size):
        raise FileDamaged
    stop = size if stop is None else stop
    first = start // CHUNK
    # An empty file is one empty chunk: opened too, or an altered one would pass.
    last = count - 1 if size == 0 else (stop - 1) // CHUNK
    source.seek(HEADER + first * (CHUNK + TAG))
    for counter in range(first, last + 1):
        sealed = source.read(CHUNK + TAG)
        try:
            clear = cipher.decrypt(_nonce(header[4:], counter, counter == count - 1), sealed, file_id.encode())
        except (InvalidTag, ValueError) as error:
            raise FileDamaged from error
        if piece := clear[max(start - counter * CHUNK, 0) : stop - counter * CHUNK]:
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


def _make_folder(folder: Path) -> None:
    if not folder.exists():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _sync_folder(folder.parent)


def _check_id(file_id: str) -> None:
    if not FILE_ID.fullmatch(file_id):
        raise ValueError("a file id is 32 hexadecimal digits")


def _is_old(path: Path, seconds: float) -> bool:
    try:
        return time.time() - path.stat().st_mtime >= seconds
    except FileNotFoundError:
        return False


def _is_abandoned(part: Path) -> bool:
    try:
        with part.open("rb") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, FileNotFoundError):
        return False
    return True
