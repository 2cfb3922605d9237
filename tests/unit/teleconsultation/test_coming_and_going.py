"""Going out and coming back faster than the database can write it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator

import pytest

from app.administration import rooms
from app.teleconsultation import hub
from app.teleconsultation.lines import SILENT
from tests.support.talk import BLUE, DEVICES, Salon, Talker, open_salon

GREEN = "salle-verte"


@pytest.fixture
async def salon() -> AsyncIterator[Salon]:
    async with open_salon() as salon:
        yield salon


async def test_a_guest_who_left_does_not_come_back_before_it_is_written(salon: Salon) -> None:
    doctor = salon.page_of("dr.martin")
    await doctor.join()
    guest = await salon.guest_inside(doctor)
    salon.world.clock.pass_by(seconds=1)
    assert guest.line is not None
    salon.hub.receive(guest.line, json.dumps({"t": "leave"}))
    salon.hub.receive(guest.line, json.dumps({"t": "join", "room": BLUE, **DEVICES}))
    await salon.settle()
    error = guest.last("error")
    assert (error["about"], error["code"]) == ("join", "non-admis")
    assert salon.hub.guests_inside(1) == []
    assert len(salon.journal("guest.entered")) == 1


async def test_a_room_that_was_closed_takes_no_new_meeting_but_who_meets_there_goes_on(salon: Salon) -> None:
    nurse, doctor = salon.page_of("ide.dubois"), salon.page_of("dr.martin")
    await nurse.say("join", room=GREEN, **DEVICES)
    world = salon.world
    [green] = [row for row in rooms.list_rooms(world.platform, world.admin) if row.name == "Salle Verte"]
    rooms.close_room(world.platform, world.admin, green.id)
    await doctor.say("join", room=GREEN, **DEVICES)
    assert doctor.last("joined")["room"]["id"] == GREEN
    await doctor.say("leave")
    await nurse.say("leave")
    await nurse.say("join", room=GREEN, **DEVICES)
    error = nurse.last("error")
    assert (error["about"], error["code"]) == ("join", "saisie")
    await nurse.join()  # where it was planned


def flood(salon: Salon, page: Talker) -> None:
    assert page.line is not None
    for _ in range(300):
        salon.hub.receive(page.line, json.dumps({"t": "state", **DEVICES}))


async def test_who_was_cut_off_for_a_flood_does_not_come_back_at_once(
    salon: Salon, monkeypatch: pytest.MonkeyPatch
) -> None:
    doctor, nurse = salon.page_of("dr.martin"), salon.page_of("ide.dubois")
    flood(salon, doctor)
    assert doctor.closed == 4429
    again = salon.page_of("dr.martin")
    assert (again.closed, again.heard) == (4429, [])
    assert salon.page_of("ide.dubois").closed is None
    monkeypatch.setattr(hub, "PENANCE", 0.0)
    flood(salon, nurse)
    assert salon.page_of("ide.dubois").closed is None


async def test_one_person_has_so_many_lines_at_most_and_the_one_inside_stays(salon: Salon) -> None:
    inside, nurse = salon.page_of("dr.martin"), salon.page_of("ide.dubois")
    await inside.join()
    pages = [salon.page_of("dr.martin") for _ in range(hub.MOST_LINES + 10)]
    assert (inside.closed, nurse.closed) == (None, None)
    assert [page.closed for page in pages] == [4429] * 11 + [None] * (hub.MOST_LINES - 1)
    assert len(salon.hub.lines) == hub.MOST_LINES + 1


async def test_a_process_that_was_held_up_takes_nobody_for_silent(
    salon: Salon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "SILENCE", 0.5)
    monkeypatch.setattr(hub, "TICK", 0.02)
    doctor, guest = salon.page_of("dr.martin"), salon.guest()
    await doctor.join()
    await guest.say("wait", **DEVICES)
    ticked = asyncio.Event()
    tick = salon.hub.tick

    def look() -> None:
        tick()
        ticked.set()

    monkeypatch.setattr(salon.hub, "tick", look)
    for line in salon.hub.lines:
        line.heard_at = time.monotonic()
    salon.hub._ticking = asyncio.create_task(salon.hub._tick_for_ever())
    await ticked.wait()
    ticked.clear()
    time.sleep(1.0)
    await ticked.wait()
    assert doctor.closed is guest.closed is None
    async with asyncio.timeout(60):  # now they could be heard, and say nothing
        while doctor.closed is None or guest.closed is None:
            await asyncio.sleep(0.02)
    assert doctor.closed == guest.closed == SILENT
