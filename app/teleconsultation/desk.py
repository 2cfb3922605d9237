"""Where a room's database work is done: after what was relayed, in order, away from the event loop.

A transaction may have to wait for another process's (SQLite has one writer), and nobody's picture shall wait with it.
One thread keeps the order: who enters and leaves is journalled as it happened.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy.pool import StaticPool

from app.bus import Bus, Listener, Message
from app.platform import Platform

P = ParamSpec("P")
T = TypeVar("T")


class Desk:
    """Runs use cases one after another. Make it on the event loop it serves."""

    def __init__(self, platform: Platform) -> None:
        self._loop = asyncio.get_running_loop()
        self._platform = replace(platform, bus=_BusOnLoop(platform.bus, self._loop))
        # A database in memory is one connection for all threads: two of them would mix their transactions.
        shared = isinstance(platform.engine.pool, StaticPool)
        self._thread = None if shared else ThreadPoolExecutor(1, thread_name_prefix="salle")

    async def run(self, use_case: Callable[Concatenate[Platform, P], T], *arguments: P.args, **options: P.kwargs) -> T:
        """Do `use_case(platform, …)` after everything asked before."""
        if self._thread is None:
            return use_case(self._platform, *arguments, **options)
        return await self._loop.run_in_executor(self._thread, lambda: use_case(self._platform, *arguments, **options))

    def close(self) -> None:
        if self._thread is not None:
            self._thread.shutdown(wait=True)


class _BusOnLoop:
    """The platform's bus for a use case in a thread: listeners are called on the event loop, as they expect."""

    def __init__(self, bus: Bus, loop: asyncio.AbstractEventLoop) -> None:
        self._bus, self._loop = bus, loop

    def publish(self, topic: str, message: Message) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._bus.publish, topic, message)

    def subscribe(self, topic: str, listener: Listener) -> Callable[[], Any]:
        return self._bus.subscribe(topic, listener)
