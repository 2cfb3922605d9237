"""An invited person before the call: a browser that cannot, a loudspeaker to try, the network looked at, and a house that asks to wait."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import serious
from tests.browser.conftest import People, join, until
from tests.browser.demo_server import DemoServer
from tests.browser.test_rooms_of_many import NUMBER

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

# The loudspeaker of a test makes no sound that could be heard: what the page plays is measured on its way there.
LISTEN = """
const play = HTMLMediaElement.prototype.play;
window.__loudest = 0;
HTMLMediaElement.prototype.play = function () {
  if (this.srcObject instanceof MediaStream && this.srcObject.getAudioTracks().length && !this.muted) {
    const context = new AudioContext(), heard = context.createAnalyser(), samples = new Float32Array(heard.fftSize);
    context.createMediaStreamSource(this.srcObject).connect(heard);
    window.__sink = this.sinkId;
    setInterval(() => {
      heard.getFloatTimeDomainData(samples);
      window.__loudest = Math.max(window.__loudest, ...samples.map(Math.abs));
    }, 20);
  }
  return play.call(this);
};
"""


@pytest.fixture(scope="module")
def links(chromium: Browser, demo: DemoServer) -> Iterator[Iterator[str]]:
    """One link after the other, of the physician who is in the room."""
    people = People(chromium, demo)
    page = people.logged_in("dr.martin", 1100, 780)
    page.goto(f"{demo.url}/tlm?dossier={NUMBER}")
    page.get_by_role("button", name="Entrer en salle").click()
    page.get_by_role("radio", name=re.compile("Salle Bleue")).check()
    join(page)
    page.get_by_role("button", name="Inviter", exact=True).click()

    def links() -> Iterator[str]:
        last = ""
        for name in ("Anne MERCIER", "Luc MERCIER", "Léa MERCIER", "Zoé MERCIER"):
            page.get_by_role("button", name="Lien", exact=True).click()
            page.get_by_label("Nom", exact=True).fill(name)
            page.get_by_role("button", name="Créer le lien").click()
            link = page.get_by_role("textbox", name="Lien")
            expect(link).not_to_have_value(last)
            last = link.input_value()
            yield last

    yield links()
    people.close()
    assert people.errors == []


def guest(someone: People, link: str, script: str = "") -> Page:
    page = someone.page(390, 844)
    if script:
        page.add_init_script(script)
    page.goto(link)
    return page


@pytest.mark.alone
def test_a_guest_s_loudspeaker_and_network_are_tried_and_neither_is_in_the_way(
    someone: People, links: Iterator[str]
) -> None:
    page = guest(someone, next(links), LISTEN)
    expect(page.get_by_role("button", name="Rejoindre")).to_be_enabled()
    # The demo has no relay that could tell whether UDP passes: no more is said than is known.
    expect(page.get_by_text("Serveur joignable, rien ne s'oppose à l'appel")).to_be_visible(timeout=18_000)
    page.get_by_text("Détail du contrôle").click()
    report = page.locator(".td-net-report")
    expect(report).to_contain_text(re.compile(r"Débit reçu : \d"))
    expect(report).to_contain_text("Relais en TLS (443) : non vérifié")
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    page.evaluate("window.__loudest = 0")
    for _ in range(6):  # the first sound of a browser that is just beginning may be over before it is heard
        page.get_by_role("button", name="Écouter un son d'essai").click()
        page.wait_for_timeout(2000)  # the sound is played once, and lasts 1.3 s
        if page.evaluate("window.__loudest > 0.05"):
            break
    assert page.evaluate("window.__loudest") > 0.05
    page.get_by_role("button", name="Rejoindre").click()
    expect(page.get_by_role("heading", name="Vous êtes dans la salle d'attente")).to_be_visible()
    assert someone.errors == []


def test_a_guest_enters_while_the_check_still_runs(someone: People, links: Iterator[str]) -> None:
    page = guest(someone, next(links))
    page.get_by_role("button", name="Rejoindre").click()
    expect(page.get_by_role("heading", name="Vous êtes dans la salle d'attente")).to_be_visible()
    expect(page.get_by_text("Vérification du réseau")).to_have_count(0)
    assert someone.errors == []


def test_a_guest_s_browser_that_cannot_call_says_what_to_do_and_keeps_the_link(
    someone: People, links: Iterator[str]
) -> None:
    link = next(links)
    page = guest(someone, link, "delete window.RTCPeerConnection")
    told = page.locator("#td-compat")
    expect(told).to_be_visible()
    expect(told).to_contain_text("Ce navigateur ne peut pas ouvrir la téléconsultation")
    expect(told).to_contain_text("Votre lien reste valable")
    expect(told.get_by_role("link")).to_have_attribute("href", re.compile(r"^tel:\+33\d{9}$"))
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    # It is not used up: the same link opens on another device.
    other = guest(someone, link)
    expect(other.get_by_role("button", name=re.compile("Rejoindre|Ouvrir ici"))).to_be_visible()
    expect(other.locator("#td-compat")).to_be_hidden()
    assert serious(other) == []


def test_a_guest_whom_the_house_asks_to_wait_comes_in_by_itself(someone: People, links: Iterator[str]) -> None:
    page = someone.page(390, 844)
    asked = []
    link = next(links)

    def busy(route: object) -> None:
        if route.request.method == "POST" and len(asked) < 2:  # type: ignore[attr-defined]
            asked.append(1)
            route.fulfill(status=429, json={"code": "trop-rapide"})  # type: ignore[attr-defined]
        else:
            route.continue_()  # type: ignore[attr-defined]

    page.route("**/invitation/*", busy)
    page.goto(link)
    page.evaluate("window.__same = true")
    page.get_by_role("button", name="Rejoindre").click()
    until(page, "window.__td.call.lineIsOpen()")
    expect(page.get_by_role("heading", name="Vous êtes dans la salle d'attente")).to_be_visible()
    assert len(asked) == 2
    assert page.evaluate("window.__same"), "loaded anew, again and again, it would make the flood worse"
