"""Debian's Firefox in a room of three with Chromium, through the forwarding unit: each sees and hears every other."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import PASSWORD, People
from tests.browser.demo_server import DemoServer, running_demo
from tests.browser.test_rooms_of_many import ARRIVING, NUMBER, Room, hears
from tests.support import firefox as driver
from tests.support.firefox import Firefox

pytestmark = [
    pytest.mark.browser,
    pytest.mark.alone,
    pytest.mark.slow,
    pytest.mark.timeout(400),
    pytest.mark.skipif(not Path(driver.PROGRAM).exists(), reason="firefox-esr is not installed: make setup"),
]

INSIDE = "window.__td?.call?.current?.state === 'inside'"
SOUND = """(async () => {
  const { topology, people } = window.__td.call.current, heard = {};
  for (const { id, name } of people.values())
    for (const s of (await topology.current(id)?.audio?.receiver.getStats() ?? new Map()).values())
      if (s.type === "inbound-rtp") heard[name] = s.packetsReceived;
  return heard;
})()"""
SECONDS = 90.0


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoServer]:
    """With the unit at this machine's own address: Firefox sends nothing to 127.0.0.1."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing; asks the kernel which address of ours it would use
        except OSError:
            pytest.skip("this machine has no address but 127.0.0.1, to which Firefox sends no media")
        own = probe.getsockname()[0]
    with running_demo(tmp_path_factory.mktemp("firefox"), {"TD_MEDIA_ADDRESS": own}) as server:
        yield server


@pytest.fixture
def room(chromium: Browser, demo: DemoServer) -> Iterator[Room]:
    people = People(chromium, demo)
    yield Room(people, demo, {})
    people.close()
    assert people.errors == []


@pytest.fixture
def fox(tmp_path: Path) -> Iterator[Firefox]:
    with driver.firefox(tmp_path) as running:
        yield running


def test_a_professional_with_firefox_sees_and_hears_a_guest_and_a_colleague(room: Room, fox: Firefox) -> None:
    expert = room.enter("dr.martin", "Dr Claire MARTIN")
    room.guest(expert, "André MERCIER")
    fox.goto(f"{room.demo.url}/connexion?moyen=mot-de-passe")
    fox.fill("input[autocomplete=username]", "ide.dubois")
    fox.fill("input[autocomplete=current-password]", PASSWORD)
    fox.click("button", "Se connecter")
    fox.until("location.pathname !== '/connexion' && document.readyState === 'complete'")
    fox.goto(f"{room.demo.url}/tlm?dossier={NUMBER}")
    fox.click("button", "Entrer en salle")
    fox.click("button", "Rejoindre")
    everybody_is_there(room, fox, "Nadia DUBOIS")


def test_a_guest_with_firefox_sees_and_hears_two_professionals(room: Room, fox: Firefox) -> None:
    expert = room.enter("dr.martin", "Dr Claire MARTIN")
    room.enter("ide.dubois", "Nadia DUBOIS")
    fox.goto(invitation(room, expert, "Anne MERCIER"))
    fox.click("button", "Rejoindre")
    expert.get_by_role("button", name="Admettre").click()
    everybody_is_there(room, fox, "Anne MERCIER")


def invitation(room: Room, host: Page, name: str) -> str:
    """Send one by mail; answers the link in it."""
    host.get_by_role("button", name="Inviter", exact=True).click()
    invite = host.get_by_role("region", name="Inviter")
    invite.get_by_label("Nom", exact=True).fill(name)
    invite.get_by_label("Adresse").fill("firefox@demo.invalid")
    invite.get_by_role("button", name="Envoyer l'invitation").click()
    expect(invite.get_by_role("listitem").filter(has_text=name).get_by_text("Envoyée")).to_be_visible()
    box = room.people.page()
    box.goto(f"{room.demo.url}/demo/boite")
    return box.locator("a[href*=invitation]").first.get_attribute("href") or ""


def everybody_is_there(room: Room, fox: Firefox, name: str) -> None:
    """Firefox, whom the others call `name`, and they: pictures and packets of sound of each go on arriving."""
    fox.until(INSIDE, SECONDS)
    end = time.monotonic() + SECONDS
    others = set(room.pages)
    grows(lambda: dict(fox.evaluate(f"({ARRIVING})()")), others, end)
    grows(lambda: dict(fox.evaluate(SOUND)), others, end)
    assert fox.evaluate("window.__td.call.route()") == "unit"
    for own, page in room.pages.items():
        grows(lambda page=page: dict(page.evaluate(ARRIVING)), (others - {own}) | {name}, end)
        grows(lambda page=page: dict(page.evaluate(SOUND)), (others - {own}) | {name}, end)
        hears(page, own, name)


def grows(count: Callable[[], dict[str, int]], who: set[str], end: float) -> None:
    """`count` gives a number for each person; wait until each has grown by more than ten."""
    before: dict[str, int] = {}
    while True:
        now = count()
        if not before and set(now) == who and all(value > 0 for value in now.values()):
            before = now
        if before and all(now.get(name, 0) > value + 10 for name, value in before.items()):
            return
        assert time.monotonic() < end, f"{now}, before {before}, expected {who}"
        time.sleep(0.1)
