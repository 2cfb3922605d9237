"""Bots through each engine that the benches compare: everybody receives everybody, and nothing is lost."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.bench import engines, janus
from app.bench.control import Control
from app.bench.engines import Engine, Forwarding, Janus, Seat
from app.demo import clip as clips
from app.demo.bot import Bot
from app.demo.clip import Clip


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    path = tmp_path_factory.mktemp("clips") / clips.NAME
    clips.make(path, seconds=1)
    return clips.read(path)


@pytest.fixture
async def unit() -> AsyncIterator[Forwarding]:
    with engines.unit_process() as (pid, path, secret):
        engine = Forwarding("unit", pid, await Control.connect(path, secret))
        yield engine
        await engine.close()


async def received(seats: list[Seat], packets: int) -> None:
    """Wait until everybody has received that many packets of each stream."""
    async with asyncio.timeout(60):
        while min(_least(seat) for seat in seats) < packets:
            await asyncio.sleep(0.05)


def _least(seat: Seat) -> int:
    return min((stream.packets for stream in seat.receiving.received.streams.values()), default=0)


async def see_each_other(engine: Engine, people: int, clip: Clip) -> list[Seat]:
    seats = await engine.room("test", people, clip)
    async with asyncio.timeout(60):
        while any(len(seat.receiving.received.streams) < 2 * (people - 1) for seat in seats):
            await asyncio.sleep(0.05)
    await received(seats, 30)
    return seats


async def test_two_bots_receive_each_other_through_the_unit_without_loss(unit: Forwarding, clip: Clip) -> None:
    seats = await see_each_other(unit, 2, clip)
    assert [seat.receiving.received.lost for seat in seats] == [0, 0]
    assert [len(seat.receiving.received.streams) for seat in seats] == [2, 2], "a voice and a picture of the other"
    await unit.empty(seats)


async def test_who_comes_late_gets_a_key_frame_because_the_unit_asks_for_one(unit: Forwarding, clip: Clip) -> None:
    early, late = Bot(clip, slots=1), Bot(clip, slots=1)
    await unit._join("test", "early", early)
    async with asyncio.timeout(60):
        while early.sent < 30:  # it is in the middle of pictures that nobody could begin with
            await asyncio.sleep(0.02)
    await unit._join("test", "late", late)
    await received([Seat(late, late)], 5)
    assert early.key_requests > 0
    await unit.empty([Seat(early, early), Seat(late, late)])


async def test_an_emptied_room_leaves_nobody_in_the_unit(unit: Forwarding, clip: Clip) -> None:
    seats = await see_each_other(unit, 3, clip)
    assert len((await unit.control.ask("list"))["peers"]) == 3
    await unit.empty(seats)
    assert (await unit.control.ask("list"))["peers"] == []


@pytest.mark.skipif(shutil.which("janus") is None, reason="Janus is not installed (Debian package janus)")
async def test_bots_receive_each_other_through_janus(clip: Clip) -> None:
    with janus.running() as server:
        engine = await Janus.connect(server)
        seats = await see_each_other(engine, 2, clip)
        await engine.empty(seats)
        await engine.close()


@pytest.mark.slow
async def test_bots_receive_each_other_through_media_relay(clip: Clip) -> None:
    async with engines.relay() as engine:
        seats = await see_each_other(engine, 2, clip)
        kinds = {stream.payload_type for stream in seats[0].receiving.received.streams.values()}
        assert len(kinds) == 2, "a voice and a picture"
        await engine.empty(seats)


def test_without_janus_the_bench_says_in_french_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(SystemExit, match="paquet Debian « janus »"), janus.running():
        pass


def test_the_clip_folder_is_the_callers_choice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from app.bench import windows

    asked: list[Path] = []
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(clips, "load", lambda folder: asked.append(folder))
    windows.clip()
    assert asked == [tmp_path / "teledossier" / "clips"]
