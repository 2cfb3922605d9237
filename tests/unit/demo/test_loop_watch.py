"""The watch over the event loop names what holds it, and only while it is asked."""

from __future__ import annotations

import asyncio
import time

from app.demo.loop_watch import LoopWatch


def hold(seconds: float) -> None:
    """What no handler may do."""
    time.sleep(seconds)


async def test_a_loop_that_is_held_is_told_with_its_line() -> None:
    watch = LoopWatch()
    assert watch.told()["beats"] == 0
    await asyncio.sleep(0.05)
    hold(0.3)
    await asyncio.sleep(0.05)
    told = watch.told()
    assert told["held"] >= 1
    assert told["longest"] >= 200
    assert "hold" in told["lines"][0]["line"]
    assert told["p50"] <= told["p99"] <= told["longest"]
    assert watch.told()["held"] == 0, "each answer tells what was seen since the one before"
