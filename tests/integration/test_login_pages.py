"""Logging in over HTTP as a browser without JavaScript does it: forms, redirects, one cookie. The whole demo runs."""

from __future__ import annotations

import html
import re
import time
from collections.abc import Iterator

import httpx
import pytest

from tests.browser.demo_server import DemoServer, running_demo

pytestmark = pytest.mark.timeout(240)

PASSWORD = "Demonstration-2026"
CODE = r"Télédossier : (\d{6})"
GOOD = "lampe girafe moulin brouette"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoServer]:
    with running_demo(tmp_path_factory.mktemp("demo")) as server:
        yield server


@pytest.fixture
def browser(demo: DemoServer) -> Iterator[httpx.Client]:
    with httpx.Client(
        base_url=demo.url, headers={"Origin": demo.url, "Accept": "text/html"}, follow_redirects=True, timeout=60
    ) as client:
        yield client


def post(browser: httpx.Client, path: str, **fields: str) -> httpx.Response:
    return browser.post(path, data=fields)


def ask(browser: httpx.Client, login: str, channel: str = "sms", password: str = PASSWORD) -> httpx.Response:
    return post(browser, "/connexion/forte", identifiant=login, mot_de_passe=password, canal=channel, next="/portail")


def text(page: httpx.Response) -> str:
    return html.unescape(page.text)


def newest(browser: httpx.Client, containing: str, pattern: str) -> str:
    """What the newest message with these words says, waited for as a person would."""
    end = time.monotonic() + 90
    while time.monotonic() < end:
        for message in re.findall(r"<article.*?</article>", text(browser.get("/demo/boite")), re.S):
            if containing in message:
                found = re.search(pattern, message)
                assert found, message
                return found[1]
        time.sleep(0.05)
    raise AssertionError(f"no message with « {containing} »")


@pytest.mark.parametrize(
    ("channel", "to", "shown"), [("sms", "+33699000011", "00 11"), ("email", "dr.martin@", "d•••@")]
)
def test_strong_by_forms_alone(browser: httpx.Client, channel: str, to: str, shown: str) -> None:
    assert "Recevoir un code" in browser.get("/connexion?moyen=forte").text
    page = ask(browser, "dr.martin", channel)
    assert page.url.path == "/connexion/code"
    assert shown in text(page).replace("\xa0", " ")
    assert 'autocomplete="one-time-code"' in page.text
    assert 'inputmode="numeric"' in page.text
    early = post(browser, "/connexion/code/renvoi")  # before the message comes: said for 30 s only
    assert "Le code est en route" in text(early)
    code = newest(browser, to, CODE)
    wrong = post(browser, "/connexion/code", code=f"{(int(code) + 1) % 10**6:06}")
    assert wrong.status_code == 401
    assert "4 essais" in text(wrong)
    assert post(browser, "/connexion/code", code=code).url.path == "/portail"
    assert {cookie.name for cookie in browser.cookies.jar} == {"session", "moyen", "etablissement"}


def test_the_page_asked_for_is_reached_after_both_steps(browser: httpx.Client) -> None:
    page = post(
        browser, "/connexion/forte", identifiant="dr.leroy", mot_de_passe=PASSWORD, canal="sms", next="/portail?a=1"
    )
    assert 'value="/portail?a=1"' in text(page)
    code = newest(browser, "+33699000029", CODE)
    assert str(post(browser, "/connexion/code", code=code, next="/portail?a=1").url).endswith("/portail?a=1")


def test_a_code_page_without_its_cookie_leads_back_to_the_password(browser: httpx.Client) -> None:
    page = browser.get("/connexion/code")
    assert page.status_code == 401
    assert "Recevoir un code" in page.text


def test_a_page_that_showed_a_refusal_may_be_loaded_again(browser: httpx.Client) -> None:
    assert str(browser.get("/connexion/forte").url).endswith("/connexion?moyen=forte")
    assert browser.get("/connexion/code/renvoi").url.path == "/connexion/code"


def test_a_form_of_another_site_is_refused(demo: DemoServer) -> None:
    for path in ("/connexion/forte", "/connexion/code", "/connexion/code/renvoi", "/connexion/oubli"):
        elsewhere = {"Origin": "https://evil.test"}
        answer = httpx.post(demo.url + path, data={"identifiant": "dr.martin"}, headers=elsewhere, timeout=60)
        assert answer.status_code == 403, path


def test_a_wrong_password_and_an_unknown_login_get_the_same_page(browser: httpx.Client) -> None:
    pages = [ask(browser, login, password="wrong") for login in ("dr.petit", "dr.nobody")]
    assert {page.status_code for page in pages} == {401}
    assert text(pages[0]).replace("dr.petit", "") == text(pages[1]).replace("dr.nobody", "")


def test_a_forgotten_password_is_chosen_anew_by_a_link_that_works_once(browser: httpx.Client, demo: DemoServer) -> None:
    with httpx.Client(base_url=demo.url, headers={"Origin": demo.url}, follow_redirects=True, timeout=60) as elsewhere:
        login = {"identifiant": "ide.moreau", "mot_de_passe": PASSWORD}
        assert elsewhere.post("/connexion", data=login).url.path == "/portail"
        known, unknown = (
            post(browser, "/connexion/oubli", identifiant="ide.moreau"),
            post(browser, "/connexion/oubli", identifiant="nobody"),
        )
        assert known.text == unknown.text
        link = newest(browser, "nouveau mot de passe", r"(/connexion/nouveau-mot-de-passe/[\w-]+)")
        assert "Confirmer le mot de passe" in text(browser.get(link))
        weak = post(browser, link, nouveau="Motdepasse2026!", confirmation="Motdepasse2026!")
        assert weak.status_code == 422
        assert "se devine" in text(weak)
        assert "diffèrent" in text(post(browser, link, nouveau=GOOD, confirmation=GOOD + "x"))
        assert "a changé" in text(post(browser, link, nouveau=GOOD, confirmation=GOOD))
        assert browser.get(link).status_code == 401
        assert elsewhere.get("/portail").status_code == 401
        assert elsewhere.post("/connexion", data=login).status_code == 401
        assert elsewhere.post("/connexion", data=login | {"mot_de_passe": GOOD}).url.path == "/portail"
