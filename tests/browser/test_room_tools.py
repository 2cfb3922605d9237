"""Tools of the bar and of an invited person's page, in real browsers: each stands where it says, none that is not there."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open, join

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

# A tool in each place, as a module of its own would bring it.
BRING_TOOLS = """(async () => {
  const [{ TOOLS }, { GUEST_TOOLS }] = await Promise.all(
    ["tools", "guest_tools"].map((name) => import(`/statique/video_room/${name}.js`)));
  const open = (name) => ({ words }) => { document.title = name + words.say("you"); };
  for (const [name, place] of [["share", "first"], ["camera", "more"], ["auscultation", "more"], ["layout", "second"]]) {
    TOOLS.push({ name, place, open: open(name) });
  }
  TOOLS.push({ name: "impossible", place: "second", open: open("impossible"), isPossible: () => false });
  GUEST_TOOLS.push({ name: "capture", open: open("capture") });
})()"""


def test_tools_stand_where_they_say_and_only_those_that_there_are(open_page: Open) -> None:
    page = open_page("/salle?qui=martin&ouvert=1")
    page.evaluate(BRING_TOOLS)
    join(page)
    bar = page.get_by_role("toolbar", name="Commandes de l'appel")
    names = bar.get_by_role("button").evaluate_all("(all) => all.map((each) => each.getAttribute('aria-label'))")
    assert names == [
        *("Micro", "Choisir le micro", "Caméra", "Choisir la caméra", "Partager l'écran", "Ajouter une source"),
        *("Quitter la téléconsultation", "Transférer un document", "Inviter", "Discussion", "Capture d'écran"),
        *("Détacher la vidéo", "Participants", "Disposition"),
    ]
    bar.get_by_role("button", name="Partager l'écran").click()
    expect(page).to_have_title("shareVous")
    bar.get_by_role("button", name="Ajouter une source").click()
    expect(bar.get_by_role("menuitem")).to_have_text(["Pointer", "Ajouter une caméra", "Auscultation"])
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    expect(page).to_have_title("auscultationVous")
    expect(bar.get_by_role("button", name="Ajouter une source")).to_be_focused()


def test_a_guest_finds_more_behind_a_fifth_button_when_there_is_more(open_page: Open) -> None:
    expert, guest = open_page("/salle?qui=martin&ouvert=1"), open_page("/invitation?qui=mercier", 360, 740)
    join(expert)
    guest.evaluate(BRING_TOOLS)
    guest.get_by_role("button", name="Rejoindre").click()
    expert.get_by_role("button", name="Admettre").click()
    bar = guest.get_by_role("toolbar", name="Commandes de l'appel")
    expect(bar.get_by_role("button")).to_have_count(5)
    assert guest.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    bar.get_by_role("button", name="Plus").click()
    sheet = guest.get_by_role("dialog", name="Plus")
    sheet.get_by_role("button").last.click()
    expect(guest).to_have_title("captureVous")
    expect(sheet).to_have_count(0)
