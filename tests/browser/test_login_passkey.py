"""« Clé d'accès » and « Sessions ouvertes » in a real browser, with Chromium's own virtual authenticator."""

from __future__ import annotations

import pytest
from playwright.sync_api import CDPSession, Page, expect

from tests.browser.conftest import People

pytestmark = pytest.mark.browser


def give_device(page: Page) -> tuple[CDPSession, str]:
    """A platform authenticator that keeps keys and verifies its owner (WebAuthn, section 11)."""
    line = page.context.new_cdp_session(page)
    line.send("WebAuthn.enable", {"enableUI": False})
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    return line, line.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]


def test_a_key_added_in_the_settings_opens_the_kiosk_without_typing(someone: People) -> None:
    page = someone.logged_in("dr.martin", 1280)
    line, device = give_device(page)
    page.get_by_role("link", name="Paramètres").first.click()
    page.get_by_label("Nom de la clé").fill("Téléphone")
    page.get_by_role("button", name="Ajouter une clé d'accès").click()
    expect(page.get_by_role("status")).to_contain_text("Votre clé d'accès est enregistrée")
    expect(page.get_by_text("jamais utilisée")).to_be_visible()

    # The device that has the key makes no second one.
    page.get_by_label("Nom de la clé").fill("Encore")
    page.get_by_role("button", name="Ajouter une clé d'accès").click()
    expect(page.get_by_role("alert")).to_contain_text("Cet appareil a déjà une clé d'accès")

    page.get_by_role("button", name="Se déconnecter").click()
    page.get_by_role("heading", name="Connexion", level=1).wait_for()
    page.get_by_role("link", name="Clé d'accès").click()
    use = page.get_by_role("button", name="Se connecter avec ma clé d'accès")

    line.send("WebAuthn.setUserVerified", {"authenticatorId": device, "isUserVerified": False})
    use.click()
    expect(page.get_by_role("alert")).to_contain_text("votre compte n'est pas bloqué")

    line.send("WebAuthn.setUserVerified", {"authenticatorId": device, "isUserVerified": True})
    use.click()
    page.get_by_role("heading", name="Kiosque des services", level=1).wait_for()
    expect(page.get_by_text("1 clé d'accès")).to_be_visible()
    assert someone.errors == []


@pytest.mark.alone  # two seconds are promised
def test_ending_all_sessions_ends_the_page_open_elsewhere(someone: People) -> None:
    elsewhere, here = someone.logged_in("ide.dubois"), someone.logged_in("ide.dubois", 390, 844)
    elsewhere.goto(elsewhere.url.replace("/portail", "/tlm"))
    elsewhere.get_by_role("heading", name="Mes télédossiers").wait_for()
    here.goto(here.url.replace("/portail", "/parametres"))
    expect(here.get_by_text("Cette session", exact=True)).to_be_visible()
    here.get_by_role("button", name="Déconnecter partout").click()
    expect(elsewhere.get_by_role("status").filter(has_text="Votre session a expiré")).to_be_visible(timeout=8_000)
    here.get_by_role("heading", name="Connexion", level=1).wait_for()
    here.goto(here.url.split("/connexion")[0] + "/parametres")
    here.get_by_role("heading", name="Connexion", level=1).wait_for()
    assert someone.errors == []
