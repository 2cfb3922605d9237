"""A guest whose line broke comes back to the same call without waiting; nobody else does."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.support.talk import BLUE, DEVICES, Salon, Talker, open_salon


@pytest.fixture
async def salon() -> AsyncIterator[Salon]:
    async with open_salon() as salon:
        yield salon


async def lost_guest(salon: Salon, away: float = 30) -> tuple[Talker, Talker]:
    """A professional inside, and a guest who was inside until `away` seconds ago."""
    doctor = salon.page_of("dr.martin")
    await doctor.join()
    guest = await salon.guest_inside(doctor)
    await guest.lose_line()
    await salon.pass_by(seconds=11)
    assert doctor.last("left")["name"] == "Paul MERCIER"
    await salon.pass_by(seconds=away)
    return doctor, guest


@pytest.mark.parametrize("asks", ["join", "join with resume", "wait"])
async def test_a_guest_back_within_two_minutes_is_inside_again(salon: Salon, asks: str) -> None:
    doctor, guest = await lost_guest(salon)
    back = salon.guest(secret=guest.secret)
    if asks == "wait":  # the page was loaded anew
        await back.say("wait", **DEVICES)
        assert back.last("admitted")["room"] == BLUE
        assert back.all("waiting") == []
    await back.join(**({"resume": guest.resume} if asks == "join with resume" else {}))
    assert doctor.last("entered")["person"]["name"] == "Paul MERCIER"
    assert all(lobby["guests"] == [] for lobby in doctor.all("lobby")[-1:])
    await back.say("chat", text="Me revoilà", key="k")
    assert doctor.last("chat")["text"] == "Me revoilà"
    assert back.all("error") == back.all("removed") == []
    assert [entry.action for entry in salon.journal("guest.entered", "guest.left")] == [
        "guest.entered", "guest.left", "guest.entered",
    ]  # fmt: skip


async def test_a_guest_back_before_the_departure_is_written_stays_inside(salon: Salon) -> None:
    doctor = salon.page_of("dr.martin")
    await doctor.join()
    guest = await salon.guest_inside(doctor)
    salon.hub.closed(guest.line)  # type: ignore[arg-type]
    salon.world.clock.pass_by(seconds=11)
    salon.hub.tick()
    back = salon.guest(secret=guest.secret)
    await back.join()
    assert back.all("removed") == []
    assert [person.person.name for person in salon.hub.presence.people(BLUE)] == ["Dr Claire MARTIN", "Paul MERCIER"]


async def test_a_guest_away_for_longer_waits_again(salon: Salon) -> None:
    doctor, guest = await lost_guest(salon, away=121)
    back = salon.guest(secret=guest.secret)
    await back.say("join", room=BLUE, **DEVICES)
    assert back.last("error")["code"] == "non-admis"
    await back.say("wait", **DEVICES)
    assert [waiting["name"] for waiting in doctor.last("lobby")["guests"]] == ["Paul MERCIER"]
    assert back.all("admitted") == []


async def test_a_restart_of_the_server_changes_nothing(salon: Salon) -> None:
    _doctor, guest = await lost_guest(salon)
    await salon.restart()
    doctor = salon.page_of("dr.martin")
    await doctor.join()
    back = salon.guest(secret=guest.secret)
    await back.join()
    assert doctor.last("entered")["person"]["name"] == "Paul MERCIER"


@pytest.mark.parametrize("how", ["left", "left after a lost line", "flood", "the call was over", "another room"])
async def test_who_left_or_comes_to_another_call_waits_again(salon: Salon, how: str) -> None:
    if how == "left":
        doctor = salon.page_of("dr.martin")
        await doctor.join()
        guest = await salon.guest_inside(doctor)
        await guest.say("leave")
    else:
        doctor, guest = await lost_guest(salon, away=5)
    room = BLUE
    if how in ("left after a lost line", "flood"):
        back = salon.guest(secret=guest.secret)
        await back.join()
        if how == "flood":
            for _ in range(60):
                await back.say("nonsense")
            salon.hub._flooded.clear()  # they wait four seconds
        else:
            await back.say("leave")
    elif how == "the call was over":
        await doctor.say("leave")
        await doctor.join()
    elif how == "another room":
        room = "salle-verte"
    again = salon.guest(secret=guest.secret)
    await again.say("join", room=room, **DEVICES)
    assert again.last("error")["code"] == "non-admis"
    if how != "another room":
        await again.say("wait", **DEVICES)
        assert again.all("admitted") == []
        assert again.all("waiting")


async def test_who_was_refused_or_withdrawn_has_no_line_at_all(salon: Salon) -> None:
    doctor, guest = await lost_guest(salon, away=5)
    [invitation] = doctor.last("invitations")["invitations"]
    await doctor.say("withdraw", invitation=invitation["id"])
    with pytest.raises(Exception, match="retirée"):
        salon.guest(secret=guest.secret)


async def test_another_guest_of_the_same_dossier_gains_nothing(salon: Salon) -> None:
    await lost_guest(salon, away=5)
    other = salon.guest("Anne MERCIER")
    await other.say("join", room=BLUE, **DEVICES)
    assert other.last("error")["code"] == "non-admis"
