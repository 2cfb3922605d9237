"""A letter and a wound on the real path, by keyboard alone: turned, printed, found as it was left; compared, measured."""

from __future__ import annotations

import re

import pymupdf
import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import AXE, serious
from tests.browser.conftest import People, until

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(180),
    pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed: npm ci"),
]

PRINTED = "window.print = () => { window.printed = document.querySelectorAll('.td-print img').length; };"


def documents(someone: People, login: str, number: str, width: int = 1280) -> Page:
    page = someone.logged_in(login, width)
    page.add_init_script(PRINTED)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(page.url.replace("/portail", f"/tlm?dossier={number}"))
    page.get_by_role("tab", name=re.compile("Documents")).click()
    return page  # the first document opens by itself


def test_a_letter_is_turned_printed_and_found_as_it_was_left(someone: People) -> None:
    page = documents(someone, "dr.martin", "TLM-2026-0001")
    page.get_by_role("button", name=re.compile("Courrier du Dr PETIT")).click()
    sheet = page.get_by_role("article", name="Page 1 sur 2")
    expect(sheet.locator("img")).to_be_visible()
    pane = page.get_by_role("region", name="Courrier du Dr PETIT")
    pane.press("?")
    expect(page.get_by_role("dialog", name="Clavier et gestes")).to_be_visible()
    page.keyboard.press("Escape")
    pane.press("Control+p")
    dialog = page.get_by_role("dialog", name="Imprimer")
    expect(dialog).to_be_visible()
    assert serious(page) == []
    dialog.get_by_role("button", name="Préparer l'impression").press("Enter")
    until(page, "window.printed === 2")
    with pymupdf.open(stream=page.pdf(prefer_css_page_size=True), filetype="pdf") as paper:
        assert [(round(each.rect.width), round(each.rect.height)) for each in paper] == [(595, 842)] * 2
        assert all(len(each.get_images()) == 1 and not each.get_text().strip() for each in paper)
    pane.press("End")
    pane.press("r")
    pane.press("+")
    expect(page.locator(".percent")).to_have_text("125 %")
    expect(page.get_by_label("Aller à la page")).to_have_value("2")
    page.get_by_role("button", name=re.compile("Traitement en cours")).click()
    expect(page.get_by_role("region", name="Traitement en cours")).to_be_visible()
    expect(page.locator(".percent")).to_have_text("100 %")
    page.get_by_role("button", name=re.compile("Courrier du Dr PETIT")).click()
    expect(page.get_by_label("Aller à la page")).to_have_value("2")
    expect(page.locator(".percent")).to_have_text("125 %")
    box = page.get_by_role("article", name="Page 2 sur 2").bounding_box()
    assert box is not None
    assert box["width"] > box["height"]
    assert serious(page) == []
    assert someone.errors == []


def measure(page: Page, stage: int, kind: str, *steps: str) -> None:
    """Choose a tool, then go from point to point over a picture: each step is an arrow, five times twenty pixels."""
    place = page.get_by_role("application").nth(stage)
    place.focus()
    page.get_by_role("button", name=kind, exact=True).press("Enter")
    expect(place).to_be_focused()
    for step in steps:
        if step == "Enter":
            place.press("Enter")
        else:
            for _time in range(5):
                place.press(f"Shift+{step}")


def test_a_wound_is_compared_and_measured_by_keyboard_alone(someone: People) -> None:
    page = documents(someone, "dr.leroy", "TLM-2026-0002")
    stages = page.get_by_role("application")
    expect(stages).to_have_count(1)
    expect(stages.first).to_have_attribute("data-sharp", "true")
    chooser = page.get_by_label("Comparer avec…")
    chooser.select_option(index=1)
    expect(stages).to_have_count(2)
    for stage in (0, 1):
        expect(stages.nth(stage)).to_have_attribute("data-sharp", "true")
    page.get_by_role("button", name="Mesurer").press("Enter")
    # The panel took room from the pictures; they learn of it within a frame, and keys measure by what they know.
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    right, left, down = "ArrowRight", "ArrowLeft", "ArrowDown"
    fields = page.get_by_label(re.compile("Longueur réelle de la référence, en millimètres"))
    for stage in (0, 1):
        measure(page, stage, "Référence", left, "Enter", right, right, "Enter")  # 200 px
        expect(fields.nth(stage)).to_be_focused()
        page.keyboard.type("50")
    measure(page, 0, "Surface", left, "Enter", right, "Enter", down, "Enter", left, "Enter", "Enter")
    # Twice as wide, within the picture: from the reference's right end to its left one and back.
    corners = (left, left, "Enter", right, right, "Enter", down, "Enter", left, left, "Enter", "Enter")
    measure(page, 1, "Surface", *corners)
    panel = page.get_by_role("region", name="Mesures")
    expect(panel.locator(".changes")).to_contain_text("+100\u202f%")
    for _time in range(5):  # the last corners come back one after another; the outline goes with the first one
        stages.nth(1).press("Control+z")
    expect(panel.locator(".changes li")).to_have_count(0)
    expect(page.get_by_text("Annulé")).to_be_attached()
    assert serious(page) == []
    button = page.get_by_role("button", name="Copier la mesure")
    expect(button).to_be_enabled()
    button.press("Enter")
    expect(page.get_by_text("Copié")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert re.fullmatch(
        r"Surface\u00a0: 6,[23]\u00a0cm² sur la photographie «\u00a0Talon droit .+\u00a0» du \d\d/\d\d/\d{4}\. "
        r"Estimation sur photographie à plat, d'après une référence de 50\u00a0mm\.",
        copied,
    ), copied
    page.get_by_role("button", name="Avant / après").press("Enter")
    limit = page.get_by_label("Limite entre avant et après")
    limit.press("Home")
    assert stages.nth(1).evaluate("(e) => e.style.clipPath") in ("inset(0px 0px 0px 0%)", "inset(0px)")
    limit.press("End")
    assert stages.nth(1).evaluate("(e) => e.style.clipPath") == "inset(0px 0px 0px 100%)"
    page.get_by_role("button", name="Fermer la comparaison").press("Enter")
    expect(stages).to_have_count(1)
    assert someone.errors == []
