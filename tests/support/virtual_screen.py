"""A screen that nobody sees (Debian's Xvfb), for a browser that has to have one to share."""

from __future__ import annotations

import contextlib
import os
import selectors
import subprocess
from collections.abc import Iterator

from tests.support.processes import end

PROGRAM = "/usr/bin/Xvfb"
SIZE = (1280, 800)  # pixels
START_SECONDS = 60.0


@contextlib.contextmanager
def virtual_screen() -> Iterator[str]:
    """A screen; its name as DISPLAY wants it. Its process ends with the block. Raises: TimeoutError."""
    told, telling = os.pipe()
    width, height = SIZE
    words = [PROGRAM, "-displayfd", str(telling), "-screen", "0", f"{width}x{height}x24", "-nolisten", "tcp"]
    process = subprocess.Popen(words, pass_fds=[telling], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(telling)
    try:
        yield f":{_number(told)}"
    finally:
        os.close(told)
        end(process)


def _number(told: int) -> int:
    """Which screen it has become, once it can be used."""
    said = b""
    with selectors.DefaultSelector() as waiting:
        waiting.register(told, selectors.EVENT_READ)
        while not said.endswith(b"\n"):
            more = os.read(told, 16) if waiting.select(START_SECONDS) else b""
            if not more:
                raise TimeoutError("Xvfb does not start")
            said += more
    return int(said)
