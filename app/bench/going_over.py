"""A part of `bench join`: the call goes over from the direct way to the unit, and the unit is killed.

In the dark for how long: the longest time between two pictures that a page shows (`__td.call.longestGap`), beside that
of the same two pages in the seconds before, when nothing happens.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from app.bench.browser import until
from app.bench.figures import Report, median

LONGEST_GAP = 300.0  # ms
BACK_WITHIN = 5.0  # s
AT_REST = 3000  # ms of nothing, for comparison
# What a page says when no direct path comes up: from then on the unit carries the call.
BLOCKED = """() => { const { people, line } = window.__td.call.current;
  for (const to of people.keys()) line.send({ t: "blocked", to }); }"""
DIRECT = "window.__td.call.route() === 'direct' && window.__td.call.framesShown() > 3"
OVER = "window.__td.call.route() === 'unit' && window.__td.call.connections() === 1"
# When the last of what others send was seen or heard for the first time on a new connection: the instant at which the last
# tile went over. A picture that is withdrawn later, and comes back, is another matter.
NOTE_WHEN_BACK = """() => {
  const { topology } = window.__td.call.current, plays = topology.plays.bind(topology), back = new Set();
  window.__back = undefined;
  topology.plays = (id, kind, track) => {
    if (track && !back.has(`${id} ${kind}`)) { back.add(`${id} ${kind}`); window.__back = Date.now(); }
    plays(id, kind, track);
  };
}"""


def go_over(*pages: Any) -> None:
    """The call of these pages goes over to the unit, and its old way is closed."""
    pages[0].evaluate(BLOCKED)
    for page in pages:
        until(page, OVER)


def measure(report: Report, var: Path, pages: tuple[Any, Any], times: int, lobby: Callable[[Any], None]) -> None:
    """Both enter, go over and leave, so many times; in the last call the unit is killed. Both pages are outside."""
    gaps, usual, back = [], [], 0.0
    for turn in range(times):
        for page in pages:
            lobby(page)
            page.get_by_role("button", name="Rejoindre").click()
        for page in pages:
            until(page, DIRECT)
            page.evaluate("window.__td.call.resetGap()")
        pages[0].wait_for_timeout(AT_REST)
        usual.append(_gap(pages))
        go_over(*pages)
        gaps.append(_gap(pages))
        if turn == times - 1:
            back = _killed(var, pages)
        for page in pages:
            page.get_by_role("button", name="Quitter la téléconsultation").click()
            until(page, "window.__td.room.state === 'closed'")
    report.figure("longest gap at rest ms", median(usual))
    report.figure("longest gap going over to the unit ms", median(gaps))
    report.figure("the same, longest of all ms", max(gaps))
    report.target("longest gap going over to the unit ms", median(gaps), LONGEST_GAP)
    report.target("unit killed: everybody back s", back, BACK_WITHIN)


def _gap(pages: tuple[Any, Any]) -> float:
    """The longest of both pages since the last time, in ms; begins anew."""
    script = "(() => { const gap = __td.call.longestGap(); __td.call.resetGap(); return gap; })()"
    return max(float(page.evaluate(script)) for page in pages)


def _killed(var: Path, pages: tuple[Any, Any]) -> float:
    """Seconds from the death of the unit until both pages play the other's picture and voice from its successor."""
    for page in pages:
        page.evaluate(NOTE_WHEN_BACK)
    killed = time.time()
    os.kill(int((var / "run" / "media.pid").read_text()), signal.SIGKILL)
    for page in pages:
        until(page, "window.__back !== undefined")
    pages[0].wait_for_timeout(1000)  # the picture may come after the voice
    return max(float(page.evaluate("window.__back")) for page in pages) / 1000 - killed
