"""« Authentification forte » in a real browser: the code arrives by SMS in the demo's mailbox, and opens the kiosk."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PASSWORD, People
from tests.browser.demo_server import DemoServer

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_a_physician_logs_in_with_a_code_by_sms(someone: People, demo: DemoServer) -> None:
    page = someone.page()
    page.goto(f"{demo.url}/connexion")
    page.get_by_role("link", name="Authentification forte").click()
    page.get_by_label("Identifiant").fill("dr.martin")
    page.get_by_label("Mot de passe").fill(PASSWORD)
    page.get_by_role("radio", name="SMS").check()
    page.get_by_role("button", name="Recevoir un code").click()
    expect(page.get_by_text(re.compile("00.11"))).to_be_visible()
    page.get_by_role("button", name="Renvoyer le code").click()  # so soon no second one is sent
    expect(page.get_by_role("alert")).to_contain_text("Le code est en route")

    box = page.context.new_page()
    box.goto(f"{demo.url}/demo/boite")
    message = box.get_by_role("article").filter(has_text="+33699000011")
    for _ in range(900):
        if message.count():
            break
        box.wait_for_timeout(100)
        box.reload()
    found = re.search(r"Télédossier : (\d{6})", message.first.inner_text())
    assert found

    page.get_by_label("Code à usage unique").fill(found[1])
    page.get_by_role("button", name="Valider").click()
    expect(page.get_by_role("heading", name="Kiosque des services", level=1)).to_be_visible()
    assert someone.errors == []
