"""Logging in by Pro Santé Connect on one's telephone alone (CIBA), against the demo's provider."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app.identity.psc import refusals
from app.web import login_psc
from app.web.pace import Pace
from tests.support.psc_site import DUBOIS, MARTIN, Browser, Site, desk_of, refused_for, running_site, telephone


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with running_site(tmp_path) as running:
        yield running


# ---- by telephone alone (CIBA)


async def ask_telephone(site: Site, rpps: str = MARTIN) -> tuple[Browser, str]:
    browser = site.browser()
    await browser.post("/connexion/psc/telephone", rpps=rpps)
    assert browser.path == "/connexion/psc/attente", browser.said
    return browser, browser.found(r"<b>(\d\d)</b>")


async def outcome(browser: Browser) -> Any:
    """What the page's script is told in the end."""
    while "again" in (said := await browser.json("/connexion/psc/attente")):
        await asyncio.sleep(min(said["again"], 2))
    return said


async def test_the_number_of_our_page_chosen_on_the_telephone_logs_in(site: Site) -> None:
    browser, number = await ask_telephone(site)
    await telephone(site, MARTIN, number)
    assert await outcome(browser) == {"next": "/portail"}
    await browser.get("/portail")
    assert browser.path == "/portail"
    assert site.last_login().provider_hint == ""


async def test_the_waiting_page_needs_no_script(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    browser, number = await ask_telephone(site)
    assert '<noscript><meta http-equiv="refresh"' in browser.at.text
    await telephone(site, MARTIN, number)
    now = site.platform.clock.now
    monkeypatch.setattr(type(site.platform.clock), "now", lambda _self: now() + timedelta(seconds=5))
    await browser.get(browser.path)
    assert browser.path == "/portail"


@pytest.mark.parametrize("answer", ["wrong", "refused"])
async def test_a_wrong_number_or_a_refusal_opens_nothing_by_telephone(site: Site, answer: str) -> None:
    browser, number = await ask_telephone(site)
    await telephone(site, MARTIN, number if answer == "wrong" else None, wrong=True)
    assert await outcome(browser) == {"message": refusals.MESSAGES["refused_by_person"]}
    assert site.journal()[-1] == "login.refused refused_by_person"


async def test_a_request_without_answer_expires(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    browser, _ = await ask_telephone(site)
    now = site.platform.clock.now()
    monkeypatch.setattr(type(site.platform.clock), "now", lambda _self: now + timedelta(minutes=3))
    await browser.get("/connexion/psc/attente")
    refused_for(site, browser, "ciba_expired")


async def test_asking_too_soon_does_not_reach_the_provider(site: Site) -> None:
    browser, number = await ask_telephone(site)
    await telephone(site, MARTIN, number)
    for _ in range(3):
        assert "again" in await browser.json("/connexion/psc/attente")
    request = next(iter(desk_of(site).requests.values()))
    assert request.asked_at is None


async def test_another_browser_cannot_wait_for_somebody_elses_request(site: Site) -> None:
    await ask_telephone(site)
    other = site.browser()
    await other.get("/connexion/psc/attente")
    refused_for(site, other, "no_login")


@pytest.mark.parametrize(
    ("rpps", "reason"), [("123", "rpps"), ("9970000001x", "rpps"), ("99700000099", "ciba_unknown")]
)
async def test_a_number_that_rings_no_telephone_is_said_so(site: Site, rpps: str, reason: str) -> None:
    browser = site.browser()
    await browser.post("/connexion/psc/telephone", rpps=rpps)
    refused_for(site, browser, reason)


async def test_nobodys_telephone_rings_more_than_three_times_in_ten_minutes(site: Site) -> None:
    for _ in range(3):
        await ask_telephone(site)
    browser = site.browser()
    await browser.post("/connexion/psc/telephone", rpps=MARTIN)
    refused_for(site, browser, "ciba_often")
    await ask_telephone(site, DUBOIS)


async def test_asking_for_a_request_that_is_not_there_leaves_no_rows_without_end(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = Pace(lambda: 0.0, burst=3)
    monkeypatch.setattr(login_psc, "steps", lambda: steps)
    found = []
    for number in range(5):
        answer = await site.browser().http.get("/connexion/psc/attente", headers={"Cookie": f"presession={number}"})
        found.append(answer.status_code)
    assert found == [401, 401, 401, 429, 429]
    assert site.journal().count("login.refused no_login") == 3


async def test_the_telephone_alone_is_offered_only_where_it_is_open(tmp_path: Path) -> None:
    async with running_site(tmp_path, psc_ciba=False) as site:
        browser = site.browser()
        await browser.get("/connexion?moyen=psc")
        assert "Recevoir la demande" not in browser.at.text
        await browser.post("/connexion/psc/telephone", rpps=MARTIN)
        refused_for(site, browser, "ciba_closed")
