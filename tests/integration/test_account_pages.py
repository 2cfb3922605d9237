"""« Paramètres », the kiosk and the login cookie over HTTP, as a browser without JavaScript sees them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import httpx
import pytest
from sqlmodel import select

from app.identity import login_sessions, passwords, ways
from app.identity.models import LoginSession, Professional, Structure
from app.identity.ways import Way
from app.messaging.models import OutboxMessage
from app.web.plugin import ROUTES
from tests.support.authenticator import Device
from tests.support.people import small_world
from tests.support.web import Site, serving

PASSWORD = "Demonstration-2026"


@pytest.fixture
async def site(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Site]:
    async with serving(small_world(cookie_secret="s3cret"), ROUTES, monkeypatch) as site:
        yield site


async def log_in(browser: httpx.AsyncClient, login: str = "dr.martin") -> httpx.Response:
    return await browser.post("/connexion", data={"identifiant": login, "mot_de_passe": PASSWORD})


def alive(site: Site, secret: str | None) -> bool:
    return login_sessions.find(site.world.platform, secret) is not None


# ---- the login cookie


async def test_each_login_gives_a_new_secret_and_ends_the_one_this_browser_had(site: Site) -> None:
    async with site.client() as browser:
        await log_in(browser)
        first = browser.cookies["session"]
        answer = await log_in(browser, "dr.leroy")
        second = browser.cookies["session"]
    assert first != second
    assert (alive(site, first), alive(site, second)) == (False, True)
    cookie = next(each for each in answer.headers.get_list("Set-Cookie") if each.startswith("session="))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie


async def test_a_secret_that_somebody_else_put_into_the_browser_is_worth_nothing_after_the_login(site: Site) -> None:
    planted, thiefs = "x" * 43, site.log_in("dr.leroy")
    for secret in (planted, thiefs):
        async with site.client(secret) as browser:
            browser.cookies.clear()
            answer = await browser.post(
                "/connexion",
                data={"identifiant": "dr.martin", "mot_de_passe": PASSWORD},
                headers={"Cookie": f"session={secret}"},
            )
            assert answer.status_code == 303
            assert browser.cookies["session"] != secret
        assert not alive(site, secret)


async def test_a_wrong_password_ends_nothing(site: Site) -> None:
    secret = site.log_in("dr.martin")
    async with site.client(secret) as browser:
        answer = await browser.post("/connexion", data={"identifiant": "dr.martin", "mot_de_passe": "x"})
    assert answer.status_code == 401
    assert alive(site, secret)


async def test_over_https_the_cookies_are_bound_to_this_host(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(small_world(cookie_secret="s3cret", secure_cookies=True), ROUTES, monkeypatch) as site:
        own = {"Origin": site.url.replace("http", "https")}
        async with site.client() as browser:
            body = {"identifiant": "dr.martin", "mot_de_passe": PASSWORD}
            given = await browser.post("/connexion", data=body, headers=own)
            taken = await browser.post("/deconnexion", headers=own)
            foreign = await browser.post("/connexion", data=body)  # a page of this name over http
    for answer in (given, taken):
        cookie = next(each for each in answer.headers.get_list("Set-Cookie") if each.startswith("__Host-session="))
        assert "Secure" in cookie
        assert "Path=/" in cookie
        assert "Domain" not in cookie
    assert foreign.status_code == 403


async def test_who_comes_with_an_ended_session_is_told_and_brought_back(site: Site) -> None:
    secret = site.log_in("dr.martin")
    login_sessions.end(site.world.platform, secret)
    async with site.client(secret) as browser:
        for answer in (
            await browser.get("/parametres"),
            await browser.post("/parametres/coordonnees", data={"mobile": ""}),
        ):
            assert answer.status_code == 303
            assert answer.headers["Location"] == "/connexion?next=%2Fparametres&fin=1"
        page = await browser.get(answer.headers["Location"])
        begun = await browser.post("/parametres/cles/debut", headers={"Accept": "application/json"}, json={})
    assert "Votre session a expiré" in page.text
    assert 'name="next" value="/parametres"' in page.text
    assert begun.status_code == 401


# ---- the kiosk


@pytest.mark.parametrize(
    ("login", "tiles"),
    [
        ("dr.martin", {"TLM EHPAD", "Paramètres"}),
        ("ide.dubois", {"TLM EHPAD", "Paramètres"}),
        ("admin", {"Administration", "Paramètres"}),
    ],
)
async def test_the_kiosk_has_a_tile_for_each_right(site: Site, login: str, tiles: set[str]) -> None:
    async with site.client(site.log_in(login)) as browser:
        page = await browser.get("/portail")
    links = {'href="/tlm">TLM EHPAD<', 'href="/administration">Administration<', 'href="/parametres">Paramètres<'}
    assert {link.split(">")[1].rstrip("<") for link in links if link in page.text} == tiles


# ---- « Paramètres »


async def test_a_new_mobile_is_kept_and_the_person_told(site: Site) -> None:
    async with site.client(site.log_in("dr.martin")) as browser:
        answer = await browser.post(
            "/parametres/coordonnees", data={"mobile": "06 99 00 00 99", "courriel": "dr.martin@demo.invalid"}
        )
        assert answer.headers["Location"] == "/parametres?fait=coordonnees#coordonnees"
        page = await browser.get("/parametres?fait=coordonnees")
    assert "Vos coordonnées sont enregistrées." in page.text
    assert 'value="06 99 00 00 99"' in page.text
    with site.world.platform.reading() as session:
        assert [letter.recipient for letter in session.exec(select(OutboxMessage))] == ["dr.martin@demo.invalid"]


async def test_a_refused_form_keeps_what_was_typed_as_text(site: Site) -> None:
    async with site.client(site.log_in("dr.martin")) as browser:
        page = await browser.post("/parametres/coordonnees", data={"mobile": '12"><b>', "courriel": "a@exemple.fr"})
    assert page.status_code == 422
    assert "pas celui d&#39;un mobile" in page.text
    assert 'value="12&#34;&gt;&lt;b&gt;"' in page.text
    assert 'value="a@exemple.fr"' in page.text


async def test_a_session_of_some_time_ago_is_asked_for_the_password(site: Site) -> None:
    secret = site.log_in("dr.martin")
    site.world.clock.pass_by(minutes=11)
    body = {"mobile": "06 99 00 00 99", "courriel": "dr.martin@demo.invalid"}
    async with site.client(secret) as browser:
        assert "Mot de passe, pour confirmer" in (await browser.get("/parametres")).text
        refused = await browser.post("/parametres/coordonnees", data=body)
        wrong = await browser.post("/parametres/coordonnees", data=body | {"confirmation": "x"})
        right = await browser.post("/parametres/coordonnees", data=body | {"confirmation": PASSWORD})
    assert [each.status_code for each in (refused, wrong, right)] == [403, 401, 303]
    assert alive(site, secret)


async def test_a_new_password_ends_the_other_sessions_and_keeps_this_one(site: Site) -> None:
    this, other = site.log_in("dr.martin"), site.log_in("dr.martin")
    new = "une phrase assez longue"
    async with site.client(this) as browser:
        body = {"actuel": PASSWORD, "nouveau": new, "nouveau_encore": "autre"}
        assert (await browser.post("/parametres/mot-de-passe", data=body)).status_code == 422
        answer = await browser.post("/parametres/mot-de-passe", data=body | {"nouveau_encore": new})
    assert answer.status_code == 303
    assert (alive(site, this), alive(site, other)) == (True, False)
    with site.world.platform.reading() as session:
        assert len(session.exec(select(OutboxMessage)).all()) == 1  # one letter says it, not two


async def test_passwords_are_checked_in_turn_here_too(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    at_once: list[int] = []
    running = 0

    def check(_kept: str, _given: str) -> bool:
        nonlocal running
        running += 1
        at_once.append(running)
        time.sleep(0.05)
        running -= 1
        return False

    monkeypatch.setattr(passwords, "is_right", check)
    body = {"actuel": "x", "nouveau": "a b c d e f g", "nouveau_encore": "a b c d e f g"}
    async with site.client(site.log_in("dr.martin")) as browser:
        await asyncio.gather(*(browser.post("/parametres/mot-de-passe", data=body) for _ in range(8)))
    assert set(at_once) == {1}
    assert len(at_once) == 5  # the sixth had to wait, and was told so without a check


async def test_one_ends_another_session_all_others_or_all(site: Site) -> None:
    this, others = site.log_in("dr.martin"), [site.log_in("dr.martin") for _ in range(3)]
    with site.world.platform.reading() as session:
        hashed = login_sessions.hash_secret(others[0])
        number = session.exec(select(LoginSession.id).where(LoginSession.secret_hash == hashed)).one()
    async with site.client(site.log_in("dr.leroy")) as stranger:
        assert (await stranger.post(f"/parametres/sessions/{number}/fin")).status_code == 404
    async with site.client(this) as browser:
        page = await browser.get("/parametres")
        assert page.text.count("Firefox sur Linux") >= 4
        await browser.post(f"/parametres/sessions/{number}/fin")
        assert [alive(site, each) for each in others] == [False, True, True]
        await browser.post("/parametres/sessions/fin", data={"autres": "1"})
        assert [alive(site, each) for each in (this, *others)] == [True, False, False, False]
        answer = await browser.post("/parametres/sessions/fin")
        assert answer.headers["Location"] == "/connexion"
        assert answer.headers["Set-Cookie"].startswith('session="";')
    assert not alive(site, this)


async def test_a_passkey_goes_all_the_way_over_http(site: Site) -> None:
    device = Device()
    async with site.client(site.log_in("dr.martin"), Accept="application/json") as browser:
        options = (await browser.post("/parametres/cles/debut", json={})).json()
        made = {"name": "Téléphone", "credential": device.make(options)}
        assert (await browser.post("/parametres/cles", json=made)).json() == {"next": "/parametres?fait=cle#cles"}
        again = await browser.post("/parametres/cles", json=made)
        assert again.json()["code"] == "connexion-depassee"
    async with site.client(Accept="application/json") as browser:
        options = (await browser.post("/connexion/cle/debut")).json()
        # The address in the answer decides nothing about where one goes.
        answer = await browser.post("/connexion/cle?next=//evil.example", json={"credential": device.sign(options)})
        assert answer.json() == {"next": "/portail"}
        assert alive(site, browser.cookies["session"])
        assert browser.cookies.get("presession") is None
        replay = await browser.post("/connexion/cle", json={"credential": device.sign(options)})
        assert (replay.status_code, replay.json()["code"]) == (401, "connexion-depassee")


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"credential": 7}', b"[" * 60_000])
async def test_what_is_no_answer_is_refused_in_words(site: Site, content: bytes) -> None:
    async with site.client(Accept="application/json") as browser:
        await browser.post("/connexion/cle/debut")
        answer = await browser.post("/connexion/cle", content=content)
    assert answer.status_code == 401
    assert "illisible" in answer.json()["message"]


async def test_names_of_people_and_keys_are_text_never_markup(site: Site) -> None:
    device = Device()
    with site.world.platform.transaction() as session:
        person = session.get_one(Professional, site.world.dr_martin.id)
        person.family_name = "<script>x</script>"
        session.add(person)
    async with site.client(site.log_in("dr.martin")) as browser:
        options = (await browser.post("/parametres/cles/debut", json={})).json()
        await browser.post("/parametres/cles", json={"name": "<img src=x>", "credential": device.make(options)})
        page = await browser.get("/parametres")
    assert "<img src=x>" not in page.text
    assert "&lt;img src=x&gt;" in page.text
    assert "<SCRIPT>" not in page.text


# ---- the workstation


async def test_a_workstation_shows_first_what_its_structure_wants(site: Site) -> None:
    platform = site.world.platform
    with platform.transaction() as session:
        structure = session.get_one(Structure, site.world.dr_martin.structure_id)
        structure.first_way = Way.STRONG
        session.add(structure)
    wish = f'<b class="strong">{structure.name}</b>, propose d\'abord « Authentification forte »'
    async with site.client() as browser:
        assert "propose d'abord" not in (await browser.get("/connexion")).text
        await log_in(browser)
        await browser.post("/deconnexion")
        page = (await browser.get("/connexion")).text
        assert wish in page
        assert "Recevoir un code" in page
        assert "Se connecter</button>" in (await browser.get("/connexion?moyen=mot-de-passe")).text
        mark = browser.cookies["etablissement"]
    for forged in (f"{structure.id}.{'0' * 32}", f"{(structure.id or 0) + 1}.{mark.partition('.')[2]}", mark[:-1], "x"):
        async with site.client(Cookie=f"etablissement={forged}") as browser:
            assert "propose d'abord" not in (await browser.get("/connexion")).text


async def test_a_structure_whose_ways_have_gone_from_the_installation_is_left_with_codes(site: Site) -> None:
    with site.world.platform.transaction() as session:
        structure = session.get_one(Structure, site.world.dr_martin.structure_id)
        structure.login_ways = "card"
        session.add(structure)
    async with site.client() as browser:
        assert (await log_in(browser)).status_code == 403
    assert Way.PASSWORD not in ways.of_structure(site.world.platform.settings, structure)
