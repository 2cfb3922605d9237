"""Two web processes on one folder, as behind nginx: a login ended in one closes its sockets in both within two seconds."""

from __future__ import annotations

import asyncio
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from sqlmodel import select
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin, Subprotocol

from app import db
from app.bus import MemoryBus
from app.demo.cases import add_cases
from app.demo.people import add_people
from app.identity import login_sessions
from app.identity.models import Professional
from app.identity.ways import Way
from app.platform import Platform
from app.server import command
from app.settings import Settings
from tests.support.serving_rig import rig_platform
from tests.support.serving_rig.rig_server import free_port, rig_settings

WITHIN = 4.0  # seconds: two are promised, of which the product's own timers take 1.5; a busy machine has the rest
NUMBER = "TLM-2026-0001"
TOKEN = re.compile(r'"token":"([^"]+)"')


@dataclass
class Pair:
    """The two processes, and a platform of the test's own on the same database and bus."""

    platform: Platform
    all_settings: list[Settings]

    @property
    def urls(self) -> list[str]:
        return [f"http://localhost:{settings.port}" for settings in self.all_settings]

    def log_in(self, login: str = "dr.martin") -> str:
        with self.platform.transaction() as session:
            person = session.exec(select(Professional).where(Professional.login == login)).one()
            return login_sessions.open_session(session, self.platform, person, Way.CARD)

    def person(self, login: str = "dr.martin") -> Professional:
        with self.platform.reading() as session:
            return session.exec(select(Professional).where(Professional.login == login)).one()


@contextmanager
def running(settings: Settings, log: Path) -> Iterator[None]:
    """One web process of the product, without worker and forwarding unit."""
    with log.open("wb") as out:
        process = subprocess.Popen(
            command.serve_command(settings),
            env=command.environment(settings),
            stdout=out,
            stderr=out,
            cwd=command.ROOT,
        )
    try:
        end = time.monotonic() + 60
        while True:
            try:
                if httpx.get(f"http://localhost:{settings.port}/sante/pret", timeout=1).status_code == 200:
                    break
            except httpx.TransportError:
                pass
            assert process.poll() is None, log.read_text()[-3000:]
            assert time.monotonic() < end, log.read_text()[-3000:]
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        try:
            process.wait(12)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    var = tmp_path_factory.mktemp("pair")
    # Two hosts' names in one cookie jar differ by port only: the cookie is sent by hand below.
    all_settings = [rig_settings(var, free_port()) for _ in range(2)]
    platform = rig_platform.build(all_settings[0])
    db.migrate(platform.engine)
    with platform.transaction() as session:
        add_cases(session, add_people(session), platform.now())
    with ExitStack() as stack:
        stack.callback(platform.engine.dispose)
        stack.callback(platform.bus.close)  # type: ignore[attr-defined]
        for number, settings in enumerate(all_settings):
            stack.enter_context(running(settings, var / f"web-{number}.log"))
        yield Pair(platform, all_settings)


async def open_page(url: str, secret: str) -> ClientConnection:
    """A page of « Mes télédossiers » and its websocket."""
    cookie = {"Cookie": f"session={secret}"}
    async with httpx.AsyncClient(timeout=30) as asking:
        token = TOKEN.search((await asking.get(f"{url}/tlm", headers=cookie)).text)
    assert token is not None
    return await connect(
        url.replace("http", "ws") + "/tlm/ws",
        additional_headers=cookie,
        origin=Origin(url),
        subprotocols=[Subprotocol("bokeh"), Subprotocol(token[1])],
        max_size=None,
    )


async def open_room_line(url: str, secret: str) -> ClientConnection:
    """The room's signalling line of a dossier."""
    address = url.replace("http", "ws") + f"/api/salle?dossier={NUMBER}"
    return await connect(address, additional_headers={"Cookie": f"session={secret}"}, origin=Origin(url))


async def sockets_of(pair: Pair, secret: str) -> list[ClientConnection]:
    """A page in each process, and the room's line in the one that has the rooms: the first."""
    return [*[await open_page(url, secret) for url in pair.urls], await open_room_line(pair.urls[0], secret)]


async def end_of(socket: ClientConnection) -> int | None:
    """Read what still comes; answers the close code."""
    with suppress(ConnectionClosed):
        async for _message in socket:
            pass
    return socket.close_code


async def seconds_until_closed(sockets: list[ClientConnection], began: float) -> float:
    codes = await asyncio.wait_for(asyncio.gather(*(end_of(socket) for socket in sockets)), 60)
    assert codes == [4401] * len(sockets)
    return time.monotonic() - began


async def test_a_session_ended_in_one_process_closes_its_sockets_in_both(pair: Pair) -> None:
    secret, other = pair.log_in(), pair.log_in()
    sockets = await sockets_of(pair, secret)
    kept = await sockets_of(pair, other)
    began = time.monotonic()
    async with httpx.AsyncClient(timeout=30) as asking:
        headers = {"Cookie": f"session={other}", "Origin": pair.urls[0]}
        answer = await asking.post(f"{pair.urls[0]}/parametres/sessions/fin", data={"autres": "1"}, headers=headers)
    assert answer.status_code == 303
    assert await seconds_until_closed(sockets, began) < WITHIN
    assert [socket.close_code for socket in kept] == [None, None, None]
    for socket in kept:
        await socket.close()


async def test_an_event_that_never_reaches_the_processes_changes_nothing_about_that(pair: Pair) -> None:
    """As on two machines, whose buses do not meet: the database is looked at once a second."""
    deaf = Platform(**(vars(pair.platform) | {"bus": MemoryBus()}))
    secret = pair.log_in("ide.dubois")
    sockets = await sockets_of(pair, secret)
    began = time.monotonic()
    assert await asyncio.to_thread(login_sessions.end_all, deaf, pair.person("ide.dubois")) >= 1
    assert await seconds_until_closed(sockets, began) < WITHIN


async def test_a_page_says_where_it_comes_from_or_is_closed(pair: Pair) -> None:
    url, secret = pair.urls[0], pair.log_in()
    async with httpx.AsyncClient(timeout=30) as asking:
        page = await asking.get(f"{url}/tlm", headers={"Cookie": f"session={secret}"})
    token = TOKEN.search(page.text)
    assert token is not None
    protocols = [Subprotocol("bokeh"), Subprotocol(token[1])]
    address, headers = url.replace("http", "ws") + "/tlm/ws", {"Cookie": f"session={secret}"}
    silent = await connect(address, additional_headers=headers, subprotocols=protocols)
    assert await end_of(silent) == 4403
