"""Rooms of many: who goes through the forwarding unit, and what happens when it, or we, die."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from app.platform import PeerGone, QualityChanged, Slot, SlotsChanged, SpeakerChanged
from app.teleconsultation import forwarding
from app.teleconsultation.forwarding import KNOWN_WITHIN
from app.teleconsultation.presence import GRACE, STILL_HEARD
from app.teleconsultation.routes import STEADY
from tests.support.talk import BLUE, DEVICES, Salon, Talker, open_salon

OFFER = "v=0\r\n"


@pytest.fixture
async def salon() -> AsyncIterator[Salon]:
    async with open_salon() as salon:
        yield salon


async def two_inside(salon: Salon) -> tuple[Talker, Talker]:
    nurse, doctor = salon.page_of("ide.dubois"), salon.page_of("dr.martin")
    await nurse.join()
    await doctor.join()
    return nurse, doctor


async def three_on_the_unit(salon: Salon) -> tuple[Talker, Talker, Talker]:
    nurse, doctor = await two_inside(salon)
    guest = await salon.guest_inside(doctor)
    for page in (nurse, doctor, guest):
        await page.publish()
    return nurse, doctor, guest


def routes_heard(page: Talker) -> list[str]:
    return [message["route"] for message in page.all("route")]


# -- the route


async def test_a_room_holds_eight_and_begins_direct(salon: Salon) -> None:
    _nurse, doctor = await two_inside(salon)
    joined = doctor.last("joined")
    assert (joined["capacity"], joined["route"], joined["silenced"]) == (8, "direct", False)
    assert doctor.all("route") == []


async def test_the_ninth_person_is_told_that_the_room_is_full(salon: Salon) -> None:
    _nurse, doctor = await two_inside(salon)
    for number in range(6):
        await salon.guest_inside(doctor, f"Invité {number}")
    ninth = salon.page_of("dr.petit")
    await ninth.say("join", room=BLUE, **DEVICES)
    assert "huit personnes au plus" in ninth.last("full")["message"]


async def test_the_third_person_brings_everybody_onto_the_unit(salon: Salon) -> None:
    nurse, doctor = await two_inside(salon)
    guest = salon.guest()
    await guest.say("wait", **DEVICES)
    await doctor.say("admit", guest=doctor.last("lobby")["guests"][0]["id"])
    assert guest.last("admitted")["unit"] is True
    await guest.join(publish=OFFER, offer=OFFER)
    assert guest.last("joined")["route"] == "unit"
    assert guest.all("route") == []  # `joined` has said it
    assert routes_heard(nurse) == routes_heard(doctor) == ["unit"]
    words = [message["t"] for message in nurse.heard]
    assert words.index("entered", words.index("entered") + 1) < words.index("route")
    [journal] = salon.journal("call.route")
    assert (journal.actor_name, journal.subject) == ("système", "Salle Bleue")
    assert '"reason":"people"' in journal.detail


async def test_the_offer_of_the_lobby_is_answered_right_after_joined(salon: Salon) -> None:
    _nurse, doctor = await two_inside(salon)
    guest = await salon.guest_inside(doctor, publish=OFFER)
    words = [message["t"] for message in guest.heard]
    assert words[words.index("joined") + 1] == "published"
    assert guest.last("published") == {"t": "published", "n": 0, "answer": f"answer to {OFFER}", "slots": []}


async def test_an_offer_for_the_unit_is_left_aside_while_the_room_is_direct(salon: Salon) -> None:
    nurse = salon.page_of("ide.dubois")
    await nurse.join(publish=OFFER)
    assert salon.unit.asked == []
    await nurse.say("publish", offer=OFFER, n=1)
    assert nurse.last("error")["about"] == "publish"


async def test_who_looks_at_the_rooms_learns_that_entering_means_the_unit(salon: Salon) -> None:
    watcher = salon.page_of("dr.petit")
    await watcher.say("rooms")
    assert watcher.last("rooms")["rooms"][0]["unit"] is False
    _nurse, doctor = await two_inside(salon)
    assert watcher.last("rooms")["rooms"][0]["unit"] is True
    await doctor.say("leave")
    assert watcher.last("rooms")["rooms"][0]["unit"] is False


async def test_blocked_brings_the_unit_for_two_and_for_the_rest_of_the_call(salon: Salon) -> None:
    nurse, doctor = await two_inside(salon)
    await nurse.say("blocked", to=doctor.id)
    await nurse.say("blocked", to=doctor.id)
    assert routes_heard(nurse) == routes_heard(doctor) == ["unit"]
    await salon.pass_by(minutes=5)
    assert routes_heard(nurse) == ["unit"]
    assert len(salon.journal("call.route")) == 1
    await nurse.say("leave")
    await doctor.say("leave")
    await doctor.join()
    assert doctor.last("joined")["route"] == "direct"


async def test_no_direct_offer_is_handed_on_in_a_room_on_the_unit(salon: Salon) -> None:
    nurse, doctor = await two_inside(salon)
    await nurse.say("blocked", to=doctor.id)
    await doctor.say("leave")
    await doctor.join(offer=OFFER)
    assert "offer" not in nurse.last("entered")


async def test_thirty_seconds_at_two_lead_back_and_nobody_loses_the_unit_before_leaving_it(salon: Salon) -> None:
    nurse, doctor, guest = await three_on_the_unit(salon)
    await guest.say("leave")
    await salon.pass_by(seconds=STEADY.total_seconds() - 1)
    assert routes_heard(nurse) == ["unit"]
    await salon.pass_by(seconds=1)
    assert routes_heard(nurse) == routes_heard(doctor) == ["unit", "direct"]
    assert set(salon.unit.peers) == {nurse.id, doctor.id}
    assert (await nurse.publish(n=7))["n"] == 7  # an ICE restart on the way is still possible
    await nurse.say("unpublish")
    await doctor.say("unpublish")
    assert salon.unit.peers == {}


# -- on the unit


async def test_a_publish_is_answered_with_its_number_and_who_sits_where(salon: Salon) -> None:
    nurse, doctor, guest = await three_on_the_unit(salon)
    assert nurse.last("published")["n"] == 1
    assert [slot["from"] for slot in guest.last("published")["slots"]] == [nurse.id, doctor.id]
    assert {peer.room for peer in salon.unit.peers.values()} == {f"{BLUE}.1"}


async def test_the_unit_s_news_reach_whom_they_concern(salon: Salon) -> None:
    nurse, doctor, guest = await three_on_the_unit(salon)
    salon.unit.tell(SlotsChanged(nurse.id, (Slot("4", "video", guest.id, "cam"),)))
    salon.unit.tell(SpeakerChanged(f"{BLUE}.1", doctor.id))
    salon.unit.tell(QualityChanged(guest.id, 1))
    salon.unit.tell(QualityChanged("nobody", 1))
    assert nurse.last("slots")["slots"] == [{"mid": "4", "kind": "video", "from": guest.id, "source": "cam"}]
    assert doctor.all("slots") == []
    for page in (nurse, doctor, guest):
        assert page.last("speaker") == {"t": "speaker", "id": doctor.id}
        assert page.all("quality") == [{"t": "quality", "id": guest.id, "level": 1}]
    late = salon.page_of("dr.petit")
    await late.join()
    assert (late.last("speaker")["id"], late.last("quality")["level"]) == (doctor.id, 1)


@pytest.mark.parametrize("how", ["leave", "withdraw", "refuse", "login", "elsewhere", "grace"])
async def test_whoever_goes_in_whatever_way_is_off_the_unit(salon: Salon, how: str) -> None:
    nurse, doctor, guest = await three_on_the_unit(salon)
    gone = guest
    if how == "leave":
        await guest.say("leave")
    elif how == "withdraw":
        invitation = nurse.last("invitations")["invitations"][0]["id"]
        await nurse.say("withdraw", invitation=invitation)
        assert guest.closed == 4401
    elif how == "refuse":
        with salon.world.platform.transaction() as session:
            invited = session.merge(guest.line.actor)  # type: ignore[union-attr]
            invited.refused_at = salon.world.clock.now()
            session.add(invited)
        await guest.say("chat", text="Bonjour", key="k")
    elif how == "login":
        gone = doctor
        with salon.world.platform.transaction() as session:
            person = session.merge(salon.world.dr_martin)
            person.suspended = True
            session.add(person)
        await doctor.publish(n=2)
        assert doctor.closed == 4401
    elif how == "elsewhere":
        gone = doctor
        again = salon.page_of("dr.martin")
        await again.join()
        assert again.id != doctor.id
    else:
        await guest.lose_line()
        await salon.pass_by(seconds=STILL_HEARD.total_seconds() - 1)
        assert guest.id in salon.unit.peers  # the line may come back, the media never went
        await salon.pass_by(seconds=1)
    assert gone.id not in salon.unit.peers
    assert len(salon.unit.peers) == 2


async def test_who_leaves_while_the_unit_is_answering_does_not_stay_on_it(salon: Salon) -> None:
    _nurse, doctor = await two_inside(salon)
    guest = await salon.guest_inside(doctor)
    salon.unit.answering.clear()
    await guest.say("publish", offer=OFFER, n=1)
    await guest.say("leave")
    salon.unit.answering.set()
    await salon.settle()
    assert salon.unit.peers == {}
    assert guest.all("published") == guest.all("error") == []


async def test_an_answer_for_a_broken_line_is_kept_until_it_is_back(salon: Salon) -> None:
    nurse, _doctor, _guest = await three_on_the_unit(salon)
    salon.unit.answering.clear()
    await nurse.say("publish", offer=OFFER, n=2)
    resume = nurse.resume
    await nurse.lose_line()
    salon.unit.answering.set()
    await salon.settle()
    back = salon.page_of("ide.dubois")
    await back.join(resume=resume)
    assert back.last("published")["n"] == 2
    assert back.all("unpublished") == []


# -- without the unit, and when it dies


async def test_without_a_unit_everything_but_publish_is_as_usual() -> None:
    async with open_salon(unit=False) as salon:
        _nurse, doctor = await two_inside(salon)
        guest = await salon.guest_inside(doctor)
        assert guest.last("joined")["route"] == "unit"
        await guest.say("publish", offer=OFFER, n=1)
        error = guest.last("error")
        assert (error["code"], error["about"]) == ("relais-indisponible", "publish")
        assert "reprend tout seul" in error["message"]
        await guest.say("leave")
        assert doctor.last("left")["id"] == guest.last("joined")["id"]


async def test_while_the_unit_is_out_of_reach_publish_is_refused_and_the_place_is_kept(salon: Salon) -> None:
    nurse, _doctor, _guest = await three_on_the_unit(salon)
    salon.unit.die()
    await nurse.say("publish", offer=OFFER, n=2)
    assert nurse.last("error")["code"] == "relais-indisponible"
    assert nurse.closed is None


async def test_when_the_unit_died_everybody_publishes_anew_and_the_route_stays(salon: Salon) -> None:
    pages = await three_on_the_unit(salon)
    salon.unit.die()
    salon.unit.come_back()
    for page in pages:
        assert page.last("unpublished")["reason"] == "relay"
        assert routes_heard(page)[-1:] != ["direct"]
        await page.publish(n=2)
    assert len(salon.unit.peers) == 3


async def test_a_control_line_that_broke_for_a_moment_troubles_nobody_but_removes_who_left_meanwhile(
    salon: Salon,
) -> None:
    nurse, doctor, guest = await three_on_the_unit(salon)
    await salon.pass_by(seconds=GRACE.total_seconds())
    salon.unit.lose_line()
    await guest.say("leave")
    assert guest.id in salon.unit.peers
    salon.unit.come_back()
    await salon.settle()
    assert set(salon.unit.peers) == {nurse.id, doctor.id}
    assert nurse.all("unpublished") == doctor.all("unpublished") == []


async def test_whom_the_unit_has_lost_is_told_and_the_others_are_not(salon: Salon) -> None:
    nurse, doctor, _guest = await three_on_the_unit(salon)
    salon.unit.tell(PeerGone(nurse.id, "silence"))
    salon.unit.tell(PeerGone(doctor.id, "replaced"))
    assert nurse.last("unpublished")["reason"] == "silence"
    assert doctor.all("unpublished") == []


# -- when we die


async def test_after_a_restart_of_ours_a_call_on_the_unit_goes_on_there(salon: Salon) -> None:
    pages = await three_on_the_unit(salon)
    ids, resumes = [page.id for page in pages], [page.resume for page in pages]
    secret = pages[2].secret
    await salon.restart()
    back = [salon.page_of("ide.dubois"), salon.page_of("dr.martin"), salon.guest(secret=secret)]
    for page, identity, resume in zip(back, ids, resumes, strict=True):
        joined = await page.join(resume=resume)
        assert (joined["id"], joined["route"]) == (identity, "unit")
        assert page.all("unpublished") == []
    await salon.pass_by(seconds=60)
    assert set(salon.unit.peers) == set(ids)


async def test_who_comes_back_before_the_unit_has_said_who_is_on_it_is_told_the_route_once(salon: Salon) -> None:
    nurse, doctor = await two_inside(salon)
    await nurse.say("blocked", to=doctor.id)
    for page in (nurse, doctor):
        await page.publish()
    resumes = [page.resume for page in (nurse, doctor)]
    salon.unit.welcomes = False  # a busy machine: the pages are quicker
    await salon.restart()
    back = [salon.page_of("ide.dubois"), salon.page_of("dr.martin")]
    for page, resume in zip(back, resumes, strict=True):
        await page.say("join", room=BLUE, **DEVICES, resume=resume)
        await page.say("state", camera=False, microphone=True)
        await page.say("ping")
        assert [message["t"] for message in page.heard] == ["hello", "pong"]
    salon.unit.come_back()
    await salon.settle()
    for page, resume in zip(back, resumes, strict=True):
        joined = page.last("joined")
        assert (joined["id"], joined["resumed"], joined["route"]) == (resume["id"], True, "unit")
        assert (routes_heard(page), page.all("unpublished"), page.all("error")) == ([], [], [])
    assert back[0].last("state")["camera"] is False  # said after `join`, heard after it


@pytest.mark.parametrize("unit", ["is not there", "is silent"])
async def test_a_unit_that_says_nothing_keeps_nobody_out(
    salon: Salon, monkeypatch: pytest.MonkeyPatch, unit: str
) -> None:
    assert KNOWN_WITHIN == 2
    monkeypatch.setattr(forwarding, "KNOWN_WITHIN", 0.02 if unit == "is silent" else 3600)
    nurse, _doctor = await two_inside(salon)
    resume = nurse.resume
    salon.unit.is_up, salon.unit.welcomes = False, unit == "is not there"
    await salon.restart()
    back = salon.page_of("ide.dubois")
    await back.say("join", room=BLUE, **DEVICES, resume=resume)
    async with asyncio.timeout(60):
        while not back.all("joined"):
            await asyncio.sleep(0.005)
    assert (back.id, back.last("joined")["route"]) == (resume["id"], "direct")


async def test_a_page_that_left_before_the_unit_said_who_is_on_it_does_not_enter(salon: Salon) -> None:
    nurse, _doctor = await two_inside(salon)
    resume = nurse.resume
    salon.unit.welcomes = False
    await salon.restart()
    back = salon.page_of("ide.dubois")
    await back.say("join", room=BLUE, **DEVICES, resume=resume)
    await back.lose_line()
    salon.unit.come_back()
    await salon.settle()
    assert back.all("joined") == []
    assert list(salon.hub.presence.everybody()) == []


async def test_who_does_not_come_back_after_a_restart_is_removed_but_not_before_the_others_had_the_time(
    salon: Salon,
) -> None:
    nurse, doctor, guest = await three_on_the_unit(salon)
    resume = nurse.resume
    await salon.restart()
    back = salon.page_of("ide.dubois")
    await back.join(resume=resume)
    await salon.pass_by(seconds=GRACE.total_seconds() - 1)
    assert set(salon.unit.peers) == {nurse.id, doctor.id, guest.id}
    await salon.pass_by(seconds=1)
    assert set(salon.unit.peers) == {nurse.id}


async def test_when_both_died_a_page_that_comes_back_publishes_anew(salon: Salon) -> None:
    nurse, doctor, guest = await three_on_the_unit(salon)
    resumes = [page.resume for page in (nurse, doctor)]
    secret, guest_resume = guest.secret, guest.resume
    salon.unit.die()
    await salon.restart()
    salon.unit.come_back()
    back = [salon.page_of("ide.dubois"), salon.page_of("dr.martin"), salon.guest(secret=secret)]
    for page, resume in zip(back, [*resumes, guest_resume], strict=True):
        await page.join(resume=resume)
    assert back[2].last("joined")["route"] == "unit"
    assert back[2].last("unpublished")["reason"] == "relay"
    assert routes_heard(back[0]) == routes_heard(back[1]) == ["unit"]


async def test_people_left_over_on_the_unit_never_meet_the_next_dossier_s(salon: Salon) -> None:
    await three_on_the_unit(salon)
    await salon.restart()
    other = salon.page_of("dr.martin", "TLM-2026-0006")
    await other.join()
    assert other.last("joined")["route"] == "direct"
    await other.say("publish", offer=OFFER, n=1)
    assert other.last("error")["about"] == "publish"


async def test_a_refused_offer_is_said_to_the_page_that_made_it(salon: Salon) -> None:
    nurse, _doctor, _guest = await three_on_the_unit(salon)
    salon.unit.refuses = True
    await nurse.say("publish", offer="nonsense", n=2)
    assert nurse.last("error")["code"] == "relais-refus"


async def test_ten_publishes_at_once_then_one_a_second(salon: Salon) -> None:
    nurse, _doctor, _guest = await three_on_the_unit(salon)
    for n in range(2, 14):
        await nurse.say("publish", offer=OFFER, n=n)
    assert len(nurse.all("published")) == 10
    assert "Trop de messages" in nurse.last("error")["message"]


async def test_who_is_still_heard_on_the_unit_keeps_the_place_longer_than_their_line(salon: Salon) -> None:
    nurse, doctor = await two_inside(salon)
    await nurse.say("blocked", to=doctor.id)
    for page in (nurse, doctor):
        await page.publish()
    resume = nurse.resume
    await nurse.lose_line()  # a flooded line carries the voice, and no word
    await salon.pass_by(seconds=30)
    assert doctor.all("left") == []
    assert resume["id"] in salon.unit.peers
    back = salon.page_of("ide.dubois")
    await back.say("join", room=BLUE, **DEVICES, resume=resume)
    assert (back.id, back.last("joined")["resumed"]) == (resume["id"], True)
    await back.lose_line()
    salon.unit.tell(PeerGone(resume["id"], "silence"))
    await salon.pass_by(seconds=11)
    assert doctor.last("left")["id"] == resume["id"]


async def test_who_is_heard_on_the_unit_and_says_no_word_for_a_minute_is_out(salon: Salon) -> None:
    nurse, doctor = await two_inside(salon)
    await nurse.say("blocked", to=doctor.id)
    for page in (nurse, doctor):
        await page.publish()
    await nurse.lose_line()
    await salon.pass_by(seconds=61)
    assert doctor.last("left")["id"] == nurse.id


@pytest.mark.parametrize("told", ["by the bus", "by the look at logins"])
async def test_whose_login_ends_while_their_line_is_broken_is_off_the_unit_at_once(salon: Salon, told: str) -> None:
    nurse, doctor = await two_inside(salon)
    await nurse.say("blocked", to=doctor.id)
    for page in (nurse, doctor):
        await page.publish()
    await doctor.lose_line()
    person = salon.world.people["dr.martin"]
    with salon.world.platform.transaction() as session:
        session.merge(person).suspended = True
    if told == "by the bus":
        salon.world.platform.bus.publish("logout", {"professional": person.id})
        await salon.settle()
    else:
        await salon.hub._look_at_logins()
        await salon.settle()
    assert doctor.id not in salon.unit.peers
    assert nurse.last("left")["id"] == doctor.id
