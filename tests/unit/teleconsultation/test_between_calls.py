"""What belongs to one call, or to one room of a dossier, reaches nobody else; and coming back is no new allowance."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import cast

import pytest
from sqlmodel import select

from app.dossiers.models import Dossier, Step
from app.errors import NotFound
from app.platform import StoredFile
from app.teleconsultation import service
from app.teleconsultation.acts import CHAT, JOIN
from app.teleconsultation.files_stills import Still, Stills
from app.teleconsultation.limits import REMEMBERED, Limits, Returning
from app.teleconsultation.messages import Chat
from app.teleconsultation.models import Invitation
from app.teleconsultation.shown import Show, show
from tests.support.talk import BLUE, DEVICES, NUMBER, Salon, Talker, open_salon

GREEN, OTHER = "salle-verte", "TLM-2026-0007"


@pytest.fixture
async def salon() -> AsyncIterator[Salon]:
    async with open_salon() as salon:
        yield salon


def say_at_once(salon: Salon, page: Talker, t: str, **fields: object) -> None:
    """Before anything that was said earlier is written down."""
    assert page.line is not None
    salon.hub.receive(page.line, json.dumps({"t": t, **fields}))


async def test_the_last_words_of_a_call_do_not_reach_those_who_take_the_room_next(salon: Salon) -> None:
    doctor, next_one = salon.page_of("dr.martin"), salon.page_of("ide.dubois", OTHER)
    await doctor.join()
    say_at_once(salon, doctor, "chat", text="Mme MERCIER va mieux", key="k-1")
    say_at_once(salon, doctor, "leave")
    say_at_once(salon, next_one, "join", room=BLUE, **DEVICES)
    await salon.settle()
    assert next_one.last("joined")["people"] == []
    assert next_one.all("chat") == []
    assert next_one.last("joined")["chat"] == []


async def test_a_guest_does_not_read_what_was_written_in_another_room_of_the_dossier(salon: Salon) -> None:
    doctor, nurse = salon.page_of("dr.martin"), salon.page_of("ide.dubois")
    await doctor.join()
    guest = await salon.guest_inside(doctor)
    await nurse.say("join", room=GREEN, **DEVICES)
    await nurse.say("chat", text="Entre nous", key="k-1")
    await doctor.say("chat", text="Bonjour", key="k-2")
    again = salon.guest(secret=guest.secret)
    await again.join(resume=guest.resume)
    assert [line["text"] for line in again.last("joined")["chat"]] == ["Bonjour"]


async def test_a_discussion_of_any_length_is_answered_with_its_newest_part(
    salon: Salon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MOST_TEXT_SHOWN", 25)
    doctor = salon.page_of("dr.martin")
    await doctor.join()
    for at in range(5):
        await doctor.say("chat", text=f"{at} " * 5, key=f"k-{at}")
    again = salon.page_of("dr.martin")
    joined = await again.join(resume=doctor.resume)
    assert [line["text"][0] for line in joined["chat"]] == ["3", "4"]


async def test_a_guest_left_behind_by_a_restart_must_be_let_in_anew(salon: Salon) -> None:
    doctor = salon.page_of("dr.martin")
    await doctor.join()
    await salon.guest_inside(doctor)
    await doctor.say("leave")  # the guest may stay for a moment, and the server dies meanwhile
    platform = salon.world.platform
    with platform.reading() as session:
        dossier = session.exec(select(Dossier).where(Dossier.number == NUMBER)).one()
        assert dossier.step is Step.OPINION_DUE
        assert session.exec(select(Invitation)).one().is_admitted
    salon.world.clock.pass_by(seconds=120)
    assert dossier.id is not None
    service.end_abandoned(platform, {dossier.id})  # they are inside: nothing changes
    with platform.reading() as session:
        assert session.exec(select(Invitation)).one().is_admitted
    service.end_abandoned(platform, set())
    with platform.reading() as session:
        assert not session.exec(select(Invitation)).one().is_admitted


async def test_a_picture_of_one_dossier_is_neither_shown_nor_lost_in_another(salon: Salon) -> None:
    here, there = salon.page_of("dr.martin"), salon.page_of("dr.martin", OTHER)
    await here.join()
    await there.say("join", room=GREEN, **DEVICES)
    stills = salon.hub.parts.of(Stills)
    me = salon.hub.presence.find(here.id)
    assert me is not None
    key = me.person.key
    now = salon.world.platform.now()
    stored = cast(StoredFile, object())  # never looked into: it is refused before
    still = Still("a" * 32, me.call, me.dossier_id, NUMBER, key, key, "Bras", "camera", "k-1", now, stored=stored)
    stills._stills[still.id] = still
    assert there.line is not None
    with pytest.raises(NotFound):
        show(salon.hub, there.line, Show(picture=still.id))
    await there.say("leave")
    assert stills.find(still.id, key) is still
    del stills._stills[still.id]


async def test_a_page_that_comes_back_goes_on_with_the_means_it_left(salon: Salon) -> None:
    doctor = salon.page_of("dr.martin")
    await doctor.join()
    for at in range(CHAT.burst):
        await doctor.say("chat", text="Bonjour", key=f"k-{at}")
    assert doctor.all("error") == []
    resume = doctor.resume
    await doctor.lose_line()
    again = salon.page_of("dr.martin")
    await again.join(resume=resume)
    await again.say("chat", text="Encore", key="k-again")
    assert again.last("error")["about"] == "chat"
    beside = salon.page_of("dr.martin")  # another page of the same person has its own
    assert beside.line is not None
    assert beside.line.limits.allow(Chat("a", "k"), 0.0)


async def test_entering_again_and_again_has_its_own_pace(salon: Salon) -> None:
    doctor = salon.page_of("dr.martin")
    await doctor.join()
    for _ in range(JOIN.burst):
        await doctor.say("join", room=BLUE, **DEVICES, resume=doctor.resume)
    assert doctor.last("error")["about"] == "join"
    assert len(doctor.all("joined")) == JOIN.burst


def test_what_was_left_long_ago_is_forgotten() -> None:
    returning, limits = Returning(Limits), Limits()
    returning.leave("a", limits, 0.0)
    returning.leave("b", Limits(), REMEMBERED + 1)
    assert returning.come("a") is not limits
    assert list(returning._left) == ["b"]
