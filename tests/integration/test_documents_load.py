"""The loading half of `bench documents` against the real routes: what it asks for is there, and bombs are refused."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application

from app.bench import documents_files as files
from app.bench import documents_load
from app.demo.loop_watch import Loop
from app.documents.rendering import RendererPool
from app.identity import login_sessions
from app.identity.ways import Way
from app.server import context
from app.web.routes_documents import ROUTES
from tests.support.people import small_world

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture
async def reader(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[documents_load.Reader]:
    world, pool = small_world(), RendererPool(1, job_seconds=15)
    world.platform = replace(world.platform, renderer=pool)
    monkeypatch.setattr(context, "_platform", world.platform)
    with world.platform.transaction() as session:
        secret = login_sessions.open_session(session, world.platform, world.ide_dubois, Way.PASSWORD)
    server = HTTPServer(Application([*ROUTES, (r"/demo/boucle", Loop)]))
    (socket,) = bind_sockets(0, "127.0.0.1")
    server.add_socket(socket)
    base = f"http://127.0.0.1:{socket.getsockname()[1]}"
    cookies = {world.platform.settings.session_cookie: secret}
    with httpx.Client(base_url=base, cookies=cookies, headers={"Origin": base}, timeout=60, trust_env=False) as client:
        yield documents_load.Reader(client, "TLM-2026-0001")
    server.stop()
    await server.close_all_connections()
    await pool.close()


async def test_pages_are_drawn_while_a_bomb_is_refused(reader: documents_load.Reader) -> None:
    reads = iter([False] * 6)
    bomb = asyncio.create_task(asyncio.to_thread(documents_load._bomb, reader, "bombe", files.nested_bomb()))
    drawn = await asyncio.to_thread(documents_load._read, reader, files.text(200), lambda: next(reads, True))
    assert drawn == 5
    _seconds, status, message = await bomb
    assert status == 422
    assert message
    told = await asyncio.to_thread(reader.loop)
    assert set(told) == {"beats", "p50", "p99", "longest", "held", "lines"}
