"""`make soak`, `bench soak`: a call of three for two hours; the memory of web and media stays flat, and the call goes on.

Flat: after the first tenth (caches fill, the browsers' estimates settle) the middle and the last third of the samples are
held against each other. The median resident memory of the last may be larger than that of the middle by 2 % and 3 MB: what
leaks in a call (a packet, a message, a report kept) grows by far more in forty minutes, what the allocator does by less.
`quick` is the same in 75 s, as the tests run it; it finds what grows with every packet, not what grows with every hour.
A machine that has no time left makes the product itself give up a camera for a while (`sacrifice.js`), the voices never:
long gaps may be few, and the load stands beside them. Each tenth of the way writes a line on the error output: two hours
say where they are, and a run that was ended early is not lost.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
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
LONG_GAP, FEW = 3000.0, 0.05  # ms between two pictures; share of the samples that may have one
MB = 1 << 20
EVERYBODY = """window.__td.call.current.people.size === 2 && window.__td.call.route() === "unit"
  && window.__td.call.connectionStates().every((state) => state === "connected")"""
# Since the sample before: the longest gap between two pictures in ms, and pictures a second.
LOOK = """() => { const call = window.__td.call;
  const seen = [call.longestGap(), 1000 * call.framesShown() / (performance.now() - call.since)];
  call.resetGap(); return seen; }"""


@dataclass(frozen=True)
class Sample:
    """What was seen at one moment, and since the moment before."""

    memory: dict[str, float]  # MB, of each watched process
    gap: float  # ms, the longest between two pictures of one tile on any page
    rate: float  # pictures a second, on the page that shows fewest
    load: float  # of the machine


def run(quick: bool) -> Report:
    """Measure; `quick` for 75 s instead of two hours."""
    report, seconds = Report(), SHORT if quick else LONG
    samples: list[Sample] = []
    with servers.demo() as demo, chromium() as browser:
        pages = [_enter(browser, demo.url, login) for login in PEOPLE]
        for page in pages:
            until(page, EVERYBODY, 90)
            page.evaluate("window.__td.call.resetGap()")
        watched = {"web": demo.pid, "media": media_of(demo.pid)}
        begin = time.monotonic()
        while time.monotonic() < begin + seconds:
            pages[0].wait_for_timeout(1000 * seconds / SAMPLES)
            samples.append(_sample(watched, pages))
            if len(samples) % (SAMPLES // 10) == 0:
                _say(time.monotonic() - begin, samples)
        inside = [bool(page.evaluate(EVERYBODY)) for page in pages]
    for name in watched:
        middle, last = thirds([sample.memory[name] for sample in samples])
        report.figure(f"{name} MB, middle third", middle)
        report.figure(f"{name} MB, last third", last)
        report.target(f"{name} memory, last third against the middle", last, middle * SHARE + MORE)
    gaps = [sample.gap for sample in samples]
    report.figure("longest gap between pictures ms", max(gaps))
    report.figure("longest gap of a sample ms, median", median(gaps))
    report.figure("load of the machine, median", median([sample.load for sample in samples]))
    report.target("samples with a gap over 3 s, share", sum(gap > LONG_GAP for gap in gaps) / len(gaps), FEW)
    report.at_least("fewest pictures a second", min(sample.rate for sample in samples), 2)
    report.at_least("people who are still inside", sum(inside), len(PEOPLE))
    return report


def _sample(watched: dict[str, int], pages: Sequence[Any]) -> Sample:
    memory = {name: psutil.Process(pid).memory_info().rss / MB for name, pid in watched.items()}
    seen = [page.evaluate(LOOK) for page in pages]
    gap, rate = max(gap for gap, _ in seen), min(rate for _, rate in seen)
    return Sample(memory, gap, rate, os.getloadavg()[0])


def _say(seconds: float, samples: Sequence[Sample]) -> None:
    held = ", ".join(f"{name} {value:.0f} MB" for name, value in samples[-1].memory.items())
    gap = max(sample.gap for sample in samples[-SAMPLES // 10 :])
    sys.stderr.write(f"{seconds / 60:.0f} min: {held}, longest gap {gap:.0f} ms, load {samples[-1].load:.1f}\n")
    sys.stderr.flush()


def thirds(values: Sequence[float]) -> tuple[float, float]:
    """Medians of the middle and of the last third of what is left after the first tenth."""
    settled = values[len(values) // 10 :]
    third = len(settled) // 3
    return median(settled[third : 2 * third]), median(settled[-third:])


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
