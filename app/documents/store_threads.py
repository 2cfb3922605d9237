"""Threads in which the file store is called from the event loop, apart from everybody else's.

A disk or a bucket that does not answer holds its thread for as long as its time-outs allow; in the pool that Python
shares, a few readers of a silent bucket would keep logins and pages waiting too.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

_P = ParamSpec("_P")
_R = TypeVar("_R")

_readers = ThreadPoolExecutor(32, thread_name_prefix="files")


async def in_thread(work: Callable[_P, _R], *arguments: _P.args, **named: _P.kwargs) -> _R:
    """Do something with the file store without holding the event loop."""
    return await asyncio.get_running_loop().run_in_executor(_readers, partial(work, *arguments, **named))


async def pieces(source: Iterator[bytes]) -> AsyncIterator[bytes]:
    """What `source` gives, each piece taken in a thread; empty ones are left out."""
    while (piece := await in_thread(next, source, None)) is not None:
        if piece:
            yield piece
