"""The bucket when things go wrong: killed writer, killed or silent service, lost bucket; and who signs how."""

from __future__ import annotations

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
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import httpx
import pytest

from app.documents.store_bucket import PART, EncryptedBucket, Patience, Place
from app.documents.store_chunks import CHUNK
from app.documents.store_keys import MasterKeys
from app.documents.store_uploads import Upload, Uploads
from app.errors import FileStoreUnavailable
from tests.support.s3_server import IMPATIENT, SERVER, S3Server, start

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


def test_only_our_own_uploads_are_taken_back(server: S3Server) -> None:
    place = server.new_bucket()
    httpx.post(f"{server.endpoint}/{place.bucket}/ailleurs/fichier?uploads").raise_for_status()
    httpx.post(f"{server.endpoint}/{place.bucket}/teledossier/aa/{A}.td?uploads").raise_for_status()
    bucket = EncryptedBucket(place, KEYS)
    assert bucket.remove_unfinished(older_than=0) == [A]
    assert server.uploads(place) == ["ailleurs/fichier"]


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


class _Service(HTTPServer):
    """Keeps the requests it gets, as they came over the line, and answers each with the next of `answers`."""

    def __init__(self, *answers: str) -> None:
        super().__init__(("127.0.0.1", 0), _Answering)
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
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

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
