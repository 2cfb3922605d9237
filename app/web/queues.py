"""How much drawing one person can ask for at once, so that nobody fills the line before everybody else.

A viewer asks for a few pages or tiles at a time. Who asks for more (a fast scroll, a script) waits behind themselves,
and past that is told to come back: the rendering processes' own line stays short.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tornado.web import HTTPError

AT_ONCE = 6  # as many connections as a browser opens to one host
WAITING = 120  # a screen of tiles in several tabs


@dataclass
class _Line:
    turns: asyncio.Semaphore
    waiting: int = 0


@dataclass
class Queues:
    """A line for each person, for as long as somebody stands in it. On one event loop."""

    at_once: int = AT_ONCE
    most: int = WAITING
    _lines: dict[int, _Line] = field(default_factory=dict)

    @asynccontextmanager
    async def turn(self, person: int) -> AsyncIterator[None]:
        """Wait for one's turn and hold it. Raises: HTTPError 429 when too much is waiting already."""
        line = self._lines.setdefault(person, _Line(asyncio.Semaphore(self.at_once)))
        if line.waiting >= self.at_once + self.most:
            raise HTTPError(429)
        line.waiting += 1
        try:
            async with line.turns:
                yield
        finally:
            line.waiting -= 1
            if not line.waiting:
                self._lines.pop(person, None)


DRAWING = Queues()
