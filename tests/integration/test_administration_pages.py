"""The plain handlers of administration: import without JavaScript, the template, the journal as a file."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from html import unescape

import httpx
import pytest
from sqlmodel import select
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application

from app.administration import csv_reading
from app.audit.models import AuditEntry
from app.identity import login_sessions
from app.identity.models import PendingLogin, Professional
from app.identity.ways import Way
from app.server import context, static_files
from app.server.headers import SecurityHeaders
from app.web.plugin import ROUTES
from tests.support.people import World, small_world

CSV = "Identifiant;Prénom;Nom;Profession;RPPS\nz.un;Zoé;<b>Un;IDE;\nz.deux;Zoé;Deux;IDE;\nz.trois;Zoé;Trois;IDE;99700000012\n"
JOURNAL, IMPORT = "/api/administration/journal.csv", "/administration/import"


@pytest.fixture
def world() -> World:
    return small_world()


@pytest.fixture
async def address(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    monkeypatch.setattr(static_files, "static_url", lambda name: f"/statique/{name}")
    context.use(world.platform)
    server = HTTPServer(Application([*ROUTES], transforms=[SecurityHeaders]))
    [socket] = bind_sockets(0, "127.0.0.1")
    server.add_socket(socket)
    yield f"http://127.0.0.1:{socket.getsockname()[1]}"
    server.stop()
    await server.close_all_connections()


def browser(world: World, address: str, login: str = "", **headers: str) -> httpx.AsyncClient:
    cookies = {}
    if login:
        with world.platform.transaction() as session:
            person = world.people[login]
            cookies = {"session": login_sessions.open_session(session, world.platform, person, Way.PASSWORD)}
    return httpx.AsyncClient(
        base_url=address, cookies=cookies, headers={"Origin": address, "Accept": "text/html"} | headers, timeout=60
    )


def upload(content: str | bytes) -> dict[str, tuple[str, bytes, str]]:
    raw = content.encode() if isinstance(content, str) else content
    return {"fichier": ("personnes.csv", raw, "text/csv")}


def words(answer: httpx.Response) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", "", answer.text)))


@pytest.mark.parametrize("path", [JOURNAL, "/api/administration/modele.csv", IMPORT])
async def test_nobody_but_an_administrator_gets_anything(world: World, address: str, path: str) -> None:
    async with browser(world, address) as stranger:
        assert (await stranger.get(path)).headers["Location"].startswith("/connexion?next=%2F")
    async with browser(world, address, "dr.martin") as expert:
        answer = await expert.get(path)
    assert answer.status_code == 403
    assert "réservée aux administrateurs" in words(answer)
    with world.platform.reading() as session:
        last = session.exec(select(AuditEntry).order_by(AuditEntry.id.desc())).first()  # type: ignore[union-attr]
    assert last is not None
    assert (last.action, last.actor_name) == ("administration.refused", "Dr Claire MARTIN")


async def is_refused(page: httpx.AsyncClient) -> bool:
    """Refused before the body is read: whoever is still sending may find the line cut instead of the answer."""
    try:
        return (await page.post(IMPORT, files=upload(CSV))).status_code == 403
    except httpx.TransportError:
        return True


async def test_nobody_but_an_administrator_imports_and_no_other_site_does(world: World, address: str) -> None:
    async with browser(world, address, "ide.dubois") as nurse:
        assert await is_refused(nurse)
    async with browser(world, address, "admin", Origin="https://evil.example") as elsewhere:
        assert await is_refused(elsewhere)
        with world.platform.reading() as session:
            assert "import" not in session.exec(select(PendingLogin.purpose)).all()
        answer = await elsewhere.get(JOURNAL, headers={"Sec-Fetch-Site": "cross-site"})
        assert answer.status_code == 403


async def test_a_file_is_reported_line_by_line_and_then_imported_once(world: World, address: str) -> None:
    async with browser(world, address, "admin") as page:
        report = await page.post(IMPORT, files=upload(CSV))
        said = words(report)
        assert "3 lignes lues : 1 correcte, 2 à corriger. Rien n'est encore importé." in said
        assert "ligne 4 : RPPS incorrect (clé)." in said
        assert "<b>Un" not in report.text
        assert "Importer 1 personne" in said
        token = re.search(r'name="jeton" value="([^"]+)"', report.text)
        assert token is not None
        assert "1 compte créé." in words(await page.post(IMPORT, data={"jeton": token[1]}))
        assert "a déjà servi" in words(await page.post(IMPORT, data={"jeton": token[1]}))
    with world.platform.reading() as session:
        assert session.exec(select(Professional).where(Professional.login == "z.deux")).one()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "vide ou illisible"),
        (b"x" * (csv_reading.LARGEST + 1), "1 Mo au plus"),
        (b"\x00\x01", "pas du texte CSV"),
        (b"Nom\n", "Il manque des colonnes"),
    ],
)
async def test_a_file_that_cannot_be_read_is_told_on_the_page(
    world: World, address: str, content: bytes, said: str
) -> None:
    async with browser(world, address, "admin") as page:
        answer = await page.post(IMPORT, files=upload(content))
        assert answer.status_code == 422
        assert said in words(answer)
        assert "Rapport" not in words(answer)


async def test_a_body_far_too_large_is_not_read_to_its_end(world: World, address: str) -> None:
    async with browser(world, address, "admin") as page:
        try:
            answer = await page.post(IMPORT, files=upload(b"x" * (8 * csv_reading.LARGEST)))
        except httpx.TransportError:  # the line was cut while we were still sending
            return
        assert answer.status_code == 400


async def test_the_template_opens_in_a_french_spreadsheet(world: World, address: str) -> None:
    async with browser(world, address, "admin") as page:
        answer = await page.get("/api/administration/modele.csv")
    assert answer.content.startswith(b"\xef\xbb\xbfIdentifiant;")
    assert 'filename="modele-personnes.csv"' in answer.headers["Content-Disposition"]


async def test_the_journal_is_downloaded_as_it_was_searched(world: World, address: str) -> None:
    async with browser(world, address, "admin") as page:
        answer = await page.get(JOURNAL, params={"personne": "renard", "action": "login", "du": "2026-11-24"})
        assert (await page.get(JOURNAL, params={"du": "hier"})).status_code == 404
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    lines = answer.content.decode("utf-8-sig").splitlines()
    assert len(lines) == 2
    assert "Alix RENARD;s'est connecté;login;" in lines[1]


async def test_the_kiosk_leads_administrators_to_administration_and_nobody_else(world: World, address: str) -> None:
    for login, leads in (("admin", True), ("dr.martin", False)):
        async with browser(world, address, login) as page:
            answer = await page.get("/portail")
        assert ('href="/administration"' in answer.text) is leads
        assert "Aucun service" not in answer.text
