"""« Tout télécharger »: what is in it, that it opens everywhere, and that a damaged document spoils nothing else."""

from __future__ import annotations

import asyncio
import hashlib
import io
import os
import re
import subprocess
import tracemalloc
import unicodedata
import zipfile
from collections.abc import AsyncIterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest
from sqlmodel import select

from app.audit.models import AuditEntry
from app.documents import archive as archives
from app.documents import archive_results, examining, laboratory_typing, service, viewing
from app.documents.archive import archive
from app.documents.archive_index import LONGEST_NAME, document_path, safe_name
from app.documents.models import Document
from app.documents.store import EncryptedFolder
from app.dossiers.models import Dossier
from app.errors import FileDamaged, NotFound
from tests.support.people import World, small_world
from tests.unit.documents import samples
from tests.unit.documents.laboratory_samples import HL7

NUMBER = "TLM-2026-0001"
LETTER = samples.pdf("Courrier")


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = small_world(upload_megabytes=100)
    world.platform = replace(world.platform, files=EncryptedFolder(tmp_path / "files", {1: bytes(32)}, 1))
    return world


async def added(world: World, name: str = "Courrier.pdf", content: bytes = LETTER) -> str:
    return (await service.add(world.platform, world.ide_dubois, NUMBER, name, iter([content]))).reference


async def packed(world: World, login: str = "dr.martin") -> zipfile.ZipFile:
    made = archive(world.platform, world.people[login], NUMBER)
    return zipfile.ZipFile(io.BytesIO(b"".join([piece async for piece in made.chunks])))


def names(content: zipfile.ZipFile) -> list[str]:
    return [name.removeprefix(f"{NUMBER}/") for name in content.namelist()]


def index(content: zipfile.ZipFile) -> str:
    return content.read(f"{NUMBER}/index.html").decode()


def journal(world: World) -> list[str]:
    with world.platform.reading() as session:
        rows = session.exec(select(AuditEntry).order_by(AuditEntry.id))  # type: ignore[arg-type]
        return [row.action for row in rows if row.action in ("document.downloaded", "document.damaged")]


def damage(world: World, reference: str, at: int = -1) -> None:
    with world.platform.reading() as session:
        file_id = session.exec(select(Document.file_id).where(Document.reference == reference)).one()
    path = world.platform.files._path(file_id)  # type: ignore[attr-defined]
    sealed = bytearray(path.read_bytes())
    sealed[at] ^= 1
    path.write_bytes(sealed)


def large_pdf(megabytes: int) -> bytes:
    return LETTER + b"%" + os.urandom(megabytes * 500_000).hex().encode() + b"\n%%EOF"


async def test_everything_goes_home_with_an_index_and_its_sums(world: World, tmp_path: Path) -> None:
    await added(world, "Courrier : 1/2.pdf")
    await added(world, "Photo.jpg", samples.photo())
    await added(world, "Photo.jpg", samples.photo())
    content = await packed(world)
    assert content.testzip() is None
    assert names(content) == [
        "documents/01 2.pdf",
        "documents/02 Photo.jpg",
        "documents/03 Photo.jpg",
        "index.html",
        "SOMME-SHA256.txt",
    ]
    assert content.read(f"{NUMBER}/documents/01 2.pdf") == LETTER
    assert content.infolist()[0].date_time == (2026, 11, 24, 10, 12, 0)
    assert journal(world) == ["document.downloaded"] * 3
    content.extractall(tmp_path)
    checked = subprocess.run(
        ["sha256sum", "--check", "--strict", "SOMME-SHA256.txt"], cwd=tmp_path / NUMBER, capture_output=True, text=True
    )
    assert (checked.returncode, checked.stdout.count(": OK")) == (0, 4), checked.stderr


async def test_the_index_says_what_from_whom_when_and_how_to_check_it(world: World) -> None:
    reference = await added(world)
    service.open_document(world.platform, world.dr_martin, reference)
    page = index(await packed(world))
    for words in (
        "<h1>Télédossier TLM-2026-0001</h1>", "MERCIER", "Jeanne, Louise", "14/03/1938", "2 38 03 61 001 042 53",
        "N. DUBOIS", hashlib.sha256(LETTER).hexdigest(), "vu le 24/11/2026", "jamais téléchargé", "Dr Claire MARTIN",
        'href="documents/01%20Courrier.pdf"', 'lang="fr"', "@media print",
    ):  # fmt: skip
        assert words in page
    assert "téléchargé le 24/11/2026" in index(await packed(world))
    assert "jamais ouvert" in index(await packed(world, "dr.petit"))


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src", "action", "onclick", "onerror")]


async def test_the_index_runs_nothing_and_leads_nowhere_else(world: World) -> None:
    hostile = "<img src=x onerror=alert(1)>\"'&.pdf"
    reference = await added(world, hostile)
    with world.platform.transaction() as session:
        document = session.exec(select(Document).where(Document.reference == reference)).one()
        document.title, document.author_name = "<script>alert(1)</script>", "<b>N</b>"
        session.add(document)
    content = await packed(world)
    page = _Page()
    page.feed(index(content))
    assert not {"script", "img", "iframe", "object", "form", "link", "b"} & set(page.tags)
    assert [unquote(link) for link in page.links] == [names(content)[0]]
    assert "default-src 'none'" in index(content)


async def test_a_dossier_without_documents_has_an_index_that_says_so(world: World) -> None:
    content = await packed(world)
    assert names(content) == ["index.html", "SOMME-SHA256.txt"]
    assert "n'a pas de document" in index(content)


async def test_typed_corrected_and_withdrawn_reports_are_told_apart(world: World) -> None:
    row = {"id": "r1", "analysis": "Sodium", "value": "128", "unit": "mmol/L"}
    form = {"day": "2026-11-20", "time": "08:15", "laboratory": "", "rows": [row]}
    enter = laboratory_typing.enter
    old = await enter(world.platform, world.ide_dubois, NUMBER, form)
    await enter(world.platform, world.ide_dubois, NUMBER, form | {"time": "09:00"}, old.reference)
    wrong = await enter(world.platform, world.ide_dubois, NUMBER, form | {"day": "2026-11-19"})
    laboratory_typing.withdraw(world.platform, world.ide_dubois, wrong.reference, "autre résident")
    page = index(await packed(world))
    assert page.count("Saisi à la main") == 3
    assert "Remplacé par le n° 2" in page
    assert "Remplace le n° 1" in page
    assert "saisi par erreur : autre résident" in page


async def test_laboratory_results_can_be_read_without_the_product(world: World, tmp_path: Path) -> None:
    await added(world, "bilan.hl7", HL7)
    row = {"id": "r1", "analysis": "Zinc", "value": "< 2,5", "unit": "µmol/L", "comment": "<b>repris</b>"}
    form = {"day": "2026-11-20", "time": "", "laboratory": "", "rows": [row]}
    old = await laboratory_typing.enter(world.platform, world.ide_dubois, NUMBER, form)
    again = form | {"rows": [row | {"value": "3"}]}
    await laboratory_typing.enter(world.platform, world.ide_dubois, NUMBER, again, old.reference)
    content = await packed(world)
    assert names(content)[-3:] == ["index.html", "biologies.html", "SOMME-SHA256.txt"]
    assert 'href="biologies.html"' in index(content)
    page = content.read(f"{NUMBER}/biologies.html").decode()
    for words in (
        "MERCIER", "<td>Sodium</td><td>20/11/2026 08:15</td><td>128 mmol/L</td><td>136 – 145</td><td>▼ critique</td>",
        "<td>Zinc</td><td>20/11/2026</td><td>3 µmol/L<small>&lt;b&gt;repris&lt;/b&gt;</small></td>",
        "n° 3<small>Saisi à la main</small>", "&lt; 5 mg/L",
    ):  # fmt: skip
        assert words in page
    assert "2,5" not in page  # replaced
    content.extractall(tmp_path)
    checked = subprocess.run(
        ["sha256sum", "--check", "--strict", "SOMME-SHA256.txt"], cwd=tmp_path / NUMBER, check=False
    )
    assert checked.returncode == 0


async def test_results_beyond_what_one_page_holds_are_left_to_their_files(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive_results, "MOST_SHOWN", 2)
    for name in ("ancien.hl7", "nouveau.hl7"):
        await added(world, name, HL7)
    page = (await packed(world)).read(f"{NUMBER}/biologies.html").decode()
    assert page.count("<td>n° 2") == 2  # of the newest report
    assert "D'autres résultats" in page


async def test_a_report_that_is_damaged_is_on_no_page(world: World) -> None:
    damage(world, await added(world, "bilan.hl7", HL7))
    content = await packed(world)
    assert names(content) == ["documents/01 ENDOMMAGÉ bilan.txt", "index.html", "SOMME-SHA256.txt"]


# ---- names


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ('a<b>c:d"e/f\\g|h?i*j.pdf', "a-b-c-d-e-f-g-h-i-j.pdf"),
        ("Courrier. .pdf", "Courrier.pdf"),
        ("sans extension . ", "sans extension"),
        ("\u202egpj.exe\u202c.pdf", "gpj.exe.pdf"),
        ("ligne\r\nune\x00.pdf", "ligne--une-.pdf"),
        ("Cafe\u0301.pdf", "Caf\u00e9.pdf"),
        (".pdf", "pdf"),
        ("...", "document"),
        ("", "document"),
        ("é" * 300 + ".pdf", "é" * 73 + ".pdf"),
        ("\ud800.pdf", "-.pdf"),
    ],
)
def test_names_are_such_as_windows_and_macos_take(name: str, safe: str) -> None:
    assert safe_name(name) == safe
    assert len(safe_name(name).encode()) <= LONGEST_NAME


@pytest.mark.parametrize("name", ["CON", "nul.pdf", "COM1.txt", "~$lettre.pdf", "-rf.pdf", "desktop.ini", "Icon\r"])
def test_no_name_is_one_that_a_system_keeps_for_itself(name: str) -> None:
    path = document_path(3, 12, name)
    assert re.fullmatch(r"documents/03 [^<>:\"\\|?*\x00-\x1f]+", path)
    assert path.isprintable()


def test_names_differ_whatever_their_capitals_and_their_number() -> None:
    paths = [document_path(position, 120, name) for position, name in enumerate(["a.pdf", "A.pdf", "a.pdf"] * 40, 1)]
    assert len({unicodedata.normalize("NFD", path).casefold() for path in paths}) == 120
    assert paths == sorted(paths)


# ---- what breaks


async def test_a_damaged_document_is_left_out_named_and_spoils_nothing_else(world: World) -> None:
    await added(world, "un.pdf")
    broken = await added(world, "deux.pdf")
    await added(world, "trois.pdf")
    damage(world, broken)
    told: list[dict[str, object]] = []
    world.platform.bus.subscribe(archives.TOPIC, told.append)
    content = await packed(world)
    assert content.testzip() is None
    assert names(content) == [
        "documents/01 un.pdf",
        "documents/02 ENDOMMAGÉ deux.txt",
        "documents/03 trois.pdf",
        "index.html",
        "SOMME-SHA256.txt",
    ]
    text = content.read(f"{NUMBER}/documents/02 ENDOMMAGÉ deux.txt").decode()
    assert "« deux », est endommagé" in text
    page = index(content)
    assert "Un document manque dans cette archive" in page
    assert "n° 2 « deux »" in page
    assert 'href="documents/02' not in page
    assert journal(world) == ["document.downloaded", "document.damaged", "document.downloaded"]
    assert told == [{"number": NUMBER, "actor": world.dr_martin.id, "damaged": [broken]}]
    (first, second, third) = service.documents_of(world.platform, world.dr_martin, NUMBER)
    assert [bool(one.downloaded_at) for one in (first, second, third)] == [True, False, True]


async def test_a_large_damaged_document_is_found_before_any_of_it_is_sent(world: World) -> None:
    broken = await added(world, "gros.pdf", large_pdf(10))
    await added(world, "petit.pdf")
    damage(world, broken)  # its very last byte
    content = await packed(world)
    assert content.testzip() is None
    assert [name for name in names(content) if name.startswith("documents/")] == [
        "documents/01 ENDOMMAGÉ gros.txt",
        "documents/02 petit.pdf",
    ]


async def test_a_document_damaged_while_it_is_sent_cuts_the_line(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    reference = await added(world, "gros.pdf", large_pdf(10))
    original = archives._Zip._take

    def take_then_damage(self: archives._Zip, document: Document) -> bool:
        taken = original(self, document)
        damage(world, reference)
        return taken

    monkeypatch.setattr(archives._Zip, "_take", take_then_damage)
    with pytest.raises(FileDamaged):
        await packed(world)


async def test_what_is_not_what_was_kept_counts_as_damaged(world: World) -> None:
    reference = await added(world)
    with world.platform.transaction() as session:
        document = session.exec(select(Document).where(Document.reference == reference)).one()
        document.sha256 = "0" * 64
        session.add(document)
    assert names(await packed(world))[0] == "documents/01 ENDOMMAGÉ Courrier.txt"


async def test_a_right_that_goes_meanwhile_ends_it(world: World) -> None:
    await added(world, "un.pdf", large_pdf(9))
    await added(world, "deux.pdf")
    chunks = archive(world.platform, world.dr_martin, NUMBER).chunks
    await anext(chunks)
    with world.platform.transaction() as session:
        dossier = session.exec(select(Dossier).where(Dossier.number == NUMBER)).one()
        dossier.expert_id = world.dr_leroy.id
        session.add(dossier)
    with pytest.raises(NotFound):
        async for _piece in chunks:
            pass
    assert journal(world) == ["document.downloaded"]


async def test_a_document_that_leaves_meanwhile_is_named_as_gone(world: World) -> None:
    await added(world, "un.pdf", large_pdf(9))
    gone = await added(world, "deux.pdf")
    chunks = archive(world.platform, world.dr_petit, NUMBER).chunks
    pieces = [await anext(chunks)]
    with world.platform.transaction() as session:
        document = session.exec(select(Document).where(Document.reference == gone)).one()
        document.is_report, document.detail = True, '{"draft":true}'  # somebody else's draft is not shown
        session.add(document)
    pieces += [piece async for piece in chunks]
    content = zipfile.ZipFile(io.BytesIO(b"".join(pieces)))
    assert names(content) == ["documents/01 un.pdf", "index.html", "SOMME-SHA256.txt"]
    assert "Retiré du dossier pendant le téléchargement" in index(content)


async def test_a_foreign_archive_does_not_exist(world: World) -> None:
    for login in ("ide.moreau", "dr.leroy", "admin"):
        with pytest.raises(NotFound):
            archive(world.platform, world.people[login], NUMBER)


async def test_who_goes_away_has_taken_only_what_had_begun(world: World) -> None:
    await added(world, "un.pdf", large_pdf(9))
    await added(world, "deux.pdf")
    chunks = archive(world.platform, world.dr_martin, NUMBER).chunks
    assert isinstance(chunks, AsyncIterator)
    await anext(chunks)
    await chunks.aclose()  # type: ignore[attr-defined]
    assert journal(world) == ["document.downloaded"]


async def test_memory_stays_bounded_whatever_the_size(world: World) -> None:
    for number in range(3):
        await added(world, f"{number}.pdf", large_pdf(24))
    await asyncio.gather(*examining._background)  # first pages that are being drawn in this very process
    made = archive(world.platform, world.dr_martin, NUMBER)
    tracemalloc.start()
    total = largest = 0
    async for piece in made.chunks:
        total, largest = total + len(piece), max(largest, len(piece))
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert total > 72_000_000
    assert largest < 3_000_000
    assert peak < 12_000_000


async def test_seeing_is_not_taking(world: World) -> None:
    reference = await added(world)
    reading = await viewing.read(world.platform, world.dr_martin, reference)
    assert b"".join([piece async for piece in reading.chunks]) == LETTER
    assert journal(world) == []
