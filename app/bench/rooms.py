"""`bench rooms`: how many rooms of 2, 3 and 6 one core carries through the forwarding unit, beside Janus.

Rooms are added until the engine takes 60 % of a core or loses 0.1 % of the packets. The bots run in this process, so
it may be the first that can do no more: then the count is what it could fill, and what the engine could carry is
reckoned from its CPU per room and named « extrapolated ». It is an estimate: nobody saw it run. CPU per room is CPU
per packet delivered times the packets of a full room, because bots that are held up send less.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from app.bench import engines
from app.bench.engines import Engine, Seat
from app.bench.figures import Report
from app.bench.windows import Window, clip, look, steady
from app.demo.clip import Clip

ENGINE_PERCENT, LOSS = 60.0, 0.001
GENERATOR_PERCENT = 80.0  # of the one core that this process can use: beyond, bots send late
OFF = 0.07  # of the packets that should arrive: fewer or more (a backlog) say that the bots are held up
TRIES = 3  # windows in which the bots may be held up before they are said to be
MOST_ROOMS = 64
STEP = 0.7  # of the rooms that seem to fit, how many are added at once; the last ones come one by one
COMPARED = (3, 6)


@dataclass(frozen=True)
class Plan:
    """Sizes of rooms; seconds until added rooms are steady, of a window, and for one engine and size in all."""

    sizes: tuple[int, ...]
    warm: float
    window: float
    limit: float


@dataclass
class Carried:
    """The most rooms that an engine carried, what was seen then, and what stopped the adding."""

    rooms: int = 0
    seen: Window | None = None
    stopped: str = "time"
    held: bool = False  # at least one window was within all limits; else `seen` is the first, and no room was carried

    @property
    def percent_per_packet(self) -> float:
        """CPU % for each packet a second."""
        return self.seen.cpu_percent / self.seen.rate if self.seen else float("nan")


def run(quick: bool) -> Report:
    """Measure; `quick` looks at rooms of 2 and 6, for 8 s each on each engine."""
    plan = Plan((2, 6), 0.8, 1.2, 8.0) if quick else Plan((2, 3, 6), 1.5, 3.0, 24.0)
    with steady():
        return asyncio.run(_measure(plan, clip()))


async def _measure(plan: Plan, played: Clip) -> Report:
    report = Report()
    async with engines.ours_and_janus() as both:
        for people in plan.sizes:
            full = people * (people - 1) * played.packets_per_second
            carried = {engine.name: await _fill(engine, people, full, plan, played) for engine in both}
            for name, most in carried.items():
                _tell(report, f"rooms of {people}: {name}", most, full)
            if people in COMPARED:
                ours, theirs = carried["unit"].percent_per_packet, carried["Janus"].percent_per_packet
                report.target(f"rooms of {people}: CPU per room, unit / Janus", ours / theirs, 1.0)
    return report


def _tell(report: Report, name: str, most: Carried, full: float) -> None:
    report.figure(f"{name} carried", most.rooms if most.held else 0)
    if most.seen is None:
        return
    per_room = most.percent_per_packet * full
    report.figure(f"{name} CPU %", most.seen.cpu_percent)
    report.figure(f"{name} CPU % per room", per_room)
    report.figure(f"{name} loss %", 100 * most.seen.loss)
    report.figure(f"{name} packets of full load %", 100 * most.seen.rate / (full * most.rooms))
    report.figure(f"{name} generator CPU %", most.seen.generator_percent)
    if most.stopped in ("generator", "time"):
        report.figure(f"{name} extrapolated (stopped by {most.stopped})", int(ENGINE_PERCENT / per_room))


async def _fill(engine: Engine, people: int, full: float, plan: Plan, played: Clip) -> Carried:
    """Add rooms, by leaps, back by half a leap when it was too far, until the next one is too many or time is over."""
    most, rooms = Carried(), list[list[Seat]]()
    end, wanted, made = time.monotonic() + plan.limit, 1, 0
    try:
        while wanted <= MOST_ROOMS and (most.seen is None or _time_left(end, plan)):
            while len(rooms) > wanted:
                await engine.empty(rooms.pop())
            while len(rooms) < wanted and (not rooms or _time_left(end, plan)):
                made += 1
                rooms.append(await engine.room(f"of-{people}-{made}", people, played))
            await asyncio.sleep(plan.warm)
            window, stopped = await _look(engine, [seat for room in rooms for seat in room], full * len(rooms), plan)
            if not stopped or most.seen is None:
                most.rooms, most.seen, most.held = len(rooms), window, not stopped
            if stopped and len(rooms) - most.rooms <= 1:
                most.stopped = stopped
                break
            wanted = (most.rooms + len(rooms)) // 2 if stopped else len(rooms) + _more(len(rooms), window)
    finally:
        for room in rooms:
            await engine.empty(room)
    return most


def _time_left(end: float, plan: Plan) -> bool:
    """Whether another window fits."""
    return time.monotonic() + plan.warm + plan.window < end


async def _look(engine: Engine, seats: list[Seat], full: float, plan: Plan) -> tuple[Window, str]:
    """A window and what it says; looked at again when the bots were held up, which other programs may have done."""
    for _ in range(TRIES):
        window = await look(engine.pid, seats, plan.window)
        stopped = _stopped(window, full)
        if stopped != "generator" or window.generator_percent >= GENERATOR_PERCENT:
            break
    return window, stopped


def _stopped(window: Window, full: float) -> str:
    """What says that these are too many rooms; empty when nothing does. `full`: packets a second that should arrive."""
    if window.cpu_percent >= ENGINE_PERCENT:
        return "engine"
    if window.generator_percent >= GENERATOR_PERCENT or window.missed or abs(window.rate / full - 1) > OFF:
        return "generator"
    return "loss" if window.loss > LOSS else ""


def _more(rooms: int, window: Window) -> int:
    """How many rooms to add next: most of those that the engine and this process seem to have place for."""
    engine = ENGINE_PERCENT / max(0.5, window.cpu_percent)
    generator = GENERATOR_PERCENT / max(0.5, window.generator_percent)
    return max(1, int(rooms * (min(engine, generator) - 1) * STEP))
