"""A day of an administrator in a real browser: create, import, suspend, search."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import People
from tests.browser.demo_server import DemoServer

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

CSV = (
    "Identifiant;Prénom;Nom;Profession;RPPS;Courriel;Établissement;Requérant\r\n"
    "e.un;Ève;Un;infirmière;;e.un@demo.invalid;EHPAD Les Tilleuls;oui\r\n"
    "l.deux;Luc;Deux;infirmier;99700000012;l.deux@demo.invalid;EHPAD Les Tilleuls;oui\r\n"
)


def test_an_administrator_creates_imports_suspends_and_finds_it_all_in_the_journal(
    someone: People, demo: DemoServer
) -> None:
    nurse = someone.logged_in("ide.moreau")
    nurse.goto(f"{demo.url}/tlm")
    nurse.get_by_role("heading", name="Mes télédossiers", level=1).wait_for()

    page = someone.logged_in("admin")
    page.get_by_role("link", name="Administration").click()
    page.get_by_role("heading", name="Administration", level=1).wait_for()

    # create: first what is wrong, then right
    page.get_by_role("button", name="Créer un compte").click()
    for label, value in (("Identifiant", "z.etoile"), ("Prénom", "Zoé"), ("Nom", "Étoile"), ("RPPS", "99700000012")):
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_label("Courriel").fill("z.etoile@demo.invalid")
    page.get_by_role("button", name="Créer le compte").click()
    expect(page.get_by_role("alert")).to_contain_text("RPPS incorrect (clé).")
    page.get_by_label("RPPS", exact=True).fill("99700000013")
    page.get_by_role("button", name="Créer le compte").click()
    expect(page.get_by_text("Compte de Zoé ÉTOILE créé.")).to_be_visible()
    expect(page).to_have_url(re.compile(r"onglet=personnes&personne=\d+"))

    # import a file with one bad line
    page.get_by_role("link", name="Revenir à la liste").click()
    page.get_by_role("link", name="Importer des comptes").click()
    page.get_by_label("Fichier CSV").set_input_files(
        {"name": "personnes.csv", "mimeType": "text/csv", "buffer": CSV.encode("cp1252")}
    )
    page.get_by_role("button", name="Vérifier le fichier").click()
    expect(page.get_by_text("ligne 3 : RPPS incorrect (clé).")).to_be_visible()
    page.get_by_role("button", name="Importer 1 personne").click()
    expect(page.get_by_text("1 compte créé.")).to_be_visible()

    # suspend somebody who is at work
    page.get_by_role("link", name="Voir les comptes").click()
    # The fields and buttons above the list have their height: it moves no more under the hand.
    expect(page.get_by_label("Rechercher")).to_be_visible()
    expect(page.get_by_role("link", name="Importer des comptes")).to_be_visible()
    # The list is drawn again between press and release: what was pressed opens all the same.
    page.get_by_role("link", name="Karim MOREAU").hover()
    page.mouse.down()
    page.get_by_label("Rechercher").fill("moreau")
    expect(page.get_by_text("1 compte", exact=True)).to_be_visible()
    page.mouse.up()
    page.get_by_role("button", name="Suspendre le compte").click()
    page.get_by_role("dialog").get_by_role("button", name="Suspendre").click()
    expect(page.get_by_text("Ce compte est suspendu")).to_be_visible()
    expect(nurse.get_by_text("Votre session a expiré.")).to_be_visible()

    # the journal
    page.get_by_role("tab", name="Journal").click()
    page.get_by_label("Personne", exact=True).fill("moreau")
    page.get_by_role("button", name="Chercher").click()
    expect(page.get_by_role("cell", name="a suspendu un compte")).to_be_visible()
    page.get_by_role("button", name="Vérifier l'intégrité").click()
    expect(page.get_by_text(re.compile(r"Journal intact : \d+ lignes vérifiées"))).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Exporter en CSV").click()
    assert "a suspendu un compte" in download.value.path().read_text(encoding="utf-8-sig")
    assert [error for error in someone.errors if "4401" not in error] == []


def test_somebody_else_is_refused_on_the_page(someone: People, demo: DemoServer) -> None:
    page = someone.logged_in("dr.martin")
    page.goto(f"{demo.url}/administration?onglet=journal")
    expect(page.get_by_text("L'administration est réservée aux administrateurs.")).to_be_visible()
    expect(page.get_by_role("tab")).to_have_count(0)
