"""`/demo/boucle`: how long the event loop of the web process is held, and by what; only in the demo.

The first request starts the watch. Each answer tells what was seen since the one before, so that a measure asks before
and after. A thread looks at the loop's own stack while it is held: what is told is the line that held it.
"""

from __future__ import annotations

import asyncio
import faulthandler
import re
import tempfile
import threading
import time
from collections import Counter
from typing import IO, Any

from app.web.base import Handler

EVERY = 0.005  # seconds between two looks
HELD = 0.020  # seconds from which on the loop counts as held
UNREAD_SECONDS = 300.0  # then the watch ends by itself
MOST_LINES = 12
CALL = re.compile(r'File "(?P<file>[^"]*)", line (?P<line>\d+) in (?P<name>.*)')


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
        with tempfile.TemporaryFile("w+") as stacks:
            while self._running:
                time.sleep(EVERY)
                if time.monotonic() - self._beat > HELD + EVERY and (line := _line(stacks, self._thread)):
                    self._lines[line] += 1


def _line(stacks: IO[str], thread: int) -> str:
    """The innermost line of ours in this thread, and the innermost of all; empty when the thread has ended.

    `faulthandler` writes the stacks down in one go. Following the frames of a thread that runs from Python code is not
    safe: between two steps a frame may be given back and its memory become something else.
    """
    stacks.seek(0)
    stacks.truncate()
    faulthandler.dump_traceback(stacks, all_threads=True)
    stacks.seek(0)
    calls: list[tuple[str, str]] = []  # innermost first
    of_thread = False
    for line in stacks:
        if "hread 0x" in line:
            of_thread = f"{thread:016x}" in line
        elif of_thread and (call := CALL.search(line)):
            calls.append((call["file"], f"{call['file'].rsplit('/', 1)[-1]}:{call['line']} {call['name']}"))
    ours = [told for file, told in calls if "/app/" in file or "/components/" in file]
    return " > ".join(dict.fromkeys(ours[:1] + [told for _file, told in calls[:1]]))


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
