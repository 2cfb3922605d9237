"""Pictures that are sent slowly, or not at all: nobody holds the threads that write for everybody."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from app.documents.store import EncryptedFolder
from app.teleconsultation import hub
from app.web import files as web_files
from app.web.files import UPLOADS_AT_ONCE, Incoming
from tests.integration.test_room_files import FILES, LETTER, PICTURES, browser, jpeg
from tests.integration.test_signalling import doctor_and_guest_inside
from tests.support.people import small_world
from tests.support.room import DEVICES, NUMBER, House, open_house


@pytest.fixture
async def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    monkeypatch.setattr(hub, "SILENCE", 60.0)  # these pages never ping
    world = small_world(database_url=f"sqlite:///{tmp_path}/t.db", cookie_secret="s3cret", upload_megabytes=3)
    world.platform = replace(world.platform, files=EncryptedFolder(tmp_path / "files", {1: bytes(32)}, 1))
    async with open_house(world) as house:
        yield house


class Slow:
    """Senders that hold back the end of what they send until they are let go."""

    def __init__(self, tmp_path: Path) -> None:
        self._folder, self._let_go = tmp_path / "files", asyncio.Event()

    async def body(self, content: bytes) -> AsyncIterator[bytes]:
        yield content[:500]
        await self._let_go.wait()
        yield content[500:]

    def let_go(self) -> None:
        self._let_go.set()

    async def under_way(self, count: int) -> None:
        await until(lambda: len(list(self._folder.rglob("*.part"))) == count)


async def until(happened: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not happened():
            await asyncio.sleep(0.01)


async def test_one_person_holds_only_some_of_the_threads_that_write(house: House, tmp_path: Path) -> None:
    doctor, guest, _invitation, secret = await doctor_and_guest_inside(house)
    slow, address = Slow(tmp_path), f"{PICTURES}?dossier={NUMBER}"
    async with browser(house, login="dr.martin") as page, browser(house, guest=secret) as invited:
        sending = [asyncio.create_task(page.put(address, content=slow.body(jpeg()))) for _ in range(UPLOADS_AT_ONCE)]
        await slow.under_way(UPLOADS_AT_ONCE)
        for another in (page.put(address, content=jpeg()), page.put(f"{FILES}?dossier={NUMBER}", content=LETTER)):
            refused = await another
            assert (refused.status_code, refused.json()["code"]) == (429, "trop-de-fichiers")
            assert "attendez que les autres soient passés" in refused.json()["message"]
        await doctor.say("still", person=guest.joined["id"], source="camera", key="s-1")
        asked = await guest.hear("still")
        assert (await invited.put(asked["url"], content=jpeg())).status_code == 200  # nobody else waits
        slow.let_go()
        assert [answer.status_code for answer in await asyncio.gather(*sending)] == [200] * UPLOADS_AT_ONCE
        assert (await page.put(address, content=jpeg())).status_code == 200
    assert not Incoming._under_way


async def test_the_pictures_that_one_was_asked_for_count_too(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_files, "UPLOADS_AT_ONCE", 1)
    doctor, guest, _invitation, secret = await doctor_and_guest_inside(house)
    slow = Slow(tmp_path)
    await guest.say("state", **DEVICES, aux="screen")
    await doctor.hear("state")
    asked = []
    for source in ("camera", "aux"):
        await doctor.say("still", person=guest.joined["id"], source=source, key=f"s-{source}")
        asked.append((await guest.hear("still"))["url"])
    async with browser(house, guest=secret) as page:
        sending = asyncio.create_task(page.put(asked[0], content=slow.body(jpeg())))
        await slow.under_way(1)
        assert (await page.put(asked[1], content=jpeg())).json()["code"] == "trop-de-fichiers"
        slow.let_go()
        assert (await sending).status_code == 200
        assert (await page.put(asked[1], content=jpeg())).status_code == 200
    assert not Incoming._under_way


async def test_who_may_not_send_is_not_counted(house: House) -> None:
    async with browser(house, login="ide.moreau") as stranger:
        for _ in range(UPLOADS_AT_ONCE + 1):
            answer = await stranger.put(f"{PICTURES}?dossier={NUMBER}", content=jpeg())
            assert answer.status_code in (403, 404)
    assert not Incoming._under_way


@pytest.mark.parametrize("address", [PICTURES, FILES])
async def test_an_upload_that_falls_silent_is_ended_and_nothing_of_it_remains(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setattr(web_files, "SILENCE", 0.2, raising=False)
    await doctor_and_guest_inside(house)
    cookie = house.log_in("dr.martin")
    reader, writer = await asyncio.open_connection("127.0.0.1", house.port)
    writer.write(
        f"PUT {address}?dossier={NUMBER}&nom=a.pdf HTTP/1.1\r\nHost: 127.0.0.1:{house.port}\r\n"
        f"Origin: {house.origin}\r\nCookie: session={cookie}\r\nContent-Length: 100000\r\n\r\n".encode()
        + jpeg()[:500]
    )
    async with asyncio.timeout(30):
        said = (await reader.read()).decode()  # to the end: the line is closed
    writer.close()
    assert said.startswith("HTTP/1.1 400 ")
    assert "envoi-arrete" in said
    assert "Rien n'a été ajouté" in said
    await until(lambda: not list((tmp_path / "files").rglob("*.part")))
    assert not Incoming._under_way
    monkeypatch.setattr(web_files, "SILENCE", 60.0, raising=False)
    async with browser(house, login="dr.martin") as page:
        assert (await page.put(f"{PICTURES}?dossier={NUMBER}", content=jpeg())).status_code == 200


async def test_a_slow_upload_that_still_brings_something_is_not_ended(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_files, "SILENCE", 2.0, raising=False)
    await doctor_and_guest_inside(house)
    picture = jpeg()

    async def trickling() -> AsyncIterator[bytes]:
        step = len(picture) // 10 + 1
        for start in range(0, len(picture), step):
            yield picture[start : start + step]
            await asyncio.sleep(0.3)  # together longer than the silence that is one too long

    async with browser(house, login="dr.martin") as page:
        answer: httpx.Response = await page.put(f"{PICTURES}?dossier={NUMBER}", content=trickling())
    assert answer.status_code == 200
