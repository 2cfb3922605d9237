"""Files added by a person: several at once, one of them refused and then added as pictures, by keyboard and telephone."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import AXE, serious
from tests.browser.conftest import People
from tests.unit.documents import samples
from tests.unit.documents.hostile import FLATTENABLE

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(180),
    pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed: npm ci"),
]


def documents(someone: People, login: str, width: int = 1280) -> Page:
    page = someone.logged_in(login, width)
    page.goto(page.url.replace("/portail", "/tlm?dossier=TLM-2026-0001&onglet=documents"))
    page.get_by_role("tab", name=re.compile("Documents")).click()
    expect(page.get_by_role("button", name="Ajouter un document")).to_be_visible()
    return page


def files(folder: Path) -> list[Path]:
    made = {
        "Bilan.pdf": samples.pdf("Bilan sanguin"),
        "Formulaire.pdf": FLATTENABLE["javascript dans un flux d'objets.pdf"][0](),
        "Secret.pdf": samples.pdf_with_password(),
    }
    for name, content in made.items():
        (folder / name).write_bytes(content)
    return [folder / name for name in made]


def test_refused_files_say_why_and_an_active_one_can_be_added_as_pictures(someone: People, tmp_path: Path) -> None:
    nurse, colleague = documents(someone, "ide.dubois"), documents(someone, "dr.petit", 390)
    nurse.locator("input[type=file]").set_input_files(files(tmp_path))
    expect(nurse.get_by_role("button", name=re.compile("Bilan.*Sain"))).to_be_visible()
    for page in (nurse, colleague):  # without anybody's reloading
        on_their_way = page.get_by_role("list", name="Fichiers en cours d'ajout")
        expect(on_their_way.get_by_text(re.compile("Refusé.*il contient un programme"))).to_be_visible()
        expect(on_their_way.get_by_text(re.compile("Refusé.*protégé par un mot de passe"))).to_be_visible()
        expect(page.get_by_role("button", name="Ajouter en images : Secret.pdf")).to_have_count(0)
    shoot(nurse, colleague)
    assert (serious(nurse), serious(colleague)) == ([], [])

    colleague.get_by_role("button", name="Retirer : Secret.pdf").click()
    expect(nurse.get_by_role("button", name="Retirer : Secret.pdf")).to_have_count(0)
    expect(colleague.get_by_role("button", name="Ajouter en images : Formulaire.pdf")).to_be_focused()
    nurse.get_by_role("button", name="Ajouter en images : Formulaire.pdf").focus()
    nurse.keyboard.press("Enter")
    flat = re.compile(r"Formulaire \(aplati\)")
    for page in (nurse, colleague):
        expect(page.get_by_role("button", name=flat)).to_be_visible()
    expect(nurse.get_by_role("list", name="Fichiers en cours d'ajout")).to_have_count(
        0
    )  # nothing is on its way any more
    nurse.get_by_role("button", name=flat).click()
    expect(nurse.get_by_text(re.compile("Document numérisé sans texte"))).to_be_visible()
    assert someone.errors == []


def shoot(nurse: Page, colleague: Page) -> None:
    """Looked at by whoever changes the list: `TD_SHOTS=folder`."""
    folder = os.environ.get("TD_SHOTS")
    if folder:
        nurse.screenshot(path=f"{folder}/adding-1280.png", full_page=True)
        colleague.screenshot(path=f"{folder}/adding-390.png", full_page=True)
