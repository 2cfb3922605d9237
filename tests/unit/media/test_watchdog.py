"""A process whose event loop hangs ends itself, so that it is started again; one that works, or slept, goes on."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.media.watchdog import STATUS

ROOT = Path(__file__).parents[3]
SCRIPT = """
import asyncio, time
from app.media.watchdog import Watchdog

async def main():
    dog = Watchdog(patience=5, tick=0.1)
    print("watched", flush=True)
    {work}
    dog.close()
    time.sleep(1)  # nobody watches any more

asyncio.run(main())
print("ended well")
"""
ENDLESS = "while True: pass"
GROWING = """kept = []
    while True: kept = [*kept[-1000:], bytes(100)]"""
BUSY = """for _ in range(10):
        time.sleep(0.2)
        await asyncio.sleep(0)"""


def started(work: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT.format(work=work)],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


@pytest.mark.parametrize("work", [ENDLESS, GROWING, "time.sleep(60)"])
def test_a_loop_that_does_not_turn_ends_the_process_and_says_where_it_hangs(work: str) -> None:
    process = started(work)
    told, _ = process.communicate(timeout=30)
    assert process.returncode == STATUS
    assert "media.hangs" in told
    assert "<string>:" in told


def test_a_loop_that_is_only_busy_goes_on() -> None:
    process = started(BUSY)
    told, _ = process.communicate(timeout=30)
    assert (process.returncode, told.splitlines()[-1]) == (0, "ended well")


def test_a_process_that_was_stopped_for_a_while_does_not_hang() -> None:
    process = started("await asyncio.sleep(0.5)")
    assert process.stdout
    assert process.stdout.readline() == "watched\n"
    process.send_signal(signal.SIGSTOP)
    time.sleep(2)
    process.send_signal(signal.SIGCONT)
    told, _ = process.communicate(timeout=30)
    assert (process.returncode, told.splitlines()[-1]) == (0, "ended well")
