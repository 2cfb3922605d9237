"""A room of more than two, in real browsers on the real demo: nobody in the dark, whoever comes, goes or dies."""

from __future__ import annotations

import logging
import os
import re
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, expect

from app.bench.going_over import NOTE_WHEN_BACK
from tests.browser.conftest import PATIENCE, People, until
from tests.browser.demo_server import DemoServer

pytestmark = [pytest.mark.browser, pytest.mark.alone, pytest.mark.timeout(400)]

log = logging.getLogger(__name__)  # figures, with --log-cli-level=INFO

NUMBER = "TLM-2026-0001"
SMALL = (1100, 780)  # without a graphics card each page draws its pictures on the two cores that all share
# Bounds that only a fault passes: here three and four browsers without a graphics card share two cores with the product.
# What is promised (300 ms, 5 s) is measured by `bench join`.
LONGEST_GAP = 1500.0  # ms between two shown pictures
BACK_WITHIN = 12.0  # seconds
# Neither side hears of the other's addresses: as in a network that lets nobody through.
NO_DIRECT_PATH = """
const accept = RTCPeerConnection.prototype.setRemoteDescription;
RTCPeerConnection.prototype.setRemoteDescription = function (description) {
  const { type, sdp } = description;
  return accept.call(this, sdp.includes("a=ice-lite") ? description : { type, sdp: sdp.replace(/a=candidate:.*\\r\\n/g, "") });
};
RTCPeerConnection.prototype.addIceCandidate = () => Promise.resolve();
"""
# On the connection of now: that of a unit that was killed still holds its counts.
ARRIVING = """async () => {
  const { topology, people } = window.__td.call.current;
  const now = new Set(topology.connections.filter(({ connectionState }) => connectionState === "connected"));
  const each = await window.__td.call.perPerson();
  return each.map(({ id, name, framesDecoded }) => [name, now.has(topology.current(id)?.pc) && topology.current(id).state === "connected" ? framesDecoded : -1]);
}"""


@dataclass
class Room:
    """Pages in one room, by the name that the others read."""

    people: People
    demo: DemoServer
    pages: dict[str, Page]

    def professional(self, login: str, name: str, script: str = "") -> Page:
        """In the lobby, with the room chosen."""
        page = self.pages[name] = self.people.logged_in(login, *SMALL)
        if script:
            page.add_init_script(script)
        page.goto(f"{self.demo.url}/tlm?dossier={NUMBER}")
        page.get_by_role("button", name="Entrer en salle").click()
        page.get_by_role("radio", name=re.compile("Salle Bleue")).check()
        return page

    def enter(self, login: str, name: str, script: str = "") -> Page:
        page = self.professional(login, name, script)
        join(page)
        return page

    def guest(self, host: Page, name: str) -> Page:
        """Invited by mail, let in by the host."""
        invite = host.get_by_role("region", name="Inviter")
        if not invite.is_visible():
            host.get_by_role("button", name="Inviter", exact=True).click()
        invite.get_by_label("Nom", exact=True).fill(name)
        invite.get_by_label("Adresse").fill(f"guest{len(self.pages)}@demo.invalid")
        invite.get_by_role("button", name="Envoyer l'invitation").click()
        expect(invite.get_by_role("listitem").filter(has_text=name).get_by_text("Envoyée")).to_be_visible()
        page = self.pages[name] = self.people.page(390, 844)
        page.goto(f"{self.demo.url}/demo/boite")
        page.goto(page.locator("a[href*=invitation]").first.get_attribute("href") or "")
        page.get_by_role("button", name="Rejoindre").click()
        host.get_by_role("button", name="Admettre").click()
        page.get_by_role("button", name="Quitter la téléconsultation").wait_for()
        return page

    def leave(self, name: str) -> None:
        page = self.pages.pop(name)
        page.get_by_role("button", name="Quitter la téléconsultation").click()

    def everybody_arrives(self, seconds: float = 75.0, more: int = 10) -> None:
        """On each page pictures of each other person go on arriving.

        On a busy machine the unit takes a line for too narrow, and tries the picture again after up to a minute.
        """
        for page in self.pages.values():
            end = time.monotonic() + seconds
            before = wait_for_all(page, {}, len(self.pages) - 1, 0, end)
            wait_for_all(page, before, len(self.pages) - 1, more, end)


def join(page: Page) -> None:
    page.get_by_role("button", name="Rejoindre").click()
    page.get_by_role("button", name="Quitter la téléconsultation").wait_for()


def wait_for_all(page: Page, before: dict[str, int], people: int, more: int, end: float) -> dict[str, int]:
    while True:
        counts: dict[str, int] = dict(page.evaluate(ARRIVING))
        if len(counts) == people and all(count > before.get(name, 0) + more for name, count in counts.items()):
            return counts
        assert time.monotonic() < end, f"pictures decoded: {counts}, before {before}"
        page.wait_for_timeout(50)


def loudest(page: Page, name: str, times: int = 25) -> float:
    """Of one person, over some seconds: the fake microphone beeps once a second."""
    levels = [0.0]
    for _ in range(times):
        levels += [each["audioLevel"] for each in page.evaluate("window.__td.call.perPerson()") if each["name"] == name]
        page.wait_for_timeout(100)
    return max(levels)


def hears(page: Page, who: str, other: str) -> None:
    """`who`, whose page this is, hears the other one: at the next beep that comes through."""
    end = time.monotonic() + PATIENCE
    while loudest(page, other, 1) == 0:
        assert time.monotonic() < end, f"{who} does not hear {other}"


def longest_gap(pages: list[Page], milliseconds: int = 0) -> float:
    """Between two shown pictures of any tile: since the last call, or over so long a time from now."""
    if milliseconds:
        longest_gap(pages)
        pages[0].wait_for_timeout(milliseconds)
    return max(
        page.evaluate("(() => { const gap = __td.call.longestGap(); __td.call.resetGap(); return gap; })()")
        for page in pages
    )


@pytest.fixture
def room(chromium: Browser, demo: DemoServer) -> Iterator[Room]:
    people = People(chromium, demo)
    yield Room(people, demo, {})
    people.close()
    assert people.errors == []


@pytest.fixture(scope="module")
def four(chromium: Browser, demo: DemoServer) -> Iterator[Room]:
    """Two professionals and two guests, for tests that leave the call as it was."""
    people = People(chromium, demo)
    room = Room(people, demo, {})
    expert = room.enter("dr.martin", "Dr Claire MARTIN")
    room.enter("ide.dubois", "Nadia DUBOIS")
    room.guest(expert, "André MERCIER")
    room.guest(expert, "Anne MERCIER")
    yield room
    people.close()
    assert [error for error in people.errors if "WebSocket connection" not in error] == []  # the web process is killed


def test_a_third_person_comes_and_goes_and_nobody_is_in_the_dark(room: Room) -> None:
    two = [room.enter("dr.martin", "Dr Claire MARTIN"), room.enter("ide.dubois", "Nadia DUBOIS")]
    room.everybody_arrives()
    third = room.professional("dr.petit", "Dr Paul PETIT")
    expect(third.get_by_text(re.compile("2 participants.*Dr MARTIN.*N. DUBOIS"))).to_be_visible()
    third.wait_for_timeout(1500)
    control = longest_gap(two, 4000)
    longest_gap(two)
    join(third)
    for page in room.pages.values():
        until(page, "window.__td.call.route() === 'unit'")
    room.everybody_arrives()
    for page in two:
        until(page, "window.__td.call.connections() === 1", 60)
    coming = longest_gap(two)
    loaded = longest_gap(two, 4000)
    room.leave("Dr Paul PETIT")
    for page in two:
        expect(page.get_by_role("group", name="Dr Paul PETIT")).to_have_count(0)
    room.everybody_arrives()
    going = longest_gap(two)
    for page in two:  # half a minute at two, and the shortest way is taken again
        until(page, "window.__td.call.route() === 'direct' && window.__td.call.connections() === 1", 150)
    room.everybody_arrives()
    back = longest_gap(two)
    log.info(
        "gaps in ms: control %.0f, coming %.0f, control with three %.0f, going %.0f, back to direct %.0f",
        *(control, coming, loaded, going, back),
    )
    allowed = max(LONGEST_GAP, 3 * max(control, loaded))
    assert max(coming, going, back) <= allowed, f"{control=:.0f} {coming=:.0f} {loaded=:.0f} {going=:.0f} {back=:.0f}"


def test_two_who_cannot_reach_each_other_directly_meet_through_the_unit(room: Room) -> None:
    room.enter("dr.martin", "Dr Claire MARTIN", NO_DIRECT_PATH)
    room.enter("ide.dubois", "Nadia DUBOIS", NO_DIRECT_PATH)
    room.everybody_arrives()
    for page in room.pages.values():
        assert [each["route"] for each in page.evaluate("window.__td.call.perPerson()")] == ["unit"]


def test_a_silenced_person_is_heard_by_nobody_on_a_direct_path_either(room: Room) -> None:
    expert = room.enter("dr.martin", "Dr Claire MARTIN")
    nurse = room.enter("ide.dubois", "Nadia DUBOIS")
    room.everybody_arrives()
    silence(expert, nurse, "Nadia DUBOIS")
    expect(expert.get_by_role("group", name="Nadia DUBOIS").get_by_label(re.compile("Micro coupé"))).to_be_visible()
    if expert.evaluate("window.__td.call.route()") == "unit":
        # A silence brings the unit; until the old way is closed, what arrives by it may still be what is told of.
        until(expert, "window.__td.call.connections() === 1", 120)
        assert loudest(expert, "Nadia DUBOIS") < 0.001
    else:  # what arrives is not played
        assert expert.evaluate("[...document.querySelectorAll('#td-stage audio')].every((each) => each.muted)")
    # A silence lasts as long as its call, and a page that is only closed may keep its place for a while: into the next test.
    for name, page in list(room.pages.items()):
        room.leave(name)
        expect(page.get_by_role("button", name="Quitter la téléconsultation")).to_have_count(0)


def test_everybody_in_a_room_of_four_sees_and_hears_everybody(four: Room) -> None:
    four.everybody_arrives()
    for name, page in four.pages.items():
        for other in four.pages.keys() - {name}:
            hears(page, name, other)
            expect(page.get_by_role("group", name=other)).to_be_visible()
        assert page.evaluate("window.__td.call.route()") == "unit"


def silence(host: Page, silenced: Page, name: str) -> None:
    """A professional closes somebody's microphone, and that person's page lies about it."""
    host.get_by_role("button", name=f"Agir sur {name}").click()
    host.get_by_role("button", name="Couper le micro", exact=True).last.click()
    expect(silenced.get_by_text("Un professionnel a coupé votre micro")).to_be_visible()
    silenced.evaluate("""() => {
      const call = window.__td.call.current;
      call.devices.wanted.audio = true;
      call.devices.tracks.audio.enabled = true;
      call.line.send({ t: "state", camera: true, microphone: true });
    }""")
    host.wait_for_timeout(3000)  # what is on its way, in the jitter buffer of a busy browser


def test_a_silenced_person_stays_silent_whatever_their_page_does(four: Room) -> None:
    expert, guest = four.pages["Dr Claire MARTIN"], four.pages["André MERCIER"]
    expert.get_by_role("button", name="Participants", exact=True).click()
    silence(expert, guest, "André MERCIER")
    assert loudest(expert, "André MERCIER") < 0.001
    expect(expert.get_by_role("group", name="André MERCIER").get_by_label(re.compile("Micro coupé"))).to_be_visible()
    guest.evaluate("window.__td.call.current.devices.turn('audio', false)")
    expert.get_by_role("button", name="Demander d'ouvrir le micro").click()
    expect(guest.get_by_text("Dr Claire MARTIN vous demande d'ouvrir votre micro")).to_be_visible()
    assert loudest(expert, "André MERCIER", 10) < 0.001
    guest.get_by_role("button", name="Ouvrir mon micro").click()
    until(
        expert,
        "(async () => (await window.__td.call.perPerson()).find(({name}) => name === 'André MERCIER').audioLevel > 0)()",
    )


def test_the_call_goes_on_while_the_web_process_is_dead(four: Room) -> None:
    pages = list(four.pages.values())
    opened = [page.evaluate("window.__td.call.lineOpened()") for page in pages]
    os.kill(four.demo.web_pid, signal.SIGKILL)
    # Pictures may give way on a busy machine, voices never do.
    for name, page in four.pages.items():
        assert loudest(page, next(other for other in four.pages if other != name)) > 0
    for page, times in zip(pages, opened, strict=True):
        until(page, f"window.__td.call.lineOpened() > {times} && window.__td.call.lineIsOpen()", 40)
    four.everybody_arrives()
    for page in pages:
        assert set(page.evaluate("window.__td.call.connectionStates()")) == {"connected"}


def test_the_unit_is_killed_and_everybody_is_soon_back(four: Room) -> None:
    before, lines = four.demo.pid_of("media"), len(four.demo.lines)
    for page in four.pages.values():
        page.evaluate(NOTE_WHEN_BACK)
    killed_at, killed = time.time(), time.monotonic()
    os.kill(before, signal.SIGKILL)
    while not any("media.ready" in line for line in four.demo.lines[lines:]):
        assert time.monotonic() - killed < 90
        four.pages["Nadia DUBOIS"].wait_for_timeout(20)
    started = time.monotonic() - killed
    for page in four.pages.values():
        until(page, "window.__back !== undefined", 60)
    four.everybody_arrives(more=2)
    took = max(page.evaluate("window.__back") for page in four.pages.values()) / 1000 - killed_at
    log.info("the unit was back after %.1f s, everybody after %.1f s", started, took)
    assert four.demo.pid_of("media") != before
    for name, page in four.pages.items():
        hears(page, name, next(other for other in four.pages if other != name))
    assert took <= started + BACK_WITHIN, f"the unit was back after {started:.1f} s, everybody after {took:.1f} s"
