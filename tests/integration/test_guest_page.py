"""The plain pages of an invited person, and the demo's inbox."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from html import unescape

import pytest
from tornado.httpclient import AsyncHTTPClient, HTTPResponse
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application

from app.demo.inbox import linked
from app.demo.plugin import ROUTES as DEMO_ROUTES
from app.messaging import worker
from app.messaging.transports import FolderMail
from app.server import context, static_files
from app.server.headers import SecurityHeaders
from app.teleconsultation import invitations
from app.web.routes_teleconsultation import ROUTES
from tests.support.people import World, small_world
from tests.support.room import NUMBER, House

PHONE = "02 61 91 00 20"


@pytest.fixture
def settings() -> dict[str, object]:
    return {}


@pytest.fixture
async def house(monkeypatch: pytest.MonkeyPatch, settings: dict[str, object]) -> AsyncIterator[House]:
    monkeypatch.setattr(static_files, "static_url", lambda name: f"/statique/{name}")
    monkeypatch.setattr(static_files, "static_text", lambda name: f"/* {name} */")
    async with serving(small_world(cookie_secret="s3cret", **settings)) as house:
        yield house


@asynccontextmanager
async def serving(world: World) -> AsyncIterator[House]:
    context.use(world.platform)
    application = Application([*ROUTES, *DEMO_ROUTES], transforms=[SecurityHeaders])
    server = HTTPServer(application)
    [socket] = bind_sockets(0, "127.0.0.1")
    server.add_socket(socket)
    yield House(world, socket.getsockname()[1], server, application)
    server.stop()
    await server.close_all_connections()


async def get(house: House, path: str, **headers: str) -> HTTPResponse:
    return await AsyncHTTPClient().fetch(f"{house.origin}{path}", headers=headers, raise_error=False)


def text_of(answer: HTTPResponse) -> str:
    return unescape(answer.body.decode())


def config_of(answer: HTTPResponse) -> dict[str, object]:
    found = re.search(r'<script type="application/json" id="td-config"[^>]*>(.*?)</script>', answer.body.decode(), re.S)
    assert found is not None
    return dict(json.loads(found[1]))


async def test_the_link_opens_a_page_at_its_own_address_and_looking_changes_nothing(house: House) -> None:
    _invitation, secret = house.invite()
    for _ in range(3):  # as mail scanners do
        answer = await get(house, f"/invitation/{secret}")
        assert answer.code == 200
        assert "Set-Cookie" not in answer.headers
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "<h1" in text_of(answer)
    assert config_of(answer)["exchange"] is True
    [view] = invitations.invitations_of(house.world.platform, house.world.dr_martin, NUMBER)
    assert view.state == "sending"


async def test_the_page_runs_no_script_but_ours(house: House) -> None:
    _invitation, secret = house.invite()
    answer = await get(house, f"/invitation/{secret}")
    policy = answer.headers["Content-Security-Policy"]
    nonce = re.search(r"script-src 'self' 'nonce-([\w-]+)'", policy)
    assert nonce is not None
    assert "unsafe-eval" not in policy
    assert f"ws://127.0.0.1:{house.port}" in policy
    scripts = re.findall(r"<script[^>]*>", text_of(answer))
    assert scripts
    assert all(f'nonce="{nonce[1]}"' in script for script in scripts)
    again = await get(house, f"/invitation/{secret}")
    assert nonce[1] not in again.body.decode()


async def test_the_page_s_configuration_holds_what_the_guest_needs_and_nothing_of_the_patient(house: House) -> None:
    invitation, secret = house.invite()
    answer = await get(house, f"/invitation/{secret}")
    config = config_of(answer)
    assert config["url"] == f"/api/invitation/salle?invitation={invitation}"
    assert config["iceServers"] == []
    assert "check.join" in config["labels"]  # type: ignore[operator]
    assert config["guest"] == {
        "name": "Paul MERCIER", "role": "caregiver", "greeting": "Bonjour Paul MERCIER", "doctor": "Dr Claire MARTIN",
        "at": "2026-11-24T09:30:00.000Z", "structure": "EHPAD Les Tilleuls", "phone": "+33261910020",
    }  # fmt: skip
    for private in ("Jeanne", "comportement", NUMBER, "gériat", secret):
        assert private not in text_of(answer)


async def test_a_name_is_never_taken_for_markup(house: House) -> None:
    _invitation, secret = house.invite("</script><img src=x onerror=alert(1)>")
    answer = await get(house, f"/invitation/{secret}")
    assert "<img" not in answer.body.decode()
    assert config_of(answer)["guest"]["name"].startswith("</script>")  # type: ignore[index]


@pytest.mark.parametrize("what", ["altered", "short", "long", "withdrawn", "refused", "expired"])
async def test_a_link_that_is_no_longer_good_says_so_and_whom_to_call(house: House, what: str) -> None:
    invitation, secret = house.invite()
    world = house.world
    if what == "withdrawn":
        invitations.withdraw(world.platform, world.dr_martin, NUMBER, invitation)
    elif what == "refused":
        invitations.refuse(world.platform, world.dr_martin, NUMBER, invitation)
    elif what == "expired":
        world.clock.pass_by(days=3)
    shown = {"altered": "A" * 43, "short": "x", "long": "x" * 150}.get(what, secret)
    answer = await get(house, f"/invitation/{shown}")
    phone = world.platform.settings.assistance_phone if what in ("altered", "short", "long") else PHONE
    assert answer.code == 410
    assert phone in text_of(answer)
    assert f'href="tel:+33{phone.replace(" ", "")[1:]}"' in text_of(answer)
    assert "<h1" in text_of(answer)
    assert "Set-Cookie" not in answer.headers
    assert "<script" not in text_of(answer)


async def test_without_link_or_cookie_there_is_nothing_to_open(house: House) -> None:
    assert (await get(house, "/invitation/")).code == 410


# -- the demo's inbox


@pytest.mark.parametrize("settings", [{"demo": False}])
async def test_the_inbox_exists_only_in_the_demo(house: House) -> None:
    assert (await get(house, "/demo/boite")).code == 404


@pytest.fixture
def demo(settings: dict[str, object], tmp_path_factory: pytest.TempPathFactory) -> None:
    settings.update(demo=True, var=tmp_path_factory.mktemp("demo"))


@pytest.mark.usefixtures("demo")
async def test_an_empty_inbox_says_what_to_do_next(house: House) -> None:
    answer = await get(house, "/demo/boite")
    assert answer.code == 200
    assert "Aucun message" in text_of(answer)
    assert "<article" not in text_of(answer)


@pytest.mark.usefixtures("demo")
async def test_an_invitation_arrives_in_the_inbox_with_a_link_that_opens(house: House) -> None:
    platform = house.world.platform
    folder = FolderMail(platform.settings.var / "mail", platform.settings.mail_sender)
    _invitation, secret = house.invite()
    await worker.send_due(replace(platform, mail=folder))
    answer = await get(house, "/demo/boite")
    article = text_of(answer).split("<article")[1]
    assert "paul@example.org" in article
    assert "Votre invitation à une téléconsultation" in article
    link = re.search(r'<a href="(http[^"]+)"', article)
    assert link is not None
    assert link[1].endswith(f"/invitation/{secret}")
    assert "<h1" in text_of(answer)


def test_addresses_are_clickable_and_the_rest_is_text() -> None:
    shown = linked("Voir https://tele.example/invitation/ab_-.\n<b>http://x.example/?a=1&b=2</b> javascript:alert(1)")
    assert 'href="https://tele.example/invitation/ab_-"' in shown
    assert 'href="http://x.example/?a=1&amp;b=2"' in shown
    assert "<b>" not in shown
    assert shown.count("<a ") == 2
