"""What a process that opens hostile files can no longer do, tried from inside a process of its own."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the locks are Linux's")


def inside(source: str, before: str = "") -> dict[str, object]:
    """Run some lines in a locked process; `denied(act)` tells whether something is refused."""
    program = (
        textwrap.dedent("""
        import ctypes, json, os, signal, socket, subprocess, threading
        from app.documents import sandbox
        def denied(act):
            try:
                act()
            except OSError:
                return True
            return False
        """)
        + textwrap.dedent(before)
        + "locks = sandbox.enter()\nsaid = {}\n"
        + textwrap.dedent(source)
        + "\nprint(json.dumps({'locks': locks} | said))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
        env={"PYTHONPATH": str(ROOT), "PATH": os.defpath},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    answer: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return answer


@pytest.fixture
def listening() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def landlock() -> bool:
    import ctypes

    return ctypes.CDLL(None).syscall(444, None, 0, 1) >= 1


def needs_landlock() -> None:
    if not landlock():
        pytest.skip("this kernel has no Landlock")


def test_all_locks_hold_and_say_so() -> None:
    needs_landlock()
    assert inside("")["locks"] == {"network": True, "files": True, "processes": True, "privileges": True}


def test_nothing_on_the_network_is_reached(listening: int) -> None:
    told = inside(f"""
        said['tcp'] = denied(lambda: socket.create_connection(('127.0.0.1', {listening}), 2))
        said['unix'] = denied(lambda: socket.socket(socket.AF_UNIX).connect('/run/a.sock'))
        said['server'] = denied(lambda: socket.create_server(('127.0.0.1', 0)))
    """)
    assert (told["tcp"], told["unix"], told["server"]) == (True, True, True)


def test_the_network_stays_closed_where_namespaces_are_forbidden(listening: int) -> None:
    """As in a container whose profile refuses `unshare`."""
    told = inside(
        f"said['tcp'] = denied(lambda: socket.create_connection(('127.0.0.1', {listening}), 2))",
        before="""
        def forbidden(): raise PermissionError
        sandbox._leave_namespaces = forbidden
        """,
    )
    assert told["tcp"] is True
    assert isinstance(told["locks"], dict)
    assert told["locks"]["network"] is True


def test_neither_keys_nor_database_nor_other_files_are_read_or_written(tmp_path: Path) -> None:
    needs_landlock()
    secret = tmp_path / "teledossier.db"
    secret.write_text("secret")
    told = inside(f"""
        said['read'] = denied(lambda: open({str(secret)!r}).read())
        said['write'] = denied(lambda: open({str(tmp_path / "new")!r}, 'w'))
        said['remove'] = denied(lambda: os.unlink({str(secret)!r}))
        said['code'] = denied(lambda: open(sandbox.__file__, 'a'))
        said['settings'] = denied(lambda: open('/etc/passwd').read())
        said['parent'] = denied(lambda: open(f'/proc/{{os.getppid()}}/environ', 'rb').read())
        said['own code'] = len(open(sandbox.__file__).read()) > 1000
    """)
    del told["locks"]
    assert set(told.values()) == {True}
    assert secret.read_text() == "secret"


def test_no_program_is_started_and_nobody_is_signalled() -> None:
    told = inside("""
        said['fork'] = denied(os.fork)
        said['exec'] = denied(lambda: os.execv('/bin/sh', ['sh', '-c', 'true']))
        said['spawn'] = denied(lambda: subprocess.run(['/bin/true']))
        done = threading.Event()
        threading.Thread(target=done.set).start()
        said['threads'] = done.wait(5)
        libc = ctypes.CDLL(None, use_errno=True)
        said['traced'] = libc.ptrace(16, os.getppid(), None, None) == -1
    """)
    del told["locks"]
    assert set(told.values()) == {True}


def test_what_does_not_hold_is_said() -> None:
    told = inside(
        "",
        before="""
        def missing(): raise OSError
        sandbox._restrict_files = sandbox._restrict_calls = missing
        """,
    )
    assert isinstance(told["locks"], dict)
    assert (told["locks"]["files"], told["locks"]["processes"]) == (False, False)
    assert told["locks"]["privileges"] is True
