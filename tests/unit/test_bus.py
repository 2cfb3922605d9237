"""Rules of the bus between processes: what a receiver that was too busy to listen still hears."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from app import bus
from app.bus import MISSED, LocalBus, Message

MANY = 2000  # more than any kernel holds for a receiver


@pytest.fixture
def process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], LocalBus]]:
    """The bus of one more process."""
    numbers, made = count(1), list[LocalBus]()
    monkeypatch.setattr(bus.os, "getpid", lambda: next(numbers))

    def another() -> LocalBus:
        made.append(LocalBus(tmp_path))
        return made[-1]

    yield another
    for each in made:
        each.close()


class Ear:
    """What a process hears of a topic."""

    def __init__(self, here: LocalBus, topic: str) -> None:
        self.heard: list[Message] = []
        self._come = asyncio.Event()
        here.subscribe(topic, self._hear)

    def _hear(self, message: Message) -> None:
        self.heard.append(message)
        self._come.set()

    async def next(self) -> None:
        async with asyncio.timeout(30):
            await self._come.wait()
        self._come.clear()


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


async def test_who_was_too_busy_to_listen_hears_that_events_were_missed(process: Callable[[], LocalBus]) -> None:
    one, other = process(), process()
    one.listen()
    other.listen()
    changes, missed = Ear(other, "dossier"), Ear(other, MISSED)
    for number in range(MANY):  # the other process shares this loop, and cannot listen meanwhile
        one.publish("dossier", {"number": number})
    await missed.next()
    assert 0 < len(changes.heard) < MANY
    assert (missed.heard, one._owed) == ([{}], {})


async def test_who_listens_in_time_misses_nothing(process: Callable[[], LocalBus]) -> None:
    one, other = process(), process()
    one.listen()
    other.listen()
    changes, missed = Ear(other, "dossier"), Ear(other, MISSED)
    for number in range(20):
        one.publish("dossier", {"number": number})
        await changes.next()
    assert (len(changes.heard), missed.heard) == (20, [])


async def test_whoever_misses_much_costs_the_sender_one_socket(process: Callable[[], LocalBus]) -> None:
    one, other = process(), process()
    one.listen()
    other.listen()
    asyncio.get_running_loop().remove_reader(other._socket.fileno())  # it hangs
    before = open_files()
    for number in range(MANY):
        one.publish("dossier", {"number": number})
        await asyncio.sleep(0)
    assert (len(one._owed), open_files()) == (1, before + 1)


async def test_a_receiver_that_dies_is_owed_nothing_any_more(
    process: Callable[[], LocalBus], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other, third = process(), process(), process()
    for each in (one, other, third):
        each.listen()
    asyncio.get_running_loop().remove_reader(other._socket.fileno())
    for number in range(MANY):
        one.publish("dossier", {"number": number})
    await asyncio.sleep(0)
    assert one._owed
    forget, forgotten = one._forget, asyncio.Event()
    monkeypatch.setattr(one, "_forget", lambda path: (forget(path), forgotten.set()))
    other.close()
    await asyncio.wait_for(forgotten.wait(), 30)
    assert one._owed == {}
    changes = Ear(third, "later")
    one.publish("later", {})
    await changes.next()


async def test_much_that_is_missed_is_looked_at_now_and_then_and_at_the_end(
    process: Callable[[], LocalBus], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bus, "MISSED_EVERY", 0.05)
    one, other = process(), process()
    one.listen()
    other.listen()
    missed = Ear(other, MISSED)
    for _ in range(5):
        one.publish(MISSED, {})
    await missed.next()
    assert len(missed.heard) == 1
    await missed.next()
    assert len(missed.heard) == 2


async def test_a_command_without_an_event_loop_tells_of_what_was_missed_before_it_ends(
    process: Callable[[], LocalBus],
) -> None:
    command, other = process(), process()
    other.listen()
    missed = Ear(other, MISSED)

    def run() -> None:
        for number in range(MANY):
            command.publish("administration", {"number": number})

    thread = threading.Thread(target=run)
    thread.start()
    await missed.next()
    await asyncio.to_thread(thread.join)


async def test_who_does_not_listen_is_sent_nothing(process: Callable[[], LocalBus], tmp_path: Path) -> None:
    command, web = process(), process()
    web.listen()
    assert list(tmp_path.glob("*.sock")) == [web._path]
    command.publish("dossier", {})
