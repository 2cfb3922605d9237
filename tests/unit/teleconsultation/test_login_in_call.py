"""A login does not run out under somebody who is in a call, and does under who only looks on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from types import SimpleNamespace

import pytest

from app.identity import login_sessions
from app.server.live_sessions import still_logged_in
from app.teleconsultation import hub
from tests.support.talk import Salon, Talker, open_salon

EVERY = 4.0  # seconds between two words of a page; after five silent ones its line is dead


@pytest.fixture
async def salon(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Salon]:
    async with open_salon() as salon:
        clock = salon.world.clock
        monkeypatch.setattr(hub, "time", SimpleNamespace(monotonic=lambda: clock.at.timestamp()))
        yield salon


async def stay(salon: Salon, page: Talker, minutes: int, acts: bool = False) -> None:
    """The page goes on for so long; with `acts` it writes more often than the login is looked at."""
    for number in range(int(minutes * 60 / EVERY)):
        salon.world.clock.pass_by(seconds=EVERY)
        if acts and number % 4 == 0:
            await page.say("chat", text="Oui", key=f"k-{number}")
        else:
            await page.say("ping")
        salon.hub.tick()
        await salon.settle()


@pytest.mark.slow
@pytest.mark.parametrize("acts", [False, True])
async def test_who_only_talks_for_forty_minutes_stays_logged_in(salon: Salon, acts: bool) -> None:
    doctor = salon.page_of("dr.martin")
    await doctor.join()
    await stay(salon, doctor, 40 if not acts else 20, acts)
    assert doctor.closed is None
    assert doctor.all("error") == doctor.all("removed") == []
    assert still_logged_in(salon.world.platform, doctor.secret)  # so their other pages stay open, too


async def test_who_enters_just_before_the_login_ends_stays_logged_in(salon: Salon) -> None:
    doctor = salon.page_of("dr.martin")
    await stay(salon, doctor, 14)
    salon.world.clock.pass_by(seconds=58)
    await doctor.join()
    await stay(salon, doctor, 2)
    assert doctor.closed is None


async def test_who_only_looks_on_is_told_after_fifteen_minutes(salon: Salon) -> None:
    doctor = salon.page_of("dr.martin")
    await stay(salon, doctor, 14)
    assert doctor.closed is None
    await stay(salon, doctor, 2)
    assert doctor.closed == 4401
    assert not still_logged_in(salon.world.platform, doctor.secret)


async def test_who_is_in_a_call_with_a_revoked_login_is_cut_off_though_no_event_said_so(
    salon: Salon, monkeypatch: pytest.MonkeyPatch
) -> None:
    doctor, nurse = salon.page_of("dr.martin"), salon.page_of("ide.dubois")
    await doctor.join()
    await nurse.join()
    platform = salon.world.platform
    with monkeypatch.context() as silent:
        silent.setattr(platform.bus, "publish", lambda topic, message: None)
        login_sessions.end_all(platform, salon.world.people["dr.martin"])
    salon.world.clock.pass_by(seconds=hub.LOOK_EVERY)
    salon.hub.tick()
    await salon.settle()
    assert doctor.closed == 4401
    assert nurse.closed is None
    assert nurse.last("left")["name"] == "Dr Claire MARTIN"
