"""A call outlives what happens to portable computers: another network under it, and the lid closed for a minute."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import psutil
import pytest
from playwright.sync_api import Browser, Page, Playwright

from app.bench import impaired, lines
from app.bench.browser import CHROMIUM, FLAGS
from app.bench.impaired import EXPERT, NURSE, Scene
from tests.browser.conftest import People, take_route, until
from tests.browser.demo_server import DemoServer
from tests.browser.test_sources import enter
from tests.browser.watching import back_at, longest_silence, seen, watch

pytestmark = [pytest.mark.browser, pytest.mark.alone, pytest.mark.slow, pytest.mark.timeout(300)]

log = logging.getLogger(__name__)  # figures, with --log-cli-level=INFO

MOVED_WITHIN = 15.0  # seconds until both see and hear each other again after another network took over
VOICE_BEFORE_PICTURE = 1.0  # seconds by which the voice may come later than the picture, both on the same new path
ASLEEP = 60  # seconds
AWAKE_WITHIN = 20.0
OUTSIDE = lines.Impairment(delay=0.01)
# Who meets whom, about which télédossier and where, by each of the routes.
PAIRS = {
    "direct": ("dr.martin", "ide.dubois", "TLM-2026-0001", "Salle Bleue"),
    "unit": ("dr.leroy", "ide.moreau", "TLM-2026-0009", "Salle Orange"),
}
GROWS = "window.__td.call.framesShown() > {0}"


def settled(page: Page) -> None:
    until(page, GROWS.format(page.evaluate("window.__td.call.framesShown()") + 20), 60)


def both_back(pages: dict[str, Page], since: float, within: float) -> dict[str, tuple[float, float]]:
    """Wait until voice and picture have come back to each page and go on; seconds after `since`, voice first."""
    end = time.monotonic() + within + 30
    while True:
        found = {
            name: tuple(back_at(seen(page), what, since, more) for what, more in (("audio", 50), ("face", 15)))
            for name, page in pages.items()
        }
        if all(all(times) for times in found.values()):
            return {name: (voice - since, picture - since) for name, (voice, picture) in found.items()}
        assert time.monotonic() < end, f"not back: {found}"
        next(iter(pages.values())).wait_for_timeout(500)


@pytest.fixture(scope="module")
def here(driver: Playwright) -> Iterator[Scene]:
    with impaired.scene(OUTSIDE, driver=driver) as scene:
        yield scene


@pytest.mark.skipif(bool(lines.why_not()), reason=lines.why_not() or "nothing is missing")
@pytest.mark.parametrize(("route", "first"), [("direct", "expert"), ("direct", "nurse"), ("unit", "expert")])
def test_another_network_brings_voice_and_picture_back_by_themselves(here: Scene, route: str, first: str) -> None:
    """Of two people on a direct path, who entered second has called the other; only the caller offers new paths."""
    with here.page(EXPERT) as expert, lines.line(OUTSIDE) as space, here.page(NURSE, space) as nurse:
        for page in (expert, nurse) if first == "expert" else (nurse, expert):
            page.get_by_role("button", name="Rejoindre").click()
            page.get_by_role("button", name="Quitter la téléconsultation").wait_for()
        for page in (expert, nurse):
            until(page, "window.__td.call.framesShown() > 10", 40)
        take_route(route, expert, nurse)
        pages = {"expert": expert, "nurse": nurse}
        for page in pages.values():
            settled(page)
            watch(page)
        expert.wait_for_timeout(1000)
        moved = time.time()
        space.move()
        found = both_back(pages, moved, MOVED_WITHIN)
        until(nurse, "window.__td.call.lineIsOpen() && window.__td.call.current.state === 'inside'", 20)
        log.info("%s: seconds without voice and picture: %s", route, found)
        for name, (voice, picture) in found.items():
            assert max(voice, picture) <= MOVED_WITHIN, f"{name}: {found}"
            assert voice <= picture + VOICE_BEFORE_PICTURE, f"{name}: {found}"
        for page in pages.values():  # whose line is open again takes the place back a moment later
            until(page, "window.__td.call.current.people.size === 1")
            assert page.get_by_role("button", name="Reprendre").count() == 0


@contextlib.contextmanager
def sleeper(driver: Playwright) -> Iterator[tuple[Browser, Callable[[int], None]]]:
    """A browser of its own, and what sends a signal to all of its processes."""
    mark = f"--td-sleeper={os.getpid()}-{time.monotonic_ns()}"  # unknown to Chromium, which passes it on to nobody
    browser = driver.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, mark])

    def send(number: int) -> None:
        for process in list(psutil.process_iter(["cmdline"])):
            if mark in (process.info["cmdline"] or []):
                for each in (process, *process.children(recursive=True)):
                    with contextlib.suppress(psutil.NoSuchProcess):
                        each.send_signal(number)
                return
        raise AssertionError("the browser was not found")

    yield browser, send
    send(signal.SIGCONT)
    browser.close()


@dataclass
class Pair:
    """Two people in a room by one route, and what sends a signal to the computer of the second."""

    route: str
    people: tuple[People, People]
    pages: dict[str, Page]
    send: Callable[[int], None]

    @classmethod
    def meet(cls, route: str, awake: People, asleep: People, demo: DemoServer, send: Callable[[int], None]) -> Pair:
        expert, nurse, number, room = PAIRS[route]
        pages = {
            "expert": enter(awake, demo, expert, number, room),
            "nurse": enter(asleep, demo, nurse, number, room),
        }
        for page in pages.values():
            until(page, "window.__td.call.framesShown() > 10", 40)
        take_route(route, *pages.values())
        return cls(route, (awake, asleep), pages, send)

    def wakes_into_the_call(self) -> None:
        self.send(signal.SIGCONT)
        woken = time.time()
        found = both_back(self.pages, woken, AWAKE_WITHIN)
        log.info("%s: seconds from waking up to voice and picture: %s", self.route, found)
        nurse = self.pages["nurse"]
        until(nurse, "window.__td.call.lineIsOpen() && window.__td.call.current.state === 'inside'", 20)
        for name, times in found.items():
            assert max(times) <= AWAKE_WITHIN, f"{self.route}, {name}: {found}"
        # Its camera and its microphone have come back with it: there is nothing to press.
        assert nurse.get_by_role("button", name="Reprendre").count() == 0
        assert nurse.evaluate("window.__td.call.current.people.size") == 1
        assert {page.evaluate("window.__td.call.route()") for page in self.pages.values()} == {self.route}
        nurse.wait_for_timeout(3000)  # the looks right after waking are far apart
        assert longest_silence(seen(nurse)[-20:], "audio")[0] < 1

    def leave(self) -> None:
        for people in self.people:
            people.close()
            assert [error for error in people.errors if "WebSocket" not in error] == []


def test_a_computer_that_slept_for_a_minute_is_back_in_the_call_by_itself(
    chromium: Browser, driver: Playwright, demo: DemoServer
) -> None:
    with contextlib.ExitStack() as stack:
        pairs = []
        for route in PAIRS:  # both sleep through the same minute, and wake one after the other
            browser, send = stack.enter_context(sleeper(driver))
            pair = Pair.meet(route, People(chromium, demo), People(browser, demo), demo, send)
            for page in pair.pages.values():
                watch(page)
            send(signal.SIGSTOP)
            pairs.append(pair)
        pairs[-1].pages["expert"].wait_for_timeout(1000 * ASLEEP)
        for pair in pairs:
            pair.wakes_into_the_call()
            pair.leave()
