"""`bench sfu`: what a room costs the server, its forwarding unit beside Janus and beside aiortc's MediaRelay.

The same bots play the same clip (640 × 480, 30 pictures, 1 Mbit/s VP8, 32 kbit/s Opus) on each engine in turn. They
run in this process, the engines each in their own; CPU is user and system time of the engine, in percent of one core.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from app.bench import engines
from app.bench.engines import Engine, Forwarding, Janus, Seat
from app.bench.figures import Report
from app.bench.windows import Window, clip, look, steady
from app.demo.bot import Bot, meet
from app.demo.clip import SOUNDS_PER_SECOND, Clip

SIZES, QUICK_SIZES = (2, 3, 4, 6), (3, 6)
COMPARED = (3, 4, 6)  # people; two talk peer to peer, so their room costs the server nothing
RELAY_PEOPLE, RELAY_TIMES = 3, 15.0


@dataclass(frozen=True)
class Plan:
    """How long to look: rounds that alternate the engines, seconds until a room is steady, seconds of a window."""

    sizes: tuple[int, ...]
    rounds: int
    warm: float
    window: float


def run(quick: bool) -> Report:
    """Measure; `quick` looks at 3 and 6 people once, for 3.5 s, instead of 2, 3, 4 and 6 twice, for 7 s."""
    plan = Plan(QUICK_SIZES, 1, 1.0, 3.5) if quick else Plan(SIZES, 2, 2.0, 7.0)
    with steady():
        return asyncio.run(_measure(plan, clip()))


async def _measure(plan: Plan, played: Clip) -> Report:
    report = Report()
    async with engines.ours_and_janus() as (unit, janus):
        seen = await _alternate(plan, (unit, janus), played)
        await _delays(report, plan, unit, janus, played)
        async with engines.relay() as relay:
            slower = replace(plan, warm=plan.warm + 1.5)  # its decoders and encoders start first
            relayed = await _one(relay, RELAY_PEOPLE, slower, played)
    for people in plan.sizes:
        ours, theirs = seen[unit.name, people], seen[janus.name, people]
        for name, window in (("unit", ours), ("Janus", theirs)):
            report.figure(f"{people} people: {name} CPU %", window.cpu_percent)
            report.figure(f"{people} people: {name} packets/s", window.rate)
            report.figure(f"{people} people: {name} CPU us per packet", window.cpu_per_packet)
        report.figure(f"{people} people: unit lost packets", ours.lost)
        report.figure(f"{people} people: Janus lost packets", theirs.lost)
        report.figure(f"{people} people: missed by held-up bots", ours.missed + theirs.missed)
        if people in COMPARED:
            # By packet: where this machine is busy, bots held up send a little less to one engine than to the other.
            report.target(f"{people} people: CPU unit / Janus", ours.cpu_per_packet / theirs.cpu_per_packet, 1.0)
    _against_relay(report, seen[unit.name, RELAY_PEOPLE], relayed)
    largest = plan.sizes[-1]
    report.figure("one bot's CPU at the largest room %", seen[unit.name, largest].generator_percent / largest)
    report.target("unit lost packets", sum(seen[unit.name, people].lost for people in plan.sizes), 0)
    return report


def _against_relay(report: Report, ours: Window, relayed: Window) -> None:
    """By packet of sound: an engine that wants more than this machine has delivers late, and would look cheap."""
    full = RELAY_PEOPLE * (RELAY_PEOPLE - 1) * SOUNDS_PER_SECOND
    ratio = ours.cpu_per_sound / relayed.cpu_per_sound
    report.figure(f"{RELAY_PEOPLE} people: MediaRelay CPU %", relayed.cpu_percent)
    report.figure(f"{RELAY_PEOPLE} people: MediaRelay sound delivered %", 100 * relayed.sounds / relayed.seconds / full)
    report.figure(f"{RELAY_PEOPLE} people: MediaRelay / unit CPU", 1 / ratio)
    report.target(f"{RELAY_PEOPLE} people: CPU unit / MediaRelay", ratio, 1 / RELAY_TIMES)


async def _alternate(plan: Plan, both: tuple[Engine, Engine], played: Clip) -> dict[tuple[str, int], Window]:
    """Each size on each engine, the order turned with each round."""
    seen: dict[tuple[str, int], Window] = {}
    for number in range(plan.rounds):
        for people in plan.sizes:
            for engine in both if number % 2 == 0 else both[::-1]:
                window = await _one(engine, people, plan, played)
                seen.setdefault((engine.name, people), Window()).add(window)
    return seen


async def _one(engine: Engine, people: int, plan: Plan, played: Clip) -> Window:
    seats = await engine.room(f"bench-{people}", people, played)
    try:
        await asyncio.sleep(plan.warm)
        return await look(engine.pid, seats, plan.window)
    finally:
        await engine.empty(seats)


async def _delays(report: Report, plan: Plan, unit: Forwarding, janus: Janus, played: Clip) -> None:
    """A pair through each engine and a pair peer to peer, at the same time; what the engines add is the difference."""
    one, other = Bot(played, both_ways=True, stamped=True), Bot(played, both_ways=True, stamped=True)
    await meet(one, other)
    pairs = {
        "unit": await unit.room("delay", 2, played, stamped=True),
        "Janus": await janus.room("delay", 2, played, stamped=True),
        "peer to peer": [Seat(one, one), Seat(other, other)],
    }
    try:
        await asyncio.sleep(plan.warm)
        windows = dict(
            zip(pairs, await asyncio.gather(*(look(None, seats, plan.window) for seats in pairs.values())), strict=True)
        )
    finally:
        await unit.empty(pairs["unit"])
        await janus.empty(pairs["Janus"])
        await engines.leave(pairs["peer to peer"])
    for percent in (50, 99):
        alone = windows["peer to peer"].delay(percent)
        report.figure(f"peer to peer delay p{percent} ms", alone)
        for name in ("unit", "Janus"):
            report.figure(f"{name} added delay p{percent} ms", windows[name].delay(percent) - alone)
