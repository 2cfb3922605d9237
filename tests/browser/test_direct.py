"""« Direct »: two professionals write to each other, from the room and from another page, in real browsers."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import People, join, until
from tests.browser.demo_server import DemoServer

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

NUMBER = "TLM-2026-0001"


def in_the_room(someone: People, demo: DemoServer, login: str) -> Page:
    page = someone.logged_in(login)
    page.goto(f"{demo.url}/tlm?dossier={NUMBER}")
    page.get_by_role("button", name="Entrer en salle").click()
    page.get_by_role("radio", name=re.compile("Salle Bleue")).check()
    return join(page)


def test_a_physician_in_a_call_asks_a_colleague_who_is_on_another_page(someone: People, demo: DemoServer) -> None:
    colleague = someone.logged_in("dr.leroy")  # at the kiosk
    expert = in_the_room(someone, demo, "dr.martin")
    expert.get_by_role("button", name="Discussion", exact=True).click()
    expert.get_by_role("tab", name="Direct").click()
    panel = expert.get_by_role("region", name="Discussion")
    row = panel.get_by_role("button", name=re.compile("Dr Hugo LEROY.*connecté"))
    # A third person comes while the button of the mouse is down: the list is drawn again, the press is not lost.
    row.hover()
    expert.mouse.down()
    third = someone.logged_in("ide.moreau")
    expect(panel.get_by_role("button", name=re.compile("MOREAU.*connecté"))).to_be_visible()
    expert.mouse.up()
    expect(panel.get_by_role("textbox", name="Message à Dr Hugo LEROY")).to_be_visible()
    panel.get_by_role("button", name="Revenir aux confrères").click()

    panel.get_by_role("searchbox", name="Chercher un confrère").fill("leroy")
    expect(panel.get_by_role("button", name=re.compile("MOREAU"))).to_have_count(0)  # found: the row moves no more
    row.click()
    panel.get_by_role("textbox", name="Message à Dr Hugo LEROY").fill("Un avis sur <b>une plaie</b> ?")
    expert.keyboard.press("Enter")
    expect(panel.get_by_text(f"depuis {NUMBER}")).to_be_visible()

    mark = colleague.get_by_role("button", name="Messages directs, 1 non lu")
    expect(mark).to_be_visible()
    colleague.reload()
    expect(mark).to_be_visible()  # unread marks outlive the page
    mark.click()
    colleague.get_by_role("button", name=re.compile("Dr Claire MARTIN")).click()
    expect(colleague.get_by_text("Un avis sur <b>une plaie</b> ?")).to_be_visible()
    expect(colleague.get_by_role("button", name="Messages directs", exact=True)).to_be_visible()  # read now
    assert NUMBER not in colleague.content()
    colleague.get_by_role("textbox", name="Message à Dr Claire MARTIN").fill("Volontiers.")
    colleague.keyboard.press("Enter")
    expect(panel.get_by_text("Volontiers.")).to_be_visible()

    # Neither a third person nor who has logged out hears anything.
    expect(third.get_by_role("button", name="Messages directs", exact=True)).to_be_visible()
    colleague.get_by_role("button", name="Se déconnecter").click()
    colleague.wait_for_url(re.compile("connexion"))
    expect(panel.get_by_text(re.compile("n'est pas connecté"))).to_be_visible()
    assert someone.errors == []


def test_letters_act_in_the_room_and_never_while_somebody_types(someone: People, demo: DemoServer) -> None:
    nurse = in_the_room(someone, demo, "ide.dubois")
    nurse.get_by_role("button", name="Caméra", exact=True).focus()
    nurse.keyboard.press("d")
    field = nurse.get_by_role("textbox", name="Message à la salle")
    expect(field).to_be_focused()
    nurse.keyboard.type("mvq")
    expect(field).to_have_value("mvq")
    assert nurse.get_by_role("dialog").count() == 0
    nurse.get_by_role("button", name="Caméra", exact=True).focus()
    nurse.keyboard.press("v")
    expect(nurse.get_by_role("button", name="Caméra", exact=True)).to_have_attribute("aria-pressed", "false")
    nurse.keyboard.press("?")
    help_ = nurse.get_by_role("dialog", name="Raccourcis clavier")
    help_.get_by_role("checkbox", name="Raccourcis actifs").uncheck()
    help_.get_by_role("button", name="Fermer").click()
    nurse.get_by_role("button", name="Caméra", exact=True).focus()
    nurse.keyboard.press("q")
    assert nurse.get_by_role("dialog").count() == 0
    nurse.keyboard.press("?")
    help_.get_by_role("checkbox", name="Raccourcis actifs").check()
    help_.get_by_role("button", name="Fermer").click()
    nurse.get_by_role("button", name="Caméra", exact=True).focus()
    nurse.keyboard.press("q")
    nurse.get_by_role("dialog", name="Quitter la téléconsultation\u00a0?").get_by_role("button", name="Quitter").click()
    until(nurse, "document.documentElement.dataset.tdRoom === 'closed'")
    assert someone.errors == []
