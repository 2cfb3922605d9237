"""Going out and coming back faster than the database can write it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest

from tests.support.talk import BLUE, DEVICES, Salon, open_salon


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
