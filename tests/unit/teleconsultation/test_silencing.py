"""Who may silence whom, ask whom, and how long a silence lasts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from app.audit import service as audit
from app.pages.trace_view import said
from tests.support.talk import BLUE, DEVICES, Salon, Talker, open_salon

OTHER_OF_MARTIN = "TLM-2026-0006"


@pytest.fixture
async def salon() -> AsyncIterator[Salon]:
    async with open_salon() as salon:
        yield salon


async def three_inside(salon: Salon) -> tuple[Talker, Talker, Talker]:
    nurse, doctor = salon.page_of("ide.dubois"), salon.page_of("dr.martin")
    await nurse.join()
    await doctor.join()
    guest = await salon.guest_inside(doctor)
    for page in (nurse, doctor, guest):
        await page.publish()
    return nurse, doctor, guest


# -- who may

WHO = {
    "professional inside": {"mute": None, "ask": None, "publish": None, "blocked": None},
    "professional outside": dict.fromkeys(("mute", "ask", "publish", "blocked"), "saisie"),
    "admitted guest": {"mute": "acces-refuse", "ask": "acces-refuse", "publish": None, "blocked": None},
    "waiting guest": {"mute": "acces-refuse", "ask": "acces-refuse", "publish": "non-admis", "blocked": "non-admis"},
    "another dossier": {"mute": "saisie", "ask": "saisie", "publish": "saisie", "blocked": None},
}


@pytest.mark.parametrize("what", ["mute", "ask", "publish", "blocked"])
@pytest.mark.parametrize("who", WHO)
async def test_who_may(salon: Salon, who: str, what: str) -> None:
    nurse, doctor, guest = await three_inside(salon)
    page = {"professional inside": doctor, "admitted guest": guest}.get(who)
    if who == "professional outside":
        page = salon.page_of("dr.petit")
    elif who == "waiting guest":
        page = salon.guest("Anne MERCIER")
        await page.say("wait", **DEVICES)
    elif who == "another dossier":
        page = salon.page_of("dr.martin", OTHER_OF_MARTIN)
        await page.say("join", room="salle-verte", **DEVICES)
    assert page is not None
    fields: dict[str, Any] = {
        "mute": {"person": nurse.id, "muted": True},
        "ask": {"person": nurse.id},
        "publish": {"offer": "v=0", "n": 2},
        "blocked": {"to": nurse.id},
    }[what]
    before = dict(salon.unit.peers)
    await page.say(what, **fields)
    refusal = WHO[who][what]
    assert [error["code"] for error in page.all("error")] == ([] if refusal is None else [refusal])
    if refusal is not None or who == "another dossier":
        assert salon.unit.peers == before
        assert salon.unit.silenced() == set()
        assert nurse.all("asked") == []
        assert page.closed is None


async def test_people_of_another_structure_do_not_even_have_a_line(salon: Salon) -> None:
    with pytest.raises(Exception, match="Introuvable"):
        salon.page_of("ide.moreau")


# -- silence


async def test_who_is_silenced_is_heard_by_nobody_and_everybody_knows(salon: Salon) -> None:
    nurse, doctor, guest = await three_inside(salon)
    await doctor.say("mute", person=guest.id, muted=True)
    for page in (nurse, doctor, guest):
        assert page.last("state") == {
            "t": "state", "from": guest.id, "camera": True, "microphone": False, "silenced": True,
            "aux": "", "auscultation": False,
        }  # fmt: skip
    assert salon.unit.silenced() == {guest.id}
    await guest.say("state", camera=False, microphone=True)
    assert (nurse.last("state")["camera"], nurse.last("state")["microphone"]) == (False, False)
    late = salon.page_of("dr.petit")
    await late.join()
    [shown] = [person for person in late.last("joined")["people"] if person["id"] == guest.id]
    assert (shown["silenced"], shown["microphone"]) == (True, False)


async def test_the_microphone_given_back_is_as_the_page_says(salon: Salon) -> None:
    nurse, doctor, guest = await three_inside(salon)
    await doctor.say("mute", person=guest.id, muted=True)
    await nurse.say("mute", person=guest.id, muted=False)
    assert (guest.last("state")["silenced"], guest.last("state")["microphone"]) == (False, True)
    assert salon.unit.silenced() == set()


async def test_asking_lifts_the_silence_and_opens_nothing(salon: Salon) -> None:
    _nurse, doctor, guest = await three_inside(salon)
    await guest.say("state", camera=True, microphone=False)
    await doctor.say("mute", person=guest.id, muted=True)
    await doctor.say("ask", person=guest.id)
    assert guest.last("asked") == {"t": "asked", "name": "Dr Claire MARTIN"}
    assert (doctor.last("state")["silenced"], doctor.last("state")["microphone"]) == (False, False)
    assert salon.unit.silenced() == set()


async def test_nobody_asks_themselves_or_somebody_who_has_gone(salon: Salon) -> None:
    _nurse, doctor, guest = await three_inside(salon)
    await doctor.say("ask", person=doctor.id)
    gone = guest.id
    await guest.say("leave")
    await doctor.say("mute", person=gone, muted=True)
    assert [error["about"] for error in doctor.all("error")] == ["ask", "mute"]


async def test_a_silence_is_journalled_once_without_a_guest_s_name(salon: Salon) -> None:
    nurse, doctor, guest = await three_inside(salon)
    for muted in (True, True, False):
        await doctor.say("mute", person=guest.id, muted=muted)
    await doctor.say("mute", person=nurse.id, muted=True)
    rows = salon.journal("participant.muted", "participant.unmuted")
    assert [said(row, {}) for row in rows] == [
        "a coupé le micro : Aidant", "a rendu le micro : Aidant", "a coupé le micro : N. DUBOIS",
    ]  # fmt: skip
    assert "MERCIER" not in "".join(row.subject + row.detail for row in rows)
    with salon.world.platform.reading() as session:
        assert audit.verify(session) is None
    [route] = salon.journal("call.route")
    assert said(route, {}) == "a fait passer la vidéo par le relais"


@pytest.mark.parametrize(
    "what", ["publishing anew", "a new page", "a new unit", "a restart", "a restart, off the unit"]
)
async def test_a_silence_survives(salon: Salon, what: str) -> None:
    nurse, doctor, guest = await three_inside(salon)
    await doctor.say("mute", person=nurse.id, muted=True)
    again, host = nurse, doctor
    if what == "publishing anew":
        await nurse.say("unpublish")
    elif what == "a new page":
        again = salon.page_of("ide.dubois")
        await again.join()
    elif what == "a new unit":
        salon.unit.die()
        salon.unit.come_back()
    else:
        if "off the unit" in what:
            salon.unit.die()
            salon.unit.come_back()
        resume, host_resume, guest_resume = nurse.resume, doctor.resume, guest.resume
        await salon.restart()
        again, host = salon.page_of("ide.dubois"), salon.page_of("dr.martin")
        await host.join(resume=host_resume)
        await salon.guest(secret=guest.secret).join(resume=guest_resume)
        await again.join(resume=resume)
    if what in ("a new page", "a restart", "a restart, off the unit"):
        assert again.last("joined")["silenced"] is True
    await again.publish(n=9)
    assert salon.unit.silenced() == {again.id}
    await host.say("mute", person=again.id, muted=False)
    assert salon.unit.silenced() == set()


async def test_a_silence_changed_while_the_unit_was_out_of_reach_is_made_good(salon: Salon) -> None:
    nurse, doctor, guest = await three_inside(salon)
    await doctor.say("mute", person=nurse.id, muted=True)
    salon.unit.lose_line()
    await doctor.say("mute", person=nurse.id, muted=False)
    await doctor.say("mute", person=guest.id, muted=True)
    salon.unit.come_back()
    await salon.settle()
    assert salon.unit.silenced() == {guest.id}


async def test_a_silence_ends_with_the_call(salon: Salon) -> None:
    nurse, doctor, guest = await three_inside(salon)
    await doctor.say("mute", person=nurse.id, muted=True)
    for page in (guest, nurse, doctor):
        await page.say("leave")
    await salon.restart()
    again = salon.page_of("ide.dubois")
    await again.say("join", room=BLUE, **DEVICES)
    assert again.last("joined")["silenced"] is False


# -- on the direct route, and oneself


async def test_a_silence_on_the_direct_route_brings_the_unit_for_the_rest_of_the_call(salon: Salon) -> None:
    nurse, doctor = salon.page_of("ide.dubois"), salon.page_of("dr.martin")
    await nurse.join()
    await doctor.join()
    assert doctor.last("joined")["route"] == "direct"
    await doctor.say("mute", person=nurse.id, muted=True)
    assert nurse.last("state")["silenced"] is True  # at once, by the pages
    assert [page.last("route")["route"] for page in (nurse, doctor)] == ["unit", "unit"]
    await nurse.publish()
    assert salon.unit.silenced() == {nurse.id}
    await doctor.say("mute", person=nurse.id, muted=False)
    for _ in range(5):
        await salon.pass_by(seconds=20)
    assert nurse.last("route")["route"] == "unit"
    [kept] = salon.journal("call.route")
    assert '"reason":"muted"' in kept.detail


async def test_who_comes_back_silenced_alone_with_somebody_is_carried_by_the_unit(salon: Salon) -> None:
    nurse, doctor = salon.page_of("ide.dubois"), salon.page_of("dr.martin")
    await nurse.join()
    await doctor.join()
    await doctor.say("mute", person=nurse.id, muted=True)
    await salon.restart()
    again, host = salon.page_of("ide.dubois"), salon.page_of("dr.martin")
    await host.join()
    await again.join()
    assert (again.last("joined")["silenced"], again.last("joined")["route"]) == (True, "unit")
    assert host.last("route")["route"] == "unit"


async def test_without_a_unit_a_silence_stays_with_the_pages() -> None:
    async with open_salon(unit=False) as salon:
        nurse, doctor = salon.page_of("ide.dubois"), salon.page_of("dr.martin")
        await nurse.join()
        await doctor.join()
        await doctor.say("mute", person=nurse.id, muted=True)
        assert nurse.last("state")["silenced"] is True
        assert nurse.all("route") == []


@pytest.mark.parametrize("muted", [True, False])
async def test_nobody_gives_themselves_the_microphone_back(salon: Salon, muted: bool) -> None:
    nurse, doctor, _guest = await three_inside(salon)
    await doctor.say("mute", person=nurse.id, muted=True)
    await nurse.say("mute", person=nurse.id, muted=muted)
    assert (nurse.last("error")["about"], nurse.last("error")["code"]) == ("mute", "saisie")
    assert salon.unit.silenced() == {nurse.id}
    assert nurse.last("state")["silenced"] is True
