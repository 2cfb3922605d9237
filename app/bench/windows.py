"""Looks at an engine that carries rooms for a while: its CPU, what it delivered, what it lost, how late."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from app.bench import processes
from app.bench.engines import Seat
from app.demo import clip as clips
from app.demo.bot import Bot
from app.demo.bot_sdp import AUDIO
from app.demo.clip import Clip


@dataclass
class Window:
    """What was seen in one or several windows of time."""

    seconds: float = 0.0
    cpu: float = 0.0  # seconds of the engine
    generator: float = 0.0  # seconds of the process that runs the bots
    packets: int = 0  # delivered
    sounds: int = 0  # packets of sound among them: the only ones that an engine which encodes anew makes as many of
    lost: int = 0  # by the engine: gaps less what the bots themselves did not fetch in time
    missed: int = 0  # datagrams thrown away at the bots' own sockets: this process was held up
    delays: array[float] = field(default_factory=lambda: array("d"))  # seconds, sender's call to receiver's call

    @property
    def cpu_percent(self) -> float:
        """Of one core."""
        return 100 * self.cpu / self.seconds

    @property
    def cpu_per_packet(self) -> float:
        """Microseconds of the engine for each packet delivered, all its other work included."""
        return 1e6 * self.cpu / max(1, self.packets)

    @property
    def cpu_per_sound(self) -> float:
        """Microseconds of the engine for each packet of sound delivered, all its other work included."""
        return 1e6 * self.cpu / max(1, self.sounds)

    @property
    def generator_percent(self) -> float:
        return 100 * self.generator / self.seconds

    @property
    def loss(self) -> float:
        """Share of what should have arrived."""
        return self.lost / max(1, self.packets + self.lost)

    @property
    def rate(self) -> float:
        """Packets delivered a second."""
        return self.packets / self.seconds

    def delay(self, percent: float) -> float:
        """Percentile of the delays in ms; NaN without stamped packets."""
        return float(np.percentile(np.frombuffer(self.delays), percent)) * 1000 if self.delays else float("nan")

    def add(self, other: Window) -> None:
        """Take another window of the same load in."""
        self.seconds += other.seconds
        self.cpu += other.cpu
        self.generator += other.generator
        self.packets += other.packets
        self.sounds += other.sounds
        self.lost += other.lost
        self.missed += other.missed
        self.delays.extend(other.delays)


async def look(pid: int | None, seats: list[Seat], seconds: float) -> Window:
    """Watch these people, and the engine's process when there is one, for some seconds."""
    bots = [seat.receiving for seat in seats]
    for bot in bots:
        del bot.received.delays[:]
    packets, lost, sounds = _totals(bots)
    missed = processes.dropped(os.getpid())
    generator, cpu, start = time.process_time(), processes.cpu_seconds(pid) if pid else 0.0, time.monotonic()
    await asyncio.sleep(seconds)
    window = Window(
        seconds=time.monotonic() - start,
        cpu=(processes.cpu_seconds(pid) if pid else 0.0) - cpu,
        generator=time.process_time() - generator,
    )
    packets_after, lost_after, sounds_after = _totals(bots)
    window.sounds = sounds_after - sounds
    window.packets, window.missed = packets_after - packets, processes.dropped(os.getpid()) - missed
    window.lost = max(0, lost_after - lost - window.missed)
    for bot in bots:
        window.delays.extend(bot.received.delays)
    return window


def _totals(bots: list[Bot]) -> tuple[int, int, int]:
    """Packets received, packets lost, packets of sound received."""
    streams = [stream for bot in bots for stream in bot.received.streams.values()]
    sounds = sum(stream.packets for stream in streams if stream.payload_type == AUDIO)
    return sum(stream.packets for stream in streams), sum(stream.lost for stream in streams), sounds


def clip() -> Clip:
    """The clip that all bots play, made at the first measure on this machine."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return clips.load(cache / "teledossier" / "clips")


@contextlib.contextmanager
def steady() -> Iterator[None]:
    """Keep the collector of this process out of the windows: it would stop all bots at once."""
    import gc

    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
