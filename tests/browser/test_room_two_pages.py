"""The room in real browsers, without the product around it: two pages, one small server that may die."""

from __future__ import annotations

import gzip
import re
import time

import pytest
import rjsmin  # type: ignore[import-untyped]
from playwright.sync_api import Page, expect

from app.server.bundling import bundled
from components.video_room import GUEST_MODULE, modules_of
from components.video_room.component import HERE as MODULES
from components.video_room.component import style_of
from tests.browser.axe import AXE, serious
from tests.browser.conftest import Open, join, until
from tests.browser.room_rig import PRESS, TOKENS, RoomServer

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

REFUSE_CAMERA = """
const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = (wish) => wish.video
  ? Promise.reject(new DOMException("", "NotAllowedError")) : ask(wish);
"""
# What a page fetches a moment after it was shown stays away, however long a busy machine needs to read what came before.
NOT_LATER = """
const later = window.setTimeout;
window.setTimeout = (act, ms, ...more) => (ms >= 2500 ? 0 : later(act, ms, ...more));
"""
LONGEST_GAP = 1500.0  # ms between two pictures shown
LARGEST_GUEST_PAGE, LARGEST_GUEST_SCRIPT = 46_000, 32_000  # bytes, compressed


def enter(open_page: Open, who: str, **options: object) -> Page:
    return join(open_page(f"/salle?qui={who}&ouvert=1", **options))


def pictures_arrive(page: Page) -> None:
    before = page.evaluate("window.__td.call.framesDecoded()")
    until(page, f"(async () => (await window.__td.call.framesDecoded()) > {before} + 10)()")


def longest_gap(*pages: Page) -> float:
    return max(page.evaluate("window.__td.call.longestGap()") for page in pages)


def watch_gaps(*pages: Page) -> float:
    """Begin, and answer the longest gap to be allowed: a busy machine stutters before anything happens."""
    for page in pages:
        page.evaluate("window.__td.call.resetGap()")
    pages[0].wait_for_timeout(3000)
    usual = longest_gap(*pages)
    for page in pages:
        page.evaluate("window.__td.call.resetGap()")
    return max(LONGEST_GAP, 3 * usual)


@pytest.fixture
def pair(open_page: Open) -> tuple[Page, Page]:
    expert, nurse = enter(open_page, "martin"), enter(open_page, "dubois")
    for page in (expert, nurse):
        until(page, "window.__td.call.framesShown() > 3")
    return expert, nurse


def test_two_people_see_and_hear_each_other(pair: tuple[Page, Page]) -> None:
    for page in pair:
        pictures_arrive(page)
        until(page, "(async () => (await window.__td.call.audioLevel()) > 0)()")
        assert page.evaluate("window.__td.call.connectionStates()") == ["connected"]
    assert pair[1].evaluate("window.__td.call.joinTime()") > 0


def test_a_closed_microphone_and_camera_are_told_and_opened_again_without_negotiating(pair: tuple[Page, Page]) -> None:
    expert, nurse = pair
    before = [page.evaluate("window.__td.call.negotiations()") for page in pair]
    nurse.get_by_role("button", name="Micro", exact=True).click()
    nurse.get_by_role("button", name="Caméra", exact=True).click()
    expect(nurse.get_by_role("button", name="Micro", exact=True)).to_have_attribute("aria-pressed", "false")
    tile = expert.get_by_role("group", name="Nadia DUBOIS")
    expect(tile.get_by_text("Caméra coupée")).to_be_visible()
    expect(tile.get_by_role("img", name="Micro coupé")).to_be_visible()
    end, quiet = time.monotonic() + 60, 0
    while quiet < 20:  # the fake microphone beeps once a second
        quiet = quiet + 1 if expert.evaluate("window.__td.call.audioLevel()") < 0.001 else 0
        assert time.monotonic() < end
        expert.wait_for_timeout(100)
    nurse.get_by_role("button", name="Caméra", exact=True).click()
    expect(tile.get_by_text("Caméra coupée")).to_be_hidden()
    pictures_arrive(expert)
    assert [page.evaluate("window.__td.call.negotiations()") for page in pair] == before


def test_what_is_written_is_counted_while_unread_and_never_read_as_markup(pair: tuple[Page, Page]) -> None:
    expert, nurse = pair
    nurse.get_by_role("button", name="Discussion", exact=True).click()
    nurse.get_by_role("textbox", name="Message à la salle").fill("<img src=x onerror=alert(1)> & bonjour")
    nurse.keyboard.press("Enter")
    discussion = expert.get_by_role("button", name="Discussion", exact=True)
    expect(discussion).to_have_attribute("aria-description", "1 message non lu")
    discussion.click()
    expect(expert.get_by_role("log").get_by_text("<img src=x onerror=alert(1)> & bonjour")).to_be_visible()
    expect(discussion).not_to_have_attribute("aria-description", re.compile("."))
    expect(nurse.get_by_text("Envoi…")).to_be_hidden()


def test_who_leaves_is_announced_and_lets_go_of_the_camera(pair: tuple[Page, Page]) -> None:
    expert, nurse = pair
    nurse.get_by_role("button", name="Quitter la téléconsultation").click()
    expect(expert.get_by_role("status").filter(has_text="Nadia DUBOIS a quitté la salle").first).to_be_attached()
    expect(expert.get_by_role("group", name="Nadia DUBOIS")).to_have_count(0)
    assert nurse.evaluate("window.__td.room.state") == "closed"
    expect(nurse.locator("#td-stage")).to_be_hidden()
    assert nurse.evaluate("document.querySelectorAll('video').length") == 0


@pytest.mark.alone
def test_a_call_goes_on_while_its_server_is_dead_and_nobody_negotiates(
    pair: tuple[Page, Page], server: RoomServer
) -> None:
    expert, nurse = pair
    before = [page.evaluate("window.__td.call.negotiations()") for page in pair]
    allowed = watch_gaps(*pair)
    server.kill()
    expect(nurse.get_by_text("Connexion au serveur perdue")).to_be_visible()
    nurse.get_by_role("button", name="Discussion", exact=True).click()
    nurse.get_by_role("textbox", name="Message à la salle").fill("écrit pendant la panne")
    nurse.keyboard.press("Enter")
    expect(nurse.get_by_text("Envoi…")).to_be_visible()
    pictures_arrive(expert)
    server.start()
    for page in pair:
        until(page, "window.__td.call.lineIsOpen()")
        expect(page.get_by_text("Connexion au serveur perdue")).to_be_hidden()
    expert.get_by_role("button", name="Discussion", exact=True).click()
    expect(expert.get_by_role("log").get_by_text("écrit pendant la panne")).to_be_visible()
    for page in pair:
        pictures_arrive(page)
        assert page.evaluate("window.__td.call.lineOpened()") == 2
    assert longest_gap(*pair) <= allowed
    assert [page.evaluate("window.__td.call.negotiations()") for page in pair] == before


def test_a_guest_waits_is_admitted_and_leaves(open_page: Open) -> None:
    expert = enter(open_page, "martin")
    guest = open_page("/invitation?qui=mercier", 390, 844)
    expect(guest.get_by_role("heading", name="Bonjour Monsieur MERCIER", level=1)).to_be_visible()
    expect(guest.get_by_text("On vous voit", exact=True)).to_be_visible()
    expect(guest.get_by_text("On vous entend", exact=True)).to_be_visible()
    guest.get_by_role("button", name="Rejoindre").click()
    expect(guest.get_by_role("heading", name="Vous êtes dans la salle d'attente", level=1)).to_be_visible()
    expect(guest.get_by_text("Le docteur Claire MARTIN sait que vous êtes là.")).to_be_visible()
    expect(guest.get_by_role("link", name="Appeler l'établissement")).to_have_attribute("href", "tel:+33261910012")
    expect(expert.get_by_text("André MERCIER attend")).to_be_visible()
    expert.get_by_role("button", name="Admettre").click()
    for page in (expert, guest):
        pictures_arrive(page)
    guest.get_by_role("button", name="Écrire").click()
    guest.get_by_role("textbox", name="Message à la salle").fill("Bonjour docteur")
    guest.keyboard.press("Enter")
    expert.get_by_role("button", name="Discussion", exact=True).click()
    expect(expert.get_by_role("log").get_by_text("Bonjour docteur")).to_be_visible()
    guest.keyboard.press("Escape")
    guest.get_by_role("button", name="Quitter la téléconsultation").click()
    guest.get_by_role("button", name="Oui, quitter").click()
    expect(guest.get_by_role("heading", name="Vous avez quitté la téléconsultation", level=1)).to_be_visible()
    expect(expert.get_by_role("group", name="André MERCIER")).to_have_count(0)


def test_a_refused_guest_is_told_whom_to_call(open_page: Open) -> None:
    expert = enter(open_page, "martin")
    guest = open_page("/invitation?qui=mercier", 390, 844)
    guest.get_by_role("button", name="Rejoindre").click()
    expert.get_by_role("button", name="Refuser").click()
    expect(guest.get_by_role("heading", name="Vous ne pouvez pas entrer pour l'instant", level=1)).to_be_visible()
    expect(guest.get_by_role("link", name="Appeler l'établissement")).to_be_visible()
    expect(expert.get_by_role("button", name="Refuser")).to_have_count(0)


def test_a_third_person_is_told_that_the_room_is_full(pair: tuple[Page, Page], open_page: Open) -> None:
    third = open_page("/salle?qui=petit&ouvert=1")
    expect(third.get_by_text("2 participants : Dr MARTIN, N. DUBOIS")).to_be_visible()
    third.get_by_role("button", name="Rejoindre").click()
    expect(third.get_by_role("alert").filter(has_text="Cette salle est complète")).to_be_visible()
    third.get_by_role("radio", name=re.compile("Salle Verte")).check()
    join(third)
    for page in pair:
        pictures_arrive(page)


@pytest.mark.parametrize("server", [3], indirect=True)
def test_a_larger_room_joins_everybody_with_everybody(pair: tuple[Page, Page], open_page: Open) -> None:
    third = enter(open_page, "petit")
    for page in (*pair, third):
        until(page, "window.__td.call.connectionStates().join() === 'connected,connected'")
        pictures_arrive(page)
    expect(third.get_by_role("group", name="Nadia DUBOIS")).to_be_visible()
    third.get_by_role("button", name="Quitter la téléconsultation").click()
    for page in pair:
        until(page, "window.__td.call.connectionStates().join() === 'connected'")


def test_without_a_camera_one_enters_with_the_voice_alone(open_page: Open) -> None:
    nurse = enter(open_page, "dubois")
    expert = open_page("/salle?qui=martin&ouvert=1", script=REFUSE_CAMERA)
    expect(expert.get_by_role("alert").filter(has_text="Caméra refusée")).to_be_visible()
    expect(expert.get_by_text("Vous entrerez avec la voix seule.")).to_be_visible()
    join(expert)
    pictures_arrive(expert)
    until(nurse, "(async () => (await window.__td.call.audioLevel()) > 0)()")
    expect(nurse.get_by_role("group", name="Dr Claire MARTIN").get_by_text("Caméra coupée")).to_be_visible()


@pytest.mark.alone
def test_the_same_pictures_follow_the_room_to_every_place(pair: tuple[Page, Page]) -> None:
    expert, _nurse = pair
    allowed = watch_gaps(expert)
    expert.evaluate("window.kept = [...document.querySelectorAll('video')]")
    for name, where in (
        ("À gauche", "r.left === 0 && r.width === 560"),
        ("Grande", "r.left === 0 && r.width === innerWidth"),
        ("Petite", "r.width === 352 && r.bottom === innerHeight - 16"),
        ("À droite", "r.right === innerWidth && r.width === 560"),
    ):
        expert.get_by_role("button", name=name, exact=True).click()
        until(
            expert,
            f"(() => {{ const r = document.getElementById('td-stage').getBoundingClientRect(); return {where} }})()",
        )
        expect(expert.get_by_role("button", name=name, exact=True)).to_have_attribute("aria-pressed", "true")
    same = "window.kept.every((video) => video.isConnected && !video.paused)"
    assert expert.evaluate(same)
    assert longest_gap(expert) <= allowed


def test_a_page_that_loses_the_place_keeps_the_call_where_it_was(pair: tuple[Page, Page]) -> None:
    expert, _nurse = pair
    before = expert.locator("#td-stage").bounding_box()
    expert.evaluate("document.getElementById('hole').remove()")
    expert.wait_for_timeout(600)
    assert expert.locator("#td-stage").bounding_box() == before
    pictures_arrive(expert)
    expert.evaluate("""
      const hole = Object.assign(document.createElement("div"), {id: "hole"});
      document.querySelector(".two").append(hole); window.__td.place(hole);
      window.__td.room.open({dossier: "autre", url: "/nulle-part", labels: {}});
    """)
    expect(expert.get_by_role("heading", name="Salle Bleue")).to_be_visible()
    pictures_arrive(expert)


def test_the_microphone_is_chosen_by_keyboard(pair: tuple[Page, Page]) -> None:
    expert, _nurse = pair
    choose = expert.get_by_role("button", name="Choisir le micro", exact=True)
    choose.press("Enter")
    menu = expert.get_by_role("menu", name="Choisir le micro")
    expect(menu.get_by_role("menuitemradio").first).to_be_focused()
    expert.keyboard.press("ArrowDown")
    expect(menu.get_by_role("menuitemradio").nth(1)).to_be_focused()
    expert.keyboard.press("Enter")
    expect(menu).to_be_hidden()
    expect(choose).to_be_focused()
    choose.press("Enter")
    expect(menu.get_by_role("menuitemradio").nth(1)).to_have_attribute("aria-checked", "true")
    expert.keyboard.press("Escape")
    expect(menu).to_be_hidden()


@pytest.mark.parametrize(
    ("path", "out"),
    [
        ("/salle?qui=martin&ouvert=1", "Quitter la téléconsultation"),
        ("/invitation?qui=mercier", "Je ne peux plus attendre"),
    ],
)
def test_nothing_is_cut_off_on_the_narrowest_telephone(open_page: Open, path: str, out: str) -> None:
    page = open_page(path, 360, 740)
    page.get_by_role("button", name="Rejoindre").wait_for()
    overflow = "document.documentElement.scrollWidth - innerWidth"
    assert page.evaluate(overflow) <= 0
    page.get_by_role("button", name="Rejoindre").click()
    page.get_by_role("button", name=out).wait_for()  # half a second later a busy machine still shows the screen before
    page.wait_for_timeout(500)
    assert page.evaluate(overflow) <= 0
    cut = """[...document.querySelectorAll('button')].filter((b) => b.checkVisibility() && b.scrollWidth > b.clientWidth + 1)
      .map((b) => b.textContent)"""
    assert page.evaluate(cut) == []


def test_the_page_of_a_guest_is_light(server: RoomServer, open_page: Open) -> None:
    page = open_page("/invitation?qui=mercier", 390, 844, NOT_LATER)
    page.get_by_role("button", name="Rejoindre").wait_for()
    asked = page.evaluate("performance.getEntriesByType('resource').map((entry) => new URL(entry.name).pathname)")
    modules = {path.rsplit("/", 1)[-1] for path in asked if path.endswith(".js")}
    assert modules == {*modules_of(GUEST_MODULE), PRESS.name}
    html = page.request.get(f"{server.url}/invitation?qui=mercier").body()
    # As the product sends it: the modules as one, without their comments.
    script = len(gzip.compress(rjsmin.jsmin(bundled(MODULES / GUEST_MODULE)).encode(), 9))
    press = rjsmin.jsmin(PRESS.read_text(encoding="utf-8")).encode()
    others = (html, style_of("guest.css").encode(), TOKENS.read_bytes(), press)
    assert script <= LARGEST_GUEST_SCRIPT
    assert script + sum(len(gzip.compress(content, 9)) for content in others) <= LARGEST_GUEST_PAGE


def test_a_camera_that_is_pulled_out_is_replaced(pair: tuple[Page, Page]) -> None:
    expert, nurse = pair
    before = expert.evaluate("window.__td.call.negotiations()")
    nurse.evaluate("""
      const track = document.querySelector(".td-own video").srcObject.getVideoTracks()[0];
      track.stop(); track.dispatchEvent(new Event("ended"));
    """)
    nurse.wait_for_timeout(1000)
    pictures_arrive(expert)
    assert expert.evaluate("window.__td.call.negotiations()") == before


def test_a_camera_that_freezes_is_taken_again_by_a_button(pair: tuple[Page, Page]) -> None:
    expert, nurse = pair
    nurse.evaluate("""
      const track = document.querySelector(".td-own video").srcObject.getVideoTracks()[0];
      Object.defineProperty(track, "muted", {value: true}); track.dispatchEvent(new Event("mute"));
    """)
    nurse.get_by_role("button", name="Reprendre").click()
    expect(nurse.get_by_role("button", name="Reprendre")).to_have_count(0)
    pictures_arrive(expert)


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed: npm ci")
def test_axe_finds_nothing_serious(open_page: Open) -> None:
    expert = open_page("/salle?qui=martin&ouvert=1")
    expert.get_by_role("button", name="Rejoindre").wait_for()
    found = serious(expert)
    join(expert)
    guest = open_page("/invitation?qui=mercier", 390, 844)
    guest.get_by_role("button", name="Rejoindre").wait_for()  # before, there is nothing to find anything in
    found += serious(guest)
    guest.get_by_role("button", name="Rejoindre").click()
    expert.get_by_role("button", name="Admettre").wait_for()
    found += serious(guest) + serious(expert)
    expert.get_by_role("button", name="Admettre").click()
    pictures_arrive(guest)
    for panel in ("Discussion", "Inviter"):
        expert.get_by_role("button", name=panel, exact=True).click()
        found += serious(expert)
    expert.get_by_role("button", name="Grande", exact=True).click()
    found += serious(expert) + serious(guest)
    guest.get_by_role("button", name="Quitter la téléconsultation").click()
    assert found + serious(guest) == []
