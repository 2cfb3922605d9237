"""One person's requests wait behind themselves, never before somebody else's."""

from __future__ import annotations

import asyncio

import pytest
from tornado.web import HTTPError

from app.web.queues import Queues


async def test_who_asks_too_much_waits_and_the_other_does_not() -> None:
    queues, leave, inside = Queues(at_once=2, most=10), asyncio.Event(), []

    async def ask(person: int) -> None:
        async with queues.turn(person):
            inside.append(person)
            await leave.wait()

    jobs = [asyncio.create_task(ask(1)) for _ in range(6)]
    jobs.append(asyncio.create_task(ask(2)))
    await asyncio.sleep(0)
    assert inside == [1, 1, 2]
    leave.set()
    await asyncio.gather(*jobs)
    assert inside == [1, 1, 2, 1, 1, 1, 1]
    assert queues._lines == {}


async def test_past_its_length_the_line_says_so_at_once() -> None:
    queues, leave = Queues(at_once=1, most=2), asyncio.Event()

    async def ask() -> None:
        async with queues.turn(1):
            await leave.wait()

    jobs = [asyncio.create_task(ask()) for _ in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(HTTPError) as refused:
        await ask()
    assert refused.value.status_code == 429
    jobs[1].cancel()  # somebody who leaves makes room
    await asyncio.sleep(0)
    jobs.append(asyncio.create_task(ask()))
    leave.set()
    await asyncio.gather(*jobs, return_exceptions=True)
    assert queues._lines == {}
