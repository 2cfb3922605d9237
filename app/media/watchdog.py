"""Ends the process when its event loop has stopped turning: the supervisor restarts what dies, not what hangs."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import traceback
from itertools import islice

import structlog

log = structlog.get_logger(__name__)

PATIENCE = 10  # seconds
STATUS = 70  # of the process that is ended (EX_SOFTWARE)
LAST_WORDS = 1.0  # seconds for the line in the log, which may itself be what hangs
DEEPEST = 12  # places told of where it hangs


class Watchdog:
    """Create it inside a running loop, in the main thread.

    Seconds are counted by the thread itself: a machine that slept has missed one of them, not all. What holds Python's
    lock for ever stops the thread too; neither aiortc nor OpenSSL nor libsrtp loops while it does.
    """

    def __init__(self, patience: int = PATIENCE, tick: float = 1.0) -> None:
        self._patience, self._tick = patience, tick
        self._loop, self._main = asyncio.get_running_loop(), threading.get_ident()
        self._silent = 0  # ticks since the loop turned
        self._over = threading.Event()
        self._turn()
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    def close(self) -> None:
        """From now on the loop may stop."""
        self._over.set()
        self._timer.cancel()

    def _turn(self) -> None:
        self._silent = 0
        self._timer = self._loop.call_later(self._tick, self._turn)

    def _watch(self) -> None:
        while not self._over.wait(self._tick):
            self._silent += 1
            if self._silent > self._patience:
                words = threading.Thread(target=self._tell, daemon=True)
                words.start()
                words.join(LAST_WORDS)
                os._exit(STATUS)

    def _tell(self) -> None:
        """Where the loop hangs: files and lines, no values, so that nothing of a patient is in it."""
        frames = traceback.walk_stack(sys._current_frames().get(self._main))  # the innermost first
        places = [f"{frame.f_code.co_filename}:{line}" for frame, line in islice(frames, DEEPEST)]
        log.critical("media.hangs", seconds=round(self._patience * self._tick), at=places)
