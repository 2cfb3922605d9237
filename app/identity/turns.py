"""Whose password is checked next.

argon2id is slow and takes 64 MiB on purpose, so that a stolen database resists; the same makes two hundred wrong
logins a burden for everybody. Passwords are therefore checked few at a time, in threads of their own, and turns are
given by lane, not by arrival:

- somebody who has logged in from this address before has a lane of their own, and those lanes go first;
- everybody else from one address shares one lane; lanes take turns;
- one check at a time for one login, so that its growing wait is counted before the next guess;
- after a failure the lane rests for twice as long as the check took, while others come too: one address has a third of
  the machine, all of it when nobody else wants it;
- a lane too long for anybody to be served in reasonable time refuses at once, without a check.

`docs/decisions/0006-password-turns.md` says why.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from app.errors import NotAuthenticated, TooManyAttempts

T = TypeVar("T")

LANES_OF_ARGON2 = 4  # threads that one check uses by itself (RFC 9106, p = 4)
REST = 2.0  # times as long as the failed check took
OTHERS_SECONDS = 5.0  # others « come too » when one of their checks is waiting or ended so long ago
LONGEST_LANE = 100
BUSY_SECONDS = 5  # what a person refused by a full lane is told to wait


@dataclass(frozen=True)
class Lane:
    """Who waits together: an address, or one person at an address they have logged in from before."""

    address: str
    person: str = ""


@dataclass
class _Waiting:
    login: str
    turn: asyncio.Future[None]


class Turns:
    """Gives turns on one event loop; `at_once` checks run in threads of their own."""

    def __init__(self, at_once: int | None = None) -> None:
        self.at_once = at_once or max(1, (os.cpu_count() or 1) // LANES_OF_ARGON2)
        self._threads = ThreadPoolExecutor(self.at_once, "password")
        self._lanes: dict[Lane, deque[_Waiting]] = {}  # in the order of their next turns
        self._resting: dict[Lane, float] = {}  # until when, on the loop's clock
        self._served: dict[Lane, float] = {}  # when its last check ended, those of late
        self._checking: set[str] = set()
        self._running = 0
        self._alarm: asyncio.TimerHandle | None = None

    async def check(self, work: Callable[[], T], *, address: str, login: str, known: bool) -> T:
        """Run `work` in a thread when its turn has come.

        `known`: this login was used from this address before. A `NotAuthenticated` that `work` raises is a failure.

        Raises: TooManyAttempts (the lane is full), what `work` raises.
        """
        lane = Lane(address, login if known else "")
        await self._turn_of(lane, login)
        began = time.monotonic()
        failed = False
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        except NotAuthenticated:
            failed = True
            raise
        finally:
            ended = self._served[lane] = time.monotonic()
            if failed and self._others_come(lane, ended):
                self._resting[lane] = ended + REST * (ended - began)
            self._running -= 1
            self._checking.discard(login)
            self._give()

    def close(self) -> None:
        """End the threads."""
        if self._alarm is not None:
            self._alarm.cancel()
        self._threads.shutdown()

    async def _turn_of(self, lane: Lane, login: str) -> None:
        queue = self._lanes.setdefault(lane, deque())
        if len(queue) >= LONGEST_LANE:
            raise TooManyAttempts(BUSY_SECONDS)
        waiting = _Waiting(login, asyncio.get_running_loop().create_future())
        queue.append(waiting)
        self._give()
        try:
            await waiting.turn
        except asyncio.CancelledError:
            if waiting.turn.done() and not waiting.turn.cancelled():  # it had just been given
                self._running -= 1
                self._checking.discard(login)
            with suppress(ValueError):
                queue.remove(waiting)
            self._give()
            raise

    def _others_come(self, lane: Lane, now: float) -> bool:
        self._served = {each: at for each, at in self._served.items() if now - at < OTHERS_SECONDS}
        return any(each != lane for each in (*self._served, *(each for each, queue in self._lanes.items() if queue)))

    def _give(self) -> None:
        """Give free turns to those whose turn it is."""
        now = time.monotonic()
        self._resting = {lane: until for lane, until in self._resting.items() if until > now}
        self._lanes = {lane: queue for lane, queue in self._lanes.items() if queue}
        while self._running < self.at_once and (found := self._next()) is not None:
            lane, waiting = found
            self._lanes[lane].remove(waiting)
            self._lanes[lane] = self._lanes.pop(lane)  # to the end: the others first
            self._running += 1
            self._checking.add(waiting.login)
            waiting.turn.set_result(None)
        self._wake_up_at(min((self._resting[lane] for lane in self._lanes if lane in self._resting), default=None))

    def _next(self) -> tuple[Lane, _Waiting] | None:
        awake = [lane for lane in self._lanes if lane not in self._resting]
        for lane in sorted(awake, key=lambda lane: not lane.person):  # stable: turns are kept
            for waiting in self._lanes[lane]:
                if waiting.login not in self._checking and not waiting.turn.done():  # done: they have just given up
                    return lane, waiting
        return None

    def _wake_up_at(self, until: float | None) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        if until is not None:
            delay = max(until - time.monotonic(), 0.0)
            self._alarm = asyncio.get_running_loop().call_later(delay, self._give)
