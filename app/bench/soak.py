"""`make soak`, `bench soak`: a call of three for two hours; the memory of web and media stays flat, and the call goes on.

Flat: after the first tenth (caches fill, the browsers' estimates settle) the middle and the last third of the samples are
held against each other. The median resident memory of the last may be larger than that of the middle by 2 % and 3 MB: what
leaks in a call (a packet, a message, a report kept) grows by far more in forty minutes, what the allocator does by less.
`quick` is the same in 75 s, as the tests run it; it finds what grows with every packet, not what grows with every hour.
Each tenth of the way writes a line on the error output: two hours say where they are, and a run that was ended early is
not lost.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import Any

import psutil

from app.bench import servers
from app.bench.browser import chromium, log_in, until
from app.bench.figures import Report, median
from app.bench.impaired import to_lobby

PEOPLE = ("dr.martin", "ide.dubois", "dr.petit")
LONG, SHORT = 7200.0, 75.0  # seconds
SAMPLES = 60
SHARE, MORE = 1.02, 3.0  # of the middle third; MB
LONGEST_GAP = 3000.0  # ms between two pictures in the whole time: three browsers on a machine that measures itself
MB = 1 << 20
EVERYBODY = """window.__td.call.current.people.size === 2 && window.__td.call.route() === "unit"
  && window.__td.call.connectionStates().every((state) => state === "connected")"""


def run(quick: bool) -> Report:
    """Measure; `quick` for 75 s instead of two hours."""
    report, seconds = Report(), SHORT if quick else LONG
    with servers.demo() as demo, chromium() as browser:
        pages = [_enter(browser, demo.url, login) for login in PEOPLE]
        for page in pages:
            until(page, EVERYBODY, 90)
            page.evaluate("window.__td.call.resetGap()")
        watched = {"web": demo.pid, "media": media_of(demo.pid)}
        samples: dict[str, list[float]] = {name: [] for name in watched}
        shown = [int(page.evaluate("window.__td.call.framesShown()")) for page in pages]
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for name, pid in watched.items():
                samples[name].append(psutil.Process(pid).memory_info().rss / MB)
            if len(samples["web"]) % (SAMPLES // 10) == 0:
                _say(seconds - (end - time.monotonic()), {name: values[-1] for name, values in samples.items()}, pages)
            pages[0].wait_for_timeout(1000 * seconds / SAMPLES)
        gaps = [float(page.evaluate("window.__td.call.longestGap()")) for page in pages]
        frames = [int(page.evaluate("window.__td.call.framesShown()")) for page in pages]
        inside = [bool(page.evaluate(EVERYBODY)) for page in pages]
    for name, values in samples.items():
        middle, last = thirds(values)
        report.figure(f"{name} MB, middle third", middle)
        report.figure(f"{name} MB, last third", last)
        report.target(f"{name} memory, last third against the middle", last, middle * SHARE + MORE)
    report.figure("longest gap between pictures ms", max(gaps))
    report.at_least("fewest pictures a second", min(b - a for a, b in zip(shown, frames, strict=True)) / seconds, 2)
    report.target("longest gap between pictures ms", max(gaps), LONGEST_GAP)
    report.at_least("people who are still inside", sum(inside), len(PEOPLE))
    return report


def thirds(values: Sequence[float]) -> tuple[float, float]:
    """Medians of the middle and of the last third of what is left after the first tenth."""
    settled = values[len(values) // 10 :]
    third = len(settled) // 3
    return median(settled[third : 2 * third]), median(settled[-third:])


def _say(seconds: float, memory: dict[str, float], pages: Sequence[Any]) -> None:
    gap = max(float(page.evaluate("window.__td.call.longestGap()")) for page in pages)
    held = ", ".join(f"{name} {value:.0f} MB" for name, value in memory.items())
    sys.stderr.write(f"{seconds / 60:.0f} min: {held}, longest gap {gap:.0f} ms\n")
    sys.stderr.flush()


def media_of(web: int) -> int:
    """The process of the forwarding unit beside this web process. Raises: LookupError."""
    family = [psutil.Process(web), *psutil.Process(web).parents()[:2]]
    for parent in family:
        for child in parent.children(recursive=True):
            if "media" in child.cmdline()[-3:]:
                return int(child.pid)
    raise LookupError("no forwarding unit is running beside the server")


def _enter(browser: Any, url: str, login: str) -> Any:
    page = browser.new_context(permissions=["camera", "microphone"]).new_page()
    page.set_default_timeout(60_000)
    log_in(page, url, login)
    to_lobby(page, url)
    page.get_by_role("button", name="Rejoindre").click()
    page.get_by_role("button", name="Quitter la téléconsultation").wait_for()
    return page
