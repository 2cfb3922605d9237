"""What the log says of requests."""

from __future__ import annotations

import httpx
import pytest
from structlog.testing import capture_logs
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application

from app.server import context
from app.server.request_log import log_request, shown
from app.web.base import Handler
from tests.support.people import small_world

LINK = "/connexion/nouveau-mot-de-passe/kJ3_aa-bbCCddEEffGGhhIIjjKKllMMnnOOppQQrrSS"


class Broken(Handler):
    """Refuses, or breaks."""

    public = True

    def get(self, _secret: str) -> None:
        if self.get_query_argument("code", ""):
            raise ZeroDivisionError
        self.set_status(422)


@pytest.mark.parametrize("query", ["", "?code=secret-of-the-answer"])
async def test_the_log_never_holds_a_secret_of_an_address(
    query: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(context, "_platform", small_world().platform)
    socket, port = bind_unused_port(address="127.0.0.1")
    server = HTTPServer(Application([(r"/connexion/[\w-]+/(.*)", Broken)], log_function=log_request))
    server.add_socket(socket)
    with capture_logs() as lines:
        async with httpx.AsyncClient(timeout=60) as browser:
            await browser.get(f"http://127.0.0.1:{port}{LINK}{query}")
    server.stop()
    assert lines[-1]["path"] == "/connexion/nouveau-mot-de-passe/…"
    for said in (repr([{**line, "exc_info": ""} for line in lines]), caplog.text):
        assert "kJ3_aa" not in said
        assert "secret-of-the-answer" not in said


def test_ordinary_addresses_stay_readable() -> None:
    assert shown("/api/dossiers/12/documents?nom=x") == "/api/dossiers/12/documents"
    assert shown("/parametres/sessions/3/fin") == "/parametres/sessions/3/fin"
