"""The rooms are there from the start of the server, whoever connects or does not."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from bokeh.server.tornado import BokehTornado
from sqlmodel import select
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets

from app.dossiers.models import Dossier, Step
from app.errors import RoomsElsewhere
from app.server import context, renewal, rooms, setup
from app.teleconsultation import hub, service
from app.web.routes_teleconsultation import ROUTES
from tests.support.fake_unit import FakePeer, FakeUnit
from tests.support.people import small_world
from tests.support.room import House

NUMBER = "TLM-2026-0001"


async def test_a_call_nobody_came_back_to_is_ended_even_when_nobody_connects(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert hub.COMING_BACK == 120
    monkeypatch.setattr(hub, "COMING_BACK", 0.05)
    world = small_world(database_url=f"sqlite:///{tmp_path}/t.db", var=tmp_path)
    service.enter(world.platform, world.dr_martin, NUMBER, "salle-bleue")  # then the server was killed
    context.use(world.platform)
    server = BokehTornado({})
    setup.on_loop(server)
    assert rooms.hub_of(server) is rooms.start(server, world.platform)

    def step() -> Step:
        with world.platform.reading() as session:
            return session.exec(select(Dossier.step).where(Dossier.number == NUMBER)).one()

    async with asyncio.timeout(60):
        while step() is Step.IN_CALL:
            await asyncio.sleep(0.01)
    assert step() is Step.OPINION_DUE
    await rooms.stop(server)
    world.platform.engine.dispose()


HOLD = """
import fcntl, os, sys
lock = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT, 0o600)
fcntl.lockf(lock, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""


async def test_a_second_web_process_leaves_the_rooms_to_the_first_and_takes_over_when_it_dies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rooms, "TRY_AGAIN", 0.05)
    lock = tmp_path / rooms.LOCK
    lock.parent.mkdir()
    first = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLD, str(lock), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert first.stdout is not None
    await first.stdout.readline()
    world = small_world(database_url=f"sqlite:///{tmp_path}/t.db", var=tmp_path)
    unit = FakeUnit()
    world.platform = replace(world.platform, media=unit)
    unit.peers["somebody-of-the-first"] = FakePeer("salle-bleue.1")
    context.use(world.platform)
    server = BokehTornado({}, extra_patterns=[*ROUTES, *renewal.routes()])
    http = HTTPServer(server)
    [socket] = bind_sockets(0, "127.0.0.1")
    http.add_socket(socket)
    house = House(world, socket.getsockname()[1], http, server)
    setup.on_loop(server)
    try:
        with pytest.raises(RoomsElsewhere):
            rooms.hub_of(server)
        page = await house.page_of("dr.martin")  # the first holds the lock, and answers nobody
        refusal = await page.hear("error")
        assert (refusal["about"], refusal["code"]) == ("hello", "salles-ailleurs")
        assert refusal["message"].startswith("Les salles vidéo changent de serveur. Rien n'est perdu")
        assert await page.closed() == 4503
        assert await ready(house) == renewal.WITHOUT_ROOMS
        assert list(unit.peers) == ["somebody-of-the-first"]
        assert unit.asked == []
        first.kill()
        await first.wait()
        async with asyncio.timeout(60):
            while not rooms.are_here(server):
                await asyncio.sleep(0.01)
        again = await house.page_of("dr.martin")
        await again.join()
        assert await ready(house) == "pret"
    finally:
        for opened in house.pages:
            opened.close()
        if first.returncode is None:
            first.kill()
            await first.wait()
        await rooms.stop(server)
        http.stop()
        await http.close_all_connections()
        world.platform.engine.dispose()


async def ready(house: House) -> str:
    async with httpx.AsyncClient(timeout=60) as client:
        answer = await client.get(f"{house.origin}/sante/pret")
    assert answer.status_code == 200
    return answer.text
