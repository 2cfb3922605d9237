"""One teleconsultation from end to end: two professionals, a daughter, in real browsers."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import People, until
from tests.browser.demo_server import DemoServer

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

NUMBER = "TLM-2026-0001"


def open_dossier(page: Page) -> None:
    page.get_by_role("link", name="TLM EHPAD").click()
    page.get_by_role("heading", name="Mes télédossiers", level=1).wait_for()
    page.get_by_role("link", name=NUMBER).first.click()
    page.get_by_role("button", name="Entrer en salle").wait_for()


def join(page: Page, room: str = "Salle Bleue") -> None:
    page.get_by_role("button", name="Entrer en salle").click()
    page.get_by_role("radio", name=re.compile(room)).check()
    page.get_by_role("button", name="Rejoindre").click()
    page.get_by_role("button", name="Quitter la téléconsultation").wait_for()


def sees_and_hears(page: Page) -> None:
    """Pictures of the other arrive and go on arriving, and so does sound."""
    until(page, "window.__td.call.framesShown() > 10")
    before = page.evaluate("window.__td.call.framesDecoded()")
    until(page, f"window.__td.call.framesDecoded().then((count) => count > {before} + 20)")
    until(page, "window.__td.call.audioLevel().then((level) => level > 0)")


def test_a_nurse_and_a_specialist_go_through_a_whole_teleconsultation(someone: People, demo: DemoServer) -> None:
    nurse, expert = someone.logged_in("ide.dubois"), someone.logged_in("dr.martin")
    for page in (nurse, expert):
        open_dossier(page)

    # 2. documents
    expert.get_by_role("tab", name=re.compile("Documents")).click()
    expert.get_by_role("button", name=re.compile("Courrier du Dr PETIT")).click()
    expect(expert.get_by_role("article", name="Page 1 sur 2").locator("img")).to_be_visible()
    expert.get_by_role("button", name=re.compile("Photo")).click()
    # Its own picture: those of the letter stand beside the list until the server has answered.
    expect(expert.get_by_role("application", name=re.compile("Photo"))).to_have_attribute("data-sharp", "true")
    expert.get_by_role("button", name=re.compile("Scanner cérébral")).click()
    expect(expert.get_by_role("img", name=re.compile("Image, coupe"))).to_be_visible()
    expert.get_by_role("button", name=re.compile("Biologie")).click()
    expect(expert.get_by_role("img", name=re.compile("Sodium : 128 mmol"))).to_be_visible()

    # 3. the room, peer to peer
    join(nurse)
    expert.get_by_role("button", name="Entrer en salle").click()
    expect(expert.get_by_text(re.compile("1 participant.*N. DUBOIS"))).to_be_visible()
    expert.get_by_role("radio", name=re.compile("Salle Bleue")).check()
    expert.get_by_role("button", name="Rejoindre").click()
    for page in (nurse, expert):
        sees_and_hears(page)
    expect(nurse.get_by_text("En téléconsultation").first).to_be_visible()

    nurse.get_by_role("button", name="Discussion").first.click()
    nurse.get_by_role("textbox", name="Message à la salle").fill("Bonsoir docteur <b>")
    nurse.keyboard.press("Enter")
    expert.get_by_role("button", name=re.compile("^Discussion")).first.click()
    expect(expert.get_by_text("Bonsoir docteur <b>").first).to_be_visible()

    # 4. the opinion, beside the video
    expert.get_by_role("tab", name="Avis de l'expert").click()
    expert.get_by_label("Synthèse et hypothèses").fill("Confusion aiguë sur maladie d'Alzheimer.")
    expert.get_by_label("Conduite à tenir").fill("1. Arrêter l'oxybutynine ce jour.")
    expect(expert.get_by_text(re.compile(r"Enregistré à \d\d:\d\d"))).to_be_visible()
    for page in (expert, nurse):
        page.get_by_role("button", name="Quitter la téléconsultation").click()
    expect(expert.get_by_text("Avis à rendre").first).to_be_visible()

    expert.get_by_role("tab", name="Avis de l'expert").click()
    expert.get_by_role("button", name="Enregistrer").click()
    expert.get_by_role("button", name="Générer PDF").click()
    expect(expert.get_by_role("button", name=re.compile("Compte rendu"))).to_be_visible()
    with expert.expect_download() as download:
        expert.get_by_role("button", name="Télécharger", exact=True).click()
    assert download.value.path().read_bytes().startswith(b"%PDF-")

    expert.get_by_role("tab", name="Avis de l'expert").click()
    expert.get_by_role("button", name="Signer", exact=True).click()
    expert.get_by_role("dialog").get_by_role("button", name="Signer et clôturer").click()
    for page in (expert, nurse):
        expect(page.get_by_text("Dossier clôturé").first).to_be_visible()
    expect(expert.get_by_text(re.compile("Signé par Dr Claire MARTIN"))).to_be_visible()
    expect(expert.get_by_label("Synthèse et hypothèses")).to_have_count(0)

    assert someone.errors == []
    hosts = {urlsplit(url).netloc for url in someone.asked if not url.startswith(("data:", "blob:"))}
    assert hosts == {f"localhost:{demo.port}"}


def test_a_daughter_is_invited_waits_and_is_admitted_and_there_is_room_for_a_third(
    someone: People, demo: DemoServer
) -> None:
    expert = someone.logged_in("dr.martin")
    expert.goto(f"{demo.url}/tlm?dossier=TLM-2026-0006")
    join(expert, "Salle Verte")
    expert.get_by_role("button", name="Inviter", exact=True).click()
    expert.get_by_label("Nom", exact=True).fill("Anne GOSSELIN")
    expert.get_by_label("Adresse").fill("anne.gosselin@demo.invalid")
    expert.get_by_role("button", name="Envoyer l'invitation").click()
    expect(expert.get_by_text("Envoyée").first).to_be_visible()

    daughter = someone.page(390, 844)
    daughter.goto(f"{demo.url}/demo/boite")
    link = daughter.locator("a[href*=invitation]").first
    address = link.get_attribute("href") or ""
    daughter.goto(address)
    daughter.get_by_role("button", name="Rejoindre").click()
    expect(daughter.get_by_role("heading", name="Vous êtes dans la salle d'attente")).to_be_visible()
    expect(expert.get_by_text("Anne GOSSELIN attend")).to_be_visible()
    expert.get_by_role("button", name="Admettre").click()
    for page in (daughter, expert):
        sees_and_hears(page)

    nurse = someone.logged_in("ide.dubois")
    nurse.goto(f"{demo.url}/tlm?dossier=TLM-2026-0006")
    nurse.get_by_role("button", name="Entrer en salle").click()
    expect(nurse.get_by_role("radio", name=re.compile("Salle Verte"))).to_be_enabled()
    assert nurse.get_by_text(re.compile("complète", re.IGNORECASE)).count() == 0

    altered = someone.page(390, 844)
    answer = altered.goto(address[:-3] + "xyz")
    assert answer is not None
    assert answer.status == 410
    expect(altered.get_by_role("heading", level=1)).to_be_visible()


def test_somebody_of_another_structure_is_told_that_the_dossier_does_not_exist(
    someone: People, demo: DemoServer
) -> None:
    stranger = someone.logged_in("ide.moreau")
    stranger.goto(f"{demo.url}/tlm?dossier={NUMBER}")
    expect(stranger.get_by_role("heading", name="Ce télédossier ne peut pas s'ouvrir")).to_be_visible()
    assert "MERCIER" not in stranger.content()
