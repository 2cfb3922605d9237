"""A large file through the served product, in and out: byte for byte, and not through the web process's memory."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import psutil
import pytest
from sqlmodel import select

from app import db
from app import settings as settings_module
from app.bootstrap import platform_in_memory
from app.documents.store_bucket import Place
from app.identity import login_sessions
from app.identity.models import Professional
from app.identity.ways import Visitor, Way
from tests.browser.demo_server import DemoServer, running_demo
from tests.support.s3_server import start

NUMBER = "TLM-2026-0001"
LIMIT = 500  # Mo, as an installation may set it
GROWTH = 64 << 20  # bytes that the web process may take more, for the largest file
BLOCK = os.urandom(1 << 20)


@dataclass
class Served:
    """The running product and somebody who is logged in."""

    server: DemoServer
    browser: httpx.Client
    largest: int  # Mo

    def add(self, name: str, content: Iterator[bytes]) -> httpx.Response:
        return self.browser.put(f"/api/dossiers/{NUMBER}/documents", params={"nom": name}, content=content)


@pytest.fixture(scope="module", params=["folder", "bucket"])
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    var, settings = tmp_path_factory.mktemp("var"), {"TD_UPLOAD_MEGABYTES": str(LIMIT)}
    with ExitStack() as stack:
        if request.param == "bucket":
            service = start()
            stack.callback(service.stop)
            place = service.new_bucket()
            settings |= settings_of(place)
        server = stack.enter_context(running_demo(var, settings, made=request.param == "folder"))
        # moto reads a whole object for each range of it: 500 Mo take four minutes there, for no other proof
        largest = 200 if request.param == "bucket" else LIMIT
        found = Served(server, stack.enter_context(logged_in(server, "ide.dubois")), largest)
        assert found.add("petit.pdf", pdf_of(100_000)).status_code == 200  # everything is loaded
        if request.param == "bucket":
            assert not (var / "files").exists()
            assert service.names(place)
        yield found


def settings_of(place: Place) -> dict[str, str]:
    return {
        "TD_FILE_STORE": "s3",
        "TD_S3_ENDPOINT": place.endpoint,
        "TD_S3_BUCKET": place.bucket,
        "TD_S3_ACCESS_KEY": place.access_key,
        "TD_S3_SECRET_KEY": place.secret_key,
        "TD_S3_PREFIX": place.prefix,
        "TD_S3_ALLOW_HTTP": "true",
    }


@contextmanager
def logged_in(server: DemoServer, login: str) -> Iterator[httpx.Client]:
    settings = settings_module.demo_settings(server.var, server.port)
    platform = replace(platform_in_memory(), engine=db.connect(settings.sqlalchemy_url()), settings=settings)
    with platform.transaction() as session:
        person = session.exec(select(Professional).where(Professional.login == login)).one()
        visitor = Visitor("127.0.0.1", "test")
        secret = login_sessions.open_session(session, platform, person, Way.PASSWORD, visitor)
    platform.engine.dispose()
    cookies = {settings.session_cookie: secret}
    with httpx.Client(base_url=server.url, cookies=cookies, headers={"Origin": server.url}, timeout=300) as browser:
        yield browser


def pdf_of(size: int) -> Iterator[bytes]:
    """A PDF of exactly so many bytes that opens at once: a page, and a stream that nothing needs."""
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R"
        b"/Resources<</Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>>>",
        b"<</Length 36>>stream\nBT /F 18 Tf 72 700 Td (Dossier) Tj ET\nendstream",
    )
    start, offsets = b"%PDF-1.5\n", []
    for number, source in enumerate(objects, 1):
        offsets.append(len(start))
        start += b"%d 0 obj%s endobj\n" % (number, source)
    offsets.append(len(start))
    opening, closing = b"5 0 obj<</Length %010d>>stream\n", b"\nendstream endobj\n"
    ending = b"trailer<</Root 1 0 R/Size 6>>\nstartxref\n%010d\n%%%%EOF\n"
    entries = b"xref\n0 6\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    rest = size - len(start) - len(opening % 0) - len(closing) - len(entries) - len(ending % 0)
    yield start + opening % rest
    for at in range(0, rest, len(BLOCK)):
        yield BLOCK[: rest - at]
    yield closing + entries + ending % (size - len(entries) - len(ending % 0))


class Watch:
    """The highest memory of a process while something is done, looked at every 10 ms."""

    def __init__(self, pid: int) -> None:
        self._process, self._ended = psutil.Process(pid), threading.Event()
        self._thread = threading.Thread(target=self._look)
        self.before = self.highest = self._process.memory_info().rss

    @property
    def growth(self) -> int:
        return self.highest - self.before

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._ended.wait(0.01):
            self.highest = max(self.highest, self._process.memory_info().rss)


def test_a_file_larger_than_the_memory_it_may_take_goes_in_and_out(served: Served) -> None:
    assert_passes_through_little_memory(served, 100)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_largest_file_goes_in_and_out_through_little_memory(served: Served) -> None:
    assert_passes_through_little_memory(served, served.largest)


def assert_passes_through_little_memory(served: Served, megabytes: int) -> None:
    size, sent, got = megabytes * 1_000_000, hashlib.sha256(), hashlib.sha256()

    def counted() -> Iterator[bytes]:
        for piece in pdf_of(size):
            sent.update(piece)
            yield piece

    with Watch(served.server.web_pid) as watch:
        answer = served.add("grand.pdf", counted())
        assert answer.status_code == 200, answer.text
        reference = answer.json()["reference"]
        with served.browser.stream("GET", f"/api/documents/{reference}") as download:
            assert download.headers["Content-Length"] == str(size)
            for piece in download.iter_raw():
                got.update(piece)
    assert got.hexdigest() == sent.hexdigest()
    assert watch.growth < GROWTH, f"{watch.growth >> 20} MiB"
    page = served.browser.get(f"/api/documents/{reference}/pages/1.webp")
    assert (page.status_code, page.headers["Content-Type"]) == (200, "image/webp")


def test_a_range_of_a_large_file_is_the_range(served: Served) -> None:
    size = 30_000_000
    reference = served.add("grand.pdf", pdf_of(size)).json()["reference"]
    whole = b"".join(pdf_of(size))
    for first, last in ((0, 9), (1_048_000, 1_050_000), (size - 10, size - 1)):
        part = served.browser.get(f"/api/documents/{reference}", headers={"Range": f"bytes={first}-{last}"})
        assert (part.status_code, part.content) == (206, whole[first : last + 1])


@pytest.mark.slow
def test_one_byte_more_than_the_limit_is_refused(served: Served) -> None:
    answer = served.add("grand.pdf", pdf_of(LIMIT * 1_000_000 + 1))
    assert answer.status_code == 413
    assert answer.json()["message"] == "Fichier refusé : il dépasse 500 Mo. Rien n'a été ajouté au dossier."


def test_the_files_of_this_test_are_pdf() -> None:
    import pymupdf

    for size in (100_000, 3_000_000):
        content = b"".join(pdf_of(size))
        assert len(content) == size
        with pymupdf.open(stream=content, filetype="pdf") as document:
            assert (document.page_count, document.is_repaired) == (1, False)
            assert "Dossier" in document[0].get_text()


def test_the_process_that_is_watched_is_the_web_process(served: Served) -> None:
    said = " ".join(psutil.Process(served.server.web_pid).cmdline())
    assert "app.server.plugin" in said or "panel" in said
    assert Path(f"/proc/{served.server.web_pid}").exists()
