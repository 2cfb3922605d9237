"""Rules of turns: whose password is checked next while others guess."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from functools import partial

import pytest

from app.errors import TooManyAttempts, WrongCredentials
from app.identity import turns as module
from app.identity.turns import Turns


@pytest.fixture
def turns() -> Iterator[Turns]:
    made = Turns(at_once=1)
    yield made
    made.close()


class Desk:
    """Checks that wait until they are let go; remembers in which order they came."""

    def __init__(self) -> None:
        self.came: list[str] = []
        self.open = threading.Event()

    def right(self, name: str) -> str:
        self.came.append(name)
        assert self.open.wait(60)
        return name

    def wrong(self, name: str) -> str:
        self.right(name)
        raise WrongCredentials


def ask(turns: Turns, desk: Desk, name: str, address: str, known: bool = False) -> asyncio.Task[str]:
    return asyncio.create_task(turns.check(partial(desk.right, name), address=address, login=name, known=known))


async def until(condition: object) -> None:
    async with asyncio.timeout(60):
        while not condition():  # type: ignore[operator]
            await asyncio.sleep(0.001)


async def test_somebody_known_here_goes_before_everybody_who_waits(turns: Turns) -> None:
    desk = Desk()
    tasks = [ask(turns, desk, f"guess{number}", "192.0.2.6") for number in range(20)]
    await until(lambda: desk.came)
    tasks.append(ask(turns, desk, "claire", "192.0.2.7", known=True))
    await asyncio.sleep(0)
    desk.open.set()
    await asyncio.gather(*tasks)
    assert desk.came[:2] == ["guess0", "claire"]


async def test_addresses_take_turns_whatever_one_of_them_asks(turns: Turns) -> None:
    desk = Desk()
    tasks = [ask(turns, desk, f"guess{number}", "192.0.2.6") for number in range(20)]
    tasks.append(ask(turns, desk, "stranger", "192.0.2.7"))
    await until(lambda: desk.came)
    desk.open.set()
    await asyncio.gather(*tasks)
    assert "stranger" in desk.came[:3]


async def test_one_login_is_checked_by_one_at_a_time() -> None:
    turns, desk, running, most = Turns(at_once=4), Desk(), [0], [0]
    desk.open.set()
    lock = threading.Lock()

    def check() -> None:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        threading.Event().wait(0.01)
        with lock:
            running[0] -= 1

    await asyncio.gather(
        *(turns.check(check, address=f"192.0.2.{number}", login="claire", known=False) for number in range(8))
    )
    assert most[0] == 1
    turns.close()


async def test_after_a_failure_the_lane_rests_and_the_others_go_on(turns: Turns) -> None:
    desk = Desk()

    async def guess(name: str) -> None:
        with pytest.raises(WrongCredentials):
            await turns.check(partial(desk.wrong, name), address="192.0.2.6", login=name, known=False)

    guesses = [asyncio.create_task(guess(f"guess{number}")) for number in range(2)]
    await until(lambda: desk.came)
    others = [ask(turns, desk, f"other{number}", "192.0.2.7") for number in range(3)]
    await asyncio.sleep(0.5)  # how long the failed check takes: the lane rests twice as long
    desk.open.set()
    await asyncio.gather(*guesses, *others)
    assert desk.came == ["guess0", "other0", "other1", "other2", "guess1"]


async def test_a_lane_does_not_rest_where_nobody_else_comes(turns: Turns) -> None:
    desk = Desk()
    desk.open.set()
    for number in range(3):
        with pytest.raises(WrongCredentials):
            await turns.check(partial(desk.wrong, "x"), address="192.0.2.6", login=f"guess{number}", known=False)
        assert turns._resting == {}


async def test_a_lane_too_long_refuses_at_once(turns: Turns, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LONGEST_LANE", 3)
    desk = Desk()
    tasks = [ask(turns, desk, f"guess{number}", "192.0.2.6") for number in range(4)]
    await until(lambda: desk.came)
    with pytest.raises(TooManyAttempts):
        await turns.check(partial(desk.right, "late"), address="192.0.2.6", login="late", known=False)
    other = ask(turns, desk, "other", "192.0.2.7")
    desk.open.set()
    await asyncio.gather(*tasks, other)
    assert "late" not in desk.came


async def test_who_gives_up_waiting_leaves_the_turn_to_the_next(turns: Turns) -> None:
    desk = Desk()
    first, second, third = (ask(turns, desk, name, "192.0.2.6") for name in ("first", "second", "third"))
    await until(lambda: desk.came)
    second.cancel()
    desk.open.set()
    await asyncio.gather(first, third)
    assert desk.came == ["first", "third"]


async def test_who_gives_up_at_the_moment_of_the_turn_is_passed_over(turns: Turns) -> None:
    desk = Desk()
    checked = ask(turns, desk, "first", "192.0.2.6")
    await until(lambda: desk.came)
    waiting = ask(turns, desk, "second", "192.0.2.6")
    last = ask(turns, desk, "third", "192.0.2.6")
    await asyncio.sleep(0)
    checked.cancel()
    waiting.cancel()  # both at once: the turn is given back before who waited could step out of the row
    assert [type(left) for left in await asyncio.gather(checked, waiting, return_exceptions=True)] == [
        asyncio.CancelledError,
        asyncio.CancelledError,
    ]
    desk.open.set()
    assert await last == "third"


async def test_a_fault_of_ours_gives_the_turn_back(turns: Turns) -> None:
    with pytest.raises(ZeroDivisionError):
        await turns.check(lambda: 1 // 0, address="192.0.2.6", login="claire", known=False)
    assert await turns.check(lambda: "in", address="192.0.2.6", login="claire", known=False) == "in"
