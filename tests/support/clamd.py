"""A real clamd on a socket of its own, with signatures of ours: EICAR, and a mark that no real file holds."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

CLAMD = shutil.which("clamd") or "/usr/sbin/clamd"
START_SECONDS = 30.0
MARK = b"teledossier-marque-de-virus-fictif"
# In two pieces, so that no antivirus takes this file for one (eicar.org).
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


@dataclass
class Clamd:
    """A running clamd: the path of its socket, its port, its process."""

    path: str
    port: int
    process: subprocess.Popen[bytes]

    def pause(self) -> None:
        """It stops answering, as under too much work."""
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


def missing() -> bool:
    return not os.access(CLAMD, os.X_OK)


@contextlib.contextmanager
def running_clamd(folder: Path, megabytes: int = 8) -> Iterator[Clamd]:
    """Start it with its signatures in `folder`; files of more than `megabytes` are refused by it."""
    database, path, port = folder / "signatures", folder / "clamd.sock", _free_port()
    database.mkdir(parents=True)
    signatures = [f"Teledossier.Test.{name}:0:*:{mark.hex()}" for name, mark in (("Eicar", EICAR), ("Marque", MARK))]
    (database / "teledossier.ndb").write_text("\n".join(signatures) + "\n")
    settings = {
        "DatabaseDirectory": database, "LocalSocket": path, "TCPSocket": port, "TCPAddr": "127.0.0.1",
        "Foreground": "yes", "StreamMaxLength": f"{megabytes}M", "MaxThreads": 2, "User": _user(),
    }  # fmt: skip
    (folder / "clamd.conf").write_text("".join(f"{name} {value}\n" for name, value in settings.items()))
    process = subprocess.Popen(
        [CLAMD, "--config-file", str(folder / "clamd.conf")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    clamd = Clamd(str(path), port, process)
    try:
        _wait(clamd)
        yield clamd
    finally:
        if process.poll() is None:
            clamd.kill()


def _wait(clamd: Clamd) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if clamd.process.poll() is not None:
            raise RuntimeError(f"clamd ended with status {clamd.process.returncode}")
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as line:
            line.settimeout(2)
            line.connect(clamd.path)
            line.sendall(b"zPING\0")
            if line.recv(16).startswith(b"PONG"):
                return
        time.sleep(0.05)
    raise RuntimeError("clamd does not answer")


def _user() -> str:
    import pwd

    return pwd.getpwuid(os.getuid()).pw_name


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
