"""« Pointer »: what is shown to everybody, each one's pointer and strokes, by both routes, in real browsers on the real demo."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import People, take_route, until
from tests.browser.demo_server import DemoServer
from tests.browser.test_rooms_of_many import NUMBER, Room

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

# Points of the canvas that somebody has painted.
PAINTED = """(() => {
  const canvas = document.querySelector('.td-shown canvas');
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  let painted = 0;
  for (let at = 3; at < data.length; at += 4) if (data[at] > 0) painted += 1;
  return painted;
})()"""
# A stroke comes in pieces: whole once its last point has come. Whoever listens after the page hears when that is painted.
HEAR_POINTS = """() => {
  window.__points = [];
  window.__td.call.current.on('peer:stroke', ({ points }) => window.__points.push(...points));
}"""
LAST_POINT = "(([x, y]) => Math.hypot(x - {0}, y - {1}) < 0.02)(window.__points.at(-1) ?? [-1, -1])"
# What a page that is not ours might put on the channel, as JSON lets it through or does not.
NONSENSE = """(on) => {
  const { topology } = window.__td.call.current;
  const texts = [
    { t: 'stroke', on, id: 'x', colour: 1, points: [[null, 0.5]] }, { t: 'stroke', on, id: 'x', colour: 99, points: [[0, 0]] },
    { t: 'stroke', on, id: 'x', colour: 1, points: [[2, 0.5]] }, { t: 'stroke', on, id: 'x', colour: 1, points: [] },
    { t: 'stroke', on: 'other', id: 'x', colour: 1, points: [[0.1, 0.1], [0.9, 0.9]] }, { t: 'point', on, x: 'NaN', y: 0 },
  ].map((word, at) => JSON.stringify({ ...word, n: 1000 + at }));
  texts.push('{"t":"stroke","on":"' + on + '","id":"x","colour":1,"n":9,"points":[[NaN,0]]}', 'x'.repeat(20000));
  const channels = [...topology.peers.links.values()].map((link) => link.channel?.channel ?? link.channel);
  return [channels.length, texts.map((text) => topology.words.read('somebody', text, performance.now()))];
}"""


@pytest.fixture
def room(chromium: Browser, demo: DemoServer) -> Iterator[Room]:
    people = People(chromium, demo)
    yield Room(people, demo, {})
    people.close()
    assert people.errors == []


def show(page: Page) -> None:
    page.get_by_role("button", name="Ajouter une source").click()
    page.get_by_role("menuitem", name="Pointer").click()
    panel = page.get_by_role("region", name="Pointer sur un document")
    expect(panel.get_by_label("Document à montrer").locator("option")).not_to_have_count(1)
    panel.get_by_label("Document à montrer").select_option(index=1)
    panel.get_by_role("button", name="Montrer à la salle").click()


def sheet(page: Page) -> Locator:
    return page.get_by_role("region", name="Image montrée à tous").get_by_role("application")


def drag(page: Page, places: list[tuple[float, float]]) -> None:
    box: Any = sheet(page).bounding_box()
    steps = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in places]
    page.mouse.move(*steps[0])
    page.mouse.down()
    for step in steps[1:]:
        page.mouse.move(*step, steps=4)
    page.mouse.up()


def test_a_guest_and_a_professional_point_and_draw_on_the_same_page(room: Room, route: str) -> None:
    expert = room.enter("dr.martin", "Dr Claire MARTIN")
    guest = room.guest(expert, "Léa MERCIER")
    for page in (expert, guest):
        until(page, "window.__td.call.framesShown() > 3")
    take_route(route, expert, guest)
    show(expert)
    for page in (expert, guest):
        expect(sheet(page)).to_be_visible()
        until(page, "document.querySelector('.td-shown img').naturalWidth > 100")
        assert page.evaluate(PAINTED) == 0
    shown = guest.get_by_role("region", name="Image montrée à tous")
    assert shown.get_by_role("button", name="Ajouter au dossier").count() == 0
    assert shown.get_by_role("button", name="Ne plus montrer").count() == 0

    expert.evaluate(HEAR_POINTS)
    drag(guest, [(0.2, 0.2), (0.5, 0.4), (0.6, 0.3)])
    expect(expert.locator(".td-pointer").filter(has_text="Léa MERCIER")).to_be_visible()  # gone after five seconds
    until(expert, LAST_POINT.format(0.6, 0.3))
    once = expert.evaluate(PAINTED)
    assert once > 50
    sheet(guest).focus()
    for key in ("ArrowDown", " ", "ArrowDown", "ArrowRight", "ArrowRight", " "):  # the same by keyboard
        guest.keyboard.press(key)
    until(expert, f"{PAINTED} > {once}")
    guest.keyboard.press("Backspace")
    until(expert, f"{PAINTED} === {once}")
    drag(expert, [(0.8, 0.8), (0.9, 0.9)])
    until(guest, f"{PAINTED} > 50")
    shown.get_by_role("button", name="Effacer mes traits").click()
    until(expert, f"{PAINTED} < {once}")
    until(expert, f"{PAINTED} > 0")

    expert.get_by_role("region", name="Image montrée à tous").get_by_role("button", name="Ajouter au dossier").click()
    keeping = expert.locator(".td-shown-keep")
    keeping.get_by_label("Légende").fill(f"Annoté {route}")
    keeping.get_by_role("button", name="Ajouter au dossier").click()
    expect(keeping.get_by_text("Image ajoutée au dossier")).to_be_visible()
    thing = guest.evaluate("document.querySelector('.td-shown img').src.match(/montre\\/(\\w+)/)[1]")
    _channels, heard = expert.evaluate(NONSENSE, thing)
    assert all(word is None or word["on"] == "other" for word in heard), heard
    guest.evaluate("window.__td.call.current.line.send({ t: 'unshow' })")  # not theirs to end
    expect(sheet(expert)).to_be_visible()
    expert.get_by_role("button", name="Ne plus montrer").click()
    for page in (expert, guest):
        expect(sheet(page)).to_have_count(0)
    if route == "direct":
        expert.goto(f"{room.demo.url}/tlm?dossier={NUMBER}&onglet=documents")
        expect(expert.get_by_text(f"Annoté {route}").first).to_be_visible()
