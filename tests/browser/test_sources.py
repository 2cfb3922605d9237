"""What travels beside face and voice, from both ends and by both routes: a second picture, and words between the pages."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import People, take_route, until
from tests.browser.demo_server import DemoServer

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

NUMBER = "TLM-2026-0001"
SMALL = (1100, 780)
# A picture that moves, as a screen or another camera gives it; its clock goes on in a page that is not in front.
START = """(content) => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 640, height: 480 });
  const brush = canvas.getContext("2d");
  let count = 0;
  window.__drawing = setInterval(() => {
    count += 1;
    brush.fillStyle = `hsl(${count * 7}, 80%, 50%)`;
    brush.fillRect(0, 0, 640, 480);
    brush.fillStyle = "black";
    brush.fillText(String(count), 40, 90);
  }, 50);
  window.__td.call.current.aux.start(content, canvas.captureStream(20).getTracks());
}"""
COUNTS = """async () => {
  const [person] = await window.__td.call.perPerson();
  return person ? [person.framesDecoded, person.auxFramesDecoded] : [0, 0];
}"""
REMEMBER_WORDS = (
    "() => { window.__words = []; window.__td.call.current.on('peer:point', (word) => window.__words.push(word)); }"
)
SAY = "(word) => window.__td.call.current.topology.say(word)"


def enter(someone: People, demo: DemoServer, login: str, number: str = NUMBER, room: str = "Salle Bleue") -> Page:
    page = someone.logged_in(login, *SMALL)
    page.goto(f"{demo.url}/tlm?dossier={number}")
    page.get_by_role("button", name="Entrer en salle").click()
    page.get_by_role("radio", name=re.compile(room)).check()
    page.get_by_role("button", name="Rejoindre").click()
    page.get_by_role("button", name="Quitter la téléconsultation").wait_for()
    return page


def grows(page: Page, which: int, more: int = 10) -> None:
    """More pictures are decoded: of the face (0), of what is shown beside it (1)."""
    before = page.evaluate(COUNTS)[which]
    until(page, f"(async () => (await ({COUNTS})())[{which}] > {before} + {more})()", 90)


def test_a_second_picture_and_words_arrive_while_both_faces_go_on(
    someone: People, demo: DemoServer, route: str
) -> None:
    expert, nurse = enter(someone, demo, "dr.martin"), enter(someone, demo, "ide.dubois")
    for page in (expert, nurse):
        until(page, "window.__td.call.framesShown() > 3")
    take_route(route, expert, nurse)
    negotiated = nurse.evaluate("window.__td.call.negotiations()")

    nurse.evaluate(START, "camera")
    beside = expert.get_by_role("group", name="Deuxième caméra de Nadia DUBOIS")
    expect(beside).to_be_visible()
    expect(nurse.get_by_role("group", name="Votre deuxième caméra")).to_be_visible()
    until(expert, "[...document.querySelectorAll('.td-aux:not(.td-own-aux, .td-blank)')].length === 1")
    grows(expert, 1)
    grows(expert, 0)
    grows(nurse, 0)
    assert nurse.evaluate(COUNTS)[1] == 0
    assert expert.evaluate("document.querySelector('.td-aux:not(.td-own-aux) video').videoWidth") >= 320
    assert nurse.evaluate("window.__td.call.negotiations()") == negotiated

    for page in (expert, nurse):
        page.evaluate(REMEMBER_WORDS)
    assert nurse.evaluate(SAY, {"t": "point", "on": "still-1", "x": 0.25, "y": 0.5}) is True
    assert nurse.evaluate(SAY, {"t": "point", "on": "still-1", "x": 7, "y": 0.5}) is False
    until(expert, "window.__words.length > 0")
    (word,) = expert.evaluate("window.__words")
    sender = expert.evaluate("[...window.__td.call.current.people.keys()][0]")
    assert (word["from"], word["on"], word["x"], word["y"]) == (sender, "still-1", 0.25, 0.5)
    assert nurse.evaluate("window.__words") == []

    nurse.evaluate("() => { clearInterval(window.__drawing); window.__td.call.current.aux.stop(); }")
    expect(beside).to_have_count(0)
    expect(nurse.get_by_role("group", name="Votre deuxième caméra")).to_have_count(0)
    grows(expert, 0)

    expert.evaluate(START, "screen")  # the other way: of the two, the expert was called
    expect(nurse.get_by_role("group", name="Écran de Dr Claire MARTIN")).to_be_visible()
    grows(nurse, 1)
    grows(nurse, 0)
    assert {page.evaluate("window.__td.call.route()") for page in (expert, nurse)} == {route}
    assert someone.errors == []
