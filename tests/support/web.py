"""Our plain routes over real HTTP, without Panel: for tests of pages, forms and refusals."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application

from app.identity import login_sessions
from app.identity.ways import Visitor, Way
from app.server import context, static_files
from app.server.headers import SecurityHeaders
from tests.support.people import World


@dataclass
class Site:
    """A running server on a small world."""

    world: World
    url: str

    def client(self, secret: str = "", **headers: str) -> httpx.AsyncClient:
        """A browser: it sends this site's Origin; `secret` is its login cookie."""
        cookies = {self.world.platform.settings.session_cookie: secret} if secret else {}
        return httpx.AsyncClient(
            base_url=self.url,
            cookies=cookies,
            headers={"Origin": self.url, "Accept": "text/html"} | headers,
            timeout=60,
        )

    def log_in(self, login: str, way: Way = Way.CARD) -> str:
        with self.world.platform.transaction() as session:
            return login_sessions.open_session(
                session, self.world.platform, self.world.people[login], way, Visitor("192.0.2.7", "Firefox/153 Linux")
            )


@asynccontextmanager
async def serving(world: World, routes: Iterable[Any], monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Site]:
    """Serve `routes` on a free port. Static files are only named, not made."""
    monkeypatch.setattr(static_files, "static_url", lambda name: f"/statique/{name}")
    monkeypatch.setattr(static_files, "static_text", lambda name: f"/* {name} */")
    context.use(world.platform)
    server = HTTPServer(Application(list(routes), transforms=[SecurityHeaders]))
    [socket] = bind_sockets(0, "127.0.0.1")
    server.add_socket(socket)
    yield Site(world, f"http://127.0.0.1:{socket.getsockname()[1]}")
    server.stop()
    await server.close_all_connections()
