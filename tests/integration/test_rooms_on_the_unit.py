"""Three pages, real WebSockets, the real forwarding unit as a process: who is heard, and what survives."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from app.settings import Settings
from app.teleconsultation import hub
from app.teleconsultation.engine import UnitEngine
from tests.support.media_bot import Bot, counting
from tests.support.media_control import running_unit, unit_settings
from tests.support.people import small_world
from tests.support.room import House, Page, open_house

pytestmark = pytest.mark.slow

PEOPLE = ("ide.dubois", "dr.martin", "dr.petit")


@pytest.fixture(autouse=True)
def bots() -> Iterator[None]:
    with counting():
        yield


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return unit_settings(tmp_path)


@pytest.fixture
async def house(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    monkeypatch.setattr(hub, "SILENCE", 60.0)  # these pages never ping
    world = small_world(database_url=f"sqlite:///{settings.var}/t.db", cookie_secret="s3cret")
    world.platform = replace(
        world.platform, media=UnitEngine(settings.media_socket, settings.derived_secret("media"))
    )  # fmt: skip
    async with open_house(world) as house:
        yield house


@dataclass
class Person:
    """A page and what stands for its media."""

    page: Page
    bot: Bot
    slots: list[dict[str, str]]

    @classmethod
    async def publishing(cls, page: Page, n: int = 1) -> Person:
        """Onto the unit; tried again while it is not there, as pages do."""
        bot = Bot()
        offer = await bot.offer()
        for _ in range(40):
            await page.say("publish", offer=offer, n=n)
            answer = await page.hear("published", "error")
            if answer["t"] == "published":
                break
            assert answer["code"] == "relais-indisponible"
            await asyncio.sleep(1.1)  # publish is limited to one a second
        assert answer["n"] == n
        await bot.accept(answer["answer"])
        return cls(page, bot, answer["slots"])

    @property
    def id(self) -> str:
        return str(self.page.joined["id"])

    def learn(self) -> None:
        """Take in the news of who sits where."""
        for message in [m for m in self.page.early if m["t"] == "slots"]:
            self.slots = message["slots"]

    async def hears(self, other: Person, source: str = "mic") -> int:
        """How many packets of another's have come so far."""
        await self.page.hears_nothing()  # reads what has come
        self.learn()
        mids = [slot["mid"] for slot in self.slots if slot["from"] == other.id and slot["source"] == source]
        return len(self.bot.seen(mids[0]).numbers) if mids else 0


async def hear_more(listener: Person, other: Person, source: str = "mic") -> None:
    before = await listener.hears(other, source)
    async with asyncio.timeout(60):
        while await listener.hears(other, source) < before + 20:
            await asyncio.sleep(0.1)  # each look is a ping, and ten a second are allowed


async def three_inside(house: House) -> list[Person]:
    pages = [await house.page_of(login) for login in PEOPLE]
    for page in pages:
        await page.join()
    assert pages[-1].joined["route"] == "unit"
    for page in pages[:-1]:
        assert (await page.hear("route"))["route"] == "unit"
    return [await Person.publishing(page) for page in pages]


async def everybody_hears_everybody(people: list[Person]) -> None:
    for listener in people:
        for other in people:
            if other is not listener:
                await hear_more(listener, other)


async def close(people: list[Person]) -> None:
    for person in people:
        await person.bot.close()


async def test_three_hear_each_other_a_silenced_one_is_heard_by_nobody_and_who_leaves_is_gone(
    house: House, settings: Settings
) -> None:
    async with running_unit(settings):
        nurse, doctor, third = people = await three_inside(house)
        try:
            await everybody_hears_everybody(people)
            await hear_more(doctor, nurse, "cam")
            await doctor.page.say("mute", person=nurse.id, muted=True)
            assert (await nurse.page.hear("state"))["silenced"] is True
            await hear_more(doctor, third)  # by then whatever was on its way has come
            before = await doctor.hears(nurse)
            await hear_more(doctor, third)
            assert await doctor.hears(nurse) == before
            await doctor.page.say("mute", person=nurse.id, muted=False)
            await hear_more(doctor, nurse)
            await third.page.say("leave")
            await doctor.page.hear("left")
            unit = house.world.platform.media
            assert unit is not None
            async with asyncio.timeout(60):
                while {peer.peer for peer in await unit.list()} != {nurse.id, doctor.id}:
                    await asyncio.sleep(0.02)
        finally:
            await close(people)


async def test_a_killed_web_process_interrupts_nobody(house: House, settings: Settings) -> None:
    async with running_unit(settings):
        people = await three_inside(house)
        try:
            await everybody_hears_everybody(people)
            secrets = [house.log_in(login) for login in PEOPLE]
            resumes = [person.page.resume for person in people]
            unit = UnitEngine(settings.media_socket, settings.derived_secret("media"))
            house.world.platform = replace(house.world.platform, media=unit)
            await house.kill()
            async with asyncio.timeout(60):
                while not unit.is_up:  # who comes before is told « direct », then the route
                    await asyncio.sleep(0.01)
            for person, login, secret, resume in zip(people, PEOPLE, secrets, resumes, strict=True):
                person.page = await house.page_of(login, secret=secret)
                joined = await person.page.join(resume=resume)
                assert (joined["resumed"], joined["route"]) == (True, "unit")
                assert await person.page.hears_nothing("unpublished")
            await everybody_hears_everybody(people)
        finally:
            await close(people)


async def test_a_killed_unit_is_published_to_anew(house: House, settings: Settings) -> None:
    people: list[Person] = []
    killed = None
    async with AsyncExitStack() as stack:
        try:
            with pytest.raises(AssertionError):  # it did not end well: it was killed
                async with running_unit(settings) as process:
                    people = await three_inside(house)
                    await everybody_hears_everybody(people)
                    process.send_signal(signal.SIGKILL)
                    killed = await process.wait()
            assert killed == -signal.SIGKILL
            await close(people)
            await stack.enter_async_context(running_unit(settings))
            again: list[Any] = []
            for person in people:
                assert (await person.page.hear("unpublished"))["reason"] == "relay"
                again.append(await Person.publishing(person.page, n=2))
            people = again
            await everybody_hears_everybody(people)
        finally:
            await close(people)


async def test_a_silence_between_two_brings_the_unit_and_holds_whatever_the_page_does(
    house: House, settings: Settings
) -> None:
    async with running_unit(settings), AsyncExitStack() as stack:
        pages = [await house.page_of(login) for login in PEOPLE[:2]]
        for page in pages:
            await page.join()
        nurse, doctor = pages
        assert doctor.joined["route"] == "direct"
        await doctor.say("mute", person=nurse.joined["id"], muted=True)
        for page in pages:
            assert (await page.hear("route"))["route"] == "unit"
        people = [await Person.publishing(page) for page in pages]
        for person in people:
            stack.push_async_callback(person.bot.pc.close)
        await hear_more(people[0], people[1])  # the one who may speak
        await hear_more(people[1], people[0], "cam")
        assert await people[1].hears(people[0]) == 0  # the nurse's page sends on
        await nurse.say("mute", person=nurse.joined["id"], muted=False)
        assert (await nurse.hear("error"))["about"] == "mute"
        await hear_more(people[1], people[0], "cam")
        assert await people[1].hears(people[0]) == 0
        await doctor.say("mute", person=nurse.joined["id"], muted=False)
        await hear_more(people[1], people[0])


async def test_a_camera_of_an_examination_reaches_the_others_as_what_it_is(house: House, settings: Settings) -> None:
    async with running_unit(settings), AsyncExitStack() as stack:
        nurse, doctor = await house.page_of(PEOPLE[0]), await house.page_of(PEOPLE[1])
        await nurse.join(aux="camera", auscultation=True)
        await doctor.join()
        assert doctor.joined["people"][0]["aux"] == "camera"
        await doctor.say("blocked", to=nurse.joined["id"])
        await nurse.hear("route")
        watching = await Person.publishing(doctor)
        bot = Bot(publishes=("audio", "video", "audio", "video"), slots=9)
        await nurse.say("publish", offer=await bot.offer(), n=1)
        await bot.accept((await nurse.hear("published"))["answer"])
        showing = Person(nurse, bot, [])
        for person in (watching, showing):
            stack.push_async_callback(person.bot.pc.close)
        for source in ("mic", "cam", "aux-audio", "aux-video"):
            await hear_more(watching, showing, source)
        await nurse.say("state", camera=True, microphone=True)
        async with asyncio.timeout(60):
            while {slot["source"] for slot in watching.slots if slot["from"] == showing.id} != {"mic", "cam"}:
                await watching.hears(showing)
                await asyncio.sleep(0.1)
