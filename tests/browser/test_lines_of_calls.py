"""The lines of a call on the real product: checked before, mended during, written down after; and browsers that cannot call."""

from __future__ import annotations

import os
import re
import time

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import People, until
from tests.browser.demo_server import DemoServer
from tests.browser.test_sources import NUMBER, enter

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]


def shot(page: Page, name: str) -> None:
    """A picture to look at, where somebody wants one."""
    if folder := os.environ.get("TD_SHOTS"):
        page.screenshot(path=f"{folder}/{name}.png")


def renew_ways(*pages: Page) -> None:
    """A change of network, as the browser tells it; of the two sides only one may offer, and both may ask.

    Told again until something comes of it: who listens is loaded after the call has begun.
    """

    def negotiated() -> int:
        return sum(page.evaluate("window.__td.call.negotiations()") for page in pages)

    before, end = negotiated(), time.monotonic() + 90
    while negotiated() == before:
        assert time.monotonic() < end, "nobody looks for a new way"
        for page in pages:
            page.evaluate("dispatchEvent(new Event('online'))")
        pages[0].wait_for_timeout(1000)


GROWS = "window.__td.call.framesShown() > {0}"


@pytest.mark.alone  # fifteen seconds are promised
def test_the_network_is_checked_in_the_lobby_in_time_kept_and_never_in_the_way(
    someone: People, demo: DemoServer
) -> None:
    page = someone.logged_in("dr.martin", 1280, 900)
    page.goto(f"{demo.url}/tlm?dossier={NUMBER}")
    page.get_by_role("button", name="Entrer en salle").click()
    # The demo is plain http on this machine: it must not claim what is not so.
    expect(page.get_by_text("Image et son chiffrés, page non chiffrée")).to_be_visible()
    expect(page.get_by_role("button", name="Rejoindre")).to_be_enabled()
    expect(page.get_by_text("Serveur joignable, rien ne s'oppose à l'appel")).to_be_visible(timeout=18_000)
    page.get_by_text("Détail du contrôle").click()
    report = page.locator(".td-net-report")
    expect(report).to_contain_text(re.compile(r"Débit reçu : \d"))
    expect(report).to_contain_text(re.compile(r"aller-retour \d+ ms"))
    page.get_by_role("button", name="Rejoindre").click()
    page.get_by_role("button", name="Quitter la téléconsultation").wait_for()


def test_a_call_goes_on_after_a_frozen_page_and_a_changed_network_and_its_facts_are_shown(
    someone: People, demo: DemoServer
) -> None:
    expert, nurse = enter(someone, demo, "dr.martin"), enter(someone, demo, "ide.dubois")
    for page in (expert, nurse):
        until(page, "window.__td.call.framesShown() > 10")
    renew_ways(nurse, expert)
    for page in (expert, nurse):
        until(page, "window.__td.call.connectionStates().join() === 'connected'", 90)
    for page in (expert, nurse):
        until(page, GROWS.format(page.evaluate("window.__td.call.framesShown()") + 20), 90)
        until(page, "window.__td.call.lineIsOpen()")  # one that did not answer within a second was dialled anew
    # A page that sleeps for twenty seconds loses its line to the server, not its call.
    cdp = nurse.context.new_cdp_session(nurse)
    cdp.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    cdp.send("Page.setWebLifecycleState", {"state": "frozen"})
    expert.wait_for_timeout(20_000)
    cdp.send("Page.setWebLifecycleState", {"state": "active"})
    until(nurse, "window.__td.call.lineIsOpen() && window.__td.call.current.state === 'inside'", 90)
    for page in (expert, nurse):
        until(page, GROWS.format(page.evaluate("window.__td.call.framesShown()") + 20), 90)
    for page in (nurse, expert):
        page.get_by_role("button", name="Quitter la téléconsultation").click()
    expert.goto(f"{demo.url}/tlm?dossier={NUMBER}&onglet=teleconsultation")
    expect(expert.get_by_text("Faits techniques de l'appel").first).to_be_visible()
    expect(expert.get_by_text(re.compile("N. DUBOIS : de ")).first).to_be_visible()
    shot(expert, "facts")
    assert someone.errors == []


@pytest.mark.parametrize("width", [1280, 390])
def test_a_browser_that_cannot_call_is_told_so_and_still_reads_the_dossier(
    someone: People, demo: DemoServer, width: int
) -> None:
    page = someone.logged_in("dr.martin", width, 800)
    page.add_init_script("delete window.RTCPeerConnection")
    page.goto(f"{demo.url}/tlm?dossier={NUMBER}")
    told = page.locator("#td-compat")
    expect(told).to_be_visible()
    expect(told).to_contain_text("Ce navigateur ne peut pas ouvrir la salle vidéo")
    expect(page.get_by_text("MERCIER").first).to_be_visible()  # the dossier is still read
    shot(page, f"compat-{width}")
