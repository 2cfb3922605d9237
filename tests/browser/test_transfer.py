"""« Transférer un document », from both ends, in real browsers on the real demo."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import People, until
from tests.browser.demo_server import DemoServer
from tests.browser.test_rooms_of_many import NUMBER, Room
from tests.unit.documents import samples

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

LETTER = {"name": "Consignes.pdf", "mimeType": "application/pdf", "buffer": samples.pdf("Consignes", "page deux")}
PHOTO = {"name": "photo.pdf", "mimeType": "application/pdf", "buffer": b"\xff\xd8\xff\xe0" + b"x" * 400}


@pytest.fixture
def room(chromium: Browser, demo: DemoServer) -> Iterator[Room]:
    people = People(chromium, demo)
    yield Room(people, demo, {})
    people.close()
    assert people.errors == []


def send(page: Page) -> None:
    page.get_by_role("button", name="Envoyer le document").click()


def test_a_guest_receives_looks_at_and_keeps_a_document_and_the_sender_knows(room: Room) -> None:
    expert = room.enter("dr.martin", "Dr Claire MARTIN")
    guest = room.guest(expert, "Léa MERCIER")
    expert.get_by_role("button", name="Transférer un document", exact=True).click()
    panel = expert.get_by_role("region", name="Transférer un document")
    document = panel.get_by_label("Document du dossier")
    expect(document.locator("option")).not_to_have_count(1)
    title = document.locator("option").nth(1).inner_text()
    document.select_option(index=1)
    expect(panel.get_by_role("checkbox", name="Léa MERCIER")).to_be_checked()
    expert.get_by_role("button", name="Envoyer le document").dblclick()  # by habit: it is sent once all the same

    expect(expert.get_by_text("Reçu", exact=True)).to_be_visible()  # for eight seconds
    received = guest.get_by_role("status").filter(has_text=f"Document reçu : {title}")
    expect(received).to_be_visible()
    expect(received).to_contain_text("De Dr Claire MARTIN")
    expect(panel.get_by_text("Léa MERCIER : Reçu", exact=True)).to_be_visible()

    received.get_by_role("button", name="Regarder").click()
    sheet = guest.get_by_role("dialog", name=title)
    expect(sheet.get_by_role("img", name=re.compile("Page 1 sur"))).to_be_visible()
    until(guest, "document.querySelector('.td-pages img').naturalWidth > 100")
    sheet.get_by_role("button", name="Fermer").click()
    expect(sheet).to_have_count(0)

    with guest.expect_download() as saving:
        received.get_by_role("button", name="Télécharger").click()
    assert Path(saving.value.path()).read_bytes().startswith(b"%PDF-")
    assert saving.value.suggested_filename.endswith(".pdf")
    expect(panel.get_by_text("Léa MERCIER : Reçu et téléchargé")).to_be_visible()
    expect(panel.get_by_role("list", name="Documents envoyés").get_by_role("listitem")).to_have_count(1)
    guest.get_by_role("button", name="Plus").click()
    guest.get_by_role("dialog", name="Plus").get_by_role("button", name="Documents reçus").click()
    files = guest.get_by_role("dialog", name="Documents reçus")
    expect(files.get_by_role("button", name=f"Télécharger {title}")).to_be_visible()
    files.get_by_role("button", name="Fermer").click()
    guest.get_by_role("button", name="Écrire").click()
    expect(guest.get_by_role("log")).to_contain_text(f"Document transmis à tous : « {title} »")

    expert.goto(f"{room.demo.url}/tlm?dossier={NUMBER}&onglet=tracabilite")
    for line in (
        "a transmis un document pendant la téléconsultation",
        "a reçu un document",
        "a téléchargé un document",
    ):
        expect(expert.get_by_role("cell", name=re.compile(f"{line}.*{re.escape(title)}")).first).to_be_visible()


def test_a_pdf_of_the_disk_goes_through_the_gate_and_nothing_else_does(room: Room) -> None:
    expert, nurse = room.enter("dr.martin", "Dr Claire MARTIN"), room.enter("ide.dubois", "Nadia DUBOIS")
    expert.get_by_role("button", name="Transférer un document", exact=True).click()
    panel = expert.get_by_role("region", name="Transférer un document")
    send(expert)
    expect(panel.get_by_role("alert")).to_contain_text("Choisissez d'abord un document")
    expect(panel.get_by_role("checkbox", name="Nadia DUBOIS")).to_be_checked()
    panel.get_by_label("Ou un PDF de cet ordinateur").set_input_files(PHOTO)  # type: ignore[arg-type]
    late = room.enter("dr.petit", "Dr Paul PETIT")  # after the choice was made: they are not meant
    expect(panel.get_by_role("checkbox", name="Dr Paul PETIT")).not_to_be_checked()
    send(expert)
    expect(panel.get_by_role("alert")).to_contain_text("Fichier refusé")
    panel.get_by_label("Ou un PDF de cet ordinateur").set_input_files(LETTER)  # type: ignore[arg-type]
    send(expert)
    expect(nurse.get_by_role("status").filter(has_text="Document reçu : Consignes")).to_be_visible()
    expect(panel.get_by_text("Nadia DUBOIS : Reçu", exact=True)).to_be_visible()
    expect(nurse.get_by_role("status").filter(has_text="Document reçu : photo")).to_have_count(0)
    expect(late.get_by_role("status").filter(has_text="Document reçu")).to_have_count(0)
    expect(panel.get_by_text(re.compile("PETIT : "))).to_have_count(0)
