"""The web process dies in the middle of a teleconsultation: the picture goes on, nothing typed is lost."""

from __future__ import annotations

import os
import signal
import time

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import People, until
from tests.browser.demo_server import DemoServer
from tests.browser.test_the_walk import join, open_dossier, sees_and_hears

pytestmark = [pytest.mark.browser, pytest.mark.alone, pytest.mark.timeout(240)]

LONGEST_GAP = 1500.0  # ms between two pictures shown; what is promised is measured by `bench join`, alone on a machine
BACK_WITHIN = (
    10.0  # seconds until a click is answered; on a machine where a start alone takes longer than five, twice that
)


def gap(page: Page) -> float:
    return float(page.evaluate("window.__td.call.longestGap()"))


def watch(page: Page) -> None:
    page.evaluate("window.__td.call.resetGap()")


def caret(page: Page) -> dict[str, object]:
    """Where the caret stands, through the shadow roots."""
    found = page.evaluate("""() => {
      let at = document.activeElement;
      while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
      return { value: at?.value, start: at?.selectionStart };
    }""")
    assert isinstance(found, dict)
    return found


def test_a_killed_web_process_interrupts_neither_the_call_nor_the_writing(someone: People, demo: DemoServer) -> None:
    nurse, expert = someone.logged_in("ide.dubois"), someone.logged_in("dr.martin")
    looking = someone.logged_in("dr.petit")
    looking.get_by_role("link", name="TLM EHPAD").click()
    looking.get_by_role("link", name="TLM-2026-0001").first.wait_for()
    for page in (nurse, expert):
        open_dossier(page)
        join(page)
    for page in (nurse, expert):
        sees_and_hears(page)
    expert.get_by_role("tab", name="Avis de l'expert").click()
    field = expert.get_by_label("Conduite à tenir")
    field.click()
    for page in (nurse, expert):
        watch(page)
    expert.keyboard.type("Arrêter l'oxybutynine. ", delay=15)
    expert.wait_for_timeout(1000)  # a second before
    usual = max(gap(page) for page in (nurse, expert))
    for page in (nurse, expert):
        watch(page)

    pages = (expert, nurse, looking)
    for page in pages:
        page.evaluate("document.addEventListener('td:back', () => { window.__back = true; })")
    old = demo.web_pid
    os.kill(old, signal.SIGKILL)
    killed = time.monotonic()
    looking.get_by_label("Rechercher").fill("0002")
    expert.keyboard.type("Revoir dans huit jours", delay=40)
    for _ in range(5):
        expert.keyboard.press("ArrowLeft")

    # A click is the measure: the pages look alive long before they are, and each comes back at its own moment.
    for page in pages:
        until(page, "window.__back === true", 120)
    until(expert, "!window.__td.drafts.busy()")
    standing = caret(expert)
    nurse.get_by_role("tab", name="Documents").click()
    expect(nurse.get_by_role("button", name="Courrier du Dr PETIT")).to_be_visible()
    expect(looking.get_by_label("Rechercher")).to_have_value("0002")
    expect(looking.get_by_role("link", name="TLM-2026-0001")).to_have_count(0)
    expect(looking.get_by_role("link", name="TLM-2026-0002").first).to_be_visible()
    took = time.monotonic() - killed

    text = "Arrêter l'oxybutynine. Revoir dans huit jours"
    assert standing == {"value": text, "start": len(text) - 5}
    longest = {name: gap(page) for name, page in (("nurse", nurse), ("expert", expert))}
    # A machine that is busy with something else stutters before anything happens.
    assert max(longest.values()) <= max(LONGEST_GAP, 3 * usual), longest
    assert demo.web_pid != old
    assert took < max(BACK_WITHIN, 2 * demo.started_in), f"{took:.1f} s"
    for page in (nurse, expert):
        sees_and_hears(page)
    expect(expert.get_by_text("Enregistré à").first).to_be_visible()

    elsewhere = someone.logged_in("dr.martin")
    elsewhere.goto(f"{demo.url}/tlm?dossier=TLM-2026-0001")
    elsewhere.get_by_role("tab", name="Avis de l'expert").click()
    expect(elsewhere.get_by_label("Conduite à tenir")).to_have_value(text)
    for page in (expert, nurse):
        page.get_by_role("button", name="Quitter la téléconsultation").click()
    expect(expert.get_by_text("Avis à rendre").first).to_be_visible()
