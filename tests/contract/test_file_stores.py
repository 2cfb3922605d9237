"""What every file store keeps to: the folder, the memory of tests, and a bucket of a real S3 service."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.documents.store import EncryptedFolder, MemoryFiles
from app.documents.store_bucket import PART, EncryptedBucket
from app.documents.store_chunks import CHUNK, HEADER, TAG, sealed_size
from app.documents.store_keys import MasterKeys, number_of
from app.errors import FileDamaged
from app.platform import FileStore, StoredFile
from tests.support.s3_server import S3Server, start

A, B = "a" * 32, "b" * 32
KEYS = {1: bytes(32), 2: bytes([7]) * 32}
SIZES = (0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 5, PART + CHUNK, 3 * PART + 7)


def content(size: int) -> bytes:
    return random.Random(size).randbytes(size)


@dataclass
class Kind:
    """A kind of store, and how a test reaches behind it."""

    name: str
    open: Callable[[dict[int, bytes], int], FileStore]
    sealed: Callable[[str], bytes]
    put: Callable[[str, bytes], None]

    def store(self, current: int = 1) -> FileStore:
        return self.open(KEYS, current)


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    running = start()
    yield running
    running.stop()


@pytest.fixture(params=["folder", "memory", "bucket"])
def kind(request: pytest.FixtureRequest, tmp_path: Path) -> Kind:
    if request.param == "folder":

        def path(file_id: str) -> Path:
            return tmp_path / file_id[:2] / f"{file_id}.td"

        return Kind(
            "folder",
            lambda keys, current: EncryptedFolder(tmp_path, keys, current),
            lambda file_id: path(file_id).read_bytes(),
            lambda file_id, sealed: path(file_id).write_bytes(sealed) and None,
        )
    if request.param == "memory":
        memory = MemoryFiles()

        def opened(keys: dict[int, bytes], current: int) -> MemoryFiles:
            memory._keys = MasterKeys(keys, current)
            return memory

        return Kind("memory", opened, memory.files.__getitem__, memory.files.__setitem__)
    running: S3Server = request.getfixturevalue("server")
    place = running.new_bucket()
    return Kind(
        "bucket",
        lambda keys, current: EncryptedBucket(place, MasterKeys(keys, current)),
        lambda file_id: running.object(place, f"teledossier/{file_id[:2]}/{file_id}.td"),
        lambda file_id, sealed: running.put(place, f"teledossier/{file_id[:2]}/{file_id}.td", sealed),
    )


@pytest.fixture
def store(kind: Kind) -> FileStore:
    return kind.store()


def pieces(clear: bytes, size: int = 70_001) -> Iterator[bytes]:
    return (clear[at : at + size] for at in range(0, len(clear), size))


def whole(store: FileStore, stored: StoredFile) -> bytes:
    return b"".join(store.read(stored.file_id, stored.wrapped_key, 0, stored.size))


@pytest.mark.parametrize("size", SIZES)
def test_what_is_written_is_read_byte_for_byte(kind: Kind, store: FileStore, size: int) -> None:
    stored = store.write(A, pieces(content(size)))
    assert whole(store, stored) == content(size)
    assert stored.size == size
    assert b"".join(store.read(A, stored.wrapped_key)) == content(size)
    assert store.sealed(A) == len(kind.sealed(A)) == sealed_size(size)


@pytest.mark.parametrize("size", SIZES)
def test_any_range_is_read_as_it_stands(store: FileStore, size: int) -> None:
    stored, clear, dice = store.write(A, pieces(content(size))), content(size), random.Random(1)
    edges = sorted({0, size, *(edge for edge in (CHUNK - 1, CHUNK, CHUNK + 1) if edge <= size), dice.randint(0, size)})
    for start_ in edges:
        for stop in edges:
            if start_ <= stop:
                assert b"".join(store.read(A, stored.wrapped_key, start_, stop)) == clear[start_:stop]


def test_only_the_chunks_of_a_range_are_opened(kind: Kind, store: FileStore) -> None:
    stored = store.write(A, iter([content(4 * CHUNK)]))
    sealed = bytearray(kind.sealed(A))
    sealed[HEADER + 20] ^= 1  # the first chunk is spoilt
    kind.put(A, bytes(sealed))
    assert b"".join(store.read(A, stored.wrapped_key, 2 * CHUNK, 2 * CHUNK + 9)) == content(4 * CHUNK)[2 * CHUNK :][:9]
    with pytest.raises(FileDamaged):
        list(store.read(A, stored.wrapped_key, 0, 1))


def test_nothing_clear_is_in_the_store(kind: Kind, store: FileStore) -> None:
    store.write(A, iter([b"MERCIER Jeanne " * 5000]))
    assert b"MERCIER" not in kind.sealed(A)


SEALED = CHUNK + TAG
TAMPERINGS = {
    "a bit of the magic": lambda sealed: bytes([sealed[0] ^ 1]) + sealed[1:],
    "a bit of the nonce prefix": lambda sealed: sealed[:5] + bytes([sealed[5] ^ 1]) + sealed[6:],
    "a bit of the first chunk": lambda sealed: sealed[:50] + bytes([sealed[50] ^ 1]) + sealed[51:],
    "a bit of the last tag": lambda sealed: sealed[:-1] + bytes([sealed[-1] ^ 1]),
    "one byte less": lambda sealed: sealed[:-1],
    "one byte more": lambda sealed: sealed + b"\0",
    "cut at the border of two chunks": lambda sealed: sealed[: HEADER + 2 * SEALED],
    "only the header left": lambda sealed: sealed[:HEADER],
    "half of the header left": lambda sealed: sealed[:6],
    "emptied": lambda sealed: b"",
    "two chunks swapped": lambda sealed: (
        sealed[:HEADER] + sealed[HEADER + SEALED : HEADER + 2 * SEALED] + sealed[HEADER : HEADER + SEALED]
        + sealed[HEADER + 2 * SEALED :]
    ),
    "a chunk repeated": lambda sealed: sealed[: HEADER + SEALED] + sealed[HEADER:],
    "a chunk left out": lambda sealed: sealed[:HEADER] + sealed[HEADER + SEALED :],
}  # fmt: skip


@pytest.mark.parametrize("how", TAMPERINGS)
@pytest.mark.parametrize("named", ["with its size", "without"])
def test_a_file_that_was_touched_does_not_open(kind: Kind, store: FileStore, how: str, named: str) -> None:
    stored = store.write(A, iter([content(3 * CHUNK + 5)]))
    kind.put(A, TAMPERINGS[how](kind.sealed(A)))
    with pytest.raises(FileDamaged):
        list(store.read(A, stored.wrapped_key, 0, stored.size if named == "with its size" else None))


def test_another_file_under_its_name_does_not_open(kind: Kind, store: FileStore) -> None:
    first, second = store.write(A, iter([content(10)])), store.write(B, iter([content(10)]))
    kind.put(A, kind.sealed(B))
    for key in (first.wrapped_key, second.wrapped_key):
        with pytest.raises(FileDamaged):
            list(store.read(A, key))


def test_an_altered_or_foreign_key_opens_nothing(store: FileStore) -> None:
    stored, other = store.write(A, iter([b"un"])), store.write(B, iter([b"deux"]))
    altered = stored.wrapped_key[:-1] + bytes([stored.wrapped_key[-1] ^ 1])
    for key in (b"", b"none", altered, other.wrapped_key, b"\0\0\0\7" + stored.wrapped_key[4:]):
        with pytest.raises(FileDamaged):
            list(store.read(A, key))


def test_an_empty_file_is_checked_too(kind: Kind, store: FileStore) -> None:
    stored = store.write(A, iter([]))
    sealed = kind.sealed(A)
    kind.put(A, sealed[:-1] + bytes([sealed[-1] ^ 1]))
    with pytest.raises(FileDamaged):
        list(store.read(A, stored.wrapped_key))


def test_a_missing_file_is_a_damaged_one(store: FileStore) -> None:
    stored = store.write(A, iter([b"un"]))
    store.delete(A)
    store.delete(A)
    assert store.sealed(A) is None
    with pytest.raises(FileDamaged):
        list(store.read(A, stored.wrapped_key))


def test_a_new_master_key_takes_over_without_rewriting_files(kind: Kind) -> None:
    stored = kind.store(1).write(A, iter([b"un"]))
    before = kind.sealed(A)
    rewrapped = kind.store(2).rewrap(A, stored.wrapped_key)
    assert (number_of(stored.wrapped_key), number_of(rewrapped)) == (1, 2)
    only_new = kind.open({2: KEYS[2]}, 2)
    assert only_new.key_number == 2
    assert b"".join(only_new.read(A, rewrapped)) == b"un"
    assert kind.sealed(A) == before
    with pytest.raises(FileDamaged):
        list(only_new.read(A, stored.wrapped_key))


def test_a_stored_file_is_never_written_over(store: FileStore) -> None:
    stored = store.write(A, iter([b"un"]))
    with pytest.raises(FileExistsError):
        store.write(A, iter([b"deux"]))
    assert whole(store, stored) == b"un"


@pytest.mark.parametrize("name", ["", "../" + A, A.upper(), A + "0", "a/b"])
def test_a_name_is_never_a_path(store: FileStore, name: str) -> None:
    with pytest.raises(ValueError, match="32 hexadecimal"):
        store.write(name, iter([b"un"]))
    if not isinstance(store, MemoryFiles):  # which has no paths
        for act in (store.delete, store.sealed):
            with pytest.raises(ValueError, match="32 hexadecimal"):
                act(name)


@pytest.mark.parametrize("size", [1000, 2 * CHUNK, 2 * PART + CHUNK])
def test_a_source_that_fails_leaves_nothing_and_is_heard(store: FileStore, size: int) -> None:
    def broken() -> Iterator[bytes]:
        yield from pieces(content(size))
        raise ConnectionError("the sender went away")

    with pytest.raises(ConnectionError, match="the sender went away"):
        store.write(A, broken())
    assert list(store.kept()) == []
    assert store.remove_unfinished(older_than=0) == []
    assert store.sealed(A) is None


def test_what_is_kept_is_listed_with_its_size_and_age(store: FileStore) -> None:
    stored = {file_id: store.write(file_id, iter([content(size)])) for file_id, size in ((A, 10), (B, CHUNK + 1))}
    listed = {file.file_id: file for file in store.kept()}
    assert {file_id: file.sealed for file_id, file in listed.items()} == {
        file_id: sealed_size(each.size) for file_id, each in stored.items()
    }
    assert all(0 <= file.age < 60 for file in listed.values())
