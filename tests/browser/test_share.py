"""« Partager l'écran », from both ends and by both routes: what arrives, what goes on meanwhile, who may not and why."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect

from app.bench.browser import CHROMIUM, FLAGS
from tests.browser.conftest import Open, People, join, take_route, until
from tests.browser.demo_server import DemoServer
from tests.browser.room_rig import RoomServer
from tests.browser.test_sources import enter, grows

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

# The browser's own window of choice, held open until the test chooses.
SLOW_CHOICE = """() => {
const choose = navigator.mediaDevices.getDisplayMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getDisplayMedia = async (wish) => {
  await new Promise((done) => { window.__choose = done; });
  return choose(wish);
};
}"""
# A person closes it: what the browser answers then, after the time that a hand needs.
CLOSED_CHOICE = """
navigator.mediaDevices.getDisplayMedia = async () => {
  await new Promise((done) => setTimeout(done, 400));
  throw new DOMException("Permission denied", "NotAllowedError");
};
"""
# A rule answers at once: however long a busy machine needs, by the page's clock no time passes meanwhile.
ANSWERED_AT_ONCE = """
const ask = navigator.mediaDevices.getDisplayMedia.bind(navigator.mediaDevices), now = performance.now.bind(performance);
navigator.mediaDevices.getDisplayMedia = async (wish) => {
  const at = now();
  performance.now = () => at;
  try { return await ask(wish); } finally { setTimeout(() => { performance.now = now; }); }
};
"""
VOICE = "(async () => (await window.__td.call.perPerson())[0]?.audioLevel > 0)()"
AUX_SOUND = """(async () => {
  const [id] = window.__td.call.current.people.keys();
  const stats = await window.__td.call.current.topology.aux(id, "auxAudio")?.receiver.getStats();
  return [...(stats?.values() ?? [])].some(({ type, packetsReceived }) => type === "inbound-rtp" && packetsReceived > 20);
})()"""
SIZES = """() => {
  const area = (tile) => { const { width, height } = tile.getBoundingClientRect(); return width * height; };
  const tiles = [...document.querySelectorAll(".td-tiles > .td-tile:not(.td-own-aux)")];
  return Object.fromEntries(tiles.map((tile) => [tile.getAttribute("aria-label"), area(tile)]));
}"""


def share_button(page: Page, name: str = "Partager l'écran") -> None:
    page.get_by_role("button", name=name, exact=True).click()


def test_a_screen_and_its_sound_arrive_while_face_and_voice_go_on(
    someone: People, demo: DemoServer, route: str
) -> None:
    expert, nurse = enter(someone, demo, "dr.martin"), enter(someone, demo, "ide.dubois")
    for page in (expert, nurse):
        until(page, "window.__td.call.framesShown() > 3")
    take_route(route, expert, nurse)
    nurse.evaluate(SLOW_CHOICE)
    share_button(nurse)
    expect(nurse.get_by_text("Votre caméra et votre micro continuent.")).to_be_visible()
    grows(expert, 0)  # the original cut camera and sound here
    until(expert, VOICE)
    nurse.evaluate("window.__choose()")

    shown = expert.get_by_role("group", name="Écran de Nadia DUBOIS")
    expect(shown).to_be_visible()
    expect(nurse.get_by_role("button", name="Arrêter le partage")).to_have_attribute("aria-pressed", "true")
    expect(nurse.get_by_role("group", name="Votre écran partagé")).to_be_visible()
    grows(expert, 1)
    grows(expert, 0)
    until(expert, AUX_SOUND, 30)
    until(expert, VOICE)
    sizes = expert.evaluate(SIZES)
    assert sizes["Écran de Nadia DUBOIS"] > 2 * sizes["Nadia DUBOIS"]  # large by itself
    assert expert.evaluate("document.querySelector('.td-aux:not(.td-own-aux) video').videoWidth") >= 640
    assert nurse.evaluate("window.__td.call.current.aux.tracks['aux-video'].contentHint") == "detail"

    share_button(nurse, "Arrêter le partage")
    expect(shown).to_have_count(0)
    expect(nurse.get_by_role("button", name="Partager l'écran")).to_have_attribute("aria-pressed", "false")
    share_button(nurse)
    nurse.evaluate("window.__choose()")
    expect(shown).to_be_visible()
    # What the browser says when its own « Arrêter le partage » was pressed: there is no such bar without a window.
    nurse.evaluate("window.__td.call.current.aux.tracks['aux-video'].dispatchEvent(new Event('ended'))")
    expect(nurse.get_by_text("Le partage est arrêté", exact=True)).to_be_visible()  # for six seconds
    expect(shown).to_have_count(0)
    share_button(nurse)
    nurse.evaluate("window.__choose()")
    expect(shown).to_be_visible()
    nurse.evaluate("window.__shared = window.__td.call.current.aux.tracks['aux-video']")
    nurse.get_by_role("button", name="Quitter la téléconsultation").click()
    expect(shown).to_have_count(0)
    assert nurse.evaluate("window.__shared.readyState") == "ended"
    assert someone.errors == []


@pytest.fixture
def forbidding(driver: Playwright) -> Iterator[Browser]:
    """A browser that refuses camera, microphone and screen, as a rule of the house makes it."""
    flags = [each.replace("--use-fake-ui-for-media-stream", "--use-fake-ui-for-media-stream=deny") for each in FLAGS]
    browser = driver.chromium.launch(executable_path=CHROMIUM, args=flags)
    yield browser
    browser.close()


def test_a_refused_and_a_cancelled_choice_are_told_apart(
    forbidding: Browser, open_page: Open, server: RoomServer
) -> None:
    page = forbidding.new_page()
    page.add_init_script(ANSWERED_AT_ONCE)
    page.goto(f"{server.url}/salle?qui=martin&ouvert=1")
    join(page)
    share_button(page)
    expect(page.get_by_text("Le partage d'écran est refusé")).to_be_visible()
    assert page.evaluate("window.__td.call.current.aux.picture") == ""

    page = open_page("/salle?qui=dubois&ouvert=1", script=CLOSED_CHOICE)
    join(page)
    share_button(page)
    expect(page.get_by_text("Aucun écran n'est partagé")).to_be_visible()
    expect(page.get_by_text("Le partage d'écran est refusé")).to_have_count(0)
    expect(page.get_by_role("button", name="Partager l'écran")).to_have_attribute("aria-pressed", "false")
    assert page.evaluate("window.__td.call.current.devices.tracks.video.readyState") == "live"


def test_a_guest_shares_only_while_a_professional_is_there(open_page: Open) -> None:
    expert, guest = open_page("/salle?qui=martin&ouvert=1"), open_page("/invitation?qui=mercier", 1000, 740)
    join(expert)
    guest.get_by_role("button", name="Rejoindre").click()
    expert.get_by_role("button", name="Admettre").click()
    guest.get_by_role("button", name="Plus").click()
    guest.get_by_role("button", name="Montrer mon écran").click()
    expect(expert.get_by_role("group", name="Écran de André MERCIER")).to_be_visible()
    expect(guest.get_by_role("button", name="Arrêter le partage")).to_be_visible()
    grows(expert, 1)
    expert.get_by_role("button", name="Quitter la téléconsultation").click()
    expect(guest.get_by_role("button", name="Arrêter le partage")).to_have_count(0)
    assert guest.evaluate("window.__td.call.current.aux.picture") == ""
    guest.get_by_role("button", name="Plus").click()
    guest.get_by_role("button", name="Montrer mon écran").click()
    expect(guest.get_by_text("quand un professionnel sera dans la salle")).to_be_visible()
    assert guest.evaluate("window.__td.call.current.aux.picture") == ""
