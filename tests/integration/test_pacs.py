"""Bringing images from a real PACS (Orthanc), and from peers that answer slowly, falsely or without end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from pydicom.data import get_testdata_file
from sqlmodel import select

from app.audit.models import AuditEntry
from app.documents import imaging_adding, pacs, pacs_line, service, viewing
from app.documents.entries import DocumentView
from app.documents.imaging_identity import Likeness
from app.documents.pacs import PacsQuery, PacsSeries, PacsStudy, Progress
from app.documents.store import EncryptedFolder
from app.errors import InvalidInput, NotFound, PacsUnavailable, WrongStep
from app.settings import load
from tests.support import orthanc
from tests.support.orthanc import Orthanc, running_orthanc
from tests.support.people import World, small_world
from tests.unit.documents import imaging_samples as samples

NUMBER = "TLM-2026-0001"  # of Jeanne MERCIER, born 14 March 1938
HERE = {"StudyInstanceUID": "2.25.60", "StudyDescription": "Scanner thoracique", "PatientID": "IPP-7"}


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    if orthanc.binary() is None:
        pytest.skip(orthanc.MISSING)
    with running_orthanc(tmp_path_factory.mktemp("orthanc")) as running:
        running.feed(*[samples.instance(n, "2.25.61", **HERE) for n in (3, 1, 2)])
        running.feed(samples.instance(1, "2.25.62", **HERE, SeriesDescription="Reconstruction os", SeriesNumber=2))
        almost = {"PatientBirthDate": "19380315", "StudyInstanceUID": "2.25.70", "PatientID": "IPP-8"}
        running.feed(samples.instance(1, "2.25.71", **almost))
        stranger = {"PatientName": "MERCIER^ODETTE", "PatientBirthDate": "19510707", "PatientID": "IPP-9"}
        running.feed(samples.instance(1, "2.25.81", **stranger, StudyInstanceUID="2.25.80"))
        for name in ("JPEG2000.dcm", "CT_small.dcm", "MR_small_RLE.dcm"):
            running.feed(Path(str(get_testdata_file(name))).read_bytes())
        yield running


def world_with(folder: Path, url: str, **settings: object) -> World:
    world = small_world(
        **{
            "pacs_url": url,
            "pacs_http": True,
            "pacs_name": "PACS d'essai",
            "pacs_user": orthanc.USER,
            "pacs_password": orthanc.PASSWORD,
            "upload_megabytes": 3,
        }
        | settings
    )
    world.platform = replace(world.platform, files=EncryptedFolder(folder, {1: bytes(32)}, 1))
    return world


@pytest.fixture
def world(tmp_path: Path, real: Orthanc) -> World:
    return world_with(tmp_path, real.dicomweb)


def documents(world: World) -> list[DocumentView]:
    return service.documents_of(world.platform, world.ide_dubois, NUMBER)


def files_of(world: World) -> list[Path]:
    return [path for path in world.platform.files._folder.rglob("*") if path.is_file()]  # type: ignore[attr-defined]


def journal(world: World) -> list[tuple[str, str]]:
    with world.platform.reading() as session:
        rows = session.exec(select(AuditEntry).order_by(AuditEntry.id))  # type: ignore[arg-type]
        return [(row.action, row.detail) for row in rows if row.action.startswith(("document.", "imaging.", "pacs."))]


async def asked(world: World, query: PacsQuery = PacsQuery(name="Mercier")) -> pacs.PacsAnswer:  # noqa: B008 - frozen
    return await pacs.search(world.platform, world.ide_dubois, NUMBER, query)


async def brought(
    world: World, study: PacsStudy, series: tuple[PacsSeries, ...], confirmed: bool = False, told: Callable[[Progress], None] = lambda _p: None
) -> pacs.Brought:  # fmt: skip
    return await pacs.bring(world.platform, world.ide_dubois, NUMBER, study, series, confirmed, told)


# ---- a real PACS


async def test_the_patient_s_examinations_are_found_and_nobody_else_s_are_shown(world: World) -> None:
    answer = await asked(world)
    assert [(study.uid, study.check.likeness) for study in answer.studies] == [
        ("2.25.60", Likeness.SAME),
        ("2.25.70", Likeness.DOUBTFUL),
    ]
    first = answer.studies[0]
    assert (first.description, first.modalities, first.series, first.images) == ("Scanner thoracique", "Scanner", 2, 4)
    assert first.taken_on == date(2026, 11, 21)
    assert answer.others == 1  # Odette: counted, not shown


async def test_a_search_is_journalled_by_its_traits_without_their_values(world: World) -> None:
    await asked(world, PacsQuery(name="Mercier", birth_date=date(1938, 3, 14)))
    assert journal(world) == [("pacs.searched", '{"by":["nom","date de naissance"],"found":1,"others":0}')]


@pytest.mark.parametrize("name", ["mercier", "MERCIÈR", "Mercier Jeanne"])
async def test_names_are_found_however_they_are_typed(world: World, name: str) -> None:
    assert (await asked(world, PacsQuery(name=name))).studies


async def test_a_number_or_dates_narrow_the_search(world: World) -> None:
    assert [s.uid for s in (await asked(world, PacsQuery(number="IPP-7"))).studies] == ["2.25.60"]
    assert (await asked(world, PacsQuery(name="mercier", since=date(2026, 11, 22)))).studies == ()


@pytest.mark.parametrize("query", [PacsQuery(), PacsQuery(name="*"), PacsQuery(name="M"), PacsQuery(number="*?*")])
async def test_a_search_for_anybody_is_refused(world: World, query: PacsQuery) -> None:
    with pytest.raises(InvalidInput):
        await asked(world, query)


async def test_chosen_series_come_in_order_through_the_gate_with_progress(world: World) -> None:
    study = (await asked(world)).studies[0]
    series = await pacs.series_of(world.platform, world.ide_dubois, NUMBER, study)
    assert [(s.description, s.modality, s.images) for s in series] == [
        ("Reconstruction os", "CT", 1),
        ("Thorax 5 mm", "CT", 3),
    ]
    told: list[Progress] = []
    result = await brought(world, study, series, told=told.append)
    assert result.refusals == ()
    assert [document.title for document in result.documents] == ["Scanner, Reconstruction os", "Scanner, Thorax 5 mm"]
    assert (told[-1].done, told[-1].of, told[-1].images) == (1, 2, 3)
    assert told[-1].size > 0
    pixels = [
        (await viewing.imaging_frame(world.platform, world.ide_dubois, result.documents[1].reference, n))[0]
        for n in range(3)
    ]
    assert pixels == [1, 2, 3]
    assert [action for action, _detail in journal(world)][-2:] == ["document.imported"] * 2
    assert len(files_of(world)) == 2
    again = await pacs.series_of(world.platform, world.ide_dubois, NUMBER, study)
    assert [s.here for s in again] == [True, True]


async def test_a_doubt_is_refused_until_it_is_confirmed(world: World) -> None:
    study = (await asked(world)).studies[1]
    series = await pacs.series_of(world.platform, world.ide_dubois, NUMBER, study)
    refused = await brought(world, study, series)
    assert imaging_adding.NOT_CONFIRMED in refused.refusals[0]
    assert documents(world) == []
    confirmed = await brought(world, study, series, confirmed=True)
    assert len(confirmed.documents) == 1
    assert ("imaging.mismatch", '{"differing":["date de naissance"]}') in journal(world)


async def test_another_patient_s_series_is_refused_even_when_its_number_is_known_and_confirmed(world: World) -> None:
    """Whoever forges the choice meets the gate: it looks into the files themselves."""
    study = replace((await asked(world)).studies[0], uid="2.25.80")
    forged = PacsSeries("2.25.81", 1, "CT", "Thorax", 1)
    result = await brought(world, study, (forged,), confirmed=True)
    assert imaging_adding.NOT_OURS in result.refusals[0]
    assert documents(world) == []
    assert files_of(world) == []
    assert journal(world)[-1][0] == "imaging.refused"


async def test_compressed_instances_come_as_they_are_kept(world: World, real: Orthanc) -> None:
    got: list[bytes] = []

    async def put(piece: bytes) -> None:
        got.append(piece)

    async with pacs_line.open_line(world.platform.settings) as line:
        found = await line.ask("series", limit="20")
        for dataset in found:
            study, series = (dataset[tag]["Value"][0] for tag in ("0020000D", "0020000E"))
            await line.fetch_series(study, series, put, lambda _images, _size: None)
    whole = b"".join(got)
    assert b"1.2.840.10008.1.2.4.9" in whole  # JPEG 2000
    assert b"1.2.840.10008.1.2.5" in whole  # RLE


async def test_a_series_that_has_gone_is_said(world: World) -> None:
    study = (await asked(world)).studies[0]
    result = await brought(world, study, (PacsSeries("2.25.999", 1, "CT", "Thorax", 1),))
    assert result.documents == ()
    assert "PACS d'essai" in result.refusals[0]


async def test_a_wrong_password_is_said_without_the_address(tmp_path: Path, real: Orthanc) -> None:
    world = world_with(tmp_path, real.dicomweb, pacs_password="faux")
    with pytest.raises(PacsUnavailable) as refusal:
        await asked(world)
    assert refusal.value.message == pacs_line.CLOSED.format(name="PACS d'essai")
    assert "127.0.0.1" not in refusal.value.message


async def test_cancelling_leaves_nothing_of_the_series_under_way(world: World, real: Orthanc) -> None:
    study = (await asked(world)).studies[0]
    series = await pacs.series_of(world.platform, world.ide_dubois, NUMBER, study)
    begun = asyncio.Event()
    task = asyncio.create_task(brought(world, study, series[1:], told=lambda _progress: begun.set()))
    await begun.wait()
    with pytest.raises(InvalidInput):  # one at a time
        await brought(world, study, series)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert documents(world) == []
    assert files_of(world) == []


@pytest.mark.parametrize(
    ("login", "number", "refusal"),
    [("ide.moreau", NUMBER, NotFound), ("admin", NUMBER, NotFound), ("ide.dubois", "TLM-2026-0003", WrongStep)],
)
async def test_who_may_not_add_may_not_search(world: World, login: str, number: str, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        await pacs.search(world.platform, world.people[login], number, PacsQuery(name="MERCIER"))


# ---- peers that are no good

Peer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
HEAD = b'HTTP/1.1 200 OK\r\nContent-Type: multipart/related; type="application/dicom"; boundary=zz\r\nConnection: close\r\n\r\n'
STUDY = PacsStudy("2.25.60", None, "", "", 1, 1, imaging_adding.imaging_identity.IdentityCheck(Likeness.SAME))
SERIES = (PacsSeries("2.25.61", 1, "CT", "Thorax", 1),)


@asynccontextmanager
async def peer(answer: Peer) -> AsyncIterator[str]:
    """A PACS of our own making; gives its address."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            await answer(reader, writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/dicom-web"


def says(content: bytes) -> Peer:
    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(content)

    return answer


def part(content: bytes, kind: bytes = b"application/dicom") -> bytes:
    return b"\r\n--zz\r\nContent-Type: " + kind + b"\r\n\r\n" + content


async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def endless(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD + part(b""))
    while True:
        writer.write(bytes(1 << 16))
        await writer.drain()


FALSE_LISTS = {
    "no JSON": b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n<html>",
    "no list": b'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{"a": 1}',
    "deep": b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + b"[" * 200_000,
    "elsewhere": b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n",
    "packed": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n[]",
    "too long": b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n[" + b" " * (pacs_line.LARGEST_LIST + 9),
    "down": b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n",
    "no HTTP": b"SSH-2.0-OpenSSH_9\r\n",
}


@pytest.mark.parametrize("name", FALSE_LISTS)
async def test_a_false_answer_to_a_search_is_one_clear_refusal(tmp_path: Path, name: str) -> None:
    async with peer(says(FALSE_LISTS[name])) as url:
        with pytest.raises(PacsUnavailable) as refusal:
            await asked(world_with(tmp_path, url))
    assert refusal.value.message.startswith("PACS d'essai ")


FALSE_SERIES = {
    "no multipart": b"HTTP/1.1 200 OK\r\nContent-Type: application/dicom\r\nConnection: close\r\n\r\nDICM",
    "no part": HEAD + b"\r\n--zz--\r\n",
    "cut short": HEAD + part(samples.instance()),
    "another kind": HEAD + part(b"<html>", b"text/html") + b"\r\n--zz--\r\n",
    "endless headers": HEAD + b"\r\n--zz\r\nX: " + b"a" * (40 << 10),
    "nothing but noise": HEAD + b"a" * (40 << 10),
}


@pytest.mark.parametrize("name", FALSE_SERIES)
async def test_a_false_series_leaves_nothing(tmp_path: Path, name: str) -> None:
    async with peer(says(FALSE_SERIES[name])) as url:
        world = world_with(tmp_path, url)
        result = await brought(world, STUDY, SERIES)
    assert "a répondu de façon incompréhensible" in result.refusals[0]
    assert documents(world) == []
    assert files_of(world) == []


async def test_a_series_without_end_stops_at_the_limit_of_a_document(tmp_path: Path) -> None:
    async with peer(endless) as url:
        world = world_with(tmp_path, url)
        result = await brought(world, STUDY, SERIES)
    assert "il dépasse 3 Mo" in result.refusals[0]
    assert files_of(world) == []


async def test_what_is_no_dicom_meets_the_gate(tmp_path: Path) -> None:
    async with peer(says(HEAD + part(b"MZ" + bytes(500)) + b"\r\n--zz--\r\n")) as url:
        world = world_with(tmp_path, url)
        result = await brought(world, STUDY, SERIES)
    assert "aucune image DICOM" in result.refusals[0]
    assert files_of(world) == []


async def test_a_silent_pacs_is_given_up_and_holds_up_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pacs_line, "QUESTION_SECONDS", 0.3)
    async with peer(silent) as url:
        began = time.perf_counter()
        with pytest.raises(PacsUnavailable, match="ne répond pas"):
            await asked(world_with(tmp_path, url))
    assert time.perf_counter() - began < 15


async def test_a_pacs_that_is_away_is_said(tmp_path: Path) -> None:
    async with peer(silent) as url:
        pass  # its port is closed now
    with pytest.raises(PacsUnavailable, match="ne répond pas"):
        await asked(world_with(tmp_path, url))


# ---- the reader of parts, and the settings


@pytest.mark.parametrize("step", [1, 2, 3, 7, 64, 10_000])
async def test_parts_are_the_same_however_they_arrive(step: int) -> None:
    contents = [b"", b"\r\n--z", b"\r\n--zy", bytes(300), b"a\r\n\r\nb"]
    whole = b"--zz" + b"".join(part(c) for c in contents)[len(b"\r\n--zz") :] + b"\r\n--zz--\r\n"

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(whole), step):
            yield whole[start : start + step]

    found: list[bytes] = []
    async for event in pacs_line.parts(pieces(), b"zz"):
        if event is pacs_line.PART_BEGINS:
            found.append(b"")
        elif event is not pacs_line.PART_ENDS:
            found[-1] += event
    assert found == contents


@pytest.mark.parametrize(
    "settings",
    [
        {"pacs_url": "http://127.0.0.1:8042/dicom-web"},
        {"pacs_url": "http://pacs.example.fr/dicom-web", "pacs_http": True},
        {"pacs_url": "http://8.8.8.8/dicom-web", "pacs_http": True},
        {"pacs_url": "http://0.0.0.0/dicom-web", "pacs_http": True},
        {"pacs_url": "https://moi:secret@pacs.example.fr/"},
        {"pacs_url": "file:///etc/passwd"},
        {"pacs_url": "https://pacs.example.fr/?a=1"},
    ],
)
def test_an_unsafe_address_of_a_pacs_is_refused_at_start(settings: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="pacs"):
        load(**settings)


@pytest.mark.parametrize(
    "url", ["https://pacs.example.fr/dicom-web", "http://10.1.2.3:8042/dicom-web", "http://localhost:8042"]
)
def test_a_safe_address_of_a_pacs_is_taken(url: str) -> None:
    assert load(pacs_url=url, pacs_http=True).pacs_url == url


async def test_without_a_pacs_that_is_said() -> None:
    with pytest.raises(PacsUnavailable, match="Aucun PACS"):
        await asked(small_world())
