"""« Capture d'écran », from both ends, in real browsers on the real demo: the camera's own resolution, into the dossier."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import People, until
from tests.browser.demo_server import DemoServer
from tests.browser.test_rooms_of_many import NUMBER, Room
from tests.browser.test_sources import START

pytestmark = [pytest.mark.browser, pytest.mark.alone, pytest.mark.timeout(240)]  # the product gives a photograph 4 s

# What a browser without ImageCapture has (Firefox, Safari), and a page that takes the request and never answers.
NO_PHOTOGRAPH = "delete globalThis.ImageCapture;"
FULL, NOT_FULL = "points, pleine résolution de l'appareil", "n'a pas pu être obtenue"
NEVER_SENDS = "XMLHttpRequest.prototype.send = function () {};"
ASK_AS_GUEST = """() => {
  const call = window.__td.call.current;
  window.__refusals = [];
  call.on("problem", (problem) => window.__refusals.push(problem));
  const [person] = call.people.keys();
  call.line.send({ t: "still", person, source: "camera", key: "guest-1" });
}"""


@pytest.fixture
def room(chromium: Browser, demo: DemoServer) -> Iterator[Room]:
    people = People(chromium, demo)
    yield Room(people, demo, {})
    people.close()
    assert people.errors == []


def capture(page: Page) -> None:
    page.get_by_role("button", name="Capture d'écran", exact=True).click()


def close_camera(page: Page) -> None:
    """Both pages have the one fake camera of this browser: it keeps the size of whoever had it first."""
    page.get_by_role("button", name="Caméra", exact=True).click()
    until(page, "window.__td.call.current.devices.tracks.video === null")


def size_of(page: Page, words: str) -> tuple[int, int]:
    said = page.get_by_role("region", name="Capture d'écran").get_by_role("status").filter(has_text=words)
    expect(said.first).to_be_visible()
    found = re.search(r"(\d+) × (\d+)", said.first.inner_text())
    assert found is not None
    return int(found[1]), int(found[2])


def test_a_picture_has_the_resolution_of_the_camera_and_goes_into_the_dossier(room: Room) -> None:
    expert = room.enter("dr.martin", "Dr Claire MARTIN")
    guest = room.guest(expert, "Léa MERCIER")
    until(expert, "window.__td.call.framesShown() > 3")
    close_camera(expert)
    capture(expert)  # one picture there is: taken at once
    expect(guest.get_by_text("Dr Claire MARTIN prend une photographie avec votre caméra")).to_be_visible()
    width, height = size_of(expert, FULL)
    # Without a photograph in time the stream was made larger for a moment, and becomes what it was.
    until(expert, f"[...document.querySelectorAll('.td-video')].every((video) => video.videoWidth < {width})")
    panel = expert.get_by_role("region", name="Capture d'écran")
    with expert.expect_download() as saving:
        panel.get_by_role("button", name="Télécharger").click()
    picture = Image.open(io.BytesIO(Path(saving.value.path()).read_bytes()))
    assert picture.size == (width, height)
    assert re.fullmatch(r"Capture \d{4}-\d\d-\d\d \d\dh\d\d\.(jpg|png)", saving.value.suggested_filename)
    panel.get_by_role("button", name="Ajouter au dossier").click()
    expect(panel.get_by_role("alert")).to_contain_text("Écrivez une légende")
    panel.get_by_label("Légende").fill("Plaie du talon")
    panel.get_by_label("Zone du corps").fill("Talon gauche")
    panel.get_by_role("button", name="Ajouter au dossier").click()
    expect(panel.get_by_text("Image ajoutée au dossier")).to_be_visible()
    expert.goto(f"{room.demo.url}/tlm?dossier={NUMBER}&onglet=documents")
    expect(expert.get_by_text("Plaie du talon (Talon gauche)").first).to_be_visible()


def test_without_a_photograph_the_stream_is_made_larger_and_a_page_that_never_sends_gives_the_picture_shown(
    room: Room,
) -> None:
    expert = room.enter("dr.martin", "Dr Claire MARTIN")
    nurse = room.enter("ide.dubois", "Nadia DUBOIS", NO_PHOTOGRAPH)
    until(expert, "window.__td.call.framesShown() > 3")
    close_camera(expert)
    capture(expert)
    width, _height = size_of(expert, FULL)
    assert width > 640
    until(nurse, "window.__td.call.current.devices.tracks.video.getSettings().width === 640")  # as it was
    nurse.evaluate(NEVER_SENDS)
    panel = expert.get_by_role("region", name="Capture d'écran")
    panel.get_by_role("button", name="Capturer l'image : Nadia DUBOIS").click()
    shown = size_of(expert, NOT_FULL)
    assert shown[0] <= width


def test_what_is_shown_beside_the_face_is_captured_too_and_a_guest_asks_nobody(room: Room) -> None:
    expert = room.enter("dr.martin", "Dr Claire MARTIN")
    guest = room.guest(expert, "Léa MERCIER")
    guest.evaluate(START, "screen")
    expect(expert.get_by_role("group", name="Écran de Léa MERCIER")).to_be_visible()
    until(expert, "[...document.querySelectorAll('.td-aux:not(.td-own-aux, .td-blank)')].length === 1", 40)
    capture(expert)
    panel = expert.get_by_role("region", name="Capture d'écran")
    panel.get_by_role("button", name="Capturer l'image : Écran de Léa MERCIER").click()
    assert size_of(expert, FULL) == (640, 480)
    guest.evaluate(ASK_AS_GUEST)
    until(guest, "window.__refusals.some(({ about, code }) => about === 'still' && code === 'acces-refuse')")
