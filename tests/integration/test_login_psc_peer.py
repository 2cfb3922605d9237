"""Our client against a provider written by others: npm's `oidc-provider`, code flow, logout and CIBA."""

from __future__ import annotations

import asyncio
import contextlib
import re
import shutil
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.identity.psc import refusals
from tests.browser.demo_server import ROOT, free_port
from tests.support.psc_site import MARTIN, STRANGER, Browser, Site, refused_for, running_site

PEER = ROOT / "node_modules" / "oidc-provider"
pytestmark = pytest.mark.skipif(
    not PEER.exists() or shutil.which("node") is None, reason="oidc-provider is not installed: npm ci"
)


@dataclass
class Peer:
    """The provider, and our pages that log in by it."""

    site: Site
    url: str

    async def telephone(self, choose: str | None) -> None:
        """Answer the only request that rings; None chooses a number that is not shown."""
        async with httpx.AsyncClient(base_url=self.url, trust_env=False, timeout=60) as phone:
            [asked] = (await phone.get("/telephone")).json()
            wrong = next(each for each in asked["choices"] if each != asked["number"])
            await phone.post("/telephone", data={"id": asked["id"], "number": choose or wrong})

    async def number(self, browser: Browser, rpps: str) -> str:
        await browser.post("/connexion/psc", next="/portail")
        assert browser.path.startswith("/personne/"), browser.at.text
        await browser.post(str(browser.at.url), rpps=rpps)
        return browser.found(r'id="numero">(\d\d)<')


@contextlib.asynccontextmanager
async def running_peer(var: Path, **environment: str) -> AsyncIterator[Peer]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    async with running_site(var, psc_issuer=url, psc_client_id="teledossier") as site:
        words = [port, "teledossier", "secret-of-the-test", f"{site.url}/connexion/psc/retour", f"{site.url}/connexion"]
        process = await asyncio.create_subprocess_exec(
            "node",
            str(ROOT / "tests" / "support" / "psc_provider.mjs"),
            *map(str, words),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PATH": "/usr/local/bin:/usr/bin:/bin", "NODE_ENV": "test", **environment},
        )
        try:
            assert process.stdout is not None
            while (line := await asyncio.wait_for(process.stdout.readline(), 60)) and line != b"ready\n":
                pass
            yield Peer(site, url)
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            await process.wait()


@pytest.fixture
async def peer(tmp_path: Path) -> AsyncIterator[Peer]:
    async with running_peer(tmp_path) as running:
        yield running


async def test_the_code_flow_logs_in_links_and_logs_out(peer: Peer) -> None:
    browser = peer.site.browser()
    await peer.telephone(await peer.number(browser, MARTIN))
    await browser.get(str(browser.at.url))
    assert browser.path == "/portail"
    assert peer.site.person("dr.martin").psc_subject == "8" + MARTIN
    answer = await browser.get("/deconnexion")
    assert (answer.url.port, answer.url.path) == (httpx.URL(peer.url).port, "/session/end")
    form = dict(re.findall(r'name="(\w+)" value="([^"]*)"', unescape(answer.text)))
    await browser.post(f"{peer.url}/session/end/confirm", logout="yes", **form)
    assert browser.path == "/connexion"
    await browser.post("/connexion/psc")
    assert browser.path.startswith("/personne/")  # asked again, not straight back


async def test_a_wrong_number_and_a_stranger_are_refused(peer: Peer) -> None:
    browser = peer.site.browser()
    await peer.number(browser, MARTIN)
    await peer.telephone(None)
    await browser.get(str(browser.at.url))
    refused_for(peer.site, browser, "refused_by_person")
    stranger = peer.site.browser()
    await peer.telephone(await peer.number(stranger, STRANGER))
    await stranger.get(str(stranger.at.url))
    refused_for(peer.site, stranger, "unknown")


async def test_a_code_and_a_verifier_that_do_not_belong_together_are_refused(peer: Peer) -> None:
    browser, thief = peer.site.browser(), peer.site.browser()
    await peer.telephone(await peer.number(browser, MARTIN))
    stolen = await back(browser)
    await peer.telephone(await peer.number(thief, STRANGER))
    own = await back(thief)
    await thief.get(str(own.copy_set_param("code", stolen.params["code"])))
    refused_for(peer.site, thief, "code")


async def back(browser: Browser) -> httpx.URL:
    """Follow the provider to the address it sends the browser back to, and stop there."""
    await browser.get(str(browser.at.url), follow=False)
    while "/connexion/psc/retour" not in browser.at.headers["Location"]:
        await browser.get(str(browser.at.url.join(browser.at.headers["Location"])), follow=False)
    return httpx.URL(browser.at.headers["Location"])


async def asked(peer: Peer, rpps: str = MARTIN) -> tuple[Browser, str]:
    browser = peer.site.browser()
    await browser.post("/connexion/psc/telephone", rpps=rpps)
    return browser, browser.found(r"<b>(\d\d)</b>")


async def outcome(browser: Browser) -> Any:
    while "again" in (said := await browser.json("/connexion/psc/attente")):
        await asyncio.sleep(1)  # the provider names no interval: five seconds pass between two questions
    return said


async def test_ciba_logs_in_by_the_number_of_our_page(peer: Peer) -> None:
    browser, number = await asked(peer)
    await peer.telephone(number)
    assert await outcome(browser) == {"next": "/portail"}


async def test_ciba_refuses_a_wrong_number_and_an_unknown_person(peer: Peer) -> None:
    browser, _ = await asked(peer)
    await peer.telephone(None)
    assert await outcome(browser) == {"message": refusals.MESSAGES["refused_by_person"]}
    unknown = peer.site.browser()
    await unknown.post("/connexion/psc/telephone", rpps="99700000099")
    refused_for(peer.site, unknown, "ciba_unknown")


async def test_ciba_without_answer_expires(tmp_path: Path) -> None:
    async with running_peer(tmp_path, CIBA_SECONDS="4") as peer:
        browser, _ = await asked(peer)
        assert await outcome(browser) == {"message": refusals.MESSAGES["ciba_expired"]}
