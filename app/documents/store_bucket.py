"""The encrypted file store in an S3 bucket, through obstore: the same bytes under the same names as in a folder.

An object becomes visible whole, at the end of its upload, or not at all (S3's own promise). A write that fails takes
its upload back; one that was killed leaves parts that nobody sees, until `remove_unfinished` (`store_uploads`).
Everything here blocks, on the network, for as long as `Patience` says: call it from threads only.
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import obstore
import structlog
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from obstore.exceptions import BaseError
from obstore.store import S3Store

from app.documents.store_chunks import CHUNK, FILE_ID, HEADER, TAG, Sealed, check_id, opened
from app.documents.store_keys import MasterKeys
from app.documents.store_uploads import Uploads
from app.errors import FileDamaged, FileStoreUnavailable
from app.platform import KeptFile, StoredFile

log = structlog.get_logger(__name__)

PART = 5 << 20  # bytes: the least that S3 takes for a part (and 10 000 parts at most: 52 GB)
PARTS_AT_ONCE = 2
CHUNKS_AT_ONCE = 4  # of a file that is read from its start to its end: 4 MiB per request
UPLOAD_HOURS = 24  # an upload that began earlier has no writer any more, however slow its sender


@dataclass(frozen=True)
class Patience:
    """How long a request waits, in seconds, and how often it is tried again."""

    connecting: float = 4.0
    answer: float = 30.0
    retries: int = 3
    retrying: float = 20.0


@dataclass(frozen=True)
class Place:
    """A bucket and how it is reached. `prefix` is a folder in it, empty for the bucket's root."""

    endpoint: str
    bucket: str
    region: str
    access_key: str
    secret_key: str
    prefix: str = ""
    patience: Patience = Patience()

    def store(self) -> S3Store:
        """obstore's client of this place."""
        patience = self.patience
        return S3Store(
            self.bucket,
            prefix=self.prefix or None,
            config={
                "endpoint": self.endpoint,
                "region": self.region,
                "access_key_id": self.access_key,
                "secret_access_key": self.secret_key,
                "virtual_hosted_style_request": False,  # a hospital's own S3 has one name, not one per bucket
            },
            client_options={
                "allow_http": self.endpoint.startswith("http:"),  # the settings let pass http to this machine only
                "connect_timeout": timedelta(seconds=patience.connecting),
                "timeout": timedelta(seconds=patience.answer),
            },
            retry_config={
                "max_retries": patience.retries,
                "retry_timeout": timedelta(seconds=patience.retrying),
                "backoff": {
                    "init_backoff": timedelta(milliseconds=200),
                    "max_backoff": timedelta(seconds=2),
                    "base": 2,
                },
            },
        )


class EncryptedBucket:
    """Encrypted files in a bucket, `<prefix>/<first two digits>/<id>.td`."""

    def __init__(self, place: Place, keys: MasterKeys) -> None:
        self._store, self._keys = place.store(), keys
        self._uploads = Uploads(
            place.endpoint,
            place.bucket,
            place.region,
            place.access_key,
            place.secret_key,
            httpx.Timeout(place.patience.answer, connect=place.patience.connecting),
        )
        self._prefix = f"{place.prefix.strip('/')}/" if place.prefix.strip("/") else ""

    @property
    def key_number(self) -> int:
        return self._keys.current

    def write(self, file_id: str, chunks: Iterator[bytes]) -> StoredFile:
        """Encrypt and upload, part by part, at most three parts in memory; visible once it is whole.

        Raises: FileExistsError, FileStoreUnavailable, and whatever `chunks` raises. Then nothing remains, unless the
        bucket can't be reached even for that: `upkeep` removes it later.
        """
        path = _path(file_id)
        key = AESGCM.generate_key(256)
        sealed = Sealed(key, file_id, chunks)
        source = _Remembering(iter(sealed))
        with _said("write"):
            if self._size_of(path) is not None:
                raise FileExistsError(file_id)
            try:
                self._put(path, source)
            except BaseException:
                self._take_back(path)
                if source.error is not None:
                    raise source.error from None
                raise
        return StoredFile(file_id, sealed.size, sealed.sha256, self._keys.wrap(key, file_id))

    def read(self, file_id: str, wrapped_key: bytes, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """The clear bytes from `start` to `stop`, fetched by ranges of whole chunks.

        Raises: FileDamaged, FileStoreUnavailable.
        """
        key = self._keys.unwrap(wrapped_key, file_id)
        with _said("read"):
            source = _Object(self._store, _path(file_id), start)
            yield from opened(key, file_id, source, start, stop, CHUNKS_AT_ONCE)

    def delete(self, file_id: str) -> None:
        with _said("delete"), contextlib.suppress(FileNotFoundError):
            obstore.delete(self._store, _path(file_id))

    def rewrap(self, file_id: str, wrapped_key: bytes) -> bytes:
        """The same file key under today's master key; the object is not touched."""
        return self._keys.rewrap(file_id, wrapped_key)

    def sealed(self, file_id: str) -> int | None:
        with _said("head"):
            return self._size_of(_path(file_id))

    def kept(self) -> Iterator[KeptFile]:
        now = datetime.now(UTC)
        with _said("list"):
            for batch in obstore.list(self._store):
                for meta in batch:
                    if (file_id := _file_id(meta["path"])) is not None:
                        age = (now - meta["last_modified"]).total_seconds()
                        yield KeptFile(file_id, meta["size"], max(age, 0.0))

    def remove_unfinished(self, older_than: float) -> list[str]:
        """Take back uploads that nobody ended; answers their ids.

        Whether an upload's writer still lives can't be seen in a bucket, and a slow sender may take hours: with
        `older_than` above zero, only what began `UPLOAD_HOURS` ago.
        """
        least = max(older_than, UPLOAD_HOURS * 3600.0) if older_than > 0 else 0.0
        now, removed = datetime.now(UTC), []
        with _said("unfinished"):
            for upload in self._uploads.begun(self._prefix):
                file_id = _file_id(upload.key.removeprefix(self._prefix))
                if file_id is not None and (now - upload.at).total_seconds() >= least:
                    self._uploads.take_back(upload)
                    removed.append(file_id)
        return removed

    def _put(self, path: str, source: _Remembering) -> None:
        first: deque[bytes] = deque()
        while sum(map(len, first)) <= PART:
            piece = next(source, None)
            if piece is None:  # small: one request, no upload in parts
                obstore.put(self._store, path, b"".join(first), use_multipart=False)
                return
            first.append(piece)
        whole = _emptied(first, source)
        obstore.put(self._store, path, whole, use_multipart=True, chunk_size=PART, max_concurrency=PARTS_AT_ONCE)

    def _size_of(self, path: str) -> int | None:
        try:
            return obstore.head(self._store, path)["size"]
        except FileNotFoundError:
            return None

    def _take_back(self, path: str) -> None:
        """Remove what a failed write may have left: parts, or the whole when only its confirmation was lost."""
        try:
            with contextlib.suppress(FileNotFoundError):
                obstore.delete(self._store, path)
            for upload in self._uploads.begun(self._prefix + path):
                self._uploads.take_back(upload)
        except (BaseError, httpx.HTTPError, FileStoreUnavailable) as error:  # away: `remove_unfinished` will
            log.warning("files.left_in_bucket", reason=type(error).__name__)


class _Object:
    """An object as a source; its first bytes and its length come with one request."""

    def __init__(self, store: S3Store, path: str, start: int) -> None:
        self._store, self._path = store, path
        ahead = HEADER + (CHUNK + TAG if start < CHUNK else 0)
        try:
            answer = obstore.get(store, path, options={"range": (0, ahead)})
            self.length: int = answer.meta["size"]
            self._first = bytes(answer.bytes())
        except FileNotFoundError as error:
            if "NoSuchBucket" in str(error):  # every file would look damaged
                raise FileStoreUnavailable from error
            raise FileDamaged from error
        except BaseError as error:
            if "InvalidRange" in str(error):  # it was emptied
                raise FileDamaged from error
            raise

    def fetch(self, start: int, stop: int) -> bytes:
        stop = min(stop, self.length)
        if stop <= len(self._first):
            return self._first[start:stop]
        if start < len(self._first):
            return self._first[start:] + self.fetch(len(self._first), stop)
        return bytes(obstore.get_range(self._store, self._path, start=start, end=stop)) if start < stop else b""


class _Remembering:
    """An iterator that remembers its own error: obstore may hide it behind one of its own."""

    def __init__(self, source: Iterator[bytes]) -> None:
        self._source = source
        self.error: BaseException | None = None

    def __iter__(self) -> _Remembering:
        return self

    def __next__(self) -> bytes:
        try:
            return next(self._source)
        except StopIteration:
            raise
        except BaseException as error:
            self.error = error
            raise


def _emptied(first: deque[bytes], rest: Iterator[bytes]) -> Iterator[bytes]:
    """Both, one after the other; what has been given is not kept."""
    while first:
        yield first.popleft()
    yield from rest


def _path(file_id: str) -> str:
    check_id(file_id)
    return f"{file_id[:2]}/{file_id}.td"


def _file_id(path: str) -> str | None:
    """Which file of ours a name in the bucket is; None for anybody else's."""
    file_id = path.rsplit("/", 1)[-1].removesuffix(".td")
    return file_id if FILE_ID.fullmatch(file_id) and path == _path(file_id) else None


@contextlib.contextmanager
def _said(act: str) -> Iterator[None]:
    """Says troubles of the bucket as a refusal; their reason is for the log."""
    try:
        yield
    except (BaseError, httpx.HTTPError) as error:
        log.warning("files.bucket", act=act, reason=_reason(error))
        raise FileStoreUnavailable from error
    except FileNotFoundError as error:  # S3's 404 for a write: the bucket itself
        log.warning("files.bucket", act=act, reason="no such bucket")
        raise FileStoreUnavailable from error


def _reason(error: Any) -> str:
    """One line for the log; obstore adds its whole inside below it."""
    return f"{type(error).__name__}: {str(error).splitlines()[0][:200] if str(error) else ''}"
