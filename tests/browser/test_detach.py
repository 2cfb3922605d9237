"""« Détacher la vidéo »: a picture in a window of its own, in real browsers on the real demo."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import pytest
from playwright.sync_api import Browser, Error, Page, expect

from tests.browser.conftest import PATIENCE, People, until
from tests.browser.demo_server import DemoServer
from tests.browser.test_rooms_of_many import Room
from tests.browser.test_sources import START

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

ONLY_POPUPS = "delete globalThis.documentPictureInPicture;"
NO_POPUPS = ONLY_POPUPS + "globalThis.open = () => null;"
# A window is known here before the page has filled it.
PLAYS = "(({ videoWidth, currentTime }) => videoWidth > 0 && currentTime > 0.2)(document.querySelector('video') ?? {})"
DECODED = "async () => (await window.__td.call.perPerson())[0].framesDecoded"


@pytest.fixture
def room(chromium: Browser, demo: DemoServer) -> Iterator[Room]:
    people = People(chromium, demo)
    yield Room(people, demo, {})
    people.close()
    assert people.errors == []


def detach(page: Page) -> None:
    page.get_by_role("button", name="Détacher la vidéo", exact=True).click()


def test_several_pictures_go_out_at_once_survive_another_tab_and_end_with_the_call(room: Room) -> None:
    expert = room.enter("dr.martin", "Dr Claire MARTIN", ONLY_POPUPS)
    nurse = room.enter("ide.dubois", "Nadia DUBOIS")
    until(expert, "window.__td.call.framesShown() > 3")
    with expert.expect_popup() as opening:
        detach(expert)  # one picture there is: it goes at once
    face = opening.value
    until(face, PLAYS)
    assert face.title() == "Nadia DUBOIS"
    expect(face.get_by_text("Nadia DUBOIS")).to_be_visible()
    nurse.evaluate(START, "camera")
    expect(expert.get_by_role("group", name="Deuxième caméra de Nadia DUBOIS")).to_be_visible()
    until(expert, "[...document.querySelectorAll('.td-aux:not(.td-own-aux, .td-blank)')].length === 1", 40)
    detach(expert)  # now there are two: chosen from a list
    panel = expert.get_by_role("region", name="Détacher la vidéo")
    expect(panel.get_by_role("button", name="Détacher : Nadia DUBOIS")).to_have_attribute("aria-pressed", "true")
    with expert.expect_popup() as opening:
        panel.get_by_role("button", name="Détacher : Deuxième caméra de Nadia DUBOIS").click()
    beside = opening.value
    until(beside, PLAYS)
    # The page shows it as before, and decodes each picture once: its connection has the same two lines.
    before = expert.evaluate(DECODED)
    expert.get_by_role("tab", name="Documents").click()
    until(expert, f"(async () => (await ({DECODED})()) > {before} + 5)()", 40)
    until(face, PLAYS)

    with suppress(Error):  # the page of the keyboard is gone before the key is up
        beside.keyboard.press("Escape")
    expect(panel.get_by_role("button", name="Détacher : Deuxième caméra de Nadia DUBOIS")).to_have_attribute(
        "aria-pressed", "false"
    )
    is_gone(beside, expert)
    expert.get_by_role("button", name="Quitter la téléconsultation").click()
    expect(expert.get_by_role("button", name="Quitter la téléconsultation")).to_have_count(0)
    is_gone(face, expert)


def is_gone(window: Page, other: Page) -> None:
    for _ in range(20 * PATIENCE):
        if window.is_closed():
            return
        other.wait_for_timeout(50)
    raise AssertionError("the window is still there")


def test_a_window_that_the_browser_blocks_is_told_and_the_call_goes_on(room: Room) -> None:
    expert = room.enter("dr.martin", "Dr Claire MARTIN", NO_POPUPS)
    room.enter("ide.dubois", "Nadia DUBOIS")
    until(expert, "window.__td.call.framesShown() > 3")
    detach(expert)
    expect(expert.get_by_text("Le navigateur a bloqué la fenêtre")).to_be_visible()
    before = expert.evaluate(DECODED)
    until(expert, f"(async () => (await ({DECODED})()) > {before} + 5)()", 40)


def test_the_first_picture_stays_above_other_windows_and_goes_back_into_the_room(room: Room) -> None:
    expert = room.enter("dr.martin", "Dr Claire MARTIN")
    room.enter("ide.dubois", "Nadia DUBOIS")
    until(expert, "window.__td.call.framesShown() > 3")
    with expert.context.expect_page() as opening:
        detach(expert)
    above = opening.value
    until(expert, "documentPictureInPicture.window !== null")
    until(above, PLAYS)
    expect(above.get_by_text("Nadia DUBOIS")).to_be_visible()
    pressed = expert.get_by_role("button", name="Détacher la vidéo", exact=True)
    expect(pressed).to_have_attribute("aria-pressed", "true")
    with suppress(Error):  # its page is gone before the click has ended
        above.get_by_role("button", name="Remettre dans la salle").click()
    expect(pressed).to_have_attribute("aria-pressed", "false")
    until(expert, "documentPictureInPicture.window === null")  # « closed » is said before the window has gone
    before = expert.evaluate(DECODED)
    until(expert, f"(async () => (await ({DECODED})()) > {before} + 5)()", 40)
