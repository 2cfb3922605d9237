"""Tools of the bar and of an invited person's page, in real browsers: each stands where it says, none that is not there."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open, join

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

# One that this browser cannot do.
BRING_TOOL = """(async () => {
  const { TOOLS } = await import("/statique/video_room/tools.js");
  TOOLS.push({ name: "impossible", place: "second", open: () => undefined, isPossible: () => false });
})()"""


def test_tools_stand_where_they_say_and_only_those_that_there_are(open_page: Open) -> None:
    page = open_page("/salle?qui=martin")
    page.evaluate(BRING_TOOL)  # before the room is opened: it makes its bar in the lobby, as soon as it has time
    page.get_by_role("button", name="Entrer en salle").click()
    join(page)
    bar = page.get_by_role("toolbar", name="Commandes de l'appel")
    names = bar.get_by_role("button").evaluate_all("(all) => all.map((each) => each.getAttribute('aria-label'))")
    first, rest = names[:6], set(names[7:])
    assert first == [
        "Micro",
        "Choisir le micro",
        "Caméra",
        "Choisir la caméra",
        "Partager l'écran",
        "Ajouter une source",
    ]
    assert names[6] == "Quitter la téléconsultation"
    # The one that this browser cannot do is the only one missing.
    assert rest == {
        *("Transférer un document", "Inviter", "Discussion", "Capture d'écran"),
        *("Détacher la vidéo", "Participants", "Disposition"),
    }
    bar.get_by_role("button", name="Ajouter une source").click()
    expect(bar.get_by_role("menuitem")).to_have_text(
        ["Ajouter une caméra", "Auscultation", "Pointer", "Raccourcis clavier"]
    )
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="Auscultation")).to_be_visible()


def test_a_guest_finds_more_behind_a_fifth_button_when_there_is_more(open_page: Open) -> None:
    expert, guest = open_page("/salle?qui=martin&ouvert=1"), open_page("/invitation?qui=mercier", 360, 740)
    join(expert)
    guest.get_by_role("button", name="Rejoindre").click()
    expert.get_by_role("button", name="Admettre").click()
    bar = guest.get_by_role("toolbar", name="Commandes de l'appel")
    expect(bar.get_by_role("button")).to_have_count(5)
    assert guest.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    bar.get_by_role("button", name="Plus").click()
    sheet = guest.get_by_role("dialog", name="Plus")
    sheet.get_by_role("button", name="Caméra, micro et son").click()
    expect(sheet).to_have_count(0)
    expect(guest.get_by_role("dialog", name="Caméra, micro et son")).to_be_visible()
