"""The antivirus, a real clamd: what it finds is refused, and without its word nothing passes."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pymupdf
import pytest
from sqlmodel import select
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application

from app.audit.models import AuditEntry
from app.documents import antivirus, arrivals, service
from app.documents.models import ArrivalState, Document
from app.documents.store import EncryptedFolder
from app.errors import FileInfected, FileRefused
from app.server import context, renewal
from app.settings import load
from tests.support import clamd as rig
from tests.support.clamd import EICAR, MARK, Clamd
from tests.support.people import World, small_world
from tests.unit.documents import samples

NUMBER = "TLM-2026-0001"
pytestmark = pytest.mark.skipif(rig.missing(), reason="clamd is not installed (deploy/setup.sh debian)")


@pytest.fixture(scope="module")
def clamd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clamd]:
    with rig.running_clamd(tmp_path_factory.mktemp("clamd")) as running:
        yield running


def world_with(folder: Path, address: str) -> World:
    world = small_world(upload_megabytes=20, clamd=address)
    world.platform = replace(world.platform, files=EncryptedFolder(folder, {1: bytes(32)}, 1))
    return world


@pytest.fixture
def world(tmp_path: Path, clamd: Clamd) -> World:
    return world_with(tmp_path, clamd.path)


async def add(world: World, content: bytes, name: str = "Courrier.pdf") -> object:
    return await service.add(world.platform, world.ide_dubois, NUMBER, name, iter([content]))


def nothing_kept(world: World) -> bool:
    folder = world.platform.files._folder  # type: ignore[attr-defined]
    with world.platform.reading() as session:
        return not [path for path in folder.rglob("*") if path.is_file()] and not session.exec(select(Document)).all()


def with_attachment(content: bytes) -> bytes:
    with pymupdf.open() as document:
        document.new_page()
        document.embfile_add("programme.exe", content)
        return document.tobytes(deflate=True)


def packed(content: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("programme.exe", content)
    return target.getvalue()


INFECTED = {
    "eicar.pdf": (EICAR, "Teledossier.Test.Eicar"),
    "eicar.zip": (packed(EICAR), "Teledossier.Test.Eicar"),
    "pièce jointe.pdf": (with_attachment(EICAR), "Teledossier.Test.Eicar"),
    "marque.pdf": (samples.pdf() + b"%" + MARK + b"\n%%EOF\n", "Teledossier.Test.Marque"),
    "marque loin.jpg": (samples.photo() + bytes(5_000_000) + MARK, "Teledossier.Test.Marque"),
}


@pytest.mark.parametrize("name", INFECTED)
async def test_a_virus_is_refused_by_its_name_journalled_and_nothing_is_kept(world: World, name: str) -> None:
    content, virus = INFECTED[name]
    with pytest.raises(FileInfected, match="un virus y a été trouvé"):
        await add(world, content, name)
    assert nothing_kept(world)
    (shown,) = arrivals.arrivals_of(world.platform, world.ide_dubois, NUMBER)
    assert (shown.state, shown.can_flatten) == (ArrivalState.REFUSED, False)
    assert f"({virus}" in shown.reason
    with world.platform.reading() as session:
        entry = session.exec(select(AuditEntry).where(AuditEntry.action == "file.infected")).one()
        assert json.loads(entry.detail)["virus"].startswith(virus)


async def test_a_sound_file_passes_by_socket_and_by_port(world: World, clamd: Clamd, tmp_path: Path) -> None:
    await add(world, samples.pdf("Bonjour"))
    by_port = world_with(tmp_path / "port", f"127.0.0.1:{clamd.port}")
    await add(by_port, samples.pdf("Bonjour") + b"%" + bytes(3_000_000).hex().encode() + b"\n%%EOF")
    assert not nothing_kept(world)
    assert not nothing_kept(by_port)


async def test_what_is_too_large_for_the_antivirus_is_not_let_through(world: World) -> None:
    with pytest.raises(FileRefused, match="trop grand pour l'antivirus"):
        await add(world, samples.pdf() + b"%" + b"0" * 9_000_000 + b"\n%%EOF\n")
    assert nothing_kept(world)


@pytest.mark.parametrize("address", ["/nowhere/clamd.sock", "127.0.0.1:1"])
async def test_without_an_antivirus_that_answers_nothing_passes(tmp_path: Path, address: str) -> None:
    world = world_with(tmp_path, address)
    with pytest.raises(FileRefused, match="analyse impossible pour le moment, réessayez"):
        await add(world, samples.pdf())
    assert nothing_kept(world)
    assert await antivirus.answers(world.platform.settings) is False


async def test_an_antivirus_that_hangs_is_not_waited_for_without_end(
    world: World, clamd: Clamd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(antivirus, "VERDICT_SECONDS", 0.5)
    clamd.pause()
    try:
        with pytest.raises(FileRefused, match="analyse impossible pour le moment"):
            await add(world, samples.pdf())
    finally:
        clamd.go_on()
    assert nothing_kept(world)
    await add(world, samples.pdf())


async def test_an_antivirus_that_dies_in_the_middle_lets_nothing_through(tmp_path: Path) -> None:
    with rig.running_clamd(tmp_path / "clamd", megabytes=20) as dying:
        world = world_with(tmp_path / "files", dying.path)
        dying.pause()
        adding = asyncio.create_task(add(world, samples.pdf() + b"%" + b"0" * 15_000_000 + b"\n%%EOF\n"))
        while not arrivals.arrivals_of(world.platform, world.ide_dubois, NUMBER):
            await asyncio.sleep(0.01)
        dying.kill()
        with pytest.raises(FileRefused, match="analyse impossible pour le moment"):
            await adding
        assert nothing_kept(world)


async def test_its_state_is_asked_and_not_too_often(clamd: Clamd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(antivirus, "_last_state", ("", 0.0, True))
    settings = load(clamd=clamd.path)
    assert await antivirus.answers(settings) is True
    clamd.pause()
    try:
        assert await antivirus.answers(settings) is True  # asked a moment ago
    finally:
        clamd.go_on()
    assert await antivirus.answers(load(clamd="")) is True


@pytest.mark.parametrize("there", [True, False])
async def test_whoever_watches_the_product_sees_that_it_is_away(
    clamd: Clamd, monkeypatch: pytest.MonkeyPatch, there: bool
) -> None:
    monkeypatch.setattr(antivirus, "_last_state", ("", 0.0, True))
    world = small_world(clamd=clamd.path if there else "/nowhere/clamd.sock")
    monkeypatch.setattr(context, "_platform", world.platform)
    server = HTTPServer(Application(renewal.routes()))
    (line,) = bind_sockets(0, "127.0.0.1")
    server.add_socket(line)
    async with httpx.AsyncClient(trust_env=False, timeout=60) as browser:
        answer = await browser.get(f"http://127.0.0.1:{line.getsockname()[1]}/sante/pret")
    server.stop()
    await server.close_all_connections()
    assert answer.status_code == 200  # all but adding files goes on
    assert ("antivirus injoignable" in answer.text) is not there
    assert answer.text.startswith("pret")


@pytest.mark.parametrize("address", ["clamd.sock", "host", "host:", ":3310", "host:70000", "host:abc"])
def test_an_address_that_is_none_is_refused_at_the_start(address: str) -> None:
    with pytest.raises(ValueError, match="a path from the root"):
        load(clamd=address)
