"""A biology typed at the bedside, its curve beside the laboratory's, then everything taken home and its index opened."""

from __future__ import annotations

import re
import zipfile
from datetime import date, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import AXE, serious
from tests.browser.conftest import People

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(240),
    pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed: npm ci"),
]

NUMBER = "TLM-2026-0001"
TAKEN = date.today() - timedelta(days=7)


def at_documents(someone: People, login: str, width: int = 1280) -> Page:
    page = someone.logged_in(login, width)
    page.goto(page.url.replace("/portail", f"/tlm?dossier={NUMBER}&onglet=documents"))
    expect(page.get_by_role("button", name="Saisir une biologie")).to_be_visible()
    return page


def test_a_biology_is_typed_questioned_drawn_corrected_and_taken_home(someone: People, tmp_path: Path) -> None:
    page = at_documents(someone, "ide.dubois")
    page.get_by_role("button", name="Saisir une biologie").click()
    expect(page.get_by_role("heading", name="Saisir une biologie")).to_be_focused()
    page.get_by_label("Laboratoire", exact=True).fill("Orne Bio")
    first, second = (page.get_by_role("group", name=f"Analyse {number}") for number in (1, 2))
    first.get_by_label("Analyse").fill("kaliemie")  # by one of its names
    page.keyboard.press("Tab")
    expect(first.get_by_label("Analyse")).to_have_value("Potassium")
    expect(first.get_by_label("Unité")).to_have_value("mmol/L")
    expect(first.get_by_label("Borne haute")).to_have_value("4,6")
    page.keyboard.type("142")
    expect(first.get_by_text("142 mmol/L de potassium ?")).to_be_visible()
    page.keyboard.press("Enter")
    expect(second.get_by_label("Analyse")).to_be_focused()
    page.keyboard.type("CRP")
    page.keyboard.press("Tab")
    page.keyboard.type("beaucoup")
    page.get_by_role("button", name="Enregistrer la biologie").click()
    expect(page.get_by_role("alert").filter(has_text="Rien n'est perdu")).to_be_visible()
    expect(page.get_by_label("Date du prélèvement")).to_be_focused()  # the first thing that is wrong
    expect(second.get_by_text("Ce n'est pas un nombre")).to_be_visible()
    expect(second.get_by_label("Valeur")).to_have_attribute("aria-invalid", "true")
    expect(first.get_by_label("Valeur")).to_have_value("142")

    assert serious(page) == []

    # What was typed is there on another screen, and on a telephone nothing is wider than it.
    phone = at_documents(someone, "ide.dubois", 390)
    phone.get_by_role("button", name="Saisir une biologie").click()
    expect(phone.get_by_text("Votre saisie interrompue est reprise")).to_be_visible()
    expect(phone.get_by_role("group", name="Analyse 2").get_by_label("Valeur")).to_have_value("beaucoup")
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    assert serious(phone) == []

    page.get_by_label("Date du prélèvement").fill(TAKEN.isoformat())
    second.get_by_label("Valeur").fill("12,5")
    page.get_by_role("button", name="Enregistrer la biologie").click()
    page.get_by_role("button", name="Enregistrer quand même").click()
    expect(page.get_by_role("img", name=re.compile("Potassium : 142 mmol.*Saisi à la main"))).to_be_visible()
    expect(
        page.get_by_role("button", name=re.compile(rf"Biologie du {TAKEN:%d.%m.%Y}.*saisi à la main"))
    ).to_be_visible()

    page.get_by_role("button", name="Corriger la saisie").click()
    expect(first.get_by_label("Valeur")).to_have_value("142")
    first.get_by_label("Valeur").fill("4,2")
    page.get_by_role("button", name="Enregistrer la correction").click()
    expect(page.get_by_role("img", name=re.compile("Potassium : 4,2 mmol"))).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("saisi à la main · remplacé"))).to_be_visible()

    page.get_by_role("button", name=re.compile(r"Toutes les biologies \(2\)")).click()
    expect(page.get_by_role("heading", name="Toutes les biologies")).to_be_visible()
    page.get_by_label("Filtrer les analyses").fill("potassium")
    row = page.get_by_role("table", name="Résultats en tableau").get_by_role("row", name=re.compile("^Potassium"))
    expect(row.get_by_role("cell").filter(has_text=re.compile("4,2.*saisi à la main"))).to_have_count(1)
    expect(page.get_by_text("142")).to_have_count(0)
    expect(page.get_by_role("list", name="Évolution des analyses").get_by_role("listitem")).to_have_count(1)
    assert serious(page) == []
    with page.expect_download() as table:
        page.get_by_role("link", name="Télécharger le tableau (CSV)").click()
    assert f"Potassium;2823-3;{TAKEN:%d/%m/%Y};;4,2;mmol/L;3,6;4,6" in table.value.path().read_text("utf-8-sig")

    with page.expect_download() as taken:
        page.get_by_role("button", name="Tout télécharger").click()
    with zipfile.ZipFile(taken.value.path()) as packed:
        assert packed.testzip() is None
        packed.extractall(tmp_path)
    index = someone.page(800)
    index.goto((tmp_path / NUMBER / "index.html").as_uri())
    expect(index.get_by_role("heading", name=f"Télédossier {NUMBER}")).to_be_visible()
    expect(index.get_by_text("Remplacé par le n° 7")).to_be_visible()
    links = index.get_by_role("link")
    expect(links).to_have_count(8)  # and the page of results
    for address in links.evaluate_all("links => links.map((link) => decodeURIComponent(new URL(link.href).pathname))"):
        assert Path(address).is_file()

    page.get_by_role("tab", name="Traçabilité").click()
    checklist = page.get_by_role("listitem").filter(has_text="Nadia DUBOIS")
    expect(checklist).to_contain_text("les 6 documents sont vus et emportés")
    assert serious(page) == []
    matrix = page.get_by_role("region", name="Documents et personnes")
    expect(matrix.get_by_role("columnheader", name=re.compile("Nadia DUBOIS"))).to_be_visible()
    expect(matrix.get_by_role("row", name=re.compile(rf"Biologie du {TAKEN:%d.%m.%Y}.*Remplacé"))).to_have_count(1)
    assert someone.errors == []
