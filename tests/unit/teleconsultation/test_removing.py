"""« Faire sortir »: who may, who stays out, for how long, also after a restart."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from app.errors import InvitationInvalid
from app.teleconsultation import door
from tests.support.talk import BLUE, DEVICES, Salon, Talker, open_salon


@pytest.fixture
async def salon() -> AsyncIterator[Salon]:
    async with open_salon() as salon:
        yield salon


async def three_inside(salon: Salon) -> tuple[Talker, Talker, Talker]:
    nurse, doctor = salon.page_of("ide.dubois"), salon.page_of("dr.martin")
    await nurse.join()
    await doctor.join()
    return nurse, doctor, await salon.guest_inside(doctor)


async def test_a_guest_who_is_put_out_is_told_and_cannot_come_back_with_the_same_link(salon: Salon) -> None:
    nurse, doctor, guest = await three_inside(salon)
    await nurse.say("remove", person=guest.id)
    assert "fait sortir" in guest.last("removed")["message"]
    assert guest.closed == 4401
    assert doctor.last("left")["name"] == "Paul MERCIER"
    assert doctor.last("invitations")["invitations"][0]["state"] == "removed"
    with salon.world.platform.reading() as session, pytest.raises(InvitationInvalid, match="fait sortir"):
        door.guest(session, salon.world.platform, guest.secret)


async def test_a_guest_cannot_come_back_after_a_restart_either(salon: Salon) -> None:
    nurse, _doctor, guest = await three_inside(salon)
    await nurse.say("remove", person=guest.id)
    await salon.restart()
    with pytest.raises(InvitationInvalid):
        salon.guest(secret=guest.secret)


async def test_a_guest_whose_line_is_broken_is_put_out_too(salon: Salon) -> None:
    nurse, _doctor, guest = await three_inside(salon)
    await guest.lose_line()
    await nurse.say("remove", person=guest.id)
    with pytest.raises(InvitationInvalid):
        salon.guest(secret=guest.secret)


@pytest.mark.parametrize("restart", [False, True])
async def test_a_professional_who_is_put_out_stays_out_until_the_call_is_over(salon: Salon, restart: bool) -> None:
    nurse, doctor, _guest = await three_inside(salon)
    resume = doctor.resume
    await nurse.say("remove", person=doctor.id)
    assert "Nadia DUBOIS vous a fait sortir" in doctor.last("removed")["message"]
    if restart:
        where = nurse.resume
        await salon.restart()
        nurse = salon.page_of("ide.dubois")
        await nurse.say("join", room=BLUE, **DEVICES, resume=where)
    back = salon.page_of("dr.martin")
    await back.say("join", room=BLUE, **DEVICES)
    assert (back.last("error")["code"], back.all("joined")) == ("sorti", [])
    await back.say("join", room=BLUE, **DEVICES, resume=resume)
    assert back.last("removed")["message"]
    assert back.all("joined") == []
    await nurse.say("leave")  # the last one: that call is over
    await back.join()


async def test_who_was_put_out_keeps_the_dossier(salon: Salon) -> None:
    nurse, doctor, _guest = await three_inside(salon)
    await nurse.say("remove", person=doctor.id)
    assert doctor.closed is None
    await doctor.say("rooms")
    assert doctor.last("rooms")["rooms"]


async def test_the_journal_says_who_put_out_whom_and_never_a_guest_s_name(salon: Salon) -> None:
    nurse, doctor, guest = await three_inside(salon)
    await nurse.say("remove", person=guest.id)
    await nurse.say("remove", person=doctor.id)
    rows = salon.journal("participant.removed")
    assert [(row.actor_name, row.subject) for row in rows] == [
        ("Nadia DUBOIS", "Aidant"),
        ("Nadia DUBOIS", "Dr MARTIN"),
    ]
    assert [row.detail for row in salon.journal("guest.left", "room.left") if '"removed"' in row.detail]
    assert all("MERCIER" not in row.subject + row.detail for row in rows)


async def test_a_guest_nobody_outside_and_nobody_of_another_dossier_puts_anybody_out(salon: Salon) -> None:
    nurse, doctor, guest = await three_inside(salon)
    outside, other = salon.page_of("dr.petit"), salon.page_of("dr.martin", "TLM-2026-0006")
    await other.say("join", room="salle-verte", **DEVICES)
    for page, code in ((guest, "acces-refuse"), (outside, "saisie"), (other, "saisie")):
        await page.say("remove", person=nurse.id)
        assert page.last("error")["code"] == code
    assert nurse.all("removed") == []
    assert salon.journal("participant.removed") == []
    assert doctor.all("left") == []


async def test_nobody_puts_themselves_out(salon: Salon) -> None:
    nurse, _doctor, _guest = await three_inside(salon)
    await nurse.say("remove", person=nurse.id)
    assert "Quitter" in nurse.last("error")["message"]
    assert nurse.all("removed") == []


async def test_who_is_gone_is_not_put_out(salon: Salon) -> None:
    nurse, doctor, guest = await three_inside(salon)
    person = guest.id
    await guest.say("leave")
    await doctor.say("remove", person=person)
    assert "plus dans la salle" in doctor.last("error")["message"]
    assert nurse.all("removed") == []
