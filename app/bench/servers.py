"""The servers that are measured: the demo in a folder of its own, and a bare Panel page beside it."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 120.0
BARE_PAGE = 'import panel as pn\n\npn.extension()\npn.Column("x").servable()\n'


@dataclass(frozen=True)
class Server:
    """A running server: its address, the process that serves pages, the demo's folder (none for the bare page)."""

    url: str
    pid: int
    var: Path | None = None


@contextlib.contextmanager
def demo(address: str = "", settings: Mapping[str, str] | None = None) -> Iterator[Server]:
    """`teledossier demo` on a free port, with `settings` (`TD_…`) of its own; at `address` instead of localhost."""
    with tempfile.TemporaryDirectory() as folder:
        var, port = Path(folder), free_port()
        command = [sys.executable, "-m", "app", "demo", "--port", str(port), "--var", str(var)]
        url, known = f"http://{address or 'localhost'}:{port}", dict(settings or {})
        if address:
            known |= {"TD_ADDRESS": address, "TD_MEDIA_ADDRESS": address}
        with _running(command, f"{url}/sante/pret", known):
            yield Server(url, int((var / "run" / "web.pid").read_text()), var)


@contextlib.contextmanager
def bare() -> Iterator[Server]:
    """`panel serve` of one page with one word, as Panel ships it."""
    with tempfile.TemporaryDirectory() as folder:
        page, port = Path(folder) / "bare.py", free_port()
        page.write_text(BARE_PAGE)
        command = [sys.executable, "-m", "panel", "serve", str(page), "--port", str(port), "--address", "127.0.0.1"]
        command += ["--allow-websocket-origin", f"localhost:{port}", "--unused-session-lifetime", "1000"]
        with _running(command, f"http://localhost:{port}/bare") as process:
            yield Server(f"http://localhost:{port}", process.pid)


@contextlib.contextmanager
def together(*servers: contextlib.AbstractContextManager[Server]) -> Iterator[list[Server]]:
    """Several servers, started at the same time."""
    with contextlib.ExitStack() as stack, ThreadPoolExecutor(len(servers)) as threads:
        yield list(threads.map(stack.enter_context, servers))


@contextlib.contextmanager
def _running(
    command: list[str], ready: str, settings: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=quiet,
        stderr=quiet,
        env=os.environ | {"PYTHONPATH": str(ROOT), "TD_PAGE_KEEP_SECONDS": "1", **(settings or {})},
    )
    try:
        _wait(ready, process)
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(address: str, process: subprocess.Popen[bytes]) -> None:
    end, direct = time.monotonic() + START_SECONDS, urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with status {process.returncode}")
        try:
            with direct.open(address, timeout=5):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    raise RuntimeError(f"nothing answers at {address}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
