"""Rules of fetching lists of revoked cards: a bad one never replaces a good one."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from app.identity.card import fetching, revocation
from tests.support.cards import authority, write_trust
from tests.support.people import TUESDAY


class Publisher(BaseHTTPRequestHandler):
    """Publishes `content` at every address; 404 when there is none."""

    content = b""

    def do_GET(self) -> None:
        self.send_response(200 if self.content else 404)
        self.end_headers()
        self.wfile.write(self.content)

    do_POST = do_GET  # noqa: N815 (http.server looks for this name)

    def log_message(self, format: str, *arguments: object) -> None: ...


@pytest.fixture
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Publisher)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/crl/personnes.crl"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_good_list_is_kept_and_a_bad_one_never_replaces_it(address: str, tmp_path: Path) -> None:
    ours, theirs = authority(TUESDAY), authority(TUESDAY)
    folder = write_trust(tmp_path, ours, lists=False)
    good = ours.crl(ours.intermediate)
    Publisher.content = good
    name = fetching.fetch(folder, address, TUESDAY)
    assert name.startswith("personnes-")
    assert (folder / "crls" / name).read_bytes() == good
    old = ours.crl(ours.intermediate, issued=TUESDAY - timedelta(days=30))
    for wrong in (b"<html>", theirs.crl(theirs.intermediate), old, b""):
        Publisher.content = wrong
        with pytest.raises((ValueError, httpx.HTTPError)):
            fetching.fetch(folder, address, TUESDAY)
        assert [path.name for path in (folder / "crls").iterdir()] == [name]
        assert (folder / "crls" / name).read_bytes() == good


def test_an_issuer_is_asked_over_http_and_one_that_fails_counts_as_silent(address: str) -> None:
    Publisher.content = b"an answer"
    assert revocation.ask_by_http(address, b"a question") == b"an answer"
    Publisher.content = b"x" * (revocation.LARGEST_ANSWER + 1)
    assert revocation.ask_by_http(address, b"a question") is None
    Publisher.content = b""
    assert revocation.ask_by_http(address, b"a question") is None  # 404
    assert revocation.ask_by_http("http://127.0.0.1:1/", b"a question") is None  # nobody there
