"""Two people, each with Chromium or Firefox, in every pairing and order: directly, then through the unit.

Who enters first is called by who enters second, so that each browser both offers to the other and answers it.
"""

from __future__ import annotations

import contextlib
import json
import logging
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pytest
from playwright.sync_api import Browser, Page, expect

from app.bench.going_over import BLOCKED
from tests.browser.conftest import PASSWORD, People, join
from tests.browser.demo_server import DemoServer
from tests.browser.test_firefox import demo
from tests.browser.test_rooms_of_many import NUMBER
from tests.browser.test_sources import START
from tests.support import firefox as driver
from tests.support import virtual_screen
from tests.support.firefox import Firefox

__all__ = ["demo"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.alone,
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.skipif(not Path(driver.PROGRAM).exists(), reason="firefox-esr is not installed: make setup"),
    pytest.mark.skipif(not Path(virtual_screen.PROGRAM).exists(), reason="xvfb is not installed: make setup"),
]

log = logging.getLogger(__name__)  # figures, with --log-cli-level=INFO
SECONDS = 60.0
# By the way that is played: pictures decoded, packets of sound received, pictures decoded of what is beside the face.
ARRIVED = """(async () => {
  const { topology, people } = window.__td.call.current, [id] = people.keys(), way = topology.current(id);
  const read = async (line, field) => {
    for (const each of (await line?.receiver.getStats() ?? new Map()).values())
      if (each.type === "inbound-rtp") return each[field] ?? 0;
    return 0;
  };
  return [await read(way?.video, "framesDecoded"), await read(way?.audio, "packetsReceived"),
    await read(topology.aux(id, "auxVideo"), "framesDecoded")];
})()"""
# How loud the other's voice is, within three seconds, as each browser tells it of what it decodes: Chromium's microphone
# beeps once a second, Firefox's hums. Not by an AudioContext, which Firefox does not begin without a click.
LOUDEST = """(async () => {
  const { topology, people } = window.__td.call.current, [id] = people.keys();
  const { receiver } = topology.current(id).audio;
  const energy = async () => {
    for (const each of (await receiver.getStats()).values())
      if (each.type === "inbound-rtp") return [each.totalAudioEnergy ?? 0, each.audioLevel ?? 0];
    return [0, 0];
  };
  const [before] = await energy();
  let loudest = 0;
  for (let look = 0; look < 30 && loudest <= 0.0005; look += 1) {
    await new Promise((go) => setTimeout(go, 100));
    const [all, level] = await energy();
    loudest = Math.max(loudest, level, all - before);
  }
  return loudest;
})()"""
CODEC = """(async () => {
  const { topology, people } = window.__td.call.current, [id] = people.keys();
  const stats = await topology.current(id).video.receiver.getStats();
  for (const each of stats.values()) if (each.type === "inbound-rtp") return stats.get(each.codecId)?.mimeType;
})()"""
WIDTH_BESIDE = """async () => {
  const { topology, people } = window.__td.call.current, [id] = people.keys();
  for (const each of (await topology.aux(id, "auxVideo").receiver.getStats()).values())
    if (each.type === "inbound-rtp") return each.frameWidth;
}"""
FACE, VOICE, BESIDE = 0, 1, 2


class Browsing(Protocol):
    """What a page of either browser can do."""

    def evaluate(self, expression: str) -> Any: ...


@dataclass
class Seat:
    """Somebody in the room; the others read `name`."""

    name: str
    page: Browsing

    def until(self, expression: str, seconds: float = SECONDS) -> None:
        end = time.monotonic() + seconds
        while not self.page.evaluate(expression):
            assert time.monotonic() < end, f"{self.name}: not within {seconds:.0f} s: {expression}"
            time.sleep(0.1)

    def arrives(self, which: int, more: int = 12) -> None:
        """Of the other one, more than now."""
        before = self.page.evaluate(ARRIVED)[which]
        self.until(f"(async () => (await {ARRIVED})[{which}] > {before + more})()")

    def sees_and_hears(self) -> None:
        self.arrives(FACE)
        self.arrives(VOICE)
        assert self.page.evaluate(LOUDEST) > 0.0005, f"{self.name} hears silence"

    def on(self, route: str) -> None:
        self.until(f"window.__td.call.route() === '{route}' && window.__td.call.connections() === 1")

    def reads(self, text: str) -> None:
        found = "[...document.querySelectorAll('#td-stage, #td-stage [aria-label]')]"
        said = "(each.textContent + (each.getAttribute('aria-label') ?? ''))"
        self.until(f"{found}.some((each) => {said}.includes({json.dumps(text)}))")


@dataclass
class Pair:
    """The house in which two people meet."""

    people: People
    demo: DemoServer
    folder: Path
    stack: contextlib.ExitStack
    seats: list[Seat] = field(default_factory=list)

    def enter(self, kind: str, login: str, name: str, screen: str = "") -> Seat:
        """`screen`: on which a Firefox is, to share it."""
        seat = Seat(name, self.fox(login, screen) if kind == "firefox" else self.chromium(login))
        self.seats.append(seat)
        return seat

    def leave(self) -> None:
        """So that the next call is another one, with a route of its own."""
        for seat in self.seats:
            seat.page.evaluate("void window.__td.call.current.leave()")

    def chromium(self, login: str) -> Page:
        page = self.people.logged_in(login, 1100, 780)
        page.goto(f"{self.demo.url}/tlm?dossier={NUMBER}")
        page.get_by_role("button", name="Entrer en salle").click()
        page.get_by_role("radio", name=re.compile("Salle Bleue")).check()
        return join(page)

    def fox(self, login: str, screen: str) -> Firefox:
        profile = self.folder / login
        profile.mkdir()
        fox = self.stack.enter_context(driver.firefox(profile, screen))
        fox.goto(f"{self.demo.url}/connexion?moyen=mot-de-passe")
        fox.fill("input[autocomplete=username]", login)
        fox.fill("input[autocomplete=current-password]", PASSWORD)
        fox.click("button", "Se connecter")
        fox.until("location.pathname !== '/connexion' && document.readyState === 'complete'")
        fox.goto(f"{self.demo.url}/tlm?dossier={NUMBER}")
        fox.click("button", "Entrer en salle")
        fox.click("button", "Rejoindre")
        fox.until("window.__td?.call?.current?.state === 'inside'", SECONDS)
        return fox


@pytest.fixture
def pair(chromium: Browser, demo: DemoServer, tmp_path: Path) -> Iterator[Pair]:
    people = People(chromium, demo)
    with contextlib.ExitStack() as stack:
        pair = Pair(people, demo, tmp_path, stack)
        yield pair
        pair.leave()
    people.close()
    assert people.errors == []


@pytest.mark.parametrize(
    ("first", "second"), [("chromium", "firefox"), ("firefox", "chromium"), ("firefox", "firefox")]
)
def test_two_people_see_hear_and_write_to_each_other_whatever_their_browsers(
    pair: Pair, first: str, second: str
) -> None:
    here = pair.enter(first, "dr.martin", "Dr Claire MARTIN")
    there = pair.enter(second, "ide.dubois", "Nadia DUBOIS")
    both = ((here, there), (there, here))
    for route in ("direct", "unit"):
        if route == "unit":
            there.page.evaluate(f"({BLOCKED})()")
        for seat, _other in both:
            seat.on(route)
        for seat, _other in both:
            seat.sees_and_hears()
            assert seat.page.evaluate(CODEC) == "video/VP8"
        log.info("%s, %s: %s", first, second, {route: [seat.page.evaluate(ARRIVED) for seat, _ in both]})
        for seat, other in both:
            text = json.dumps(f"Par {route}, de {seat.name}")
            seat.page.evaluate(f"void window.__td.call.current.say({text})")
            other.until(f"window.__td.call.current.transcript.lines.some((line) => line.text === {text})")
        # A second picture each way, one after the other, while both faces go on.
        for seat, other in both:
            seat.page.evaluate(f"void ({START})('camera')")
            other.arrives(BESIDE)
            other.arrives(FACE)
            other.reads(f"Deuxième caméra de {seat.name}")
            seat.page.evaluate("void (clearInterval(window.__drawing), window.__td.call.current.aux.stop())")


def test_screens_are_shown_from_either_browser_to_the_other_and_what_firefox_lacks_is_told(pair: Pair) -> None:
    screen = pair.stack.enter_context(virtual_screen.virtual_screen())
    nurse = pair.enter("firefox", "ide.dubois", "Nadia DUBOIS", screen)
    expert = pair.enter("chromium", "dr.martin", "Dr Claire MARTIN")
    fox, page = nurse.page, expert.page
    assert isinstance(fox, Firefox)
    assert isinstance(page, Page)
    for seat in (nurse, expert):
        seat.on("direct")
        seat.arrives(FACE)
    page.get_by_role("button", name="Partager l'écran", exact=True).click()
    nurse.arrives(BESIDE)
    nurse.reads("Écran de Dr Claire MARTIN")
    page.get_by_role("button", name="Arrêter le partage").click()

    fox.press("button", "Partager l'écran")
    expert.arrives(BESIDE)
    expert.reads("Écran de Nadia DUBOIS")
    # The whole of it; a browser begins small where it does not know yet what the line and the machine carry.
    expert.until(f"({WIDTH_BESIDE})().then((width) => width === {virtual_screen.SIZE[0]})")
    fox.click("button", "Arrêter le partage")
    expect(page.get_by_text("Écran de Nadia DUBOIS")).to_have_count(0)

    # A photograph of Firefox's camera, which has no ImageCapture: the picture of its stream.
    assert fox.evaluate("typeof ImageCapture") == "undefined"
    page.get_by_role("button", name="Capture d'écran", exact=True).click()
    expect(page.get_by_role("region", name="Capture d'écran").get_by_role("img")).to_be_visible()

    # Firefox's stethoscope, beside its voice, to Chromium.
    fox.click("button", "Ajouter une source")
    fox.click("[role=menuitem]", "Auscultation")
    fox.click("button", "Commencer l'auscultation")
    expect(page.get_by_text("Nadia DUBOIS fait écouter un stéthoscope")).to_be_visible()
    expert.until("(async () => (await window.__td.call.perPerson())[0].auxAudioLevel > 0)()")
    fox.click("button", "Arrêter l'auscultation")
    # It has one camera only, which is the face: said, with what to do.
    fox.click("button", "Ajouter une source")
    fox.click("[role=menuitem]", "Ajouter une caméra")
    nurse.reads("Aucune autre caméra n'est branchée. Branchez-la : elle apparaîtra ici.")
    for seat in (nurse, expert):
        seat.sees_and_hears()
