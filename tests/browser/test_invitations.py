"""Invitations from both ends: SMS, QR code, another device, put out for good; and what is refused."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import People, join, until
from tests.browser.demo_server import DemoServer

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

NUMBER = "TLM-2026-0001"


@pytest.fixture
def host(someone: People, demo: DemoServer) -> Page:
    """The expert in the room, the panel « Inviter » open."""
    page = someone.logged_in("dr.martin")
    page.goto(f"{demo.url}/tlm?dossier={NUMBER}")
    page.get_by_role("button", name="Entrer en salle").click()
    page.get_by_role("radio", name=re.compile("Salle Bleue")).check()
    join(page)
    page.get_by_role("button", name="Inviter", exact=True).click()
    return page


def test_a_landline_is_refused_and_an_sms_brings_a_patient_who_is_put_out_for_good(
    someone: People, demo: DemoServer, host: Page
) -> None:
    host.get_by_role("button", name="SMS", exact=True).click()
    host.get_by_label("Nom", exact=True).fill("Odile GOSSELIN")
    host.get_by_label("Adresse").fill("02 61 91 00 20")
    host.get_by_role("button", name="Envoyer l'invitation").click()
    expect(host.get_by_text("Ce numéro n'est pas celui d'un mobile")).to_be_visible()
    expect(host.get_by_label("Nom", exact=True)).to_have_value("Odile GOSSELIN")  # nothing is to be typed again
    expect(host.get_by_label("Adresse")).to_have_value("02 61 91 00 20")
    host.get_by_label("Adresse").fill("06 99 00 00 77")
    assert host.get_by_label("Rôle").locator("option").all_inner_texts() == ["Patient", "Aidant", "Professionnel"]
    host.get_by_role("button", name="Envoyer l'invitation").click()
    expect(host.get_by_text("Envoyée").first).to_be_visible()
    expect(host.get_by_text(re.compile("Valable jusqu'au"))).to_be_visible()

    host.get_by_role("button", name="Code QR et lien").click()
    expect(host.get_by_role("img", name=re.compile("Code QR"))).to_be_visible()
    link = host.get_by_role("textbox", name="Lien").input_value()
    patient = someone.page(390, 844)
    patient.goto(link)
    patient.get_by_role("button", name="Rejoindre").click()
    expect(host.get_by_text("Odile GOSSELIN attend")).to_be_visible()
    assert host.title().startswith("(1) ")
    host.get_by_role("button", name="Caméra", exact=True).focus()
    host.keyboard.press("a")
    expect(host.get_by_role("button", name="Admettre")).to_be_focused()
    host.keyboard.press("Enter")
    patient.get_by_role("button", name="Écrire").wait_for()
    until(host, "!document.title.startsWith('(')")

    # Another device does not take somebody out of a call.
    thief = someone.page(390, 844)
    answer = thief.goto(link)
    assert answer is not None
    assert answer.status == 409
    expect(thief.get_by_role("heading", name=re.compile("déjà en téléconsultation"))).to_be_visible()

    host.get_by_role("button", name="Participants", exact=True).click()
    host.get_by_role("button", name="Agir sur Odile GOSSELIN").click()
    host.get_by_role("button", name="Faire sortir").click()
    question = host.get_by_role("dialog", name="Faire sortir Odile GOSSELIN\u00a0?")
    question.get_by_role("button", name="Annuler").click()
    expect(patient.get_by_role("button", name="Écrire")).to_be_visible()
    host.get_by_role("button", name="Faire sortir").click()
    question.get_by_role("button", name="Faire sortir").click()
    expect(patient.get_by_role("heading", name="La téléconsultation est finie pour vous")).to_be_visible()
    assert patient.goto(link).status == 410  # type: ignore[union-attr]
    expect(patient.get_by_text(re.compile("fait sortir"))).to_be_visible()
    assert someone.errors == []


def test_an_invitation_moves_to_another_device_only_when_asked_and_two_share_a_tablet(
    someone: People, demo: DemoServer, host: Page
) -> None:
    links = []
    for name in ("Anne GOSSELIN", "Luc GOSSELIN"):
        host.get_by_role("button", name="Lien", exact=True).click()
        host.get_by_label("Nom", exact=True).fill(name)
        host.get_by_role("button", name="Créer le lien").click()
        link = host.get_by_role("textbox", name="Lien")
        expect(link).not_to_have_value(links[-1] if links else "")
        links.append(link.input_value())
    tablet = someone.page(800, 1100)
    tablet.goto(links[0])
    tablet.get_by_role("button", name="Rejoindre").click()
    other = tablet.context.new_page()
    other.goto(links[1])
    other.get_by_role("button", name="Rejoindre").click()
    for name in ("Anne GOSSELIN", "Luc GOSSELIN"):
        expect(host.get_by_text(f"{name} attend")).to_be_visible()

    phone = someone.page(390, 844)
    phone.goto(links[0])
    expect(phone.get_by_role("heading", name=re.compile("déjà ouverte sur un autre appareil"))).to_be_visible()
    expect(host.get_by_text("Anne GOSSELIN attend")).to_be_visible()  # looking changes nothing
    phone.get_by_role("button", name="Ouvrir ici").click()
    expect(tablet.get_by_text(re.compile("ouverte sur un autre appareil"))).to_be_visible()
    phone.get_by_role("button", name="Rejoindre").click()
    expect(phone.get_by_role("heading", name="Vous êtes dans la salle d'attente")).to_be_visible()
    expect(other.get_by_role("heading", name="Vous êtes dans la salle d'attente")).to_be_visible()
    until(host, "document.title.startsWith('(2) ')")

    # What is pressed for one of them is not done to the other, who slides to the place in the middle of the press …
    waiting = {"Anne GOSSELIN": phone, "Luc GOSSELIN": other}
    admit = host.get_by_role("button", name="Admettre")
    host.evaluate("window.__clicks = 0; addEventListener('click', () => (window.__clicks += 1))")
    box = admit.first.bounding_box()
    assert box is not None
    first = host.get_by_role("alertdialog").first.inner_text()
    leaving = waiting[next(name for name in waiting if name in first)]
    host.mouse.move(box["x"] + 5, box["y"] + 5)
    host.mouse.down()
    leaving.get_by_role("button", name="Je ne peux plus attendre").click()
    expect(admit).to_have_count(1)
    assert admit.bounding_box() == box
    host.mouse.up()
    assert host.evaluate("window.__clicks") == 0
    leaving.get_by_role("button", name="Revenir").click()
    leaving.get_by_role("button", name="Rejoindre").click()
    expect(admit).to_have_count(2)
    # … or before the second half of a double click.
    host.mouse.click(box["x"] + 5, box["y"] + 5)
    expect(admit).to_have_count(1)
    assert admit.bounding_box() == box
    host.mouse.down(click_count=2)
    host.mouse.up(click_count=2)
    assert host.evaluate("window.__clicks") == 1
    admit.click()
    expect(admit).to_have_count(0)
    assert someone.errors == []
