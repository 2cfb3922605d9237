"""What is the folder's own in the file store; what every store keeps to is in `tests/contract/test_file_stores.py`."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from app.documents.store import EncryptedFolder
from app.documents.store_chunks import CHUNK
from app.errors import FileStoreFull, FileStoreUnavailable

A = "a" * 32
KEYS = {1: bytes(32), 2: bytes([7]) * 32}
ROOT = Path(__file__).parents[3]


@pytest.fixture
def folder(tmp_path: Path) -> EncryptedFolder:
    return EncryptedFolder(tmp_path, KEYS, 1)


def kept(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


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
    assert store.remove_unfinished(older_than=0) == []  # it is still being written
    os.kill(writer.pid, signal.SIGKILL)
    writer.wait()
    writer.stdout.close()
    assert not (tmp_path / "aa" / f"{A}.td").exists()
    assert store.remove_unfinished(older_than=3600) == []
    assert store.remove_unfinished(older_than=0) == [A]
    assert kept(tmp_path) == []


def test_files_are_for_their_owner_only(folder: EncryptedFolder, tmp_path: Path) -> None:
    folder.write(A, iter([b"un"]))
    assert (tmp_path / "aa" / f"{A}.td").stat().st_mode & 0o077 == 0


def written_in_a_process(before: str, folder: Path, *, wrapper: tuple[str, ...] = ()) -> str:
    """What a process says that writes 8 MiB, having run `before`; and what it sees in the folder afterwards."""
    program = textwrap.dedent(f"""
        import resource
        from pathlib import Path
        from app.documents.store import EncryptedFolder
        from app.errors import TeledossierError
        {before}
        folder = Path({str(folder)!r})
        try:
            EncryptedFolder(folder, {{1: bytes(32)}}, 1).write({A!r}, iter([bytes(8 << 20)]))
        except TeledossierError as refusal:
            print(type(refusal).__name__, "/", refusal.message)
        print([path.name for path in folder.rglob("*") if path.is_file()])
    """)
    run = subprocess.run(
        [*wrapper, sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


FULL = (
    "FileStoreFull / Il n'y a plus de place pour enregistrer ce fichier. Rien n'a été ajouté au dossier ; ce qui y "
    "était est conservé. Appelez l'assistance, puis recommencez.\n[]\n"
)


def test_a_file_larger_than_the_process_may_write_leaves_nothing_and_is_said(tmp_path: Path) -> None:
    limit = "resource.setrlimit(resource.RLIMIT_FSIZE, (2 << 20, 2 << 20))"
    assert written_in_a_process(limit, tmp_path) == FULL


def test_a_full_disk_leaves_nothing_and_is_said(tmp_path: Path) -> None:
    mount = f'mount -t tmpfs -o size=3m none {tmp_path} && exec "$0" "$@"'
    wrapper = ("unshare", "--map-root-user", "--mount", "sh", "-c", mount)
    if (
        shutil.which("unshare") is None
        or subprocess.run([*wrapper, "true"], capture_output=True, check=False).returncode
    ):
        pytest.skip("no small disk can be made here (unshare, mount)")
    assert written_in_a_process("", tmp_path, wrapper=wrapper) == FULL


def test_a_disk_that_breaks_at_the_very_end_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    (tmp_path / "unfinished").mkdir()
    (tmp_path / "aa").mkdir()
    with pytest.raises(FileStoreFull):
        EncryptedFolder(tmp_path, KEYS, 1).write(A, iter([b"un"]))
    assert kept(tmp_path) == []


def test_a_file_whose_disk_went_away_is_not_called_damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = EncryptedFolder(tmp_path, KEYS, 1)
    stored = folder.write(A, iter([bytes(2 * CHUNK)]))

    def broken(_handle: int, _size: int, _offset: int) -> bytes:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "pread", broken)
    with pytest.raises(FileStoreUnavailable):
        list(folder.read(A, stored.wrapped_key))
