"""A poor line on one machine: a network namespace, and between it and the rest a process that loses and delays packets.

Two TUN devices and userspace, because few kernels have `netem`. Needs root. What is made is named after this process
and removed at the end, also after errors: the line's process sees the end of its input when its starter dies.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO

from app.errors import TeledossierError

TUN = Path("/dev/net/tun")
TOOL = "/usr/sbin/ip"
ROOT = Path(__file__).resolve().parents[2]
MTU = 1400
READY_SECONDS = 20.0
READY = "ready"
_numbers = itertools.count()


class LinesUnavailable(TeledossierError):
    """This machine or this account cannot make a network namespace."""

    code = "reseau-indisponible"
    message = "Cette mesure construit un réseau d'essai : lancez-la en root, avec /dev/net/tun et iproute2."


@dataclass(frozen=True)
class Impairment:
    """What happens to packets, each way: `loss` is a share, `delay` and `jitter` are seconds one way."""

    loss: float = 0.0
    delay: float = 0.0
    jitter: float = 0.0
    kilobits: float = 0.0  # a second; 0 for no limit
    queue: float = 0.2  # seconds of packets that wait for their turn, beyond which they are dropped
    udp: bool = True
    closed: tuple[int, ...] = ()  # TCP ports through which nothing passes, without a word
    seed: int = 1


@dataclass(frozen=True)
class Namespace:
    """A running line. `outside` is this side's address, `inside` that of the namespace."""

    name: str
    outside: str
    inside: str
    _say: IO[str] = field(repr=False, compare=False)
    _hear: IO[str] = field(repr=False, compare=False)

    def become(self, impairment: Impairment) -> None:
        """From now on the line is like this; what is already on its way arrives as it was sent."""
        self._say.write(json.dumps(asdict(impairment)) + "\n")
        self._say.flush()
        if self._hear.readline().strip() != READY:
            raise LinesUnavailable

    def move(self) -> str:
        """Another network: the link goes down with its address, another comes up with another; answers the new address.

        Once for each namespace. The new link is a veth pair without any impairment; it goes away with the namespace.
        """
        first, second = (f"{self.outside.rpartition('.')[0]}.{last}" for last in (5, 6))
        here, there = f"{self.name}v", f"{self.name}w"
        for words in (
            ["link", "add", here, "type", "veth", "peer", "name", there, "netns", self.name],
            ["address", "add", f"{first}/30", "dev", here],
            ["link", "set", here, "up"],
            ["-n", self.name, "address", "flush", "dev", f"{self.name}b"],
            ["-n", self.name, "link", "set", f"{self.name}b", "down"],
            ["-n", self.name, "address", "add", f"{second}/30", "dev", there],
            ["-n", self.name, "link", "set", there, "up"],
            ["-n", self.name, "route", "replace", "default", "via", first],
        ):
            subprocess.run([TOOL, *words], check=True)
        return second

    def command(self, words: list[str]) -> list[str]:
        """The same command, inside the namespace."""
        return [TOOL, "netns", "exec", self.name, *words]

    def launcher(self, program: str, folder: Path) -> Path:
        """A file that starts `program` inside, for tools that want the path of an executable."""
        path = folder / f"{self.name}-{Path(program).name}"
        path.write_text(f'#!/bin/sh\nexec {TOOL} netns exec {self.name} {program} "$@"\n')
        path.chmod(0o700)
        return path


def why_not() -> str:
    """What is missing here for a line, in French; empty when nothing is."""
    return "" if os.geteuid() == 0 and TUN.exists() and Path(TOOL).exists() else LinesUnavailable.message


@contextlib.contextmanager
def line(impairment: Impairment) -> Iterator[Namespace]:
    """A namespace behind such a line. Raises: LinesUnavailable."""
    if why_not():
        raise LinesUnavailable
    name, (outside, inside) = f"td{os.getpid()}n{next(_numbers)}", _free_addresses()
    words = {"name": name, "outside": outside, "inside": inside, "line": asdict(impairment)}
    process = subprocess.Popen(
        [sys.executable, "-m", "app.bench.line_process", json.dumps(words)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        if process.stdout.readline().strip() != READY:
            raise LinesUnavailable
        yield Namespace(name, outside, inside, process.stdin, process.stdout)
    finally:
        process.stdin.close()
        try:
            process.wait(READY_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()
        _remove(name)


def _free_addresses() -> tuple[str, str]:
    """Two addresses that no route of this machine knows, out of 198.18.0.0/15 (kept for such tests by RFC 2544)."""
    known = subprocess.run([TOOL, "-4", "route", "show", "table", "all"], capture_output=True, text=True, check=True)
    for third in range(1, 255):
        net = f"198.18.{(os.getpid() + third) % 254 + 1}"
        if f"{net}." not in known.stdout:
            return f"{net}.1", f"{net}.2"
    raise LinesUnavailable


def _remove(name: str) -> None:
    """Most often already gone with its process."""
    subprocess.run([TOOL, "netns", "delete", name], stderr=subprocess.DEVNULL, check=False)
