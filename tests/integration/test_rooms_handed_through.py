"""The rules of the room and of its files once more, for people whose web process does not have the rooms.

The very tests of `test_signalling` and `test_room_files`: here every page speaks with another server than the hub's.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application

from app.documents.store import EncryptedFolder
from app.server import hand_through, rooms, rooms_door
from app.teleconsultation import hub
from app.web.routes_teleconsultation import ROUTES
from tests.integration.test_room_files import *  # noqa: F403
from tests.integration.test_signalling import *  # noqa: F403
from tests.support.people import small_world
from tests.support.room import House, open_house


@pytest.fixture
async def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    monkeypatch.setattr(hub, "SILENCE", 60.0)  # these pages never ping: a busy machine is no broken line
    world = small_world(database_url=f"sqlite:///{tmp_path}/t.db", cookie_secret="s3cret", upload_megabytes=3)
    world.platform = replace(world.platform, files=EncryptedFolder(tmp_path / "files", {1: bytes(32)}, 1))
    path = tmp_path / "run" / "rooms.sock"
    async with open_house(world) as house:
        door = rooms_door.open_door(house.application, path)
        another = Application(ROUTES)
        rooms_door.Elsewhere(another, rooms.are_here, path).put_first()
        server = HTTPServer(another)
        [socket] = bind_sockets(0, "127.0.0.1")
        server.add_socket(socket)
        house.port = socket.getsockname()[1]
        try:
            yield house
        finally:
            await house.stop()  # the pages first: what is handed through ends with them
            server.stop()
            await server.close_all_connections()
            await door.close()
            async with asyncio.timeout(60):
                while hand_through._under_way:
                    await asyncio.sleep(0.01)
