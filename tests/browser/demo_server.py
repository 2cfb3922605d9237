"""The whole product as a person starts it: `teledossier demo` in a folder of its own, on a free port."""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 300.0  # ends what hangs: a busy machine takes more than a minute


@dataclass
class DemoServer:
    """A running demo. `url` without a slash at its end."""

    url: str
    port: int
    var: Path
    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)
    ready: threading.Event = field(default_factory=threading.Event)
    started_in: float = 0.0  # seconds; says how busy the machine is

    @property
    def web_pid(self) -> int:
        return self.pid_of("web")

    def pid_of(self, child: str) -> int:
        """The process of a child of the supervisor: web, worker, media."""
        return int((self.var / "run" / f"{child}.pid").read_text())

    def read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip())
            if line.startswith("Prêt : "):
                self.ready.set()
        self.ready.set()


def free_port(row: int = 1) -> int:
    """A free port, the first of so many in a row."""
    while True:
        with contextlib.ExitStack() as probes:
            port = 0
            try:
                for number in range(row):
                    probe = probes.enter_context(socket.socket())
                    probe.bind(("127.0.0.1", port + number if port else 0))
                    port = port or int(probe.getsockname()[1])
            except (OSError, OverflowError):  # the next one is taken, or there is none
                continue
            return port


@functools.cache
def made_demo() -> Path:
    """The folder of a demo that has run once: its people, its dossiers, its compressed files. Made once for a test run.

    Making it takes longer than starting: each server of the tests begins with a copy.
    """
    folder = Path(tempfile.mkdtemp(prefix="teledossier-demo-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with _running(folder):
        pass
    shutil.rmtree(folder / "run", ignore_errors=True)
    return folder


@contextlib.contextmanager
def running_demo(
    var: Path, settings: Mapping[str, str] | None = None, *, made: bool = True, web: int = 1
) -> Iterator[DemoServer]:
    """Start the demo, with `settings` (`TD_…`) of its own; wait for « Prêt », stop it with Ctrl-C as a person would.

    Not `made`: the demo is made anew, for settings that say where things are kept. `web` processes listen at `port` and
    after it.
    """
    if made:
        shutil.copytree(made_demo(), var, dirs_exist_ok=True)
    with _running(var, settings, web) as server:
        yield server


@contextlib.contextmanager
def _running(var: Path, settings: Mapping[str, str] | None = None, web: int = 1) -> Iterator[DemoServer]:
    port = free_port(web)
    command = [sys.executable, "-m", "app", "demo", "--port", str(port), "--var", str(var), "--web", str(web)]
    began = time.monotonic()
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"} | dict(settings or {}),
    )
    server = DemoServer(f"http://localhost:{port}", port, var, process)
    reader = threading.Thread(target=server.read, daemon=True)
    reader.start()
    try:
        if not server.ready.wait(START_SECONDS) or process.poll() is not None:
            raise RuntimeError("the demo did not start:\n" + "\n".join(server.lines[-40:]))
        server.started_in = time.monotonic() - began
        yield server
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        reader.join(5)
        assert process.stdout is not None
        process.stdout.close()
