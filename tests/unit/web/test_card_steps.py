"""The two steps of a card's login as the page calls them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlmodel import select
from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPHeaders
from tornado.testing import bind_unused_port
from tornado.web import Application

from app.demo.card import CardPage
from app.demo.card_authority import Pair, TrialAuthority
from app.identity import login_sessions
from app.identity.models import PendingLogin
from app.server import context
from app.server.headers import ALSO_CONNECT, SecurityHeaders
from app.settings import load
from app.web import login_base
from app.web.login_card import ROUTES
from app.web.pace import Pace
from tests.support.cards import MARTIN, Signer, authority, some_key, write_trust
from tests.support.people import TUESDAY, World, small_world


@dataclass
class Site:
    """The routes on a free port; `browser` keeps cookies."""

    world: World
    url: str
    browser: httpx.AsyncClient

    async def post(self, path: str, body: Any = None, origin: str | None = "own") -> httpx.Response:
        headers = {} if origin is None else {"Origin": self.url if origin == "own" else origin}
        return await self.browser.post(self.url + path, json=body, headers=headers)


@pytest.fixture(scope="module")
def issuer() -> TrialAuthority:
    return authority(TUESDAY)


@pytest.fixture(scope="module")
def card(issuer: TrialAuthority) -> Pair:
    return issuer.card(MARTIN, "MARTIN", "Claire", key=some_key())


@pytest.fixture
async def site(issuer: TrialAuthority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Site]:
    socket, port = bind_unused_port(address="127.0.0.1")
    world = small_world(card_trust=write_trust(tmp_path / "trust", issuer), port=port)
    monkeypatch.setattr(context, "_platform", world.platform)
    server = HTTPServer(Application([*ROUTES, (r"/demo/carte", CardPage)]))
    server.add_socket(socket)
    async with httpx.AsyncClient(timeout=60) as browser:
        yield Site(world, f"http://127.0.0.1:{port}", browser)
    server.stop()
    await server.close_all_connections()


async def test_a_challenge_then_the_cards_answer_give_the_login_cookie(site: Site, card: Pair) -> None:
    nonce = (await site.post("/connexion/carte/defi")).json()["nonce"]
    answer = await site.post("/connexion/carte?next=/tlm", Signer(card, site.url).answer(nonce))
    assert answer.json() == {"next": "/tlm"}
    found = login_sessions.find(site.world.platform, site.browser.cookies["session"])
    assert found is not None
    assert found.login == "dr.martin"
    assert "presession" not in site.browser.cookies
    again = await site.post("/connexion/carte", Signer(card, site.url).answer(nonce))
    assert (again.status_code, again.json()["reason"]) == (401, "presession")


async def test_a_refusal_says_its_reason_and_gives_no_cookie(site: Site, card: Pair) -> None:
    nonce = (await site.post("/connexion/carte/defi")).json()["nonce"]
    answer = await site.post("/connexion/carte", Signer(card, "https://evil.example").answer(nonce))
    assert (answer.status_code, answer.json()["reason"]) == (401, "origin")
    assert "autre site" in answer.json()["message"]
    assert "session" not in site.browser.cookies


async def test_an_answer_nested_without_end_is_refused_and_burns_the_nonce(site: Site, card: Pair) -> None:
    nonce = (await site.post("/connexion/carte/defi")).json()["nonce"]
    deep = await site.browser.post(site.url + "/connexion/carte", content="[" * 30_000, headers={"Origin": site.url})
    assert (deep.status_code, deep.json()["reason"]) == (401, "answer")
    assert (await site.post("/connexion/carte", Signer(card, site.url).answer(nonce))).json()["reason"] == "replay"


@pytest.mark.parametrize("sent", [None, [], "x", {}, {"certificate": 1}, {"nonce": "é"}])
async def test_what_is_no_answer_is_refused_and_burns_the_nonce(site: Site, card: Pair, sent: Any) -> None:
    nonce = (await site.post("/connexion/carte/defi")).json()["nonce"]
    assert (await site.post("/connexion/carte", sent)).json()["reason"] == "answer"
    assert (await site.post("/connexion/carte", Signer(card, site.url).answer(nonce))).json()["reason"] == "replay"


async def test_another_site_can_neither_begin_nor_end_a_login(site: Site, card: Pair) -> None:
    nonce = (await site.post("/connexion/carte/defi")).json()["nonce"]
    for origin in ("https://evil.example", "null", None):
        assert (await site.post("/connexion/carte/defi", origin=origin)).status_code == 403
        answer = await site.post("/connexion/carte", Signer(card, site.url).answer(nonce), origin=origin)
        assert answer.status_code == 403
    assert (await site.post("/connexion/carte", "x" * 40_000)).status_code == 413


async def test_an_address_cannot_begin_logins_without_end(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = Pace(lambda: 0.0, burst=3)
    monkeypatch.setattr(login_base, "steps", lambda: steps)
    found = [(await site.post("/connexion/carte/defi")).status_code for _ in range(4)]
    assert found == [200, 200, 200, 429]
    with site.world.platform.reading() as session:
        assert len(session.exec(select(PendingLogin)).all()) == 3


async def test_the_demos_cards_are_nowhere_but_in_the_demo(site: Site) -> None:
    assert site.world.platform.settings.demo is False
    assert (await site.browser.get(site.url + "/demo/carte")).status_code == 404
    assert (await site.post("/demo/carte", {"geste": "retirer"})).status_code == 404


def test_the_origin_is_written_as_browsers_write_it() -> None:
    for public, origin in (
        ("https://Teledossier.Exemple.fr:443/", "https://teledossier.exemple.fr"),
        ("https://teledossier.exemple.fr:8443", "https://teledossier.exemple.fr:8443"),
    ):
        assert load(public_url=public).card_origins == {origin}


def test_only_a_page_that_asks_for_it_may_reach_the_agent_and_the_mark_stays_inside() -> None:
    class Request:
        host, protocol = "localhost:5006", "http"

    for asked, expected in (("http://127.0.0.1:9911", True), ("", False)):
        headers = HTTPHeaders({"Content-Type": "text/html"})
        if asked:
            headers[ALSO_CONNECT] = asked
        SecurityHeaders(Request()).transform_first_chunk(200, headers, b"<p>", True)  # type: ignore[arg-type]
        assert ("http://127.0.0.1:9911" in headers["Content-Security-Policy"]) is expected
        assert ALSO_CONNECT not in headers
