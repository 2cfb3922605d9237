"""« Disposition »: who stands large, and what one can do with each picture; no video is ever moved in the document."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open, join, until
from tests.browser.test_sources import START

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

AREAS = """() => {
  const area = (tile) => { const { width, height } = tile.getBoundingClientRect(); return width * height; };
  const tiles = [...document.querySelectorAll(".td-tiles > .td-tile:not(.td-own-aux)")];
  return Object.fromEntries(tiles.map((tile) => [tile.getAttribute("aria-label"), area(tile)]));
}"""
# Whatever leaves the document, or comes anew into it, among the faces.
WATCH = """() => {
  window.__moved = 0;
  new MutationObserver((records) => {
    for (const { addedNodes, removedNodes } of records)
      for (const node of [...addedNodes, ...removedNodes]) if (node.querySelector?.("video") || node.tagName === "VIDEO") window.__moved += 1;
  }).observe(document.querySelector(".td-tiles"), { childList: true, subtree: true });
}"""
INSIDE = """() => {
  const frame = document.querySelector(".td-tiles").getBoundingClientRect();
  return [...document.querySelectorAll(".td-tiles > .td-tile")].every((tile) => {
    const { left, right, top, bottom } = tile.getBoundingClientRect();
    return left >= frame.left - 1 && right <= frame.right + 1 && top >= frame.top - 1 && bottom <= frame.bottom + 1;
  });
}"""
SPEAKS = "(name) => { const call = window.__td.call.current; return [...call.people.values()].find((each) => each.name === name).id; }"

EXPERT, NURSE, THIRD = "Dr Claire MARTIN", "Nadia DUBOIS", "Dr Paul PETIT"


def largest(page: Page) -> list[str]:
    """Those that stand large, ours included."""
    areas = page.evaluate(AREAS)
    most = max(areas.values())
    return sorted(name for name, area in areas.items() if area > 0.9 * most)


def choose(page: Page, name: str) -> None:
    page.get_by_role("radio", name=name).check()
    page.wait_for_timeout(200)


@pytest.mark.parametrize("server", [3], indirect=True)
def test_each_layout_shows_large_what_it_says_and_moves_no_video(open_page: Open) -> None:
    expert, nurse, third = (open_page(f"/salle?qui={who}&ouvert=1") for who in ("martin", "dubois", "petit"))
    for page in (expert, nurse, third):
        join(page)
    until(expert, f"Object.keys(({AREAS})()).length === 3")  # somebody is known a moment before their tile is there
    expert.get_by_role("button", name="Disposition").click()
    expect(expert.get_by_role("radio", name="Automatique")).to_be_checked()
    assert largest(expert) == sorted([NURSE, THIRD, "Vous"])
    expert.evaluate(WATCH)

    choose(expert, "Intervenant")
    expert.evaluate("window.__td.call.current.devices.turn('audio', true)")
    assert len(largest(expert)) == 1
    until(expert, "[...document.querySelectorAll('.td-talk')].length > 0", 30)  # who speaks is marked
    expert.get_by_role("group", name=THIRD, exact=True).hover()
    expert.get_by_role("button", name=f"Épingler {THIRD}").click()
    expert.wait_for_timeout(1500)
    assert largest(expert) == [THIRD]
    choose(expert, "Mosaïque")
    assert largest(expert) == [THIRD]  # pinned is pinned
    expert.get_by_role("button", name=f"Ne plus épingler {THIRD}").click()
    expert.wait_for_timeout(200)
    assert largest(expert) == sorted([NURSE, THIRD, "Vous"])
    choose(expert, "Côte à côte")
    assert len(largest(expert)) == 2
    assert expert.evaluate("window.__moved") == 0

    choose(expert, "Automatique")
    nurse.evaluate(START, "screen")
    shown = expert.get_by_role("group", name=f"Écran de {NURSE}")
    expect(shown).to_be_visible()
    expert.wait_for_timeout(200)
    assert largest(expert) == [f"Écran de {NURSE}"]
    choose(expert, "Côte à côte")
    assert largest(expert) == sorted([NURSE, f"Écran de {NURSE}"])
    choose(expert, "Mosaïque")
    assert len(largest(expert)) == 4
    assert expert.evaluate(INSIDE)
    expert.set_viewport_size({"width": 390, "height": 844})
    # The tiles are inside before, too: of the wide page that was.
    until(expert, f"document.querySelector('.td-phone') !== null && ({INSIDE})()")
    assert expert.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert expert.evaluate("window.__moved") == 1  # the tile that came

    expert.set_viewport_size({"width": 1440, "height": 900})
    expert.reload()
    join(expert)
    expert.get_by_role("button", name="Disposition").click()
    expect(expert.get_by_role("radio", name="Mosaïque")).to_be_checked()  # kept


def test_a_picture_is_gone_into_held_and_seen_in_the_whole_screen(open_page: Open) -> None:
    expert, nurse = open_page("/salle?qui=martin&ouvert=1"), open_page("/salle?qui=dubois&ouvert=1")
    join(expert)
    join(nurse)
    until(expert, "window.__td.call.framesShown() > 3")
    nurse.evaluate(START, "camera")
    tile = expert.get_by_role("group", name=f"Deuxième caméra de {NURSE}")
    until(expert, "[...document.querySelectorAll('.td-aux:not(.td-own-aux, .td-blank)')].length === 1")
    tile.hover()
    closer = tile.get_by_role("button", name="Agrandir l'image")
    closer.click()
    closer.click()
    pictures = "document.querySelector('.td-aux:not(.td-own-aux) .td-pictures')"
    assert "scale(2.25)" in expert.evaluate(f"{pictures}.style.transform")
    before = expert.evaluate(f"{pictures}.style.transform")
    closer.press("ArrowRight")
    assert expert.evaluate(f"{pictures}.style.transform") != before
    for _ in range(20):
        closer.press("ArrowRight")  # never out of the picture
    assert expert.evaluate(
        f"{pictures}.getBoundingClientRect().right >= {pictures}.parentElement.getBoundingClientRect().right - 1"
    )
    tile.get_by_role("button", name="Image entière").click()
    assert expert.evaluate(f"{pictures}.style.transform") == ""

    tile.get_by_role("button", name="Figer l'image").click()
    held = "document.querySelector('.td-aux .td-held')"
    until(expert, f"Boolean({held}) && {held}.getContext('2d').getImageData(320, 240, 1, 1).data[3] === 255")
    assert expert.evaluate("document.querySelector('.td-aux').dataset.held") == "Image figée, pour vous seul"
    first = expert.evaluate(f"{held}.toDataURL().length")
    expert.wait_for_timeout(300)
    assert expert.evaluate(f"{held}.toDataURL().length") == first
    tile.get_by_role("button", name="Reprendre l'image").click()
    assert expert.evaluate(held) is None

    tile.get_by_role("button", name="Plein écran").click()
    until(expert, "document.fullscreenElement?.classList.contains('td-aux') === true")
    tile.get_by_role("button", name="Quitter le plein écran").click()
    until(expert, "document.fullscreenElement === null")
    assert nurse.get_by_role("group", name="Votre deuxième caméra").get_by_role("button").count() == 0
