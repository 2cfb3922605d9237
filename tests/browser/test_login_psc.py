"""Logging in by Pro Santé Connect in the demo, with a real browser, and a second one for the telephone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import People
from tests.browser.demo_server import DemoServer

pytestmark = [pytest.mark.browser, pytest.mark.slow]
MARTIN = "99700000011"


def answer(someone: People, demo: DemoServer, number: str) -> Page:
    """Take the telephone, unlock it, choose a number."""
    phone = someone.page(390, 844)
    phone.goto(f"{demo.url}/demo/telephone?rpps={MARTIN}")
    phone.get_by_label("Code secret").fill("2580")
    phone.get_by_role("button", name="Déverrouiller").click()
    phone.get_by_role("radio", name=number).check(force=True)
    phone.get_by_role("button", name="Accepter").click()
    expect(phone.get_by_text("Demande acceptée")).to_be_visible()
    return phone


def test_the_button_leads_by_the_telephone_to_the_kiosk_and_out_again(someone: People, demo: DemoServer) -> None:
    page = someone.page()
    page.goto(f"{demo.url}/connexion")
    page.get_by_role("link", name="Pro Santé Connect").click()
    page.get_by_role("button", name="S'identifier avec Pro Santé Connect").click()
    page.get_by_label("Numéro RPPS").fill(MARTIN)
    page.get_by_role("button", name="Se connecter avec e-CPS").click()
    answer(someone, demo, page.locator("#numero").inner_text())
    expect(page.get_by_role("heading", name="Kiosque des services", level=1)).to_be_visible()
    page.goto(f"{demo.url}/tlm")
    page.get_by_role("button", name="Se déconnecter").click()  # a form, whose answer leads to the provider
    expect(page.get_by_role("heading", name="Connexion", level=1)).to_be_visible()
    page.get_by_role("button", name="S'identifier avec Pro Santé Connect").click()
    expect(page.get_by_label("Numéro RPPS")).to_be_visible()
    assert someone.errors == []


def test_the_telephone_alone_logs_in_without_leaving_the_page(someone: People, demo: DemoServer) -> None:
    page = someone.page(390, 844)
    page.goto(f"{demo.url}/connexion?moyen=psc")
    page.get_by_text("Rester sur cette page").click()
    page.get_by_label("Numéro RPPS").fill(MARTIN)
    page.get_by_role("button", name="Recevoir la demande").click()
    answer(someone, demo, page.locator(".psc__number b").inner_text())
    expect(page.get_by_role("heading", name="Kiosque des services", level=1)).to_be_visible()
    assert someone.errors == []
