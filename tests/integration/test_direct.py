"""Direct messages over real WebSockets: who is there, who reads what, and who gets no line."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from sqlmodel import select
from tornado.httpclient import HTTPClientError

from app.audit.models import AuditEntry
from app.bus import MISSED, MemoryBus
from app.identity import login_sessions
from app.identity.models import Professional
from app.teleconsultation import direct, direct_lines
from app.web.direct import SWITCHBOARD
from tests.support.people import small_world
from tests.support.room import NUMBER, House, Page, open_house


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with open_house(small_world(cookie_secret="s3cret")) as house:
        yield house
        if board := house.application.settings.pop(SWITCHBOARD, None):
            await board.close()


async def page_of(house: House, login: str, secret: str | None = None) -> Page:
    page = await house.connect("/api/messages", f"session={secret or house.log_in(login)}")
    await page.hear("hello")
    return page


def number_of(house: House, login: str) -> int:
    number = house.world.people[login].id
    assert number is not None
    return number


async def write(page: Page, to: int, text: str = "Un avis ?", key: str = "k-1", **fields: str) -> None:
    await page.say("send", to=to, text=text, key=key, **fields)


async def test_a_message_reaches_a_colleague_who_is_connected_and_stays_unread_until_read(house: House) -> None:
    doctor, other = await page_of(house, "dr.martin"), await page_of(house, "dr.leroy")
    await write(doctor, number_of(house, "dr.leroy"), dossier=NUMBER)
    sent, heard = await doctor.hear("message"), await other.hear("message")
    assert (sent["mine"], sent["dossier"]) == (True, NUMBER)
    assert (heard["text"], heard["mine"], heard["person"]) == ("Un avis ?", False, number_of(house, "dr.martin"))
    unread = {"person": number_of(house, "dr.martin"), "count": 1}
    assert (await other.hear("unread"))["unread"] == [unread]
    reloaded = await house.connect("/api/messages", f"session={house.log_in('dr.leroy')}")
    assert (await reloaded.hear("hello"))["unread"] == [unread]
    await reloaded.say("read", person=number_of(house, "dr.martin"), upto=heard["id"])
    assert (await reloaded.hear("unread"))["unread"] == []


async def test_the_recipient_learns_neither_number_nor_patient_without_the_right(house: House) -> None:
    doctor, stranger, nurse = [await page_of(house, login) for login in ("dr.martin", "ide.moreau", "ide.dubois")]
    for key, login in (("a", "ide.moreau"), ("b", "ide.dubois")):
        await write(doctor, number_of(house, login), key=key, dossier=NUMBER)
    heard = await stranger.hear("message")
    assert heard["dossier"] == ""
    assert NUMBER not in str(heard)
    assert (await nurse.hear("message"))["dossier"] == NUMBER  # hers


async def test_a_reply_is_kept_with_the_same_dossier_without_naming_it(house: House) -> None:
    doctor, stranger = await page_of(house, "dr.martin"), await page_of(house, "ide.moreau")
    await write(doctor, number_of(house, "ide.moreau"), dossier=NUMBER)
    await stranger.hear("message")
    await write(stranger, number_of(house, "dr.martin"), "Oui", "k-2")
    assert (await stranger.hear("message"))["dossier"] == ""
    await doctor.hear("message")
    assert (await doctor.hear("message"))["dossier"] == NUMBER


async def test_nobody_writes_out_of_nowhere_or_from_a_dossier_that_is_not_theirs(house: House) -> None:
    stranger, doctor = await page_of(house, "ide.moreau"), await page_of(house, "dr.martin")
    martin = number_of(house, "dr.martin")
    await write(stranger, martin)
    assert "depuis un télédossier" in (await stranger.hear("error"))["message"]
    await write(stranger, martin, key="k-2", dossier=NUMBER)
    refusal = await stranger.hear("error")
    assert (refusal["code"], refusal["key"]) == ("introuvable", "k-2")
    assert await doctor.hears_nothing("message")


async def test_a_third_person_reads_nothing_of_two_others(house: House) -> None:
    doctor, other, third = [await page_of(house, login) for login in ("dr.martin", "dr.leroy", "dr.petit")]
    await write(doctor, number_of(house, "dr.leroy"), dossier=NUMBER)
    message = await other.hear("message")
    for login in ("dr.martin", "dr.leroy"):
        await third.say("open", person=number_of(house, login))
        assert (await third.hear("exchange"))["messages"] == []
    await third.say("read", person=number_of(house, "dr.martin"), upto=message["id"])
    assert await third.hears_nothing("message", "unread")
    platform = house.world.platform
    assert direct.unread_of(platform, house.world.dr_leroy) == {number_of(house, "dr.martin"): 1}
    assert direct.find(platform, house.world.dr_petit, message["id"]) is None


async def test_a_message_that_is_sent_again_is_kept_once(house: House) -> None:
    doctor, other = await page_of(house, "dr.martin"), await page_of(house, "dr.leroy")
    for _ in range(2):
        await write(doctor, number_of(house, "dr.leroy"), dossier=NUMBER)
    await other.hear("message")
    await other.say("open", person=number_of(house, "dr.martin"))
    assert len((await other.hear("exchange"))["messages"]) == 1


# -- who is there


async def test_who_has_a_living_page_is_there_and_who_closes_it_is_gone(house: House) -> None:
    doctor = await page_of(house, "dr.martin")
    other = await page_of(house, "dr.leroy")
    leroy = number_of(house, "dr.leroy")
    while leroy not in (await doctor.hear("here"))["people"]:
        pass
    other.close()
    while leroy in (await doctor.hear("here"))["people"]:
        pass
    await doctor.say("find", query="leroy")
    [found] = (await doctor.hear("colleagues"))["people"]
    assert (found["name"], found["here"]) == ("Dr Hugo LEROY", False)


async def test_who_is_connected_to_another_web_process_is_there_too(house: House) -> None:
    doctor = await page_of(house, "dr.martin")
    bus, leroy = house.world.platform.bus, number_of(house, "dr.leroy")
    bus.publish(direct_lines.HERE, {"process": "another", "people": [leroy]})
    while leroy not in (await doctor.hear("here"))["people"]:
        pass
    asked: list[object] = []
    bus.subscribe(direct_lines.HERE, asked.append)
    bus.publish(direct_lines.WHO, {"process": "a third"})
    async with asyncio.timeout(60):
        while not asked:
            await asyncio.sleep(0.01)
    assert isinstance(bus, MemoryBus)


async def test_a_message_whose_event_was_lost_is_asked_for_when_the_process_learns_of_it(house: House) -> None:
    doctor, other = await page_of(house, "dr.martin"), number_of(house, "dr.leroy")
    page = await page_of(house, "dr.leroy")
    deaf = replace(house.world.platform, bus=MemoryBus())
    direct.send(deaf, house.world.dr_martin, other, "Un avis ?", "k-1", NUMBER)
    house.world.platform.bus.publish(MISSED, {})
    told = await page.hear("hello")  # on which a page asks for the exchange it shows
    assert told["unread"] == [{"person": number_of(house, "dr.martin"), "count": 1}]
    assert (await doctor.hear("hello"))["unread"] == []


async def test_colleagues_are_found_by_name_and_never_the_administrator_or_oneself(house: House) -> None:
    doctor = await page_of(house, "dr.martin")
    for query, names in (("leroy", ["Dr Hugo LEROY"]), ("nadia dub", ["Nadia DUBOIS"]), ("martin", []), ("%", None)):
        await doctor.say("find", query=query)
        people = [each["name"] for each in (await doctor.hear("colleagues"))["people"]]
        assert names is None or people == names
        assert "Dr Claire MARTIN" not in people


# -- who is refused


async def test_without_a_login_and_with_a_guest_s_cookie_there_is_no_line(house: House) -> None:
    invitation, cookie = house.browser(house.invite()[1])
    for held in ("", f"invitation-{invitation}={cookie}"):
        with pytest.raises(HTTPClientError) as refused:
            await house.connect("/api/messages", held)
        assert refused.value.code == 401


@pytest.mark.parametrize("origin", ["https://evil.example", "null", None])
async def test_a_page_of_another_site_has_no_line(house: House, origin: str | None) -> None:
    with pytest.raises(HTTPClientError) as refused:
        await house.connect("/api/messages", f"session={house.log_in('dr.martin')}", origin)
    assert refused.value.code == 403


@pytest.mark.parametrize("how", ["logout", "suspended"])
async def test_who_is_logged_out_or_suspended_is_cut_off_and_told_nothing_more(house: House, how: str) -> None:
    secret = house.log_in("dr.leroy")
    doctor, other = await page_of(house, "dr.martin"), await page_of(house, "dr.leroy", secret)
    platform = house.world.platform
    if how == "logout":
        login_sessions.end(platform, secret)
    else:
        with platform.transaction() as session:
            person = session.get_one(Professional, number_of(house, "dr.leroy"))
            person.suspended = True
            session.add(person)
    await write(doctor, number_of(house, "dr.leroy"), dossier=NUMBER)
    assert await other.closed() == 4401
    assert not any(message["t"] == "message" for message in other.early)
    if how == "suspended":
        assert (await doctor.hear("error"))["code"] == "introuvable"


@pytest.mark.parametrize(
    "frame",
    ["", "[]", '{"t":"send"}', '{"t":"send","to":"1","text":"x","key":"k"}', '{"t":"nothing"}', "{" * 200,
     '{"t":"open","person":true}', '{"t":"find","query":"x","more":1}'],
)  # fmt: skip
async def test_what_is_no_message_of_ours_is_refused_and_the_line_stays(house: House, frame: str) -> None:
    doctor = await page_of(house, "dr.martin")
    await doctor.socket.write_message(frame)
    assert (await doctor.hear("error"))["code"] == "saisie"
    assert await doctor.hears_nothing("message")


async def test_a_message_too_long_or_too_many_are_refused_and_a_flood_is_cut_off(house: House) -> None:
    doctor = await page_of(house, "dr.martin")
    leroy = number_of(house, "dr.leroy")
    await write(doctor, leroy, "x" * (direct.LONGEST + 1), dossier=NUMBER)
    assert "trop long" in (await doctor.hear("error"))["message"]
    for count in range(12):
        await write(doctor, leroy, key=f"k-{count}", dossier=NUMBER)
    assert "Trop de messages" in (await doctor.hear("error"))["message"]
    for _ in range(70):
        await doctor.say("send")
    assert await doctor.closed() == 4429


async def test_the_journal_says_who_wrote_to_whom_and_never_what(house: House) -> None:
    doctor = await page_of(house, "dr.martin")
    await write(doctor, number_of(house, "dr.leroy"), "Secret", dossier=NUMBER)
    await doctor.hear("message")
    with house.world.platform.reading() as session:
        [row] = session.exec(select(AuditEntry).where(AuditEntry.action == "direct.sent")).all()
    assert (row.actor_name, row.subject) == ("Dr Claire MARTIN", "Dr Hugo LEROY")
    assert "Secret" not in row.subject + row.detail
