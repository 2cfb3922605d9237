"""Documents over real HTTP: streamed in and out, in ranges, by right, and whole or not at all."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import os
import re
import signal
import subprocess
import sys
import textwrap
import threading
import zipfile
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest
import structlog
from PIL import Image
from sqlmodel import select
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application

from app import db
from app.audit.models import AuditEntry
from app.documents import laboratory_typing
from app.documents.models import Document
from app.documents.store import EncryptedFolder
from app.identity import login_sessions
from app.identity.ways import Way
from app.platform import StoredFile
from app.server import context
from app.web.files import Upload
from app.web.routes_documents import ROUTES
from tests.support.people import World, small_world
from tests.unit.documents import samples
from tests.unit.documents.laboratory_samples import HL7

NUMBER = "TLM-2026-0001"
LETTER = samples.pdf("Maladie d'Alzheimer", "page deux")


@dataclass
class Site:
    """A running server, and a browser per person."""

    world: World
    base: str
    folder: Path

    def browser(self, login: str | None) -> httpx.AsyncClient:
        cookies = {}
        if login:
            platform = self.world.platform
            with platform.transaction() as session:
                secret = login_sessions.open_session(session, platform, self.world.people[login], Way.PASSWORD)
            cookies = {platform.settings.session_cookie: secret}
        return httpx.AsyncClient(base_url=self.base, cookies=cookies, headers={"Origin": self.base}, timeout=30)

    async def add(self, name: str = "Courrier.pdf", content: bytes = LETTER, login: str = "ide.dubois") -> str:
        async with self.browser(login) as browser:
            answer = await browser.put(f"/api/dossiers/{NUMBER}/documents", params={"nom": name}, content=content)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["reference"])

    def files(self) -> list[Path]:
        return [path for path in self.folder.rglob("*") if path.is_file()]

    def journal(self) -> list[tuple[str, str]]:
        with self.world.platform.reading() as session:
            rows = session.exec(select(AuditEntry).order_by(AuditEntry.id))  # type: ignore[arg-type]
            return [
                (row.action, row.subject) for row in rows if row.action.startswith(("document.", "dossier.refused"))
            ]

    def documents(self) -> int:
        with self.world.platform.reading() as session:
            return len(session.exec(select(Document)).all())


@pytest.fixture
async def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Site]:
    world = small_world(upload_megabytes=3)
    world.platform = replace(world.platform, files=EncryptedFolder(tmp_path, {1: bytes(32)}, 1))
    monkeypatch.setattr(context, "_platform", world.platform)
    server = HTTPServer(Application(ROUTES))
    (socket,) = bind_sockets(0, "127.0.0.1")
    server.add_socket(socket)
    yield Site(world, f"http://127.0.0.1:{socket.getsockname()[1]}", tmp_path)
    server.stop()
    await server.close_all_connections()


# ---- in


async def test_a_file_goes_in_and_comes_out_byte_for_byte(site: Site) -> None:
    content = LETTER + b"%" + os.urandom(1_000_000).hex().encode() + b"\n%%EOF"
    reference = await site.add(content=content)
    async with site.browser("dr.martin") as browser:
        answer = await browser.get(f"/api/documents/{reference}", params={"enregistrer": "1"})
    assert answer.content == content
    assert answer.headers["Content-Length"] == str(len(content))
    assert answer.headers["Etag"] == f'"{hashlib.sha256(content).hexdigest()}"'


async def test_adding_answers_the_reference_and_the_title(site: Site) -> None:
    async with site.browser("dr.petit") as browser:
        answer = await browser.put(
            f"/api/dossiers/{NUMBER}/documents", params={"nom": "Courrier_du Dr PETIT.pdf"}, content=LETTER
        )
    assert answer.json()["title"] == "Courrier du Dr PETIT"
    assert site.journal() == [("document.added", answer.json()["reference"])]


@pytest.mark.parametrize(
    ("login", "number", "origin", "status", "code"),
    [
        (None, NUMBER, True, 401, "non-connecte"),
        ("ide.dubois", NUMBER, False, 403, "http-403"),
        ("ide.moreau", NUMBER, True, 404, "introuvable"),
        ("admin", NUMBER, True, 404, "introuvable"),
        ("ide.dubois", "TLM-2026-0003", True, 409, "etape"),
        ("ide.dubois", "TLM-2026-9999", True, 404, "introuvable"),
    ],
)
async def test_who_may_not_add_is_told_before_sending(
    site: Site, login: str | None, number: str, origin: bool, status: int, code: str
) -> None:
    async with site.browser(login) as browser:
        answer = await browser.put(
            f"/api/dossiers/{number}/documents",
            params={"nom": "a.pdf"},
            content=LETTER,
            headers={} if origin else {"Origin": "https://ailleurs.invalid"},
        )
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert (site.files(), site.documents()) == ([], 0)


async def test_a_refusal_says_its_reason_in_french(site: Site) -> None:
    async with site.browser("ide.dubois") as browser:
        answer = await browser.put(
            f"/api/dossiers/{NUMBER}/documents", params={"nom": "a.pdf"}, content=samples.pdf_with_password()
        )
    assert answer.status_code == 422
    assert answer.json() == {
        "code": "fichier-refuse",
        "message": "Fichier refusé : il est protégé par un mot de passe. Enregistrez-le sans mot de passe, puis "
        "ajoutez-le. Rien n'a été ajouté au dossier.",
    }
    assert site.files() == []


@pytest.mark.parametrize("announced", [True, False])
async def test_too_large_a_file_is_refused_whether_it_says_so_or_not(site: Site, announced: bool) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(31):
            yield bytes(100_000)

    content = bytes(3_100_000) if announced else chunks()
    async with site.browser("ide.dubois") as browser:
        answer = await browser.put(f"/api/dossiers/{NUMBER}/documents", params={"nom": "a.pdf"}, content=content)
    assert answer.status_code == 413
    assert answer.json()["message"] == "Fichier refusé : il dépasse 3 Mo. Rien n'a été ajouté au dossier."
    assert (site.files(), site.documents()) == ([], 0)


async def test_a_line_that_breaks_in_the_middle_leaves_nothing(site: Site) -> None:
    async with site.browser("ide.dubois") as browser:
        cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    host = site.base.removeprefix("http://")
    reader, writer = await asyncio.open_connection(*host.split(":"))
    writer.write(
        f"PUT /api/dossiers/{NUMBER}/documents?nom=a.pdf HTTP/1.1\r\nHost: {host}\r\nOrigin: {site.base}\r\n"
        f"Cookie: {cookie}\r\nContent-Length: 2000000\r\n\r\n".encode()
    )
    writer.write(LETTER)
    await writer.drain()
    for _ in range(3000):
        if any(path.suffix == ".part" for path in site.files()):
            break
        await asyncio.sleep(0.02)
    assert [path.suffix for path in site.files()] == [".part"]  # it had begun
    writer.close()
    await writer.wait_closed()
    for _ in range(3000):
        if not site.files():
            break
        await asyncio.sleep(0.02)
    assert (site.files(), site.documents(), site.journal()) == ([], 0, [])
    await reader.read()


async def test_a_line_that_breaks_after_the_last_byte_loses_nothing(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    written, let_go, cut, done = asyncio.Event(), threading.Event(), asyncio.Event(), asyncio.Event()
    loop, closed, finished = asyncio.get_running_loop(), Upload.on_connection_close, Upload.on_finish

    class Slow(EncryptedFolder):
        def write(self, file_id: str, chunks: Iterable[bytes]) -> StoredFile:
            stored = super().write(file_id, chunks)
            loop.call_soon_threadsafe(written.set)
            let_go.wait(60)  # a bucket that has everything, and has not said so yet
            return stored

    slow = Slow(site.folder, {1: bytes(32)}, 1)
    monkeypatch.setattr(context, "_platform", replace(site.world.platform, files=slow))
    monkeypatch.setattr(Upload, "on_connection_close", lambda self: (closed(self), cut.set()))
    monkeypatch.setattr(Upload, "on_finish", lambda self: (finished(self), done.set()))
    async with site.browser("ide.dubois") as browser:
        cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    host = site.base.removeprefix("http://")
    _reader, writer = await asyncio.open_connection(*host.split(":"))
    writer.write(
        f"PUT /api/dossiers/{NUMBER}/documents?nom=a.pdf HTTP/1.1\r\nHost: {host}\r\nOrigin: {site.base}\r\n"
        f"Cookie: {cookie}\r\nContent-Length: {len(LETTER)}\r\n\r\n".encode()
        + LETTER
    )
    await asyncio.wait_for(written.wait(), 60)
    writer.close()
    await writer.wait_closed()
    await asyncio.wait_for(cut.wait(), 60)
    let_go.set()
    await asyncio.wait_for(done.wait(), 60)
    assert (site.documents(), len(site.files())) == (1, 1)
    assert not Upload._under_way


async def test_a_reader_who_goes_away_ends_the_drawing_and_is_no_fault(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference = await site.add()
    begun, ended = asyncio.Event(), asyncio.Event()

    class Slow:
        async def run(self, *_asked: object, **_arguments: object) -> bytes:
            begun.set()
            try:
                return await asyncio.get_running_loop().create_future()
            finally:
                ended.set()

    monkeypatch.setattr(context, "_platform", replace(site.world.platform, renderer=Slow()))
    async with site.browser("ide.dubois") as browser:
        cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    host = site.base.removeprefix("http://")
    with structlog.testing.capture_logs() as logs:
        _reader, writer = await asyncio.open_connection(*host.split(":"))
        writer.write(
            f"GET /api/documents/{reference}/pages/1.webp?l=760 HTTP/1.1\r\nHost: {host}\r\n"
            f"Cookie: {cookie}\r\n\r\n".encode()
        )
        await asyncio.wait_for(begun.wait(), 60)
        writer.close()
        await writer.wait_closed()
        await asyncio.wait_for(ended.wait(), 60)
        async with site.browser("ide.dubois") as browser:  # whatever was to be said has been said by now
            assert (await browser.get(f"/api/documents/{'0' * 32}")).status_code == 404
    assert [line for line in logs if line["event"] == "request.fault"] == []


async def test_one_person_sends_only_so_many_files_at_once(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each slow sender holds a thread that writes: one person must not hold them all."""
    monkeypatch.setattr("app.web.files.UPLOADS_AT_ONCE", 2)
    went_on = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield LETTER[:1000]
        await went_on.wait()
        yield LETTER[1000:]

    async with site.browser("ide.dubois") as nurse, site.browser("dr.petit") as colleague:
        address = f"/api/dossiers/{NUMBER}/documents?nom=a.pdf"
        sending = [asyncio.create_task(nurse.put(address, content=slow())) for _ in range(2)]
        for _ in range(6000):
            if len([path for path in site.files() if path.suffix == ".part"]) == 2:
                break
            await asyncio.sleep(0.01)
        third = await nurse.put(address, content=LETTER)
        assert (third.status_code, third.json()["code"]) == (429, "trop-de-fichiers")
        assert (await colleague.put(address, content=LETTER)).status_code == 200
        went_on.set()
        assert [answer.status_code for answer in await asyncio.gather(*sending)] == [200, 200]
        assert (await nurse.put(address, content=LETTER)).status_code == 200
    assert site.documents() == 4


def test_a_server_killed_in_the_middle_leaves_nothing_that_anybody_sees(tmp_path: Path) -> None:
    server = subprocess.Popen(
        [
            sys.executable,
            "-c",
            textwrap.dedent(f"""
                import asyncio, sys
                from dataclasses import replace
                from pathlib import Path
                from tornado.web import Application
                from app.documents.store import EncryptedFolder
                from app.identity import login_sessions
                from app.identity.ways import Way
                from app.server import context
                from app.web.routes_documents import ROUTES
                from tests.support.people import small_world
                async def main():
                    world = small_world(database_url="sqlite:///{tmp_path}/td.db")
                    platform = replace(world.platform, files=EncryptedFolder(Path("{tmp_path}/files"), {{1: bytes(32)}}, 1))
                    context.use(platform)
                    with platform.transaction() as session:
                        secret = login_sessions.open_session(session, platform, world.ide_dubois, Way.PASSWORD)
                    from tornado.httpserver import HTTPServer
                    from tornado.netutil import bind_sockets
                    server = HTTPServer(Application(ROUTES))
                    (socket,) = bind_sockets(0, "127.0.0.1")
                    server.add_socket(socket)
                    print(socket.getsockname()[1], secret, flush=True)
                    await asyncio.Event().wait()
                asyncio.run(main())
            """),
        ],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert server.stdout is not None
    port, secret = server.stdout.readline().split()

    def half() -> object:
        yield LETTER[:1000]
        for _ in range(500):
            if list((tmp_path / "files").rglob("*.part")):
                break
            signal.sigtimedwait([], 0.02)
        os.kill(server.pid, signal.SIGKILL)
        yield LETTER[1000:]

    with pytest.raises(httpx.HTTPError):
        httpx.put(
            f"http://127.0.0.1:{port}/api/dossiers/{NUMBER}/documents?nom=a.pdf",
            content=half(),  # type: ignore[arg-type]
            headers={"Origin": f"http://127.0.0.1:{port}", "Cookie": f"session={secret}"},
        )
    server.wait()
    server.stdout.close()
    assert list((tmp_path / "files").rglob("*.td")) == []
    engine = db.connect(f"sqlite:///{tmp_path}/td.db")
    with db.reading(engine) as session:
        assert session.exec(select(Document)).all() == []
        assert [row for row in session.exec(select(AuditEntry)) if row.action == "document.added"] == []
    engine.dispose()
    store = EncryptedFolder(tmp_path / "files", {1: bytes(32)}, 1)
    assert len(store.remove_unfinished(older_than=0)) == 1
    assert [path for path in (tmp_path / "files").rglob("*") if path.is_file()] == []


# ---- out


RANGES = {
    "bytes=0-99": (0, 100),
    "bytes=100-": (100, None),
    "bytes=-50": (-50, None),
    "bytes=0-999999999": (0, None),
    "bytes=10-10": (10, 11),
}


@pytest.mark.parametrize("wanted", RANGES)
async def test_a_range_is_answered_as_a_range(site: Site, wanted: str) -> None:
    reference = await site.add()
    start, stop = RANGES[wanted]
    async with site.browser("dr.martin") as browser:
        answer = await browser.get(f"/api/documents/{reference}", headers={"Range": wanted})
    assert answer.status_code == 206
    assert answer.content == LETTER[start:stop]
    first = len(LETTER) + start if start < 0 else start
    assert answer.headers["Content-Range"] == f"bytes {first}-{first + len(answer.content) - 1}/{len(LETTER)}"


@pytest.mark.parametrize("wanted", ["bytes=0-1,5-6", "octets=0-1", "bytes=", "bytes=-"])
async def test_a_range_that_is_none_of_ours_means_the_whole(site: Site, wanted: str) -> None:
    reference = await site.add()
    async with site.browser("dr.martin") as browser:
        answer = await browser.get(f"/api/documents/{reference}", headers={"Range": wanted})
        stale = await browser.get(f"/api/documents/{reference}", headers={"Range": "bytes=0-9", "If-Range": '"autre"'})
    assert (answer.status_code, answer.content) == (200, LETTER)
    assert (stale.status_code, stale.content) == (200, LETTER)


async def test_a_range_outside_of_the_file_is_refused(site: Site) -> None:
    reference = await site.add()
    async with site.browser("dr.martin") as browser:
        for wanted in (f"bytes={len(LETTER)}-", "bytes=9-3", "bytes=-0"):
            answer = await browser.get(f"/api/documents/{reference}", headers={"Range": wanted})
            assert (answer.status_code, answer.headers["Content-Range"]) == (416, f"bytes */{len(LETTER)}")


async def test_a_file_is_handed_out_under_its_own_name_and_can_run_nothing(site: Site) -> None:
    reference = await site.add("Compte rendu d'œil « été ».pdf")
    async with site.browser("dr.martin") as browser:
        shown = await browser.get(f"/api/documents/{reference}")
        saved = await browser.get(f"/api/documents/{reference}?enregistrer=1")
    assert shown.headers["Content-Disposition"].startswith("inline;")
    assert saved.headers["Content-Disposition"] == (
        'attachment; filename="Compte rendu d\'_il _ _t_ _.pdf"; '
        "filename*=UTF-8''Compte%20rendu%20d%27%C5%93il%20%C2%AB%20%C3%A9t%C3%A9%20%C2%BB.pdf"
    )
    for answer in (shown, saved):
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Type"] == "application/pdf"


async def test_taking_home_is_counted_and_asking_for_headers_or_the_rest_is_not(site: Site) -> None:
    reference = await site.add()
    async with site.browser("dr.martin") as browser:
        head = await browser.head(f"/api/documents/{reference}?enregistrer=1")
        assert (head.status_code, head.headers["Content-Length"], head.content) == (200, str(len(LETTER)), b"")
        await browser.get(f"/api/documents/{reference}?enregistrer=1", headers={"Range": "bytes=100-"})
        await browser.get(f"/api/documents/{reference}")
        assert site.journal() == [("document.added", reference), ("document.seen", reference)]
        await browser.get(f"/api/documents/{reference}?enregistrer=1")
    assert site.journal()[-1] == ("document.downloaded", reference)


async def test_a_viewer_gets_pages_words_and_places(site: Site) -> None:
    reference = await site.add()
    async with site.browser("dr.martin") as browser:
        told = (await browser.get(f"/api/documents/{reference}/infos")).json()
        assert told == {
            "reference": reference, "kind": "pdf", "title": "Courrier", "pages": [[595.0, 842.0]] * 2, "text": True,
        }  # fmt: skip
        page = await browser.get(f"/api/documents/{reference}/pages/1.webp", params={"l": 730})
        with Image.open(io.BytesIO(page.content)) as image:
            assert (image.format, image.width) == ("WEBP", 760)  # rounded up to the step
        again = await browser.get(
            f"/api/documents/{reference}/pages/1.webp",
            params={"l": 571},
            headers={"If-None-Match": page.headers["Etag"]},
        )
        assert (again.status_code, again.content) == (304, b"")
        assert page.headers["Cache-Control"] == "private, no-cache"
        words = (await browser.get(f"/api/documents/{reference}/pages/1/mots")).json()
        assert [word[4] for word in words["words"]] == ["Maladie", "d'Alzheimer"]
        places = (await browser.get(f"/api/documents/{reference}/recherche", params={"q": "ALZHEIMER"})).json()
        assert [place["page"] for place in places] == [1]
        assert (await browser.get(f"/api/documents/{reference}/pages/3.webp")).status_code == 404
        assert (await browser.get(f"/api/documents/{reference}/image")).status_code == 404
        short = await browser.get(f"/api/documents/{reference}/recherche", params={"q": "a"})
        assert (short.status_code, short.json()["message"]) == (422, "Cherchez un mot d'au moins deux lettres.")


async def test_a_picture_is_sent_at_the_width_it_is_shown(site: Site) -> None:
    reference = await site.add("talon.jpg", samples.photo())
    async with site.browser("dr.martin") as browser:
        told = (await browser.get(f"/api/documents/{reference}/infos")).json()
        assert (told["kind"], told["width"], told["height"]) == ("picture", 640, 480)
        image = await browser.get(f"/api/documents/{reference}/image", params={"l": 200})
    assert image.headers["Content-Type"] == "image/webp"


async def test_every_point_of_a_photograph_is_served_in_tiles(site: Site) -> None:
    reference = await site.add("talon.png", samples.photo("PNG", (1300, 700)))
    whole = Image.new("RGB", (1300, 700))
    async with site.browser("dr.martin") as browser:
        for column, row in [(0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (2, 1)]:
            tile = await browser.get(f"/api/documents/{reference}/tuiles/0/{column}-{row}.webp")
            assert tile.headers["Cache-Control"] == "private, no-cache"
            with Image.open(io.BytesIO(tile.content)) as image:
                whole.paste(image, (512 * column, 512 * row))
        headers = {"If-None-Match": tile.headers["Etag"]}
        again = await browser.get(f"/api/documents/{reference}/tuiles/0/2-1.webp", headers=headers)
        assert (again.status_code, again.content) == (304, b"")
        for place in ("0/3-0", "0/0-2", "1/2-0", "9/0-0", "0/999-999"):
            assert (await browser.get(f"/api/documents/{reference}/tuiles/{place}.webp")).status_code == 404
        for place in ("0/-1-0", "0/1000-0", "10/0-0", "0/a-0"):
            assert (await browser.get(f"/api/documents/{reference}/tuiles/{place}.webp")).status_code == 404
    for point, colour in (((3, 3), (200, 30, 30)), ((640, 699), (200, 30, 30)), ((660, 699), (30, 30, 200))):
        seen: tuple[int, int, int] = whole.getpixel(point)  # type: ignore[assignment]
        assert max(abs(a - b) for a, b in zip(seen, colour, strict=True)) < 16


async def test_a_pdf_has_no_tiles(site: Site) -> None:
    reference = await site.add()
    async with site.browser("dr.martin") as browser:
        assert (await browser.get(f"/api/documents/{reference}/tuiles/0/0-0.webp")).status_code == 404


async def test_printing_is_journalled_with_its_pages_before_they_are_drawn(site: Site) -> None:
    reference = await site.add()
    async with site.browser("dr.martin") as browser:
        told = await browser.post(f"/api/documents/{reference}/impression", json={"first": 1, "last": 2})
    assert told.status_code == 204
    assert site.journal()[-1] == ("document.printed", reference)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"first": 0, "last": 1}, 422), ({"first": 2, "last": 1}, 422), ({"first": 1, "last": 3}, 422),
        ({"first": 1}, 400), ({"first": True, "last": 2}, 400), ({"first": "1", "last": "2"}, 400), ([1, 2], 400),
    ],
)  # fmt: skip
async def test_pages_that_are_not_there_are_not_printed(site: Site, body: object, status: int) -> None:
    reference = await site.add()
    async with site.browser("dr.martin") as browser:
        answer = await browser.post(f"/api/documents/{reference}/impression", json=body)
    assert answer.status_code == status
    assert "document.printed" not in [action for action, _subject in site.journal()]


async def test_nobody_prints_what_is_not_theirs(site: Site) -> None:
    reference, photo = await site.add(), await site.add("talon.jpg", samples.photo())
    pages = {"first": 1, "last": 1}
    async with site.browser("ide.moreau") as browser:
        assert (await browser.post(f"/api/documents/{reference}/impression", json=pages)).status_code == 404
    async with site.browser(None) as browser:
        assert (await browser.post(f"/api/documents/{reference}/impression", json=pages)).status_code == 401
    async with site.browser("dr.martin") as browser:
        elsewhere = {"Origin": "https://ailleurs.example"}
        answer = await browser.post(f"/api/documents/{reference}/impression", json=pages, headers=elsewhere)
        assert answer.status_code == 403
        assert (await browser.post(f"/api/documents/{photo}/impression", json=pages)).status_code == 404


ADDRESSES = (
    "/api/documents/{reference}",
    "/api/documents/{reference}?enregistrer=1",
    "/api/documents/{reference}/infos",
    "/api/documents/{reference}/pages/1.webp",
    "/api/documents/{reference}/pages/1/mots",
    "/api/documents/{reference}/recherche?q=alzheimer",
    "/api/documents/{reference}/image",
    "/api/documents/{reference}/tuiles/0/0-0.webp",
    "/api/documents/{reference}/coupes/0",
    "/api/dossiers/{number}/archive.zip",
    "/api/dossiers/{number}/biologies.csv",
    "/api/dossiers/{number}/tracabilite.csv",
    "/api/dossiers/{number}/journal.csv",
)


def test_every_route_is_in_the_table_of_rights() -> None:
    written = {address.split("?")[0].format(reference="0" * 32, number=NUMBER) for address in ADDRESSES}
    written |= {f"/api/dossiers/{NUMBER}/documents", f"/api/documents/{'0' * 32}/impression"}
    assert {pattern for pattern, _handler in ROUTES} == {
        pattern for pattern, _handler in ROUTES if any(re.fullmatch(pattern, address) for address in written)
    }


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_another_structures_login_finds_nothing_and_leaves_a_trace(site: Site, address: str, method: str) -> None:
    reference = await site.add()
    path = address.format(reference=reference, number=NUMBER)
    async with site.browser("ide.moreau") as browser:
        answer = await browser.request(method, path)
    if method == "HEAD" and answer.status_code == 405:
        return
    assert answer.status_code == 404
    assert LETTER[:50] not in answer.content
    assert site.journal()[-1] in {("document.refused", reference), ("dossier.refused", NUMBER)}


@pytest.mark.parametrize("address", ADDRESSES)
async def test_nobody_is_served_without_logging_in(site: Site, address: str) -> None:
    reference = await site.add()
    async with site.browser(None) as browser:
        answer = await browser.get(address.format(reference=reference, number=NUMBER))
    assert (answer.status_code, answer.json()["code"]) == (401, "non-connecte")


async def test_an_archive_holds_everything_and_counts_everything(site: Site) -> None:
    first, second = await site.add(), await site.add("talon.jpg", samples.photo())
    async with site.browser("dr.martin") as browser:
        answer = await browser.get(f"/api/dossiers/{NUMBER}/archive.zip")
    packed = zipfile.ZipFile(io.BytesIO(answer.content))
    assert packed.testzip() is None
    assert [name.removeprefix("TLM-2026-0001/") for name in packed.namelist()] == [
        "documents/01 Courrier.pdf",
        "documents/02 talon.jpg",
        "index.html",
        "SOMME-SHA256.txt",
    ]
    assert packed.read("TLM-2026-0001/documents/01 Courrier.pdf") == LETTER
    assert 'filename="TLM-2026-0001.zip"' in answer.headers["Content-Disposition"]
    assert site.journal()[-2:] == [("document.downloaded", first), ("document.downloaded", second)]


async def test_results_leave_as_a_table_for_a_french_spreadsheet_and_that_is_journalled(site: Site) -> None:
    reference = await site.add("bilan.hl7", HL7)
    row = {"id": "r1", "analysis": "Zinc", "value": "12,5", "unit": "µmol/L", "comment": "=1+1"}
    form = {"day": "2026-11-20", "time": "", "laboratory": "Orne Bio", "rows": [row]}
    await laboratory_typing.enter(site.world.platform, site.world.ide_dubois, NUMBER, form)
    async with site.browser("dr.martin") as browser:
        answer = await browser.get(f"/api/dossiers/{NUMBER}/biologies.csv")
        one = await browser.get(f"/api/dossiers/{NUMBER}/biologies.csv", params={"document": reference})
        odd = await browser.get(f"/api/dossiers/{NUMBER}/biologies.csv", params={"document": "../x"})
        elsewhere = await browser.get(f"/api/dossiers/{NUMBER}/biologies.csv", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    lines = answer.content.decode("utf-8-sig").split("\r\n")
    assert "C-réactive protéine;1988-5;20/11/2026;08:15:00;< 5;mg/L;;5;;;;bilan, déposé le 24/11/2026" in lines
    assert "Sodium;2951-2;20/11/2026;08:15:00;128;mmol/L;136;145;critique, bas;;;bilan, déposé le 24/11/2026" in lines
    assert (
        "Zinc;Zinc;20/11/2026;;12,5;µmol/L;;;;'=1+1;oui;saisi à la main par N. DUBOIS le 24/11/2026, Orne Bio" in lines
    )
    assert (one.content.count(b"\r\n"), odd.status_code, elsewhere.status_code) == (4, 404, 403)
    with site.world.platform.reading() as session:
        actions = list(session.exec(select(AuditEntry.action)))
    assert actions.count("laboratory.exported") == 2


async def test_who_has_read_what_leaves_as_a_table(site: Site) -> None:
    await site.add()
    async with site.browser("ide.moreau") as browser:
        await browser.get(f"/api/dossiers/{NUMBER}/archive.zip")
    async with site.browser("dr.martin") as browser:
        await browser.get(f"/api/dossiers/{NUMBER}/archive.zip")
        readings = await browser.get(f"/api/dossiers/{NUMBER}/tracabilite.csv")
        journal = await browser.get(f"/api/dossiers/{NUMBER}/journal.csv")
    rows = [line.split(";") for line in readings.content.decode("utf-8-sig").splitlines()]
    martin = next(row for row in rows if "Dr Claire MARTIN" in row)
    assert martin == ["Courrier", "PDF", "N. DUBOIS", "24/11/2026", "10:12:00", "Dr Claire MARTIN", "", "", "24/11/2026", "10:12:00", ""]  # fmt: skip
    text = journal.content.decode("utf-8-sig")
    assert "Karim MOREAU;a demandé ce télédossier sans y avoir droit;oui" in text
    assert "Dr Claire MARTIN;a exporté la traçabilité;" in text
    assert "Dr Claire MARTIN;a téléchargé un document : Courrier;" in text


async def test_a_damaged_document_does_not_cut_the_archive_s_line(site: Site) -> None:
    await site.add()
    (first,) = site.files()
    await site.add("talon.jpg", samples.photo())
    sealed = bytearray(first.read_bytes())
    sealed[-1] ^= 1
    first.write_bytes(sealed)
    async with site.browser("dr.martin") as browser:
        answer = await browser.get(f"/api/dossiers/{NUMBER}/archive.zip")
    packed = zipfile.ZipFile(io.BytesIO(answer.content))
    assert packed.testzip() is None
    assert [name.split("/")[-1] for name in packed.namelist()][:2] == ["01 ENDOMMAGÉ Courrier.txt", "02 talon.jpg"]
    assert "Un document manque dans cette archive" in packed.read(f"{NUMBER}/index.html").decode()


async def test_a_damaged_file_is_an_error_and_never_half_a_file(site: Site) -> None:
    content = LETTER + b"%" + bytes(2_500_000).hex().encode()[:2_500_000] + b"\n%%EOF"
    reference = await site.add(content=content)
    (path,) = site.files()
    sealed = bytearray(path.read_bytes())
    sealed[-1] ^= 1  # the last chunk
    path.write_bytes(sealed)
    async with site.browser("dr.martin") as browser:
        with pytest.raises(httpx.HTTPError):
            await browser.get(f"/api/documents/{reference}")
        sealed[20] ^= 1  # the first too
        path.write_bytes(sealed)
        answer = await browser.get(f"/api/documents/{reference}")
    assert (answer.status_code, answer.json()["code"]) == (500, "fichier-endommage")
    assert json.loads(answer.text)["message"].startswith("Ce fichier est endommagé")
