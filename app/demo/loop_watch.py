"""`/demo/boucle`: how long the event loop of the web process is held, and by what; only in the demo.

The first request starts the watch. Each answer tells what was seen since the one before, so that a measure asks before
and after. A thread looks at the loop's own stack while it is held: what is told is the line that held it.
"""

from __future__ import annotations

import asyncio
import sys
import threading
import time
import traceback
from collections import Counter
from types import FrameType
from typing import Any

from app.web.base import Handler

EVERY = 0.005  # seconds between two looks
HELD = 0.020  # seconds from which on the loop counts as held
UNREAD_SECONDS = 300.0  # then the watch ends by itself
MOST_LINES = 12


class LoopWatch:
    """Delays of a coroutine that only wants to sleep, and what the loop did meanwhile."""

    def __init__(self) -> None:
        self._delays: list[float] = []
        self._lines: Counter[str] = Counter()
        self._beat = self._read = time.monotonic()
        self._thread = threading.get_ident()
        self._running = False

    def told(self) -> dict[str, Any]:
        """What was seen since the last time, in milliseconds; starts the watch when it does not run."""
        delays, lines = sorted(self._delays), self._lines.most_common(MOST_LINES)
        self._delays, self._lines, self._read = [], Counter(), time.monotonic()
        if not self._running:
            self._running, self._beat = True, time.monotonic()
            self._task = asyncio.create_task(self._sleep())
            threading.Thread(target=self._look, name="loop-watch", daemon=True).start()
        return {
            "beats": len(delays),
            "p50": _share(delays, 0.50),
            "p99": _share(delays, 0.99),
            "longest": _share(delays, 1.0),
            "held": sum(delay >= HELD for delay in delays),
            "lines": [{"line": line, "looks": looks} for line, looks in lines],
        }

    async def _sleep(self) -> None:
        while time.monotonic() - self._read < UNREAD_SECONDS:
            began = time.monotonic()
            await asyncio.sleep(EVERY)
            self._beat = time.monotonic()
            self._delays.append(max(0.0, self._beat - began - EVERY))
        self._running = False

    def _look(self) -> None:
        while self._running:
            time.sleep(EVERY)
            if time.monotonic() - self._beat > HELD + EVERY:
                frame = sys._current_frames().get(self._thread)
                if frame is not None:
                    self._lines[_line(frame)] += 1


def _line(frame: FrameType) -> str:
    """The innermost line of ours, and the innermost of all."""
    stack = traceback.extract_stack(frame)
    ours = [each for each in stack if "/app/" in each.filename or "/components/" in each.filename]
    shown = [*ours[-1:], *(stack[-1:] if stack[-1] not in ours[-1:] else [])]
    return " > ".join(f"{each.filename.rsplit('/', 1)[-1]}:{each.lineno} {each.name}" for each in shown)


def _share(delays: list[float], share: float) -> float:
    return round(1000 * delays[min(len(delays) - 1, int(share * len(delays)))], 2) if delays else 0.0


_watch: LoopWatch | None = None


class Loop(Handler):
    """What the watch saw since the last request, as JSON."""

    def get(self) -> None:
        global _watch
        if _watch is None:
            _watch = LoopWatch()
        self.send_json(_watch.told())
