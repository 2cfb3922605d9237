"""Child processes that are measured: started, waited for, ended by their number; the CPU they took."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]
STOP_SECONDS = 10.0


@contextlib.contextmanager
def running(command: list[str], log: Path, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process whose words go to `log`; it is ended when the block ends."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
        )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until(ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Path, seconds: float = 20.0) -> None:
    """Wait until a process that has just started is ready. Raises: RuntimeError with what it said last."""
    end = time.monotonic() + seconds
    while not ready():
        if process.poll() is not None or time.monotonic() > end:
            said = log.read_text(errors="replace")[-2000:]
            raise RuntimeError(f"{process.args!r} is not ready: {said}")
        time.sleep(0.05)


def cpu_seconds(pid: int) -> float:
    """User and system seconds a process has taken so far."""
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def dropped(pid: int) -> int:
    """Datagrams that the kernel threw away because this process did not fetch them from its UDP sockets in time."""
    inodes = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):  # closed meanwhile
            inodes.add(os.readlink(link).removeprefix("socket:[").removesuffix("]"))
    lines = Path("/proc/net/udp").read_text().splitlines()[1:]
    return sum(int(fields[12]) for fields in (line.split() for line in lines) if fields[9] in inodes)
