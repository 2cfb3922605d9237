"""The room over real WebSockets: who gets in, what is relayed, and what happens to who should not be there."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tornado.httpclient import AsyncHTTPClient, HTTPClientError

from app.bus import MISSED, MemoryBus
from app.dossiers.models import Dossier, Step
from app.errors import WrongStep
from app.identity import login_sessions
from app.messaging import worker
from app.teleconsultation import hub, invitations
from app.teleconsultation.messages import LARGEST_MESSAGE
from app.teleconsultation.presence import EIGHT, GRACE, RETURNING
from tests.support.people import small_world
from tests.support.room import BLUE, DEVICES, GREEN, NUMBER, SDP, House, Page, open_house

CLOSED, OTHER_OF_MARTIN = "TLM-2026-0003", "TLM-2026-0006"
FOR_TWO = replace(EIGHT, capacity=2)
CANDIDATE = {"candidate": "candidate:1 1 udp 1 10.0.0.1 9 typ host", "sdpMid": "0"}


@pytest.fixture
async def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    monkeypatch.setattr(hub, "SILENCE", 60.0)  # these pages never ping: a busy machine is no broken line
    async with open_house(small_world(database_url=f"sqlite:///{tmp_path}/t.db", cookie_secret="s3cret")) as house:
        yield house


async def two_inside(house: House) -> tuple[Page, Page]:
    """The nurse first, then the doctor."""
    nurse, doctor = await house.page_of("ide.dubois"), await house.page_of("dr.martin")
    await nurse.join()
    await doctor.join(offer=SDP)
    return nurse, doctor


async def guest_at_the_door(house: House, name: str = "Paul MERCIER") -> tuple[Page, int, str]:
    invitation, secret = house.invite(name)
    guest = await house.guest(secret)
    await guest.say("wait", **DEVICES)
    await guest.hear("waiting")
    return guest, invitation, secret


async def doctor_and_guest_inside(house: House) -> tuple[Page, Page, int, str]:
    doctor = await house.page_of("dr.martin")
    await doctor.join()
    guest, invitation, secret = await guest_at_the_door(house)
    await doctor.say("admit", guest=str(invitation))
    await guest.join((await guest.hear("admitted"))["room"], offer=SDP)
    return doctor, guest, invitation, secret


# -- the door


async def test_without_a_login_there_is_no_line(house: House) -> None:
    with pytest.raises(HTTPClientError) as refused:
        await house.connect(f"/api/salle?dossier={NUMBER}", "")
    assert refused.value.code == 401


async def test_a_page_whose_login_has_ended_is_told_so_and_closed_with_4401(house: House) -> None:
    secret = house.log_in("dr.martin")
    login_sessions.end(house.world.platform, secret)
    page = await house.page_of("dr.martin", secret=secret)
    assert (await page.hear("error"))["code"] == "non-connecte"
    assert await page.closed() == 4401


@pytest.mark.parametrize("origin", ["https://evil.example", "null", None])
async def test_a_page_of_another_site_has_no_line(house: House, origin: str | None) -> None:
    for path, cookie in (
        (f"/api/salle?dossier={NUMBER}", f"session={house.log_in('dr.martin')}"),
        ("/api/invitation/salle?invitation=1", f"invitation-1={house.invite()[1]}"),
    ):
        with pytest.raises(HTTPClientError) as refused:
            await house.connect(path, cookie, origin)
        assert refused.value.code == 403


@pytest.mark.parametrize("number", [NUMBER, "TLM-2026-9999", "../x"])
async def test_a_foreign_dossier_is_answered_as_if_it_did_not_exist(house: House, number: str) -> None:
    with pytest.raises(HTTPClientError) as refused:
        await house.page_of("ide.moreau", number)
    assert refused.value.code == 404
    assert ("dossier.refused" in house.journal()) == (number == NUMBER)


async def test_a_guest_without_a_good_link_has_no_line(house: House) -> None:
    with pytest.raises(HTTPClientError) as refused:
        await house.connect("/api/invitation/salle", "")
    assert refused.value.code == 410
    altered = await house.guest("A" * 43)
    assert (await altered.hear("error"))["code"] == "invitation"
    assert await altered.closed() == 4401


# -- entering


async def test_the_first_words_say_who_one_is_and_which_rooms_there_are(house: House) -> None:
    page = await house.page_of("dr.martin")
    hello = await page.hear("hello")
    assert hello["me"] == {
        "name": "Dr Claire MARTIN", "detail": "gériatre, CH de Caen", "role": "professional", "professional": True,
    }  # fmt: skip
    assert next((r["id"], r["planned"], r["people"], r["full"]) for r in hello["rooms"]) == (BLUE, True, [], False)


async def test_who_enters_calls_and_the_offer_reaches_the_one_inside_in_the_same_message(house: House) -> None:
    nurse, doctor = await two_inside(house)
    entered = await nurse.hear("entered")
    assert (entered["offer"], entered["person"]["name"], entered["resumed"]) == (SDP, "Dr Claire MARTIN", False)
    assert [person["name"] for person in doctor.joined["people"]] == ["Nadia DUBOIS"]
    assert doctor.joined["capacity"] == 8
    await house.until_step(Step.IN_CALL)


async def test_descriptions_candidates_and_states_are_relayed_to_the_other_and_nobody_else(house: House) -> None:
    nurse, doctor = await two_inside(house)
    answer = {"type": "answer", "sdp": SDP}
    await nurse.say("sdp", to=doctor.joined["id"], description=answer)
    await nurse.say("ice", to=doctor.joined["id"], candidate=CANDIDATE)
    await nurse.say("ice", to=doctor.joined["id"], candidate=None)
    await nurse.say("state", camera=False, microphone=True)
    me = nurse.joined["id"]
    assert await doctor.hear("sdp") == {"t": "sdp", "description": answer, "from": me}
    assert await doctor.hear("ice") == {"t": "ice", "candidate": CANDIDATE, "from": me}
    assert (await doctor.hear("ice"))["candidate"] is None
    state = {"t": "state", "from": me, "camera": False, "microphone": True, "silenced": False}
    state |= {"aux": "", "auscultation": False}
    assert await doctor.hear("state") == state
    assert await nurse.hears_nothing("sdp", "ice", "state")


async def test_nothing_is_relayed_between_rooms(house: House) -> None:
    nurse, other = await house.page_of("ide.dubois"), await house.page_of("dr.martin", OTHER_OF_MARTIN)
    await nurse.join()
    await other.join(GREEN)
    await other.say("sdp", to=nurse.joined["id"], description={"type": "offer", "sdp": SDP})
    await other.hears_nothing()
    assert await nurse.hears_nothing("sdp")


async def test_the_offer_does_not_wait_for_the_database(house: House) -> None:
    nurse, doctor = await house.page_of("ide.dubois"), await house.page_of("dr.martin")
    await nurse.join()
    await house.until_step(Step.IN_CALL)
    with house.world.platform.transaction() as elsewhere:  # another process writes, and takes its time
        elsewhere.get_one(Dossier, 1)
        await doctor.say("join", room=BLUE, **DEVICES, offer=SDP)
        await nurse.hear("entered")
        await doctor.hear("joined")
        await nurse.say("sdp", to=nurse.joined["id"], description={"type": "answer", "sdp": SDP})
        assert house.journal().count("room.entered") == 1
    async with asyncio.timeout(60):
        while house.journal().count("room.entered") < 2:
            await asyncio.sleep(0.01)


async def test_who_may_not_be_inside_after_all_is_taken_out_and_told(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    nurse = await house.page_of("ide.dubois")
    await nurse.join()
    await house.until_step(Step.IN_CALL)
    doctor = await house.page_of("dr.martin")

    def closed_meanwhile(*_arguments: object, **_options: object) -> Step:
        raise WrongStep

    monkeypatch.setattr("app.teleconsultation.service.enter", closed_meanwhile)
    await doctor.say("join", room=BLUE, **DEVICES, offer=SDP)
    await doctor.hear("joined")
    error = await doctor.hear("error")
    assert (error["about"], error["code"]) == ("join", "etape")
    assert (await doctor.hear("removed"))["message"] == error["message"]
    await nurse.hear("entered")
    assert (await nurse.hear("left"))["name"] == "Dr Claire MARTIN"
    assert house.journal().count("room.left") == 0  # who was never in is not journalled as having left


async def test_who_quits_at_once_leaves_no_call_behind(house: House) -> None:
    nurse = await house.page_of("ide.dubois")
    await nurse.say("join", room=BLUE, **DEVICES)
    await nurse.say("leave")
    await nurse.hear("joined")
    async with asyncio.timeout(60):
        while not {"room.entered", "room.left"} <= set(house.journal()):
            await asyncio.sleep(0.01)
    assert [action for action in house.journal() if action.startswith("room.")] == ["room.entered", "room.left"]
    await house.until_step(Step.OPINION_DUE)


async def test_a_closed_dossier_s_room_stays_shut(house: House) -> None:
    page = await house.page_of("dr.martin", CLOSED)
    await page.say("join", room=BLUE, **DEVICES)
    error = await page.hear("error")
    assert (error["about"], error["code"]) == ("join", "etape")
    assert house.hub.presence.is_empty()


async def test_one_too_many_is_told_in_plain_words_that_the_room_is_full(house: House) -> None:
    house.hub.presence.topology = FOR_TWO
    await two_inside(house)
    third = await house.page_of("dr.petit")
    await third.say("join", room=BLUE, **DEVICES, offer=SDP)
    full = await third.hear("full")
    assert full["room"] == BLUE
    assert "huit personnes au plus" in full["message"]
    await third.join(GREEN)


async def test_another_dossier_s_people_are_told_that_the_room_is_taken(house: House) -> None:
    nurse = await house.page_of("ide.dubois")
    await nurse.join()
    doctor = await house.page_of("dr.martin", OTHER_OF_MARTIN)
    await doctor.say("join", room=BLUE, **DEVICES)
    error = await doctor.hear("error")
    assert error["code"] == "salle-occupee"
    assert "Salle Bleue est occupée par une autre téléconsultation" in error["message"]


async def test_who_follows_the_rooms_sees_people_come_and_go_but_no_stranger_s_guest_by_name(house: House) -> None:
    watcher = await house.page_of("dr.martin", OTHER_OF_MARTIN)
    await watcher.say("rooms")
    await watcher.hear("rooms")
    doctor, guest, _invitation, _secret = await doctor_and_guest_inside(house)
    seen = [(await watcher.hear("rooms"))["rooms"][0]["people"] for _ in range(2)]
    assert seen == [["Dr MARTIN"], ["Dr MARTIN", "1 invité"]]
    await guest.say("leave")
    assert (await watcher.hear("rooms"))["rooms"][0]["people"] == ["Dr MARTIN"]
    await doctor.say("leave")
    assert (await watcher.hear("rooms"))["rooms"][0]["people"] == []


async def test_the_last_professional_out_leaves_an_opinion_due(house: House) -> None:
    nurse, doctor = await two_inside(house)
    await house.until_step(Step.IN_CALL)
    await doctor.say("leave")
    assert (await nurse.hear("left"))["name"] == "Dr Claire MARTIN"
    assert house.step() is Step.IN_CALL
    await nurse.say("leave")
    await house.until_step(Step.OPINION_DUE)


# -- broken lines


async def test_a_broken_line_keeps_its_place_and_what_was_said_meanwhile(house: House) -> None:
    nurse, doctor = await two_inside(house)
    await nurse.hear("entered")
    nurse.close()
    await asyncio.sleep(0.05)
    await doctor.say("ice", to=nurse.joined["id"], candidate=CANDIDATE)
    await doctor.hears_nothing()
    back = await house.page_of("ide.dubois")
    joined = await back.join(resume=nurse.resume)
    assert (joined["id"], joined["resumed"]) == (nurse.joined["id"], True)
    assert (await back.hear("ice"))["candidate"] == CANDIDATE
    assert (await doctor.hear("entered"))["resumed"] is True
    assert await doctor.hears_nothing("left")


async def test_a_place_not_taken_back_in_time_is_given_up(house: House) -> None:
    nurse, doctor = await two_inside(house)
    nurse.close()
    await asyncio.sleep(0.05)
    assert await doctor.hears_nothing("left")
    house.world.clock.at += GRACE
    house.hub.tick()
    assert (await doctor.hear("left"))["id"] == nurse.joined["id"]
    house.world.clock.at += RETURNING + timedelta(seconds=1)
    house.hub.tick()
    late = await house.page_of("ide.dubois")
    joined = await late.join(resume=nurse.resume)
    assert (joined["resumed"], joined["id"] == nurse.joined["id"]) == (False, False)


async def test_after_the_server_was_killed_everybody_comes_back_under_the_same_id(house: House) -> None:
    nurse, doctor = await two_inside(house)
    await house.until_step(Step.IN_CALL)
    before = [nurse.joined, doctor.joined]
    await house.kill()
    back = [await house.page_of("ide.dubois"), await house.page_of("dr.martin")]
    joined = [
        await page.join(resume={"id": j["id"], "proof": j["proof"]}) for page, j in zip(back, before, strict=True)
    ]
    assert [j["id"] for j in joined] == [j["id"] for j in before]
    assert [j["since"] for j in joined] == [j["since"] for j in before]
    assert all(j["resumed"] for j in joined)
    entered = await back[0].hear("entered")
    assert (entered["resumed"], "offer" in entered) == (True, False)


async def test_after_the_server_was_killed_an_admitted_guest_may_be_the_first_to_come_back(house: House) -> None:
    _doctor, guest, _invitation, secret = await doctor_and_guest_inside(house)
    resume = guest.resume
    await house.kill()
    back = await house.guest(secret)
    joined = await back.join(resume=resume)
    assert (joined["id"], joined["resumed"], joined["people"]) == (resume["id"], True, [])


@pytest.mark.parametrize("forged", ["proof", "person"])
async def test_a_place_cannot_be_taken_with_a_wrong_proof_or_by_somebody_else(house: House, forged: str) -> None:
    doctor = await house.page_of("dr.martin")
    await doctor.join()
    resume = {**doctor.resume, "proof": "x" * 43} if forged == "proof" else doctor.resume
    thief = await house.page_of("ide.dubois")
    joined = await thief.join(resume=resume)
    assert (joined["resumed"], joined["id"] == doctor.joined["id"]) == (False, False)
    assert await doctor.hears_nothing("removed")


async def test_a_second_page_of_the_same_person_takes_the_place_of_the_first(house: House) -> None:
    nurse, doctor = await two_inside(house)
    again = await house.page_of("dr.martin")
    await again.join(offer=SDP)
    assert "autre page" in (await doctor.hear("removed"))["message"]
    assert (await nurse.hear("left"))["id"] == doctor.joined["id"]
    assert [person["name"] for person in again.joined["people"]] == ["Nadia DUBOIS"]


async def test_who_is_silent_for_five_seconds_has_lost_the_line(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert hub.SILENCE == 5
    nurse, doctor = await two_inside(house)
    for line in house.hub.lines:
        if line.participant == nurse.joined["id"]:
            line.heard_at -= hub.SILENCE
    house.hub.tick()
    assert await nurse.closed() == 4408
    assert house.hub.presence.find(nurse.joined["id"]) is not None
    assert await doctor.hears_nothing("left")


# -- the waiting room


async def test_a_guest_waits_is_admitted_and_only_then_may_join(house: House) -> None:
    doctor = await house.page_of("dr.martin")
    await doctor.join()
    guest, invitation, _secret = await guest_at_the_door(house)
    lobby = await doctor.hear("lobby")
    assert [(g["id"], g["name"], g["role"]) for g in lobby["guests"]] == [
        (str(invitation), "Paul MERCIER", "caregiver")
    ]
    await guest.say("join", room=BLUE, **DEVICES)
    assert (await guest.hear("error"))["code"] == "non-admis"
    await doctor.say("admit", guest=str(invitation))
    assert (await guest.hear("admitted"))["room"] == BLUE
    assert (await doctor.hear("lobby"))["guests"] == []
    joined = await guest.join(offer=SDP)
    assert [person["name"] for person in joined["people"]] == ["Dr Claire MARTIN"]
    assert (joined["lobby"], joined["invitations"]) == ([], [])  # not for guests
    assert (await doctor.hear("entered"))["offer"] == SDP


async def test_a_guest_is_told_who_knows_that_they_wait(house: House) -> None:
    _invitation, secret = house.invite()
    guest = await house.guest(secret)
    hello = await guest.hear("hello")
    assert hello["me"]["professional"] is False
    assert hello["appointment"]["doctor"] == "Dr Claire MARTIN"
    await guest.say("wait", **DEVICES)
    assert "doctor" not in await guest.hear("waiting")  # nobody is there yet
    doctor = await house.page_of("dr.martin")
    await doctor.join()
    assert (await guest.hear("waiting"))["doctor"] == "Dr Claire MARTIN"


async def test_people_who_wait_do_not_flow_in_when_the_professional_arrives(house: House) -> None:
    guest, _invitation, _secret = await guest_at_the_door(house)
    doctor = await house.page_of("dr.martin")
    joined = await doctor.join()
    assert [waiting["name"] for waiting in joined["lobby"]] == ["Paul MERCIER"]
    assert await guest.hears_nothing("admitted")


async def test_a_refused_guest_is_told_and_cannot_come_back_with_the_same_link(house: House) -> None:
    doctor = await house.page_of("dr.martin")
    await doctor.join()
    guest, invitation, secret = await guest_at_the_door(house)
    await doctor.say("refuse", guest=str(invitation))
    assert "Appelez" in (await guest.hear("refused"))["message"]
    assert await guest.closed() == 4401
    again = await house.guest(secret)
    assert await again.closed() == 4401


@pytest.mark.parametrize("t", ["admit", "refuse", "invite", "withdraw", "rooms"])
async def test_a_guest_may_do_nothing_that_is_a_professional_s(house: House, t: str) -> None:
    _doctor, guest, invitation, _secret = await doctor_and_guest_inside(house)
    fields = {
        "admit": {"guest": str(invitation)},
        "refuse": {"guest": str(invitation)},
        "invite": {"channel": "email", "address": "a@b.fr", "name": "X", "role": "patient", "key": "k"},
        "withdraw": {"invitation": str(invitation)},
        "rooms": {},
    }[t]
    await guest.say(t, **fields)
    assert (await guest.hear("error"))["code"] == "acces-refuse"


async def test_a_professional_admits_only_from_inside_the_room_and_only_the_dossier_s_guests(house: House) -> None:
    _guest, invitation, _secret = await guest_at_the_door(house)
    outside = await house.page_of("dr.martin")
    await outside.say("admit", guest=str(invitation))
    assert (await outside.hear("error"))["about"] == "admit"
    elsewhere = await house.page_of("dr.martin", OTHER_OF_MARTIN)
    await elsewhere.join(GREEN)
    await elsewhere.say("admit", guest=str(invitation))
    assert (await elsewhere.hear("error"))["about"] == "admit"
    assert await elsewhere.hears_nothing("lobby")


async def test_nobody_is_admitted_into_a_full_room(house: House) -> None:
    house.hub.presence.topology = FOR_TWO
    _nurse, doctor = await two_inside(house)
    guest, invitation, _secret = await guest_at_the_door(house)
    await doctor.say("admit", guest=str(invitation))
    assert "huit personnes au plus" in (await doctor.hear("error"))["message"]
    assert await guest.hears_nothing("admitted")


async def test_a_guest_who_falls_silent_vanishes_from_the_door(house: House) -> None:
    doctor = await house.page_of("dr.martin")
    await doctor.join()
    guest, _invitation, _secret = await guest_at_the_door(house)
    await doctor.hear("lobby")
    guest.close()
    await asyncio.sleep(0.05)
    house.hub.tick()
    assert await doctor.hears_nothing("lobby")
    house.world.clock.pass_by(seconds=5)
    house.hub.tick()
    assert (await doctor.hear("lobby"))["guests"] == []


async def test_a_withdrawn_link_ends_the_guest_s_line_at_once(house: House) -> None:
    doctor, guest, invitation, secret = await doctor_and_guest_inside(house)
    started = time.monotonic()
    await doctor.say("withdraw", invitation=str(invitation))
    assert "retirée" in (await guest.hear("removed"))["message"]
    assert await guest.closed() == 4401
    assert time.monotonic() - started < 10  # well before the look of every CHECK_EVERY seconds
    assert (await doctor.hear("left"))["name"] == "Paul MERCIER"
    assert await (await house.guest(secret)).closed() == 4401


async def test_guests_are_out_when_the_professionals_have_left(house: House) -> None:
    doctor, guest, _invitation, _secret = await doctor_and_guest_inside(house)
    await doctor.say("leave")
    await guest.hear("left")
    house.hub.tick()
    assert await guest.hears_nothing("removed")  # the doctor may only be reloading the page
    house.world.clock.pass_by(seconds=16)
    house.hub.tick()
    assert "terminée" in (await guest.hear("removed"))["message"]
    assert house.hub.presence.is_empty()


async def test_after_the_call_a_guest_waits_again(house: House) -> None:
    doctor, guest, _invitation, _secret = await doctor_and_guest_inside(house)
    house.world.clock.pass_by(seconds=1)
    await guest.say("leave")
    await doctor.hear("left")
    await asyncio.sleep(0.1)
    house.world.clock.pass_by(seconds=1)
    await guest.say("wait", **DEVICES)
    await guest.hear("waiting")
    assert await guest.hears_nothing("admitted")


# -- invitations seen from the room


async def test_the_inviter_follows_the_invitation_from_sending_to_inside(house: House) -> None:
    doctor = await house.page_of("dr.martin")
    await doctor.join()
    wish = {"channel": "email", "address": "anne@example.org", "name": "Anne", "role": "patient", "key": "w-1"}
    await doctor.say("invite", **wish)
    states = [await state_of(doctor)]
    await worker.send_due(house.world.platform)
    states.append(await state_of(doctor))
    [(mail, _id)] = house.world.platform.mail.sent  # type: ignore[attr-defined]
    secret = mail.body.split("/invitation/")[1].split()[0]
    house.browsers[secret] = house.browser(secret)
    states.append(await state_of(doctor))
    guest = await house.guest(secret)
    await guest.say("wait", **DEVICES)
    states.append(await state_of(doctor))
    assert states == ["sending", "sent", "opened", "waiting"]
    listed = (await doctor.hear("lobby"))["guests"][0]["id"]
    await doctor.say("admit", guest=listed)
    await guest.join((await guest.hear("admitted"))["room"])
    while (state := await state_of(doctor)) != "inside":
        assert state in ("left", "waiting")
    await doctor.say("invite", **wish)  # resent by the page: invites nobody twice
    await doctor.hears_nothing()
    assert len(house.world.platform.mail.sent) == 1  # type: ignore[attr-defined]


async def test_a_withdrawn_invitation_whose_event_was_lost_still_puts_its_guest_out(house: House) -> None:
    doctor, guest, invitation, _secret = await doctor_and_guest_inside(house)
    deaf = replace(house.world.platform, bus=MemoryBus())
    invitations.withdraw(deaf, house.world.dr_martin, NUMBER, invitation)
    house.world.platform.bus.publish(MISSED, {})
    await guest.hear("removed")
    while await state_of(doctor) != "withdrawn":
        pass


async def state_of(page: Page) -> str:
    [invitation] = (await page.hear("invitations"))["invitations"]
    return str(invitation["state"])


async def test_a_wish_that_cannot_be_is_answered_under_its_key(house: House) -> None:
    doctor = await house.page_of("dr.martin")
    await doctor.say("invite", channel="email", address="nowhere", name="Anne", role="patient", key="w-1")
    error = await doctor.hear("error")
    assert (error["about"], error["key"]) == ("invite", "w-1")
    assert "adresse" in error["message"]


# -- the discussion


async def test_a_line_reaches_everybody_and_is_kept(house: House) -> None:
    nurse, doctor = await two_inside(house)
    await doctor.say("chat", text="Bonjour", key="k-1")
    heard, echo = await nurse.hear("chat"), await doctor.hear("chat")
    assert (heard["text"], heard["name"], heard["mine"]) == ("Bonjour", "Dr MARTIN", False)
    assert (echo["key"], echo["mine"]) == ("k-1", True)
    await doctor.say("chat", text="Bonjour", key="k-1")
    await doctor.hear("chat")
    assert await nurse.hears_nothing("chat")
    back = await house.page_of("ide.dubois")
    joined = await back.join()
    assert [line["text"] for line in joined["chat"]] == ["Bonjour"]


async def test_nobody_writes_from_outside(house: House) -> None:
    page = await house.page_of("dr.martin")
    await page.say("chat", text="Bonjour", key="k-1")
    error = await page.hear("error")
    assert (error["about"], error["key"]) == ("chat", "k-1")


# -- floods and faults


async def test_what_is_no_message_is_answered_and_the_line_stays_open(house: House) -> None:
    page = await house.page_of("dr.martin")
    for frame in ("", "[]", '{"t":"nothing"}', "x" * (LARGEST_MESSAGE + 1), b"\x00\x01"):
        await page.socket.write_message(frame, binary=isinstance(frame, bytes))
        assert (await page.hear("error"))["message"]
    assert await page.hears_nothing()


async def test_a_frame_far_too_large_ends_the_line(house: House) -> None:
    page = await house.page_of("dr.martin")
    await page.socket.write_message("x" * (2 * LARGEST_MESSAGE + 1))
    assert await page.closed() == 1009


async def test_too_many_lines_at_once_are_refused_one_by_one(house: House) -> None:
    nurse, doctor = await two_inside(house)
    for number in range(30):
        await doctor.say("chat", text="a", key=f"k-{number}")
    error = await doctor.hear("error")
    assert error["about"] == "chat"
    assert int(error["key"].removeprefix("k-")) >= 10  # ten at once; a busy machine reads the others later
    for _ in range(10):
        await nurse.hear("chat")


async def test_a_flood_is_cut_off(house: House) -> None:
    nurse, doctor = await two_inside(house)
    for _ in range(300):
        await doctor.socket.write_message(json.dumps({"t": "state", **DEVICES}))
    assert await doctor.closed() == 4429
    assert (await nurse.hear("left"))["name"] == "Dr Claire MARTIN"


async def test_a_page_that_reads_nothing_does_not_fill_the_memory(house: House) -> None:
    nurse, _doctor = await two_inside(house)
    line = next(line for line in house.hub.lines if line.person.name == "Dr Claire MARTIN")
    for _ in range(40):  # nobody hears them, the kernel keeps a few
        line.tell({"t": "chat", "text": "x" * 1_000_000})
    async with asyncio.timeout(60):
        while line.is_open:
            await asyncio.sleep(0.01)
    assert house.hub.presence.everybody()[1].lost_at is not None  # their place is kept, as with any broken line
    assert await nurse.hears_nothing("left")


# -- rights that end


async def test_logging_out_ends_the_line_within_two_seconds_and_leaves_another_login_alone(house: House) -> None:
    secret, other = house.log_in("dr.martin"), house.log_in("dr.martin")
    page, elsewhere = await house.page_of("dr.martin", secret=secret), await house.page_of("dr.martin", secret=other)
    await page.join()
    started = time.monotonic()
    login_sessions.end(house.world.platform, secret)
    assert await page.closed() == 4401
    assert time.monotonic() - started < 4  # two are promised; a busy machine has the rest
    assert house.hub.presence.is_empty()
    assert await elsewhere.hears_nothing("error")


async def test_a_suspended_person_is_out_at_the_next_act_that_counts(house: House) -> None:
    page = await house.page_of("dr.martin")
    await page.join()
    await house.until_step(Step.IN_CALL)
    with house.world.platform.transaction() as session:
        person = session.merge(house.world.dr_martin)
        person.suspended = True
        session.add(person)
    await page.say("chat", text="Bonjour", key="k-1")
    assert (await page.hear("error"))["code"] == "non-connecte"
    assert await page.closed() == 4401
    await house.until_step(Step.OPINION_DUE)


async def test_a_login_does_not_run_out_during_a_call_but_does_while_only_looking_on(house: House) -> None:
    inside, looking = await house.page_of("dr.martin"), await house.page_of("ide.dubois")
    await inside.join()
    for _ in range(5):
        house.world.clock.pass_by(minutes=4)
        for line in house.hub.lines:
            line.checked_at -= 30
        house.hub.tick()
        await asyncio.gather(*house.hub._work)
    assert await inside.hears_nothing("error", "removed")
    assert await looking.closed() == 4401


async def test_who_loses_the_dossier_is_out_at_the_next_act_that_counts(house: House) -> None:
    page = await house.page_of("dr.martin")
    await page.join()
    await house.until_step(Step.IN_CALL)
    with house.world.platform.transaction() as session:
        dossier = session.get_one(Dossier, 1)
        dossier.expert_id = house.world.dr_leroy.id
        session.add(dossier)
    await page.say("chat", text="Bonjour", key="k-1")
    assert await page.closed() == 4401


async def test_what_is_said_never_shows_more_than_the_protocol_names(house: House) -> None:
    nurse, doctor = await two_inside(house)
    everything = json.dumps([nurse.joined, doctor.joined, await nurse.hear("entered")])
    for private in ("rpps", "99700000011", "+3369", "password", "@demo", "Jeanne", "comportement"):
        assert private not in everything


async def test_plain_requests_to_the_sockets_answer_no_upgrade(house: House) -> None:
    answer = await AsyncHTTPClient().fetch(
        f"{house.origin}/api/salle?dossier={NUMBER}",
        headers={"Cookie": f"session={house.log_in('dr.martin')}", "Origin": house.origin},
        raise_error=False,
    )
    assert answer.code == 400
