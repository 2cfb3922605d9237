"""What stands beside a face: told to the others, described to the forwarding unit, and never out of date there."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.support.talk import DEVICES, Salon, Talker, open_salon


@pytest.fixture
async def salon() -> AsyncIterator[Salon]:
    async with open_salon() as salon:
        yield salon


async def on_the_unit(salon: Salon, **nurse_sends: object) -> tuple[Talker, Talker]:
    nurse, doctor = salon.page_of("ide.dubois"), salon.page_of("dr.martin")
    await nurse.join(**nurse_sends)
    await doctor.join()
    await doctor.say("blocked", to=nurse.id)
    for page in (nurse, doctor):
        await page.publish()
    return nurse, doctor


async def test_everybody_learns_what_somebody_shows(salon: Salon) -> None:
    nurse, doctor = await on_the_unit(salon, aux="camera")
    [shown] = doctor.last("joined")["people"]
    assert (shown["aux"], shown["auscultation"]) == ("camera", False)
    await nurse.say("state", **DEVICES, aux="screen", auscultation=True)
    assert (doctor.last("state")["aux"], doctor.last("state")["auscultation"]) == ("screen", True)
    await nurse.say("state", **DEVICES)
    assert (doctor.last("state")["aux"], doctor.last("state")["auscultation"]) == ("", False)


@pytest.mark.parametrize(
    ("sends", "described"),
    [
        ({"aux": "camera"}, {"aux-video": "camera"}),
        ({"aux": "screen"}, {"aux-video": "screen", "aux-audio": "screen"}),  # a shared tab brings its sound
        ({"aux": "screen", "auscultation": True}, {"aux-video": "screen", "aux-audio": "auscultation"}),
        ({"auscultation": True}, {"aux-audio": "auscultation"}),
        ({}, {}),
    ],
)
async def test_the_unit_is_told_what_it_carries(
    salon: Salon, sends: dict[str, object], described: dict[str, str]
) -> None:
    nurse, _doctor = await on_the_unit(salon, **sends)
    assert salon.unit.peers[nurse.id].described == described
    await nurse.say("state", **DEVICES)
    assert salon.unit.peers[nurse.id].described == {}
    await nurse.say("state", **DEVICES, **sends)
    assert salon.unit.peers[nurse.id].described == described


async def test_a_state_that_changes_nothing_beside_the_face_asks_nothing_of_the_unit(salon: Salon) -> None:
    nurse, _doctor = await on_the_unit(salon, aux="screen")
    salon.unit.asked.clear()
    await nurse.say("state", camera=False, microphone=False, aux="screen")
    assert salon.unit.asked == []


@pytest.mark.parametrize("what", ["a new unit", "a broken control channel", "a restart", "publishing anew"])
async def test_a_description_survives(salon: Salon, what: str) -> None:
    nurse, _doctor = await on_the_unit(salon, aux="screen")
    again = nurse
    if what == "a new unit":
        salon.unit.die()
        salon.unit.come_back()
        await nurse.publish(2)
    elif what == "a broken control channel":
        salon.unit.lose_line()
        await nurse.say("state", **DEVICES, aux="camera")
        salon.unit.come_back()
        await salon.settle()
        assert salon.unit.peers[nurse.id].described == {"aux-video": "camera"}
        return
    elif what == "a restart":
        await salon.restart()
        again = salon.page_of("ide.dubois")
        await again.join(resume=nurse.resume, aux="camera")  # it was changed while nobody was there to hear it
        assert salon.unit.peers[again.id].described == {"aux-video": "camera"}
        return
    else:
        await nurse.say("unpublish")
        await nurse.say("blocked", to=_doctor.id)
        await nurse.publish(2)
    await salon.settle()
    assert salon.unit.peers[again.id].described == {"aux-video": "screen", "aux-audio": "screen"}


async def test_nobody_is_described_who_is_not_on_the_unit(salon: Salon) -> None:
    nurse, doctor = salon.page_of("ide.dubois"), salon.page_of("dr.martin")
    await nurse.join(aux="screen")
    await doctor.join()
    await nurse.say("state", **DEVICES, aux="camera")
    assert [asked for asked in salon.unit.asked if asked[0] == "describe"] == []


async def test_who_waits_or_is_outside_shows_nothing(salon: Salon) -> None:
    guest, outside = salon.guest(), salon.page_of("dr.petit")
    await guest.say("wait", **DEVICES)
    for page, code in ((guest, "non-admis"), (outside, "saisie")):
        await page.say("state", **DEVICES, aux="screen")
        assert page.last("error")["code"] == code


# -- who waits is seen before one is inside


async def test_professionals_in_the_device_check_see_who_waits_and_others_do_not(salon: Salon) -> None:
    looking, elsewhere = salon.page_of("dr.martin"), salon.page_of("dr.martin", "TLM-2026-0006")
    for page in (looking, elsewhere):
        await page.say("rooms")
    assert looking.all("lobby") == []
    guest = salon.guest()
    await guest.say("wait", **DEVICES)
    assert [waiting["name"] for waiting in looking.last("lobby")["guests"]] == ["Paul MERCIER"]
    late = salon.page_of("ide.dubois")
    assert late.all("lobby") == []  # has asked for nothing
    await late.say("rooms")
    assert [waiting["name"] for waiting in late.last("lobby")["guests"]] == ["Paul MERCIER"]
    await guest.say("leave")
    assert looking.last("lobby")["guests"] == late.last("lobby")["guests"] == []
    assert elsewhere.all("lobby") == guest.all("lobby") == []
    await late.say("admit", guest="1")
    assert late.last("error")["about"] == "admit"  # only from inside


async def test_pages_of_the_dossier_hear_where_its_guests_are_without_a_name(salon: Salon) -> None:
    told: list[dict[str, object]] = []
    doctor = salon.page_of("dr.martin")
    number = doctor.line.dossier_id  # type: ignore[union-attr]
    bus = salon.world.platform.bus
    bus.subscribe(f"guests.{number}", told.append)
    await doctor.join()
    await salon.guest_inside(doctor)
    assert [list(event["places"].values()) for event in told if event["places"]][:1] == [["waiting"]]  # type: ignore[attr-defined]
    assert list(told[-1]["places"].values()) == ["inside"]  # type: ignore[attr-defined]
    assert "MERCIER" not in str(told)
    told.clear()
    bus.publish("guests.asked", {"dossier": number})
    await salon.settle()
    assert list(told[-1]["places"].values()) == ["inside"]  # type: ignore[attr-defined]


async def test_of_a_guest_only_a_screen_is_taken_and_only_while_a_professional_is_there(salon: Salon) -> None:
    doctor = salon.page_of("dr.martin")
    await doctor.join()
    guest = await salon.guest_inside(doctor)
    await guest.say("state", **DEVICES, aux="screen", auscultation=True)
    assert (doctor.last("state")["aux"], doctor.last("state")["auscultation"]) == ("screen", False)
    await guest.say("state", **DEVICES, aux="camera")
    assert doctor.last("state")["aux"] == ""
    await doctor.say("leave")
    await guest.say("state", **DEVICES, aux="screen")
    assert [each.aux for each in salon.hub.presence.everybody()] == [""]
