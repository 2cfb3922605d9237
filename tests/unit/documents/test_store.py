"""The encrypted file store: what goes in comes out, and nothing else ever does."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.documents.store import CHUNK, HEADER, TAG, UNFINISHED, EncryptedFolder, MemoryFiles
from app.errors import FileDamaged
from app.platform import StoredFile

A, B = "a" * 32, "b" * 32
KEYS = {1: bytes(32), 2: bytes([7]) * 32}
SIZES = (0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 5)


def content(size: int) -> bytes:
    return random.Random(size).randbytes(size)


@pytest.fixture(params=["folder", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> EncryptedFolder | MemoryFiles:
    return EncryptedFolder(tmp_path, KEYS, 1) if request.param == "folder" else MemoryFiles()


@pytest.fixture
def folder(tmp_path: Path) -> EncryptedFolder:
    return EncryptedFolder(tmp_path, KEYS, 1)


def kept(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def whole(store: EncryptedFolder | MemoryFiles, stored: StoredFile) -> bytes:
    return b"".join(store.read(stored.file_id, stored.wrapped_key, 0, stored.size))


@pytest.mark.parametrize("size", SIZES)
def test_what_is_written_is_read_byte_for_byte(store: EncryptedFolder | MemoryFiles, size: int) -> None:
    stored = store.write(A, iter([content(size)]))
    assert whole(store, stored) == content(size)
    assert stored.size == size
    assert b"".join(store.read(A, stored.wrapped_key)) == content(size)


@pytest.mark.parametrize("size", SIZES)
def test_any_range_is_read_as_it_stands(store: EncryptedFolder | MemoryFiles, size: int) -> None:
    stored, clear, dice = store.write(A, iter([content(size)])), content(size), random.Random(1)
    edges = sorted({0, size, *(edge for edge in (CHUNK - 1, CHUNK, CHUNK + 1) if edge <= size), dice.randint(0, size)})
    for start in edges:
        for stop in edges:
            if start <= stop:
                assert b"".join(store.read(A, stored.wrapped_key, start, stop)) == clear[start:stop]


def test_how_the_bytes_arrive_makes_no_difference(folder: EncryptedFolder) -> None:
    clear = content(2 * CHUNK + 100)
    pieces = (clear[at : at + 70_001] for at in range(0, len(clear), 70_001))
    assert whole(folder, folder.write(A, pieces)) == clear


def test_only_the_chunks_of_a_range_are_read(folder: EncryptedFolder, tmp_path: Path) -> None:
    stored = folder.write(A, iter([content(4 * CHUNK)]))
    path = tmp_path / A[:2] / f"{A}.td"
    sealed = bytearray(path.read_bytes())
    sealed[HEADER + 20] ^= 1  # the first chunk is spoilt
    path.write_bytes(sealed)
    assert b"".join(folder.read(A, stored.wrapped_key, 2 * CHUNK, 2 * CHUNK + 9)) == content(4 * CHUNK)[2 * CHUNK :][:9]


def test_nothing_clear_is_on_the_disk(folder: EncryptedFolder, tmp_path: Path) -> None:
    folder.write(A, iter([b"MERCIER Jeanne " * 5000]))
    assert all(b"MERCIER" not in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


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
def test_a_file_that_was_touched_does_not_open(folder: EncryptedFolder, tmp_path: Path, how: str, named: str) -> None:
    stored = folder.write(A, iter([content(3 * CHUNK + 5)]))
    path = tmp_path / A[:2] / f"{A}.td"
    path.write_bytes(TAMPERINGS[how](path.read_bytes()))
    with pytest.raises(FileDamaged):
        list(folder.read(A, stored.wrapped_key, 0, stored.size if named == "with its size" else None))


def test_another_file_under_its_name_does_not_open(folder: EncryptedFolder, tmp_path: Path) -> None:
    first, second = folder.write(A, iter([content(10)])), folder.write(B, iter([content(10)]))
    (tmp_path / "aa" / f"{A}.td").write_bytes((tmp_path / "bb" / f"{B}.td").read_bytes())
    for key in (first.wrapped_key, second.wrapped_key):
        with pytest.raises(FileDamaged):
            list(folder.read(A, key))


def test_an_altered_or_foreign_key_opens_nothing(store: EncryptedFolder | MemoryFiles) -> None:
    stored, other = store.write(A, iter([b"un"])), store.write(B, iter([b"deux"]))
    altered = stored.wrapped_key[:-1] + bytes([stored.wrapped_key[-1] ^ 1])
    for key in (b"", b"none", altered, other.wrapped_key, b"\0\0\0\7" + stored.wrapped_key[4:]):
        with pytest.raises(FileDamaged):
            list(store.read(A, key))


def test_an_empty_file_is_checked_too(folder: EncryptedFolder, tmp_path: Path) -> None:
    stored = folder.write(A, iter([]))
    path = tmp_path / "aa" / f"{A}.td"
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(FileDamaged):
        list(folder.read(A, stored.wrapped_key))


def test_a_missing_file_is_a_damaged_one(store: EncryptedFolder | MemoryFiles) -> None:
    stored = store.write(A, iter([b"un"]))
    store.delete(A)
    store.delete(A)
    with pytest.raises(FileDamaged):
        list(store.read(A, stored.wrapped_key))


def test_a_new_master_key_takes_over_without_rewriting_files(tmp_path: Path) -> None:
    stored = EncryptedFolder(tmp_path, KEYS, 1).write(A, iter([b"un"]))
    before = (tmp_path / "aa" / f"{A}.td").read_bytes()
    rewrapped = EncryptedFolder(tmp_path, KEYS, 2).rewrap(A, stored.wrapped_key)
    only_new = EncryptedFolder(tmp_path, {2: KEYS[2]}, 2)
    assert b"".join(only_new.read(A, rewrapped)) == b"un"
    assert (tmp_path / "aa" / f"{A}.td").read_bytes() == before
    with pytest.raises(FileDamaged):
        list(only_new.read(A, stored.wrapped_key))


def test_a_stored_file_is_never_written_over(store: EncryptedFolder | MemoryFiles) -> None:
    stored = store.write(A, iter([b"un"]))
    with pytest.raises(FileExistsError):
        store.write(A, iter([b"deux"]))
    assert whole(store, stored) == b"un"


@pytest.mark.parametrize("name", ["", "../" + A, A.upper(), A + "0", "a/b"])
def test_a_name_is_never_a_path(store: EncryptedFolder | MemoryFiles, name: str) -> None:
    with pytest.raises(ValueError, match="32 hexadecimal"):
        store.write(name, iter([b"un"]))


def test_a_source_that_fails_leaves_nothing(folder: EncryptedFolder, tmp_path: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield content(2 * CHUNK)
        raise ConnectionError

    with pytest.raises(ConnectionError):
        folder.write(A, broken())
    assert kept(tmp_path) == []


def test_a_writer_killed_in_the_middle_leaves_nothing_that_opens_and_the_sweep_removes_it(tmp_path: Path) -> None:
    writer = subprocess.Popen(
        [
            sys.executable,
            "-c",
            textwrap.dedent(f"""
                import time
                from pathlib import Path
                from app.documents.store import EncryptedFolder
                def slow():
                    yield bytes(3 << 20)
                    print("half", flush=True)
                    time.sleep(60)
                EncryptedFolder(Path({str(tmp_path)!r}), {{1: bytes(32)}}, 1).write({A!r}, slow())
            """),
        ],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[3],
    )
    assert writer.stdout is not None
    assert writer.stdout.readline() == b"half\n"
    store = EncryptedFolder(tmp_path, KEYS, 1)
    assert kept(tmp_path) == [f"{A}.part"]
    assert store.sweep(known=set(), older_than=0) == []  # it is still being written
    os.kill(writer.pid, signal.SIGKILL)
    writer.wait()
    writer.stdout.close()
    assert not (tmp_path / "aa" / f"{A}.td").exists()
    assert store.sweep(known=set(), older_than=0) == [A]
    assert kept(tmp_path) == []


def test_the_sweep_keeps_what_is_known_and_what_is_young(folder: EncryptedFolder, tmp_path: Path) -> None:
    folder.write(A, iter([b"un"]))
    folder.write(B, iter([b"deux"]))
    assert folder.sweep({A}, older_than=3600) == []
    old = time.time() - 7200
    for path in tmp_path.rglob("*.td"):
        os.utime(path, (old, old))
    assert folder.sweep({A}, older_than=3600) == [B]
    assert kept(tmp_path) == [f"{A}.td"]
    assert (tmp_path / UNFINISHED).is_dir()


def test_files_are_for_their_owner_only(folder: EncryptedFolder, tmp_path: Path) -> None:
    folder.write(A, iter([b"un"]))
    assert (tmp_path / "aa" / f"{A}.td").stat().st_mode & 0o077 == 0
