"""The bucket when things go wrong: killed writer, killed or silent service, lost bucket; and who signs how."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import random
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import httpx
import pytest

from app.documents import reporting, service, upkeep
from app.documents.store import EncryptedFolder
from app.documents.store_bucket import PART, EncryptedBucket, Patience, Place
from app.documents.store_chunks import CHUNK
from app.documents.store_keys import MasterKeys
from app.documents.store_uploads import Upload, Uploads
from app.errors import FileStoreFull, FileStoreUnavailable
from app.web.routes_documents import ROUTES
from tests.support.people import small_world
from tests.support.s3_server import IMPATIENT, SERVER, S3Server, start
from tests.support.web import serving
from tests.unit.documents import samples

A, B = "a" * 32, "b" * 32
KEYS = MasterKeys({1: bytes(32)}, 1)
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    running = start()
    yield running
    running.stop()


@pytest.fixture
def own_server() -> Iterator[S3Server]:
    """A service that this test may kill."""
    running = start()
    yield running
    running.stop()


def large(parts: int = 6) -> Iterator[bytes]:
    for number in range(parts * PART // CHUNK):
        yield random.Random(number).randbytes(CHUNK)


def test_names_stand_below_the_prefix_and_others_are_left_alone(server: S3Server) -> None:
    place = server.new_bucket("rennes/teledossier")
    bucket = EncryptedBucket(place, KEYS)
    bucket.write(A, iter([b"un"]))
    server.put(place, "rennes/teledossier/lisez-moi.txt", b"d'un autre")
    server.put(place, f"rennes/teledossier/zz/{B}.td", b"mal place")
    server.put(place, f"ailleurs/bb/{B}.td", b"d'un autre")
    assert f"rennes/teledossier/aa/{A}.td" in server.names(place)
    assert [file.file_id for file in bucket.kept()] == [A]


def test_a_writer_killed_in_the_middle_leaves_an_upload_that_nobody_sees_and_that_is_taken_back(
    server: S3Server,
) -> None:
    place = server.new_bucket()
    writer = subprocess.Popen(
        [
            sys.executable,
            "-c",
            textwrap.dedent(f"""
                import json, sys, time
                from app.documents.store_bucket import EncryptedBucket, Patience, Place
                from app.documents.store_keys import MasterKeys
                told = json.loads(sys.argv[1])
                place = Place(**(told | {{"patience": Patience()}}))
                def slow():
                    for _ in range(24):
                        yield bytes(1 << 20)
                    print("half", flush=True)
                    time.sleep(60)
                EncryptedBucket(place, MasterKeys({{1: bytes(32)}}, 1)).write({A!r}, slow())
            """),
            json.dumps(asdict(place)),
        ],
        stdout=subprocess.PIPE,
        cwd=ROOT,
    )
    assert writer.stdout is not None
    assert writer.stdout.readline() == b"half\n"
    os.kill(writer.pid, signal.SIGKILL)
    writer.wait()
    writer.stdout.close()
    bucket = EncryptedBucket(place, KEYS)
    assert server.names(place) == []
    assert server.uploads(place) == [f"teledossier/aa/{A}.td"]
    assert bucket.remove_unfinished(older_than=0) == [A]
    assert server.uploads(place) == []


@pytest.mark.parametrize("prefix", ["", "teledossier"])
def test_only_our_own_uploads_are_taken_back(server: S3Server, prefix: str) -> None:
    """Others may use the bucket too, even its root."""
    place, below = server.new_bucket(prefix), f"{prefix}/" if prefix else ""
    foreign = ["ailleurs/fichier", f"{below}aa/lisez-moi.txt", f"{below}bb/{A}.td"]
    for name in (f"{below}aa/{A}.td", *foreign):
        httpx.post(f"{server.endpoint}/{place.bucket}/{name}?uploads").raise_for_status()
    assert EncryptedBucket(place, KEYS).remove_unfinished(older_than=0) == [A]
    assert sorted(server.uploads(place)) == sorted(foreign)


def test_an_upload_that_is_gone_already_is_no_trouble(server: S3Server) -> None:
    place = server.new_bucket()
    uploads = Uploads(place.endpoint, place.bucket, place.region, "clef", "secret", httpx.Timeout(5))
    uploads.take_back(Upload(f"teledossier/aa/{A}.td", "disparu", datetime.now(UTC)))


def test_a_service_killed_in_the_middle_of_a_write_is_said_within_seconds(own_server: S3Server) -> None:
    place = own_server.impatient(own_server.new_bucket())

    def chunks() -> Iterator[bytes]:
        for number, chunk in enumerate(large()):
            if number == 12:
                own_server.stop()
            yield chunk

    begun = time.monotonic()
    with pytest.raises(FileStoreUnavailable) as refusal:
        EncryptedBucket(place, KEYS).write(A, chunks())
    assert time.monotonic() - begun < 15
    assert refusal.value.message == (
        "Le stockage des fichiers ne répond pas. Rien n'a été modifié ni perdu. "
        "Recommencez dans quelques minutes ; si cela dure, appelez l'assistance."
    )


def test_a_service_that_is_away_is_said_for_every_act(own_server: S3Server) -> None:
    bucket = EncryptedBucket(own_server.impatient(own_server.new_bucket()), KEYS)
    stored = bucket.write(A, iter([b"un"]))
    own_server.stop()
    acts = {
        "write": lambda: bucket.write(B, iter([b"deux"])),
        "read": lambda: list(bucket.read(A, stored.wrapped_key)),
        "delete": lambda: bucket.delete(A),
        "sealed": lambda: bucket.sealed(A),
        "kept": lambda: list(bucket.kept()),
        "remove_unfinished": lambda: bucket.remove_unfinished(0),
    }
    for name, act in acts.items():
        with pytest.raises(FileStoreUnavailable):
            act()
            pytest.fail(name)


def test_a_service_that_takes_the_call_and_never_answers_is_given_up() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(16)
        place = Place(f"http://127.0.0.1:{silent.getsockname()[1]}", "coffre", "fr", "a", "b", patience=IMPATIENT)
        begun = time.monotonic()
        with pytest.raises(FileStoreUnavailable):
            EncryptedBucket(place, KEYS).write(A, iter([b"un"]))
        # the question, its one repetition, and taking back: two seconds each
        assert time.monotonic() - begun < 4 * IMPATIENT.answer + 2


def test_a_bucket_that_does_not_exist_makes_no_file_look_damaged(server: S3Server) -> None:
    here, nowhere = server.new_bucket(), Place(server.endpoint, "nulle-part", "fr", "a", "b", patience=IMPATIENT)
    stored = EncryptedBucket(here, KEYS).write(A, iter([b"un"]))
    lost = EncryptedBucket(nowhere, KEYS)
    for act in (
        lambda: list(lost.read(A, stored.wrapped_key)),
        lambda: lost.write(B, iter([b"deux"])),
        lambda: lost.write(B, large(2)),
        lambda: list(lost.kept()),
    ):
        with pytest.raises(FileStoreUnavailable):
            act()


def test_patience_is_bounded_by_default() -> None:
    usual = Patience()
    assert usual.retries <= 3
    assert usual.retrying + usual.answer <= 60


async def test_a_person_is_told_when_the_bucket_is_away_and_nothing_half_written_remains(
    own_server: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, letter = small_world(), samples.pdf("Courrier")
    bucket = EncryptedBucket(own_server.impatient(own_server.new_bucket()), KEYS)
    world.platform = replace(world.platform, files=bucket)

    async def half_then_gone() -> AsyncIterator[bytes]:
        yield letter[:1000]
        await asyncio.to_thread(own_server.stop)
        yield letter[1000:]

    async with serving(world, ROUTES, monkeypatch) as site, site.client(site.log_in("ide.dubois")) as browser:
        address = "/api/dossiers/TLM-2026-0001/documents"
        kept = await browser.put(address, params={"nom": "a.pdf"}, content=letter, timeout=30)
        assert kept.status_code == 200
        lost = await browser.put(address, params={"nom": "b.pdf"}, content=half_then_gone(), timeout=30)
        read = await browser.get(f"/api/documents/{kept.json()['reference']}", timeout=30)
        archive = await browser.get("/api/dossiers/TLM-2026-0001/archive.zip", timeout=30)
        listed = service.documents_of(world.platform, world.ide_dubois, "TLM-2026-0001")
    for answer in (lost, read, archive):
        assert answer.status_code == 503
        assert answer.json() == {"code": "stockage-indisponible", "message": FileStoreUnavailable.message}
    assert [document.title for document in listed] == ["a"]


async def test_a_person_is_told_when_the_disk_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = small_world()
    world.platform = replace(world.platform, files=EncryptedFolder(tmp_path, {1: bytes(32)}, 1))

    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    async with serving(world, ROUTES, monkeypatch) as site, site.client(site.log_in("ide.dubois")) as browser:
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(os, "fsync", full)
            answer = await browser.put(
                "/api/dossiers/TLM-2026-0001/documents", params={"nom": "a.pdf"}, content=samples.pdf("Courrier")
            )
    assert answer.status_code == 507
    assert answer.json() == {"code": "stockage-plein", "message": FileStoreFull.message}
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


async def test_a_report_is_made_although_the_one_before_can_t_be_deleted_now(server: S3Server) -> None:
    """« Rien n'a été modifié » would be a lie once the new one is kept; the sweep deletes the old one's file later."""
    world = small_world()
    place = server.new_bucket()
    bucket = EncryptedBucket(place, KEYS)
    world.platform = replace(world.platform, files=bucket)
    first = await reporting.make_draft_report(world.platform, world.dr_martin, "TLM-2026-0005")

    def away(_file_id: str) -> None:
        raise FileStoreUnavailable

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(bucket, "delete", away)
        second = await reporting.make_draft_report(world.platform, world.dr_martin, "TLM-2026-0005")
    assert first != second
    assert len(server.names(place)) == 2
    assert upkeep.sweep(world.platform, older_than=0).removed == 1
    assert len(server.names(place)) == 1


class _Service(HTTPServer):
    """Keeps the requests it gets, as they came over the line, and answers each with the next of `answers`."""

    def __init__(self, *answers: str, status: int = 200) -> None:
        super().__init__(("127.0.0.1", 0), _Answering)
        self.status = status
        self.answers = list(answers)
        self.seen: list[tuple[str, str, dict[str, str]]] = []
        self.host = f"127.0.0.1:{self.server_address[1]}"
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01})

    def __enter__(self) -> _Service:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()


class _Answering(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        service = self.server
        assert isinstance(service, _Service)
        service.seen.append((self.command, self.path, {name.lower(): value for name, value in self.headers.items()}))
        answer = service.answers.pop(0).encode()
        self.send_response(service.status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_HEAD = do_GET  # noqa: N815 - the name http.server calls
    do_DELETE = do_GET  # noqa: N815 - the name http.server calls

    def log_message(self, *_arguments: object) -> None: ...


def page_of_uploads(*uploads: tuple[str, datetime], more: bool = False) -> str:
    """What S3 answers to ListMultipartUploads (its reference, « Sample Response »)."""
    rows = "".join(
        f"<Upload><Key>teledossier/{file_id[:2]}/{file_id}.td</Key><UploadId>n-{file_id[:4]}</UploadId>"
        f"<Initiated>{at:%Y-%m-%dT%H:%M:%S.000Z}</Initiated></Upload>"
        for file_id, at in uploads
    )
    return (
        '<?xml version="1.0"?><ListMultipartUploadsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        f"<NextKeyMarker>k&amp;1</NextKeyMarker><NextUploadIdMarker>u</NextUploadIdMarker>"
        f"<IsTruncated>{str(more).lower()}</IsTruncated>{rows}</ListMultipartUploadsResult>"
    )


def test_an_upload_of_today_may_have_a_slow_sender_and_is_left_alone_on_every_page_of_the_list() -> None:
    now = datetime.now(UTC)
    pages = (
        page_of_uploads((A, now - timedelta(hours=23)), more=True),
        page_of_uploads((B, now - timedelta(hours=25))),
    )
    with _Service(*pages, "") as service:
        place = Place(f"http://{service.host}", "coffre", "gra", "a", "b", "teledossier", IMPATIENT)
        assert EncryptedBucket(place, KEYS).remove_unfinished(older_than=3600) == [B]
    asked = [(method, path) for method, path, _headers in service.seen]
    assert asked == [
        ("GET", "/coffre?prefix=teledossier%2F&uploads="),
        ("GET", "/coffre?key-marker=k%261&prefix=teledossier%2F&upload-id-marker=u&uploads="),
        ("DELETE", f"/coffre/teledossier/bb/{B}.td?uploadId=n-bbbb"),
    ]


@pytest.mark.parametrize(("status", "requests"), [(403, 1), (401, 1), (500, 2), (503, 2)])
def test_a_refusal_is_not_repeated_and_a_fault_only_so_often(status: int, requests: int) -> None:
    """A wrong secret (403) is answered like a bucket that is away: a person can do nothing else about it."""
    with _Service(*[""] * 20, status=status) as service:
        place = Place(f"http://{service.host}", "coffre", "gra", "clef", "faux", patience=IMPATIENT)
        with pytest.raises(FileStoreUnavailable):
            EncryptedBucket(place, KEYS).sealed(A)
    assert IMPATIENT.retries == 1
    assert len(service.seen) == requests


@pytest.mark.parametrize("answer", ["", "<html>", '<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'])
def test_a_service_that_answers_something_else_is_not_believed(answer: str) -> None:
    with _Service(answer) as service:
        place = Place(f"http://{service.host}", "coffre", "gra", "a", "b", patience=IMPATIENT)
        with pytest.raises(FileStoreUnavailable):
            EncryptedBucket(place, KEYS).remove_unfinished(older_than=0)


# botocore's own signature for a request that came over the line, given its headers.
BOTOCORE = """
import json, sys
from datetime import datetime
import botocore.auth
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
method, url, date = json.loads(sys.argv[1])
botocore.auth.get_current_datetime = lambda: datetime.strptime(date, "%Y%m%dT%H%M%SZ")
request = AWSRequest(method, url)
S3SigV4Auth(Credentials("AKIDEXEMPLE", "un/secret+long="), "s3", "gra").add_auth(request)
print(request.headers["Authorization"])
"""


def test_what_we_sign_is_what_botocore_signs() -> None:
    if not SERVER.exists():
        pytest.skip("no S3 service for tests here (deploy/setup.sh s3)")
    with _Service(page_of_uploads(), "") as service:
        uploads = Uploads(f"http://{service.host}", "coffre", "gra", "AKIDEXEMPLE", "un/secret+long=", httpx.Timeout(5))
        assert list(uploads.begun("télé dossier/~a+b/")) == []
        uploads.take_back(Upload("télé dossier/~a+b/x.td", "numéro/+=~ -_.", datetime.now(UTC)))
    assert [method for method, _path, _headers in service.seen] == ["GET", "DELETE"]
    for method, path, headers in service.seen:
        asked = json.dumps([method, f"http://{service.host}{path}", headers["x-amz-date"]])
        run = subprocess.run(
            [SERVER.with_name("python"), "-c", BOTOCORE, asked], capture_output=True, text=True, check=False
        )
        assert run.returncode == 0, run.stderr
        assert headers["authorization"] == run.stdout.strip()
