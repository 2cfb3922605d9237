"""What a feature is told, and that a faulty one harms nobody."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import pytest
from sqlmodel import Session

from app.errors import AccessDenied
from app.teleconsultation import parts
from app.teleconsultation.lines import Line
from app.teleconsultation.models import Room
from app.teleconsultation.parts import Part
from app.teleconsultation.presence import Participant
from app.teleconsultation.routes import Change
from tests.support.talk import BLUE, DEVICES, Salon, open_salon

BARRED = "Vous avez été exclu de cette téléconsultation."


class Diary(Part):
    """Writes down everything."""

    def __init__(self, hub: Any) -> None:
        super().__init__(hub)
        self.written: list[tuple[str, ...]] = []
        self.ticks = 0
        self.barred: set[str] = set()

    def check_entry(self, session: Session, line: Line, room: Room) -> None:
        if line.person.key in self.barred:
            raise AccessDenied(BARRED)

    def joined(self, line: Line, me: Participant) -> dict[str, Any]:
        return {"diary": [line.person.name, me.id]}

    def entered(self, me: Participant, *, resumed: bool) -> None:
        self.written.append(("entered", me.person.label, str(resumed)))

    def gone(self, participant: Participant, reason: str) -> None:
        assert self.hub.presence.find(participant.id) is None
        self.written.append(("gone", participant.person.label, reason))

    def rerouted(self, change: Change) -> None:
        self.written.append(("rerouted", change.route.value, change.reason))

    def off_unit(self, participant: Participant, reason: str) -> None:
        self.written.append(("off_unit", participant.person.label, reason))

    def tick(self, now: datetime) -> None:
        self.ticks += 1

    async def close(self) -> None:
        self.written.append(("closed",))


class Faulty(Part):
    """Fails wherever it can."""

    def joined(self, line: Line, me: Participant) -> dict[str, Any]:
        return {"people": "taken"}

    def entered(self, me: Participant, *, resumed: bool) -> None:
        raise RuntimeError

    gone = rerouted = off_unit = tick = entered  # type: ignore[assignment]

    async def close(self) -> None:
        raise RuntimeError


@pytest.fixture
async def salon(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Salon]:
    monkeypatch.setattr(parts, "_KINDS", [Faulty, Diary])
    async with open_salon() as salon:
        yield salon


async def test_a_part_hears_of_everything_even_behind_a_faulty_one(salon: Salon) -> None:
    diary = salon.hub.parts.of(Diary)
    nurse, doctor = salon.page_of("ide.dubois"), salon.page_of("dr.martin")
    await nurse.join()
    await doctor.join()
    assert isinstance(nurse.last("joined")["people"], list)
    assert doctor.last("joined")["diary"] == ["Dr Claire MARTIN", doctor.id]
    await doctor.say("blocked", to=nurse.id)
    await doctor.publish()
    salon.unit.die()
    salon.unit.come_back()
    again = salon.page_of("ide.dubois")
    await again.join()
    await doctor.lose_line()
    await salon.pass_by(seconds=11)
    await again.say("leave")
    assert diary.written == [
        ("entered", "N. DUBOIS", "False"),
        ("entered", "Dr MARTIN", "False"),
        ("rerouted", "unit", "blocked"),
        ("off_unit", "N. DUBOIS", "relay"),
        ("off_unit", "Dr MARTIN", "relay"),
        ("gone", "N. DUBOIS", "replaced"),
        ("entered", "N. DUBOIS", "False"),
        ("gone", "Dr MARTIN", "line-lost"),
        ("gone", "N. DUBOIS", "left"),
    ]
    assert diary.ticks > 0
    await salon.hub.close()
    assert diary.written[-1] == ("closed",)


async def test_a_part_can_keep_somebody_out_who_has_every_right(salon: Salon) -> None:
    nurse = salon.page_of("ide.dubois")
    salon.hub.parts.of(Diary).barred.add(nurse.line.person.key)  # type: ignore[union-attr]
    await nurse.say("join", room=BLUE, **DEVICES)
    assert (nurse.last("error")["message"], nurse.all("joined")) == (BARRED, [])
    assert salon.hub.presence.is_empty()


async def test_a_part_that_nobody_registered_is_not_there(salon: Salon) -> None:
    class Other(Part):
        pass

    with pytest.raises(KeyError, match="Other"):
        salon.hub.parts.of(Other)
