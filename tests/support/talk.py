"""Pages that speak to a hub without a network, and a house where they meet, with a unit that is none."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from sqlmodel import col, select

from app.audit.models import AuditEntry
from app.identity import login_sessions
from app.identity.ways import Way
from app.messaging.models import OutboxMessage
from app.platform import Platform
from app.teleconsultation import door, guest_sessions, invitations
from app.teleconsultation.hub import Hub
from app.teleconsultation.lines import Line
from app.teleconsultation.messages import Invite
from app.teleconsultation.models import GuestRole
from tests.support.fake_unit import FakeUnit
from tests.support.people import World, small_world

NUMBER, BLUE = "TLM-2026-0001", "salle-bleue"
DEVICES = {"camera": True, "microphone": True}


class Talker:
    """One page; `heard` is everything the server said to it."""

    def __init__(self, house: Salon, secret: str) -> None:
        self.house, self.secret = house, secret
        self.heard: list[dict[str, Any]] = []
        self.closed: int | None = None
        self.line: Line | None = None

    def send(self, message: dict[str, Any]) -> None:
        self.heard.append(json.loads(json.dumps(message)))

    def close(self, code: int, _reason: str) -> None:
        self.closed = code

    async def say(self, t: str, **fields: Any) -> None:
        assert self.line is not None
        self.house.hub.receive(self.line, json.dumps({"t": t, **fields}))
        await self.house.settle()

    async def join(self, **fields: Any) -> dict[str, Any]:
        await self.say("join", room=BLUE, **DEVICES, **fields)
        return self.last("joined")

    async def publish(self, n: int = 1, offer: str = "v=0") -> dict[str, Any]:
        await self.say("publish", offer=offer, n=n)
        return self.last("published")

    def all(self, t: str) -> list[dict[str, Any]]:
        return [message for message in self.heard if message["t"] == t]

    def last(self, t: str) -> dict[str, Any]:
        assert self.all(t), f"no {t} among {[message['t'] for message in self.heard]}"
        return self.all(t)[-1]

    @property
    def id(self) -> str:
        return str(self.last("joined")["id"])

    @property
    def resume(self) -> dict[str, str]:
        joined = self.last("joined")
        return {"id": joined["id"], "proof": joined["proof"]}

    async def lose_line(self) -> None:
        assert self.line is not None
        self.house.hub.closed(self.line)
        await self.house.settle()


@dataclass
class Salon:
    """A world, its hub and a fake unit."""

    world: World
    unit: FakeUnit
    hub: Hub
    secrets: dict[str, str] = field(default_factory=dict)

    def log_in(self, login: str) -> str:
        if login not in self.secrets:
            platform = self.world.platform
            with platform.transaction() as session:
                person = self.world.people[login]
                self.secrets[login] = login_sessions.open_session(session, platform, person, Way.PASSWORD)
        return self.secrets[login]

    def page_of(self, login: str, number: str = NUMBER) -> Talker:
        page = Talker(self, self.log_in(login))
        with self.world.platform.reading() as session:
            caller = door.caller(session, self.world.platform, page.secret, number)
        page.line = self.hub.open_caller(page, page.secret, caller)
        return page

    def guest(self, name: str = "Paul MERCIER", secret: str | None = None) -> Talker:
        page = Talker(self, secret or self._invite(name))
        with self.world.platform.reading() as session:
            guest = door.guest(session, self.world.platform, page.secret)
        page.line = self.hub.open_guest(page, page.secret, guest)
        return page

    async def guest_inside(self, host: Talker, name: str = "Paul MERCIER", **fields: Any) -> Talker:
        page = self.guest(name)
        await page.say("wait", **DEVICES)
        at_the_door = {each["name"]: each["id"] for each in host.last("lobby")["guests"]}
        assert name in at_the_door, f"{at_the_door} is told, and the guest hears {page.heard}"
        await host.say("admit", guest=at_the_door[name])
        await page.join(**fields)
        return page

    def _invite(self, name: str) -> str:
        wish = Invite("email", "paul@example.org", name, GuestRole.CAREGIVER, f"wish-{name.replace(' ', '-')}")
        invitation = invitations.invite(self.world.platform, self.world.ide_dubois, NUMBER, BLUE, wish)
        with self.world.platform.reading() as session:
            body = session.exec(select(OutboxMessage.body).where(OutboxMessage.topic_id == invitation.id)).one()
        found = re.search(r"/invitation/(\S+)", body)
        assert found is not None
        opened = guest_sessions.exchange(self.world.platform, found[1], None)
        assert opened.secret is not None
        return opened.secret

    async def settle(self) -> None:
        """Until everything that was asked is done, or waits for the unit."""
        for _ in range(40):
            await asyncio.sleep(0)

    async def pass_by(self, **time: float) -> None:
        self.world.clock.pass_by(**time)
        self.hub.tick()
        await self.settle()

    async def restart(self) -> None:
        """The web process was killed, and another one is there; the unit lives on."""
        await self.hub.close()
        self.hub = _hub(self.world.platform)
        await self.settle()

    def journal(self, *actions: str) -> list[AuditEntry]:
        with self.world.platform.reading() as session:
            wanted = select(AuditEntry).where(col(AuditEntry.action).in_(actions)).order_by(col(AuditEntry.id))
            return list(session.exec(wanted))


def _hub(platform: Platform) -> Hub:
    """Time passes only by `pass_by`: on a busy machine nobody is silent for too long between two lines of a test."""
    hub = Hub(platform)
    hub._ticking.cancel()
    return hub


@asynccontextmanager
async def open_salon(*, unit: bool = True) -> AsyncIterator[Salon]:
    world, fake = small_world(), FakeUnit()
    if unit:
        world.platform = replace(world.platform, media=fake)
    salon = Salon(world, fake, _hub(world.platform))
    await salon.settle()
    try:
        yield salon
    finally:
        await salon.hub.close()
        world.platform.engine.dispose()
