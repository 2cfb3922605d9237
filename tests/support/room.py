"""A real server with the room's routes, and pages that speak to it."""

from __future__ import annotations

import asyncio
import json
import re
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import col, select
from tornado.httpclient import HTTPRequest
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application
from tornado.websocket import WebSocketClientConnection, WebSocketProtocol13, websocket_connect

from app.dossiers.models import Dossier, Step
from app.errors import InvitationInvalid
from app.identity import login_sessions
from app.identity.ways import Way
from app.messaging.models import OutboxMessage
from app.server import context, rooms
from app.server.rooms import HUB
from app.teleconsultation import guest_sessions, invitations
from app.teleconsultation.hub import Hub
from app.teleconsultation.messages import Invite
from app.teleconsultation.models import GuestRole
from app.web.routes_teleconsultation import ROUTES
from tests.support.people import World

NUMBER, BLUE, GREEN = "TLM-2026-0001", "salle-bleue", "salle-verte"
DEVICES = {"camera": True, "microphone": True}
SDP = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\n"
PATIENCE = 60.0  # seconds: ends what will never come


class Page:
    """A browser's side of the line."""

    def __init__(self, socket: WebSocketClientConnection) -> None:
        self.socket = socket
        self.early: deque[dict[str, Any]] = deque()
        self.joined: dict[str, Any] = {}

    async def say(self, t: str, **fields: Any) -> None:
        await self.socket.write_message(json.dumps({"t": t, **fields}))

    async def hear(self, *wanted: str) -> dict[str, Any]:
        """The next message of one of these kinds; others are kept for later. AssertionError when the line closes."""
        for message in self.early:
            if message["t"] in wanted:
                self.early.remove(message)
                return message
        while True:
            text = await asyncio.wait_for(self.socket.read_message(), PATIENCE)
            assert text is not None, f"closed with {self.socket.close_code} while waiting for {wanted}"
            message = json.loads(text)
            if message["t"] in wanted:
                return dict(message)
            self.early.append(message)

    async def hears_nothing(self, *unwanted: str) -> bool:
        """Whether none of these kinds came before the answer to a ping."""
        await self.say("ping")
        await self.hear("pong")
        return not any(message["t"] in unwanted for message in self.early)

    async def join(self, room: str = BLUE, **fields: Any) -> dict[str, Any]:
        await self.say("join", room=room, **DEVICES, **fields)
        self.joined = await self.hear("joined")
        return self.joined

    @property
    def resume(self) -> dict[str, str]:
        return {"id": self.joined["id"], "proof": self.joined["proof"]}

    async def closed(self) -> int | None:
        """The code with which the server closed the line."""
        while await asyncio.wait_for(self.socket.read_message(), PATIENCE) is not None:
            pass
        return self.socket.close_code

    def close(self) -> None:
        """The page is gone, without a word."""
        if isinstance(self.socket.protocol, WebSocketProtocol13):
            self.socket.protocol.stream.close()
        self.socket.close()


@dataclass
class House:
    """A running server and its world."""

    world: World
    port: int
    server: HTTPServer
    application: Application
    pages: list[Page] = field(default_factory=list)
    browsers: dict[str, tuple[int, str]] = field(default_factory=dict)  # link -> invitation and cookie

    @property
    def hub(self) -> Hub:
        hub = self.application.settings[HUB]
        assert isinstance(hub, Hub)
        return hub

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def log_in(self, login: str) -> str:
        platform = self.world.platform
        with platform.transaction() as session:
            return login_sessions.open_session(session, platform, self.world.people[login], Way.PASSWORD)

    async def connect(self, path: str, cookie: str, origin: str | None = "") -> Page:
        headers = {"Cookie": cookie} if cookie else {}
        if origin is not None:
            headers["Origin"] = origin or self.origin
        request = HTTPRequest(f"ws://127.0.0.1:{self.port}{path}", headers=headers)
        page = Page(await websocket_connect(request))
        self.pages.append(page)
        return page

    async def page_of(self, login: str, number: str = NUMBER, secret: str | None = None) -> Page:
        """A professional's page, connected."""
        return await self.connect(f"/api/salle?dossier={number}", f"session={secret or self.log_in(login)}")

    def invite(self, name: str = "Paul MERCIER", number: str = NUMBER) -> tuple[int, str]:
        """An invitation and the secret of its link."""
        wish = Invite("email", "paul@example.org", name, GuestRole.CAREGIVER, f"wish-{name.replace(' ', '-')}")
        invitation = invitations.invite(self.world.platform, self.world.ide_dubois, number, BLUE, wish)
        with self.world.platform.reading() as session:
            body = session.exec(select(OutboxMessage.body).where(OutboxMessage.topic_id == invitation.id)).one()
        found = re.search(r"/invitation/(\S+)", body)
        assert found is not None
        assert invitation.id is not None
        return invitation.id, found[1]

    async def guest(self, secret: str) -> Page:
        """The page of whoever holds a link, in one browser: opened again it has its cookie already."""
        if secret not in self.browsers:
            self.browsers[secret] = self.browser(secret)
        invitation, cookie = self.browsers[secret]
        return await self.connect(f"/api/invitation/salle?invitation={invitation}", f"invitation-{invitation}={cookie}")

    def browser(self, link: str, **options: bool) -> tuple[int, str]:
        """Open a link in a browser of its own: the invitation, and the content of its cookie."""
        try:
            opened = guest_sessions.exchange(self.world.platform, link, None, **options)
        except InvitationInvalid:
            return 1, link
        assert opened.invitation.id is not None
        assert opened.secret is not None
        return opened.invitation.id, opened.secret

    def step(self, number: str = NUMBER) -> Step:
        with self.world.platform.reading() as session:
            return session.exec(select(Dossier.step).where(Dossier.number == number)).one()

    async def until_step(self, step: Step, number: str = NUMBER) -> None:
        async with asyncio.timeout(PATIENCE):
            while self.step(number) is not step:
                await asyncio.sleep(0.01)

    def journal(self) -> list[str]:
        from app.audit.models import AuditEntry

        with self.world.platform.reading() as session:
            return list(session.exec(select(AuditEntry.action).order_by(col(AuditEntry.id))))

    async def kill(self) -> None:
        """What a kill -9 leaves: nothing of what was in memory; every line broken. Then the server is there again."""
        await self.stop()
        rooms.start(self.application, self.world.platform)

    async def stop(self) -> None:
        """The process ends."""
        hub = self.application.settings.pop(HUB, None)
        for page in self.pages:
            page.close()
        self.pages.clear()
        if hub is not None:
            await hub.close()


@asynccontextmanager
async def open_house(world: World) -> AsyncIterator[House]:
    context.use(world.platform)
    application = Application(ROUTES)
    server = HTTPServer(application)
    [socket] = bind_sockets(0, "127.0.0.1")
    server.add_socket(socket)
    house = House(world, socket.getsockname()[1], server, application)
    rooms.start(application, world.platform)
    try:
        yield house
    finally:
        await house.stop()
        server.stop()
        await server.close_all_connections()
        world.platform.engine.dispose()
