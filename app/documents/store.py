"""The encrypted file store in a local folder, and its like in memory: a key per file, wrapped by a master key.

How a file is encrypted is in `store_chunks`, how its key is kept in `store_keys`, the same in a bucket in
`store_bucket`. What no document owns is removed by `upkeep`.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.documents.store_chunks import Sealed, check_id, opened
from app.documents.store_keys import MasterKeys
from app.errors import FileDamaged, FileStoreFull, FileStoreUnavailable
from app.platform import KeptFile, StoredFile

UNFINISHED = "unfinished"  # folder of the files that are being written
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
AWAY = (errno.EIO, errno.EROFS, errno.EACCES, errno.EPERM, errno.ESTALE, errno.ENODEV, errno.ENXIO)


class EncryptedFolder:
    """Encrypted files in a local folder, spread over 256 subfolders. `keys` are the master keys by their number."""

    def __init__(self, folder: Path, keys: Mapping[int, bytes], current: int) -> None:
        self._folder, self._keys = folder, MasterKeys(keys, current)

    @property
    def key_number(self) -> int:
        return self._keys.current

    def write(self, file_id: str, chunks: Iterator[bytes]) -> StoredFile:
        """Encrypt into `.part`, sync, rename: what is under the final name is always whole.

        Whatever stops it, an error of `chunks` or a full disk, nothing remains; after a `kill -9` a `.part` may,
        without its key, until `remove_unfinished`.

        Raises: FileExistsError, for a file that is there already; FileStoreFull, FileStoreUnavailable.
        """
        path = self._path(file_id)
        with _said():
            if path.exists():
                raise FileExistsError(file_id)
            part = self._folder / UNFINISHED / f"{file_id}.part"
            _make_folder(part.parent)
            _make_folder(path.parent)
            handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            key = AESGCM.generate_key(256)
            sealed = Sealed(key, file_id, chunks)
            try:
                with open(handle, "wb") as target:
                    # « somebody is writing this », for `remove_unfinished`; ends with the process
                    fcntl.flock(target, fcntl.LOCK_EX)
                    for piece in sealed:
                        target.write(piece)
                    target.flush()
                    os.fsync(target.fileno())
                    part.rename(path)
                _sync_folder(path.parent)
            except BaseException:
                part.unlink(missing_ok=True)
                path.unlink(missing_ok=True)
                raise
        return StoredFile(file_id, sealed.size, sealed.sha256, self._keys.wrap(key, file_id))

    def read(self, file_id: str, wrapped_key: bytes, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """The clear bytes from `start` to `stop`; only the chunks needed are read.

        Name `stop` wherever the size is known: a file cut short then shows, even at the border of two chunks.
        Raises: FileDamaged, FileStoreUnavailable.
        """
        key = self._keys.unwrap(wrapped_key, file_id)
        with _said():
            try:
                handle = os.open(self._path(file_id), os.O_RDONLY | os.O_CLOEXEC)
            except FileNotFoundError as error:
                raise FileDamaged from error
            try:
                yield from opened(key, file_id, _OpenFile(handle), start, stop)
            finally:
                os.close(handle)

    def delete(self, file_id: str) -> None:
        path = self._path(file_id)
        with _said():
            path.unlink(missing_ok=True)
            if path.parent.exists():
                _sync_folder(path.parent)

    def rewrap(self, file_id: str, wrapped_key: bytes) -> bytes:
        """The same file key under today's master key; the file itself is not touched."""
        return self._keys.rewrap(file_id, wrapped_key)

    def sealed(self, file_id: str) -> int | None:
        with _said():
            try:
                return self._path(file_id).stat().st_size
            except FileNotFoundError:
                return None

    def kept(self) -> Iterator[KeptFile]:
        with _said():
            for path in self._folder.glob("[0-9a-f][0-9a-f]/*.td"):
                try:
                    status = path.stat()
                except FileNotFoundError:  # deleted meanwhile
                    continue
                yield KeptFile(path.stem, status.st_size, time.time() - status.st_mtime)

    def remove_unfinished(self, older_than: float) -> list[str]:
        """Remove `.part` files whose writer has died, older than so many seconds; answers their ids."""
        removed = []
        with _said():
            for part in (self._folder / UNFINISHED).glob("*.part"):
                if _is_old(part, older_than) and _is_abandoned(part):
                    part.unlink(missing_ok=True)
                    removed.append(part.stem)
        return removed

    def _path(self, file_id: str) -> Path:
        check_id(file_id)
        return self._folder / file_id[:2] / f"{file_id}.td"


class MemoryFiles:
    """Files in memory, encrypted the same way: for tests and notebooks."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self._written: dict[str, float] = {}
        self._keys = MasterKeys({1: AESGCM.generate_key(256)}, 1)

    @property
    def key_number(self) -> int:
        return self._keys.current

    def write(self, file_id: str, chunks: Iterator[bytes]) -> StoredFile:
        check_id(file_id)
        if file_id in self.files:
            raise FileExistsError(file_id)
        key = AESGCM.generate_key(256)
        sealed = Sealed(key, file_id, chunks)
        self.files[file_id] = b"".join(sealed)
        self._written[file_id] = time.time()
        return StoredFile(file_id, sealed.size, sealed.sha256, self._keys.wrap(key, file_id))

    def read(self, file_id: str, wrapped_key: bytes, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        key = self._keys.unwrap(wrapped_key, file_id)
        if file_id not in self.files:
            raise FileDamaged
        yield from opened(key, file_id, _Held(self.files[file_id]), start, stop)

    def delete(self, file_id: str) -> None:
        self.files.pop(file_id, None)

    def rewrap(self, file_id: str, wrapped_key: bytes) -> bytes:
        return self._keys.rewrap(file_id, wrapped_key)

    def sealed(self, file_id: str) -> int | None:
        return len(self.files[file_id]) if file_id in self.files else None

    def kept(self) -> Iterator[KeptFile]:
        for file_id, content in list(self.files.items()):
            yield KeptFile(file_id, len(content), time.time() - self._written[file_id])

    def remove_unfinished(self, older_than: float) -> list[str]:
        return []


class _OpenFile:
    """A file as a source of encrypted bytes, and no more of it in memory than what is asked for."""

    def __init__(self, handle: int) -> None:
        self._handle, self.length = handle, os.fstat(handle).st_size

    def fetch(self, start: int, stop: int) -> bytes:
        return os.pread(self._handle, stop - start, start)


class _Held:
    """Bytes in memory as a source."""

    def __init__(self, content: bytes) -> None:
        self._content, self.length = content, len(content)

    def fetch(self, start: int, stop: int) -> bytes:
        return self._content[start:stop]


@contextlib.contextmanager
def _said() -> Iterator[None]:
    """Says troubles of the disk as refusals; what the source of the bytes raises passes unchanged."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise FileStoreFull from error
        if error.errno in AWAY:
            raise FileStoreUnavailable from error
        raise


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


def _is_old(path: Path, seconds: float) -> bool:
    try:
        return time.time() - path.stat().st_mtime >= seconds
    except FileNotFoundError:
        return False


def _is_abandoned(part: Path) -> bool:
    try:
        with part.open("r+b") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, FileNotFoundError):
        return False
    return True
