"""Database and store in step: leftovers removed, what is missing said, keys replaced while people work."""

from __future__ import annotations

import asyncio
import json
import os
import time
from dataclasses import replace
from pathlib import Path

import pytest
from sqlmodel import SQLModel, select

from app.__main__ import main
from app.audit.models import AuditEntry
from app.audit.service import verify
from app.documents import file_owners, key_rotation, service, upkeep, viewing
from app.documents.entries import DocumentView
from app.documents.file_owners import Finding, Trouble
from app.documents.models import Document
from app.documents.store import EncryptedFolder
from app.documents.store_keys import number_of
from app.documents.upkeep import Swept
from tests.support.people import World, small_world
from tests.unit.documents import samples

NUMBER = "TLM-2026-0001"
LETTER = samples.pdf("Maladie d'Alzheimer", "page deux")
KEYS = {1: bytes(32), 2: bytes([7]) * 32}


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = small_world()
    world.platform = replace(world.platform, files=EncryptedFolder(tmp_path, {1: KEYS[1]}, 1))
    return world


def with_keys(world: World, folder: Path, keys: dict[int, bytes], current: int) -> World:
    world.platform = replace(world.platform, files=EncryptedFolder(folder, keys, current))
    return world


async def added(world: World, count: int = 1) -> list[DocumentView]:
    return [
        await service.add(world.platform, world.ide_dubois, NUMBER, f"{number}.pdf", iter([LETTER]))
        for number in range(count)
    ]


def rows(world: World) -> list[Document]:
    with world.platform.reading() as session:
        return list(session.exec(select(Document)))


def path_of(folder: Path, document: Document) -> Path:
    return folder / document.file_id[:2] / f"{document.file_id}.td"


def journal(world: World, action: str) -> list[dict[str, object]]:
    with world.platform.reading() as session:
        assert verify(session) is None
        return [
            json.loads(row.detail)
            for row in session.exec(select(AuditEntry).order_by(AuditEntry.id))  # type: ignore[arg-type]
            if row.action == action
        ]


async def content_of(world: World, reference: str) -> bytes:
    reading = await viewing.read(world.platform, world.dr_martin, reference)
    return b"".join([piece async for piece in reading.chunks])


def test_every_table_with_a_wrapped_key_is_kept_in_step() -> None:
    """One left out would lose its files at the next sweep, and its keys at the next rotation."""
    tables = {table.name for table in SQLModel.metadata.tables.values() if "wrapped_key" in table.columns}
    assert {owner.__tablename__ for owner in file_owners.OWNERS} == tables


# ---- sweeping


async def test_leftovers_of_a_killed_process_are_removed_and_journalled(world: World) -> None:
    (view,) = await added(world)
    world.platform.files.write("f" * 32, iter([b"orphelin"]))
    assert upkeep.sweep(world.platform, older_than=0) == Swept(removed=1)
    assert [file.file_id for file in world.platform.files.kept()] == [rows(world)[0].file_id]
    assert await content_of(world, view.reference) == LETTER
    assert journal(world, "files.swept") == [{"removed": 1, "unfinished": 0}]


async def test_a_sweep_that_finds_nothing_writes_nothing(world: World) -> None:
    await added(world)
    assert upkeep.sweep(world.platform, older_than=0) == Swept()
    assert journal(world, "files.swept") == []


async def test_a_file_of_just_now_is_kept_for_its_row_may_be_on_its_way(world: World, tmp_path: Path) -> None:
    await added(world)
    world.platform.files.write("f" * 32, iter([b"en route"]))
    assert upkeep.sweep(world.platform) == Swept()
    old = time.time() - 7200
    for path in tmp_path.rglob("*.td"):
        os.utime(path, (old, old))
    assert upkeep.sweep(world.platform) == Swept(removed=1)


async def test_a_database_without_documents_makes_no_file_an_orphan(world: World) -> None:
    """A wrong address of the database must not cost the files of the right one."""
    world.platform.files.write("f" * 32, iter([b"d'une autre base"]))
    assert upkeep.sweep(world.platform, older_than=0) == Swept(held_back=1)
    assert upkeep.sweep(world.platform, older_than=0, even_many=True) == Swept(removed=1)


async def test_many_files_without_documents_are_held_back(world: World) -> None:
    await added(world)
    for number in range(upkeep.FEW + 1):
        world.platform.files.write(f"{number:032x}", iter([b"x"]))
    assert upkeep.sweep(world.platform, older_than=0) == Swept(held_back=upkeep.FEW + 1)
    assert len(list(world.platform.files.kept())) == upkeep.FEW + 2


async def test_a_document_added_while_the_store_is_listed_keeps_its_file(world: World) -> None:
    await added(world)
    folder = world.platform.files
    later: list[bool] = []

    def owned_then_committed(platform: object, file_ids: list[str]) -> set[str]:
        found = real(platform, file_ids)  # type: ignore[arg-type]
        if not later:
            later.append(True)
            with world.platform.transaction() as session:
                document = session.exec(select(Document)).one()
                copy = Document(**document.model_dump(exclude={"id", "reference", "file_id"}))
                copy.reference, copy.file_id = "e" * 32, "f" * 32
                session.add(copy)
        return found

    folder.write("f" * 32, iter([b"en route"]))
    real = file_owners.owned
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(file_owners, "owned", owned_then_committed)
        assert upkeep.sweep(world.platform, older_than=0) == Swept()
    assert folder.sealed("f" * 32) is not None


# ---- checking


async def test_a_store_in_order_is_said_to_be(world: World) -> None:
    await added(world, 3)
    for options in ({}, {"opening": False}, {"whole": True}):
        found = upkeep.check(world.platform, **options)
        assert (found.documents, found.files, found.without_document) == (3, 3, 0)
        assert (found.findings, found.by_key) == ([], {1: 3})


def spoil(path: Path, at: int) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(bytes(content))


async def test_each_trouble_is_told_apart(world: World, tmp_path: Path) -> None:
    await added(world, 5)
    missing, short, spoilt, foreign, fine = rows(world)
    path_of(tmp_path, missing).unlink()
    path_of(tmp_path, short).write_bytes(path_of(tmp_path, short).read_bytes()[:-1])
    spoil(path_of(tmp_path, spoilt), 40)
    with world.platform.transaction() as session:
        document = session.get_one(Document, foreign.id)
        document.wrapped_key = b"\0\0\0\7" + document.wrapped_key[4:]
        session.add(document)
    found = upkeep.check(world.platform)
    assert found.findings == [
        Finding(missing.reference, NUMBER, Trouble.MISSING),
        Finding(short.reference, NUMBER, Trouble.SIZE),
        Finding(spoilt.reference, NUMBER, Trouble.CONTENT),
        Finding(foreign.reference, NUMBER, Trouble.KEY, 7),
    ]
    assert found.by_key == {1: 4, 7: 1}
    assert fine.reference not in {finding.reference for finding in found.findings}


async def test_what_is_spoilt_far_inside_is_found_by_a_whole_reading_alone(world: World, tmp_path: Path) -> None:
    large = LETTER + b"\n%" + b"0" * (2 << 20) + b"\n%%EOF"
    await service.add(world.platform, world.ide_dubois, NUMBER, "a.pdf", iter([large]))
    spoil(path_of(tmp_path, rows(world)[0]), -100)
    assert upkeep.check(world.platform).findings == []
    assert [finding.trouble for finding in upkeep.check(world.platform, whole=True).findings] == [Trouble.CONTENT]


async def test_a_document_removed_while_one_looks_is_no_finding(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await added(world, 2)
    first = rows(world)[0]
    real, once = upkeep._look_at, []

    def removed_meanwhile(platform, row, sizes, **options):  # type: ignore[no-untyped-def]
        if not once:
            once.append(True)
            path_of(tmp_path, first).unlink()
            with world.platform.transaction() as session:
                session.delete(session.get_one(Document, first.id))
            return row.finding(Trouble.MISSING)
        return real(platform, row, sizes, **options)

    with world.platform.transaction() as session:
        from app.documents.models import DocumentReading

        for reading in session.exec(select(DocumentReading)):
            session.delete(reading)
    monkeypatch.setattr(upkeep, "_look_at", removed_meanwhile)
    assert upkeep.check(world.platform).findings == []


async def test_a_missing_file_is_journalled_once_until_it_changes(world: World, tmp_path: Path) -> None:
    await added(world, 3)
    assert upkeep.tidy(world.platform) == (Swept(), 0)
    assert journal(world, "files.missing") == []
    first, second, _third = rows(world)
    kept = path_of(tmp_path, first).read_bytes()
    path_of(tmp_path, first).unlink()
    for _day in range(2):
        assert upkeep.tidy(world.platform)[1] == 1
    assert journal(world, "files.missing") == [{"count": 1, "documents": [first.reference]}]
    path_of(tmp_path, second).unlink()
    assert upkeep.tidy(world.platform)[1] == 2
    path_of(tmp_path, first).write_bytes(kept)
    assert upkeep.tidy(world.platform)[1] == 1
    assert [entry["count"] for entry in journal(world, "files.missing")] == [1, 2, 1]


# ---- rotating


async def test_a_rotation_wraps_every_key_anew_and_touches_no_file(world: World, tmp_path: Path) -> None:
    views = await added(world, 7)
    before = {path.name: path.read_bytes() for path in tmp_path.rglob("*.td")}
    told: list[tuple[int, int]] = []
    done = key_rotation.rotate(with_keys(world, tmp_path, KEYS, 2).platform, lambda *at: told.append(at), batch=3)
    assert (done.key_number, done.rewrapped, done.unopened, done.remaining) == (2, 7, (), 0)
    assert told == [(3, 7), (6, 7), (7, 7)]
    assert journal(world, "files.rewrapped") == [{"count": count, "key": 2} for count in (3, 3, 1)]
    assert {path.name: path.read_bytes() for path in tmp_path.rglob("*.td")} == before
    with_keys(world, tmp_path, {2: KEYS[2]}, 2)
    assert [await content_of(world, view.reference) for view in views] == [LETTER] * 7
    assert key_rotation.rotate(world.platform).rewrapped == 0
    assert len(journal(world, "files.rewrapped")) == 3


async def test_a_rotation_that_was_stopped_goes_on_where_it_was(world: World, tmp_path: Path) -> None:
    await added(world, 5)

    def stop(done: int, _total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with_keys(world, tmp_path, KEYS, 2)
    with pytest.raises(KeyboardInterrupt):
        key_rotation.rotate(world.platform, stop, batch=2)
    assert sorted(number_of(row.wrapped_key) for row in rows(world)) == [1, 1, 1, 2, 2]
    assert key_rotation.rotate(world.platform, batch=2).rewrapped == 3
    assert {number_of(row.wrapped_key) for row in rows(world)} == {2}


async def test_a_key_that_is_gone_is_told_and_keeps_no_other_from_changing(world: World, tmp_path: Path) -> None:
    await added(world, 2)
    lost = rows(world)[0]
    with world.platform.transaction() as session:
        document = session.get_one(Document, lost.id)
        document.wrapped_key = b"\0\0\0\7" + document.wrapped_key[4:]
        session.add(document)
    done = key_rotation.rotate(with_keys(world, tmp_path, KEYS, 2).platform, batch=1)
    assert (done.rewrapped, done.remaining) == (1, 1)
    assert done.unopened == (Finding(lost.reference, NUMBER, Trouble.KEY, 7),)


async def test_people_add_and_read_while_keys_are_replaced(world: World, tmp_path: Path) -> None:
    """One server has the new key already, another still writes with the old one; nobody loses anything."""
    database = f"sqlite:///{tmp_path}/td.db"
    world = small_world(database_url=database)
    with_keys(world, tmp_path / "files", {1: KEYS[1]}, 1)
    views = await added(world, 12)
    old = world.platform
    new = replace(old, files=EncryptedFolder(tmp_path / "files", KEYS, 2))
    rotating = asyncio.create_task(asyncio.to_thread(key_rotation.rotate, new, None, 2))
    read = []
    for number in range(6):
        platform = (old, new)[number % 2]
        views.append(await service.add(platform, world.ide_dubois, NUMBER, f"n{number}.pdf", iter([LETTER])))
        reading = await viewing.read(new, world.dr_martin, views[number].reference)
        read.append(b"".join([piece async for piece in reading.chunks]))
    await rotating
    assert read == [LETTER] * 6
    done = await asyncio.to_thread(key_rotation.rotate, new)
    assert done.remaining == 0
    world.platform = replace(old, files=EncryptedFolder(tmp_path / "files", {2: KEYS[2]}, 2))
    assert [await content_of(world, view.reference) for view in views] == [LETTER] * 18
    world.platform.engine.dispose()


async def test_a_reader_who_began_before_the_rotation_ends_after_it(world: World, tmp_path: Path) -> None:
    large = LETTER + b"\n%" + b"0" * (3 << 20) + b"\n%%EOF"
    view = await service.add(world.platform, world.ide_dubois, NUMBER, "a.pdf", iter([large]))
    with_keys(world, tmp_path, KEYS, 2)
    reading = await viewing.read(world.platform, world.dr_martin, view.reference)
    begun = [await anext(reading.chunks)]
    key_rotation.rotate(world.platform)
    assert b"".join(begun + [piece async for piece in reading.chunks]) == large


async def test_a_row_that_changed_since_it_was_read_is_not_written_over(world: World, tmp_path: Path) -> None:
    await added(world)
    with_keys(world, tmp_path, KEYS, 2)
    [row] = file_owners.rows(world.platform)
    ready = [(row, world.platform.files.rewrap(row.file_id, row.wrapped_key))]
    key_rotation.rotate(world.platform)  # another rotation was quicker
    before = rows(world)[0].wrapped_key
    assert key_rotation._keep(world.platform, ready, 2) == 0
    assert rows(world)[0].wrapped_key == before


# ---- the command


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, value in {
        "VAR": str(tmp_path / "var"),
        "COOKIE_SECRET": "c" * 64,
        "FILE_KEY": KEYS[1].hex(),
        "DATABASE_URL": f"sqlite:///{tmp_path}/td.db",
    }.items():
        monkeypatch.setenv(f"TD_{name}", value)
    return tmp_path


async def filled(site: Path, count: int) -> World:
    world = small_world(database_url=f"sqlite:///{site}/td.db")
    with_keys(world, site / "var" / "files", {1: KEYS[1]}, 1)
    await added(world, count)
    return world


def test_the_command_checks_rotates_and_sweeps_in_french(
    site: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    world = asyncio.run(filled(site, 2))
    assert main(["files", "check"]) == 0
    assert capsys.readouterr().out == (
        "2 documents, 2 fichiers dans le stockage.\n"
        "Clé n° 1 : 2 documents.\n"
        "Chaque document a son fichier, qui s'ouvre (« --whole » relit tout, de bout en bout).\n"
    )
    monkeypatch.setenv("TD_FILE_KEY", KEYS[2].hex())
    monkeypatch.setenv("TD_FILE_KEY_NUMBER", "2")
    assert main(["serve"]) == 1
    assert capsys.readouterr().err == ("Des documents sont protégés par une clé absente, n° 1 : TD_FILE_KEYS_OLDER.\n")
    assert main(["files", "rotate"]) == 1
    assert "qui manque dans TD_FILE_KEYS_OLDER ou n'est pas la bonne.\n" in capsys.readouterr().out
    monkeypatch.setenv("TD_FILE_KEYS_OLDER", f"1:{KEYS[1].hex()}")
    assert main(["files", "rotate"]) == 0
    assert capsys.readouterr().out.startswith("2 sur 2…\nPassés à la clé n° 2 : 2 documents.\nTous les documents")
    monkeypatch.delenv("TD_FILE_KEYS_OLDER")
    path_of(site / "var" / "files", rows(world)[0]).unlink()
    assert main(["files", "check", "--whole"]) == 1
    assert capsys.readouterr().out == (
        "2 documents, 1 fichier dans le stockage.\n"
        "Clé n° 2 : 2 documents.\n"
        "À réparer, 1 document : rendez ces fichiers depuis la sauvegarde (docs/fichiers.md).\n"
        f"  {NUMBER}, document {rows(world)[0].reference} : son fichier manque.\n"
    )
    orphan = EncryptedFolder(site / "var" / "files", {1: KEYS[1]}, 1).write("f" * 32, iter([b"x"]))
    old = time.time() - 7200
    os.utime(site / "var" / "files" / "ff" / f"{orphan.file_id}.td", (old, old))
    assert main(["files", "sweep"]) == 0
    assert capsys.readouterr().out == "Fichiers sans document supprimés : 1.\nEnvois inachevés supprimés : 0.\n"
    world.platform.engine.dispose()


def test_the_command_says_why_it_sweeps_nothing(
    site: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["migrate"]) == 0
    path = site / "var" / "files" / "ff" / f"{'f' * 32}.td"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"d'une autre base")
    old = time.time() - 7200
    os.utime(path, (old, old))
    capsys.readouterr()
    assert main(["files", "sweep"]) == 1
    assert capsys.readouterr().out.startswith(
        "1 fichier sans document : trop pour des restes, ou la base est vide. Rien n'a été supprimé. Vérifiez"
    )
    assert path.exists()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"FILE_KEY": "f" * 63}, "TD_FILE_KEY : attendu 64 chiffres hexadécimaux (32 octets).\n"),
        ({"FILE_KEYS_OLDER": "1:abc"}, "TD_FILE_KEYS_OLDER : attendu « 1:clé 2:clé »"),
        ({"FILE_KEYS_OLDER": f"1:{'a' * 64}"}, "TD_FILE_KEYS_OLDER : le numéro de TD_FILE_KEY y figure."),
        ({"FILE_KEYS_OLDER": f"2:{'a' * 64} 2:{'b' * 64}"}, "TD_FILE_KEYS_OLDER : attendu"),
        (
            {"FILE_STORE": "s3", "S3_ENDPOINT": "https://s3.example.fr"},
            "Secrets à définir avant de démarrer : TD_S3_BUCKET, TD_S3_ACCESS_KEY, TD_S3_SECRET_KEY\n",
        ),
        (
            {
                "FILE_STORE": "s3",
                "S3_ENDPOINT": "http://s3.example.fr",
                "S3_BUCKET": "coffre",
                "S3_ACCESS_KEY": "a",
                "S3_SECRET_KEY": "b",
                "S3_ALLOW_HTTP": "true",
            },
            "TD_S3_ENDPOINT : une adresse https:// est nécessaire.",
        ),
        (
            {
                "FILE_STORE": "s3",
                "S3_ENDPOINT": "http://127.0.0.1:9000",
                "S3_BUCKET": "coffre",
                "S3_ACCESS_KEY": "a",
                "S3_SECRET_KEY": "b",
            },
            "TD_S3_ENDPOINT : une adresse https:// est nécessaire.",
        ),
        ({"S3_ENDPOINT": "s3.example.fr"}, "Réglages à corriger : TD_S3_ENDPOINT.\n"),
        ({"S3_ENDPOINT": "https://a:b@s3.example.fr"}, "Réglages à corriger : TD_S3_ENDPOINT.\n"),
    ],
)
def test_settings_that_would_not_be_safe_are_refused(
    site: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    changed: dict[str, str],
    said: str,
) -> None:
    for name, value in changed.items():
        monkeypatch.setenv(f"TD_{name}", value)
    assert main(["files", "check"]) == 1
    assert capsys.readouterr().err.startswith(said)
