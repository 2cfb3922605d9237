"""The real forwarding unit, with people made of aiortc."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.support.media_bot import Bot, counting, until
from tests.support.media_control import Control, running_unit, unit_settings


@pytest.fixture(autouse=True)
def bots() -> Iterator[None]:
    with counting():
        yield


@pytest.fixture
async def control(tmp_path: Path) -> AsyncIterator[Control]:
    settings = unit_settings(tmp_path)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(running_unit(settings))
        control = await Control.open(settings)
        yield control
        await control.close()


async def test_two_people_see_and_hear_each_other(control: Control) -> None:
    martin, legrand = Bot(), Bot()
    try:
        assert await martin.join(control, "blue", "martin") == []
        slots = await legrand.join(control, "blue", "legrand")
        assert [(slot["kind"], slot["from"], slot["source"]) for slot in slots] == [
            ("audio", "martin", "mic"),
            ("video", "martin", "cam"),
        ]
        told = await control.hear("slots", peer="martin")
        assert {slot["from"] for slot in told["slots"]} == {"legrand"}
        await control.hear("connected", peer="martin")
        await control.hear("connected", peer="legrand")
        for bot, seats in ((martin, told["slots"]), (legrand, slots)):
            mids = {slot["mid"] for slot in seats}
            await until(lambda bot=bot, mids=mids: all(bot.counts().get(mid, 0) > 60 for mid in mids))
            assert set(bot.counts()) == mids
            for mid in mids:
                numbers = bot.seen(mid).numbers
                assert [(after - before) & 0xFFFF for before, after in itertools.pairwise(numbers)] == [1] * (
                    len(numbers) - 1
                )
    finally:
        await martin.close()
        await legrand.close()
