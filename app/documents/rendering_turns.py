"""Whose turn it is at the rendering processes: what somebody looks at first, then fairly between persons.

No threads and no processes here, only the order: `rendering.RendererPool` asks it each time that a process is free.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field
from typing import Any

from app.errors import TooManyJobs
from app.platform import Turn, Urgency

MOST_WAITING = 120  # jobs of one person: a window full of thumbnails, several times over
OLDEST_EVERY = 4  # one turn in so many is for who has waited longest: nobody waits for ever
MOST_REMEMBERED = 1000  # persons whose last turn is known


@dataclass(eq=False)
class Job:
    """Something to be drawn or read, and those who wait for it: one job for all who ask for the same."""

    task: str
    key: str
    load: Callable[[], Any]
    arguments: dict[str, Any]
    name: Hashable = None  # what it answers, when others may share it
    answer: asyncio.Future[Any] = field(init=False)
    turns: list[Turn] = field(default_factory=list)
    number: int = 0  # in the order of asking
    served: str = ""  # whose turn it was taken in

    def person(self, turn: Turn) -> str:
        """Who a turn belongs to; what nobody in particular asked for stands for its own document."""
        return turn.person or f"document {self.key}"


class Turns:
    """The jobs that wait. `most_each`: processes that one person may hold at once; `most_patient`: processes for what
    nobody looks at yet (searches, thumbnails, pages ahead), so that one is always near for what somebody does.
    """

    def __init__(self, most_each: int, most_patient: int) -> None:
        self._most_each, self._most_patient = most_each, most_patient
        self._waiting: dict[Job, None] = {}
        self._numbers = itertools.count(1)
        self._taken = 0
        self._held: Counter[str] = Counter()  # processes, by person
        self._patient: set[Job] = set()  # jobs under way that nobody looks at yet
        self._last: OrderedDict[str, int] = OrderedDict()  # a person's last turn

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, job: Job) -> None:
        """A job to be done. Raises: TooManyJobs, when the person has too many waiting already."""
        for turn in job.turns:
            person = job.person(turn)
            if sum(person == other.person(each) for other in self._waiting for each in other.turns) >= MOST_WAITING:
                raise TooManyJobs
        job.number = next(self._numbers)
        self._waiting[job] = None

    def remove(self, job: Job) -> bool:
        """Nobody waits for it any more; answers whether it was still waiting."""
        return self._waiting.pop(job, self) is None

    def take(self) -> Job | None:
        """The next job, for a process that is free; None when none may begin now."""
        allowed = list(self._allowed())
        if not allowed:
            return None
        self._taken += 1
        if self._taken % OLDEST_EVERY == 0:
            turn, job = min(allowed, key=lambda each: each[1].number)
        else:
            turn, job = min(allowed, key=lambda each: self._rank(*each))
        del self._waiting[job]
        job.served = job.person(turn)
        self._held[job.served] += 1
        self._last[job.served] = self._taken
        self._last.move_to_end(job.served)
        if turn.urgency is not Urgency.SEEN:
            self._patient.add(job)
        while len(self._last) > MOST_REMEMBERED:
            self._last.popitem(last=False)
        return job

    def done(self, job: Job) -> None:
        """A job that was taken has ended."""
        self._held[job.served] -= 1
        self._held += Counter()  # forget those who hold nothing
        self._patient.discard(job)

    def _allowed(self) -> Iterator[tuple[Turn, Job]]:
        for job in self._waiting:
            for turn in job.turns:
                patient = turn.urgency is not Urgency.SEEN
                if patient and len(self._patient) >= self._most_patient:
                    continue
                if self._held[job.person(turn)] < self._most_each:
                    yield turn, job

    def _rank(self, turn: Turn, job: Job) -> tuple[int, int, int]:
        """Urgent before patient, then whose last turn is longest ago, then in the order of asking."""
        return (turn.urgency, self._last.get(job.person(turn), 0), job.number)
