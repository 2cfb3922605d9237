"""Logging in by Pro Santé Connect, against the demo's provider, page by page as a browser without scripts does it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.demo.psc import identities
from app.identity import login_sessions
from app.identity.models import Structure
from app.identity.psc import provider as providers
from app.identity.psc import refusals
from tests.support.psc_site import (
    MARTIN,
    PETIT,
    RETURN,
    STRANGER,
    Site,
    answered,
    begin,
    logged_in,
    refused_for,
    running_site,
    telephone,
)


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with running_site(tmp_path) as running:
        yield running


# ---- who gets in


async def test_a_professional_known_by_rpps_gets_to_the_kiosk_and_is_linked(site: Site) -> None:
    browser = await logged_in(site)
    assert browser.path == "/portail"
    assert "Kiosque des services" in browser.at.text
    assert site.person("dr.martin").psc_subject == "8" + MARTIN
    assert site.journal()[-3:] == ["account.linked", "login", "login.situation"]
    assert site.last_login().situation == "Médecin · CH de Caen (salarié)"


async def test_the_account_is_found_by_its_identifier_once_linked(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    await logged_in(site)
    everybody = identities.holders(site.platform)
    monkeypatch.setattr(identities, "holders", lambda _platform: everybody)
    site.change("dr.martin", rpps=None)
    assert (await logged_in(site)).path == "/portail"


async def test_the_page_wanted_before_logging_in_opens_after_it(site: Site) -> None:
    browser = site.browser()
    await browser.post("/connexion/psc", next="/tlm?dossier=TLM-2026-0001")
    await browser.post(browser.path, rpps=MARTIN)
    await telephone(site, MARTIN, browser.found(r'id="numero">(\d\d)<'))
    await browser.get(browser.path, follow=False)
    await browser.get(browser.at.headers["Location"], follow=False)
    assert browser.at.headers["Location"] == "/tlm?dossier=TLM-2026-0001"


async def test_who_practises_in_two_places_says_where_today(site: Site) -> None:
    browser = await logged_in(site, PETIT)
    assert browser.path == "/connexion/psc/situation"
    assert "EHPAD Les Tilleuls (salarié)" in browser.at.text
    assert site.platform.settings.session_cookie not in browser.http.cookies
    await browser.post(browser.path, situation="1")
    assert browser.path == "/portail"
    assert site.last_login().situation == "Médecin · Cabinet médical des Halles (libéral)"


@pytest.mark.parametrize("number", ["2", "-1", "", "x"])
async def test_only_a_situation_of_the_list_can_be_chosen(site: Site, number: str) -> None:
    browser = await logged_in(site, PETIT)
    await browser.post(browser.path, situation=number)
    refused_for(site, browser, "situation")


async def test_an_identity_without_professional_traits_still_opens_its_account(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identities, "traits", lambda holder: {"sub": holder.subject, "SubjectNameID": "8" + MARTIN})
    assert (await logged_in(site)).path == "/portail"


# ---- who does not


async def test_an_unknown_professional_gets_a_page_that_says_what_to_do(site: Site) -> None:
    browser = await logged_in(site, STRANGER)
    assert site.journal()[-1] == "login.refused unknown"
    assert browser.said == refusals.MESSAGES["unknown"]
    assert "Dr Anne ROUX" in browser.at.text
    assert "8" + STRANGER in browser.at.text
    await browser.get(browser.found(r'href="([^"]+/logout[^"]+)"'))
    assert browser.path == "/connexion"
    await browser.post("/connexion/psc")
    assert "Numéro RPPS" in browser.at.text  # and not straight back as Anne ROUX


async def test_self_registration_opens_an_account_as_requis_without_any_dossier(tmp_path: Path) -> None:
    async with running_site(tmp_path, self_registration=True) as site:
        browser = await logged_in(site, STRANGER)
        assert browser.path == "/portail"
        person = site.person(f"psc.8{STRANGER}")
        assert (person.full_name, person.is_expert, person.is_requester) == ("Dr Anne ROUX", True, False)
        assert person.structure_id is None
        assert not person.is_administrator
        assert "account.opened" in site.journal()
        again = await logged_in(site, STRANGER)
        assert again.path == "/portail"


async def test_self_registration_is_not_for_every_profession(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identities, "STRANGER", identities.Holder(STRANGER, "Anne", "Roux", "21", False, ()))
    async with running_site(tmp_path, self_registration=True) as site:
        browser = await logged_in(site, STRANGER)
        refused_for(site, browser, "profession")


async def test_a_suspended_person_is_refused_by_name_and_not_linked(site: Site) -> None:
    site.change("dr.martin", suspended=True)
    browser = await logged_in(site)
    refused_for(site, browser, "suspended")
    assert site.person("dr.martin").psc_subject is None


async def test_an_account_of_another_identity_is_not_taken_over(site: Site) -> None:
    site.change("dr.martin", psc_subject="ANS20231122132732")
    refused_for(site, await logged_in(site), "other_identity")


async def test_a_structure_that_closed_this_way_keeps_it_closed(site: Site) -> None:
    with site.platform.transaction() as session:
        structure = session.get_one(Structure, site.person("dr.martin").structure_id)
        structure.login_ways = "password"
        session.add(structure)
    browser = await logged_in(site)
    assert site.journal()[-1] == "login.refused closed"
    assert "n'a pas ouvert" in browser.said


async def test_a_refusal_on_the_telephone_opens_nothing(site: Site) -> None:
    browser = site.browser()
    await begin(site, browser, MARTIN)
    phone = await telephone(site, MARTIN, None)
    assert "Demande refusée" in phone.at.text
    await browser.get(browser.path)
    refused_for(site, browser, "refused_by_person")


async def test_a_wrong_number_on_the_telephone_opens_nothing(site: Site) -> None:
    browser = site.browser()
    number = await begin(site, browser, MARTIN)
    await telephone(site, MARTIN, number, wrong=True)
    await browser.get(browser.path)
    refused_for(site, browser, "refused_by_person")


async def test_a_wrong_secret_code_shows_no_number(site: Site) -> None:
    await begin(site, site.browser(), MARTIN)
    phone = site.browser()
    await phone.post("/demo/telephone", acte="deverrouiller", rpps=MARTIN, code="0000")
    assert "Code secret incorrect" in phone.at.text
    assert 'name="numero"' not in phone.at.text


async def test_giving_up_at_the_provider_comes_back_with_words(site: Site) -> None:
    browser = site.browser()
    await begin(site, browser, MARTIN)
    await browser.post(browser.path + "/annuler")
    refused_for(site, browser, "refused_by_person")


# ---- a provider that is down


async def test_a_provider_that_is_down_leaves_the_other_ways(tmp_path: Path) -> None:
    async with running_site(tmp_path, psc_issuer="http://127.0.0.1:9/nothing") as site:
        browser = site.browser()
        await browser.post("/connexion/psc")
        assert browser.said == refusals.MESSAGES["provider_down"]
        assert "Choisissez un autre moyen" in browser.said
        assert "moyen=mot-de-passe" in browser.at.text


async def test_a_provider_that_goes_down_under_way_is_said_so(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = site.browser()
    back = await answered(site, browser)

    async def down(*_: object, **__: object) -> None:
        raise httpx.ConnectTimeout("nobody there")

    monkeypatch.setattr(httpx.AsyncClient, "send", _only_server(httpx.AsyncClient.send, down))
    await browser.get(back)
    refused_for(site, browser, "provider_down")


def _only_server(real: Callable[..., Awaitable[Any]], down: Callable[..., Awaitable[Any]]) -> Any:
    """Let the test's browser through, which asks for pages; our server asks for JSON."""

    async def send(self: httpx.AsyncClient, request: httpx.Request, **more: Any) -> Any:
        page = "text/html" in request.headers.get("Accept", "")
        return await (real(self, request, **more) if page else down())

    return send


async def test_a_discovery_document_of_another_issuer_is_not_believed(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def other(_self: object, _address: str, _headers: object = None) -> dict[str, str]:
        return {"issuer": "https://evil.example"}

    monkeypatch.setattr(providers.Provider, "_get", other)
    browser = site.browser()
    await browser.post("/connexion/psc")
    assert browser.said == refusals.MESSAGES["provider_down"]


# ---- logging out


async def test_logging_out_ends_the_providers_session_too(site: Site) -> None:
    browser = await logged_in(site)
    assert site.last_login().provider_hint
    await browser.get("/deconnexion")
    assert browser.path == "/connexion"
    assert site.last_login().ended_at is not None
    assert site.last_login().provider_hint == ""
    await browser.post("/connexion/psc")
    assert "Numéro RPPS" in browser.at.text


async def test_logging_out_everywhere_ends_the_providers_session_too(site: Site) -> None:
    browser = await logged_in(site)
    await browser.post("/parametres/sessions/fin")
    assert browser.path == "/connexion"
    assert site.last_login().provider_hint == ""
    await browser.post("/connexion/psc")
    assert "Numéro RPPS" in browser.at.text


async def test_a_session_ended_from_elsewhere_keeps_no_token(site: Site) -> None:
    await logged_in(site)
    login_sessions.end_all(site.platform, site.person("dr.martin"))
    assert site.last_login().provider_hint == ""


async def test_without_logging_out_the_provider_still_knows_the_person(site: Site) -> None:
    browser = await logged_in(site)
    browser.http.cookies.delete("session")
    await browser.post("/connexion/psc")
    assert browser.path == "/portail"


async def test_logging_out_does_not_wait_for_a_provider_that_is_down(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = await logged_in(site)
    providers._provider.cache_clear()

    async def down(_self: object, _address: str, _headers: object = None) -> dict[str, str]:
        raise httpx.ConnectTimeout("nobody there")

    monkeypatch.setattr(providers.Provider, "_get", down)
    await browser.post("/deconnexion")
    assert browser.path == "/connexion"
    assert site.last_login().ended_at is not None


# ---- where none of it is


async def test_without_a_client_the_way_is_not_there(tmp_path: Path) -> None:
    async with running_site(tmp_path, psc_client_id="") as site:
        browser = site.browser()
        await browser.get("/connexion?moyen=psc")
        assert "Pro Santé Connect" not in browser.at.text
        assert (await browser.post("/connexion/psc")).status_code == 404
        assert (await browser.get(RETURN)).status_code == 404


async def test_outside_the_demo_neither_provider_nor_telephone_answers(tmp_path: Path) -> None:
    async with running_site(tmp_path, demo=False) as site:
        browser = site.browser()
        for path in ("/demo/telephone", "/demo/psc/.well-known/wallet-openid-configuration", "/demo/psc/auth"):
            assert (await browser.get(path)).status_code == 404
        assert (await browser.http.post("/demo/psc/token")).status_code == 404


async def test_another_site_cannot_begin_a_login(site: Site) -> None:
    answer = await site.browser().http.post("/connexion/psc", headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403
