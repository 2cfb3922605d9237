"""The process between two TUN devices (`lines.py` starts it): `python -m app.bench.line_process JSON`.

Each line of its input is another `Impairment`; it answers « ready » when packets are treated like that.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import random
import signal
import struct
import subprocess
import sys

from app.bench.lines import MTU, READY, TOOL, TUN, Impairment

TUNSETIFF = 0x400454CA
IFF_TUN_NO_PI = 0x1001
BATCH = 64  # packets read in one go
TCP, UDP = 6, 17


class Way:
    """Packets of one direction."""

    def __init__(self, source: int, target: int, line: Impairment, seed: int) -> None:
        self._source, self._target, self.line = source, target, line
        self._loop = asyncio.get_running_loop()
        self._chance = random.Random(seed)
        self._free = 0.0
        self._loop.add_reader(source, self._read)

    def _read(self) -> None:
        for _ in range(BATCH):
            try:
                packet = os.read(self._source, MTU + 100)
            except BlockingIOError:
                return
            self._pass(packet)

    def _pass(self, packet: bytes) -> None:
        line, now = self.line, self._loop.time()
        if packet[0] >> 4 != 4 or self._chance.random() < line.loss or is_closed(packet, line):
            return
        at = now
        if line.kilobits:
            at = max(self._free, now)
            if at - now > line.queue:
                return
            at = self._free = at + len(packet) * 8 / line.kilobits / 1000
        at += line.delay + line.jitter * self._chance.random()
        if at > now:
            self._loop.call_at(at, self._write, packet)
        else:
            self._write(packet)

    def _write(self, packet: bytes) -> None:
        try:
            os.write(self._target, packet)
        except OSError:  # the device's queue is full: one more lost packet
            return


def is_closed(packet: bytes, line: Impairment) -> bool:
    """Whether a firewall on the way drops this IPv4 packet."""
    if packet[9] == UDP:
        return not line.udp
    if packet[9] != TCP or not line.closed:
        return False
    at = (packet[0] & 15) * 4
    return any(port in line.closed for port in struct.unpack("!HH", packet[at : at + 4]))


def main(words: dict[str, object]) -> None:
    name, outside, inside = (str(words[key]) for key in ("name", "outside", "inside"))
    line = Impairment(**words["line"])  # type: ignore[arg-type]
    _ip("netns", "add", name)
    try:
        ends = (_tun(f"{name}a"), _tun(f"{name}b"))
        _address(f"{name}a", outside, inside, [])
        _ip("link", "set", f"{name}b", "netns", name)
        _address(f"{name}b", inside, outside, ["-n", name])
        _ip("-n", name, "link", "set", "lo", "up")
        _ip("-n", name, "route", "add", "default", "via", outside, "dev", f"{name}b")
        asyncio.run(_carry(ends, line))
    finally:
        _ip("netns", "delete", name)


async def _carry(ends: tuple[int, int], line: Impairment) -> None:
    """Until the input ends: the starter closed it, or died."""
    here, there = ends
    ways = (Way(here, there, line, line.seed), Way(there, here, line, line.seed + 1))
    over, loop, said = asyncio.Event(), asyncio.get_running_loop(), bytearray()

    def told() -> None:
        more = os.read(0, 4096)
        if not more:
            loop.remove_reader(0)
            over.set()
        said.extend(more)
        while b"\n" in said:
            text, _, rest = bytes(said).partition(b"\n")
            said[:] = rest
            for way in ways:
                way.line = Impairment(**json.loads(text))
            _ready()

    loop.add_reader(0, told)
    for number in (signal.SIGINT, signal.SIGTERM):  # a terminal sends them to the whole group: still tidy up
        loop.add_signal_handler(number, over.set)
    _ready()
    await over.wait()


def _ready() -> None:
    sys.stdout.write(f"{READY}\n")
    sys.stdout.flush()


def _tun(name: str) -> int:
    """A device that lives as long as this process."""
    device = os.open(TUN, os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TUN_NO_PI))
    return device


def _address(device: str, own: str, peer: str, where: list[str]) -> None:
    _ip(*where, "address", "add", own, "peer", peer, "dev", device)
    _ip(*where, "link", "set", device, "up", "mtu", str(MTU))


def _ip(*words: str) -> None:
    subprocess.run([TOOL, *words], check=True)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
