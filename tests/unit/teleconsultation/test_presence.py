"""Who is in which room: places, broken lines, proofs, rooms that belong to a dossier."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from app.errors import RoomFull
from app.teleconsultation.messages import Resume
from app.teleconsultation.presence import (
    ABANDONED,
    DISMISSED,
    EIGHT,
    GRACE,
    RETURNING,
    Entry,
    Participant,
    Person,
    Presence,
    RoomTaken,
    Topology,
)

FOR_TWO = replace(EIGHT, capacity=2)
NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
BLUE, GREEN = "salle-bleue", "salle-verte"
DOCTOR = Person("professional:1", "Dr Claire MARTIN", "Dr MARTIN", "gériatre", "professional", True, expert=True)
NURSE = Person("professional:3", "Nadia DUBOIS", "N. DUBOIS", "infirmière", "professional", True)
GUEST = Person("invitation:7", "Paul MERCIER", "Paul MERCIER (aidant)", "Aidant", "caregiver", False)


def enter(
    presence: Presence,
    person: Person,
    room: str = BLUE,
    dossier: int = 1,
    now: datetime = NOW,
    resume: Resume | None = None,
) -> Entry:
    return presence.enter(room, dossier, person, now, camera=True, microphone=True, resume=resume)


def claim(presence: Presence, participant: Participant) -> Resume:
    return Resume(participant.id, presence.proof(participant))


@pytest.fixture
def presence() -> Presence:
    return Presence("secret", FOR_TWO)


def test_one_too_many_finds_the_room_full_and_is_told_how_many_it_holds(presence: Presence) -> None:
    enter(presence, DOCTOR)
    enter(presence, NURSE)
    with pytest.raises(RoomFull, match="huit personnes au plus"):
        enter(presence, GUEST)
    assert len(presence.people(BLUE)) == 2


def test_a_larger_topology_holds_more_people() -> None:
    presence = Presence("secret", Topology(capacity=3, full=""))
    for person in (DOCTOR, NURSE, GUEST):
        enter(presence, person)
    assert len(presence.people(BLUE)) == 3


def test_people_of_another_dossier_cannot_join_an_occupied_room(presence: Presence) -> None:
    enter(presence, NURSE, dossier=1)
    with pytest.raises(RoomTaken):
        enter(presence, DOCTOR, dossier=2)
    assert enter(presence, DOCTOR, room=GREEN, dossier=2).participant.room == GREEN


def test_a_room_is_free_for_another_dossier_once_everybody_is_out(presence: Presence) -> None:
    nurse = enter(presence, NURSE, dossier=1).participant
    presence.leave(nurse.id, NOW)
    assert enter(presence, DOCTOR, dossier=2).participant.dossier_id == 2


def test_names_of_professionals_are_for_everybody_names_of_guests_for_their_dossier(presence: Presence) -> None:
    enter(presence, DOCTOR)
    enter(presence, GUEST)
    assert presence.occupancy(BLUE, 1).people == ["Dr MARTIN", "Paul MERCIER (aidant)"]
    assert presence.occupancy(BLUE, 2).people == ["Dr MARTIN", "1 invité"]
    assert presence.occupancy(BLUE, 2).full
    assert presence.occupancy(GREEN, 2).people == []


def test_who_loses_the_line_keeps_the_place_for_a_while(presence: Presence) -> None:
    doctor = enter(presence, DOCTOR).participant
    enter(presence, NURSE)
    presence.lose(doctor.id, NOW)
    assert presence.expire(NOW + GRACE - timedelta(milliseconds=1)) == []
    with pytest.raises(RoomFull):
        enter(presence, GUEST)
    [departure] = presence.expire(NOW + GRACE)
    assert departure.participant.id == doctor.id
    assert not departure.over  # the nurse is still there


def test_who_comes_back_in_time_has_the_same_place_and_nothing_is_negotiated_anew(presence: Presence) -> None:
    doctor = enter(presence, DOCTOR).participant
    presence.lose(doctor.id, NOW)
    back = enter(presence, DOCTOR, now=NOW + timedelta(seconds=5), resume=claim(presence, doctor))
    assert (back.participant.id, back.resumed, back.kept) == (doctor.id, True, True)
    assert presence.expire(NOW + timedelta(minutes=1)) == []


def test_who_comes_back_too_late_enters_anew(presence: Presence) -> None:
    doctor = enter(presence, DOCTOR).participant
    presence.lose(doctor.id, NOW)
    presence.expire(NOW + GRACE)
    late = NOW + GRACE + RETURNING + timedelta(seconds=1)
    back = enter(presence, DOCTOR, resume=claim(presence, doctor), now=late)
    assert not back.resumed
    assert back.participant.id != doctor.id


def test_who_only_lost_the_line_has_the_same_place_for_two_minutes_more_and_who_left_has_not(
    presence: Presence,
) -> None:
    """Their direct path to the others may be alive all the while."""
    doctor = enter(presence, DOCTOR).participant
    proof = claim(presence, doctor)
    presence.lose(doctor.id, NOW)
    presence.expire(NOW + GRACE)
    back = enter(presence, DOCTOR, resume=proof, now=NOW + GRACE + RETURNING)
    assert (back.participant.id, back.resumed, back.kept) == (doctor.id, True, False)
    presence.leave(doctor.id, NOW + timedelta(minutes=5))
    assert not enter(presence, DOCTOR, resume=proof, now=NOW + timedelta(minutes=5)).resumed


def test_after_a_restart_the_proof_gives_the_place_and_its_instant_back(presence: Presence) -> None:
    doctor = enter(presence, DOCTOR).participant
    restarted = Presence("secret")
    back = enter(restarted, DOCTOR, now=NOW + timedelta(minutes=20), resume=claim(presence, doctor))
    assert (back.participant.id, back.resumed, back.kept) == (doctor.id, True, False)
    assert back.participant.since == NOW


@pytest.mark.parametrize("what", ["proof", "id", "person", "room", "dossier", "secret"])
def test_a_claim_that_does_not_hold_is_an_ordinary_entry(presence: Presence, what: str) -> None:
    doctor = enter(presence, DOCTOR).participant
    resume = claim(presence, doctor)
    if what == "proof":
        resume = Resume(resume.id, "x" * 43)
    if what == "id":
        resume = Resume("0" * 16 + ".1", resume.proof)
    restarted = Presence("another" if what == "secret" else "secret")
    back = enter(
        restarted,
        NURSE if what == "person" else DOCTOR,
        room=GREEN if what == "room" else BLUE,
        dossier=2 if what == "dossier" else 1,
        resume=resume,
    )
    assert not back.resumed
    assert back.participant.id != doctor.id


def test_somebody_else_s_place_cannot_be_taken_while_they_are_inside(presence: Presence) -> None:
    doctor = enter(presence, DOCTOR).participant
    stolen = enter(presence, NURSE, resume=claim(presence, doctor))
    assert stolen.participant.id != doctor.id
    assert presence.find(doctor.id) is doctor


def test_the_same_person_on_a_new_page_takes_the_place_of_the_old_one(presence: Presence) -> None:
    enter(presence, NURSE)
    old = enter(presence, DOCTOR).participant
    new = enter(presence, DOCTOR)
    assert new.replaced is old
    assert [p.person.label for p in presence.people(BLUE)] == ["N. DUBOIS", "Dr MARTIN"]


def test_the_last_professional_out_ends_the_call(presence: Presence) -> None:
    doctor, nurse = enter(presence, DOCTOR).participant, enter(presence, NURSE).participant
    first, last = presence.leave(doctor.id, NOW), presence.leave(nurse.id, NOW)
    assert first is not None
    assert last is not None
    assert (first.over, last.over) == (False, True)
    assert presence.leave(nurse.id, NOW) is None


def test_a_call_is_not_over_while_a_colleague_is_in_another_room_for_the_same_dossier(presence: Presence) -> None:
    doctor = enter(presence, DOCTOR).participant
    enter(presence, NURSE, room=GREEN)
    departure = presence.leave(doctor.id, NOW)
    assert departure is not None
    assert not departure.over


def test_a_guest_who_leaves_never_ends_a_call(presence: Presence) -> None:
    guest = enter(presence, GUEST).participant
    departure = presence.leave(guest.id, NOW)
    assert departure is not None
    assert not departure.over


@pytest.mark.parametrize(("hung_up", "patience"), [(True, DISMISSED), (False, ABANDONED)])
def test_guests_whom_every_professional_has_left_are_out_after_a_while(
    presence: Presence, hung_up: bool, patience: timedelta
) -> None:
    doctor, guest = enter(presence, DOCTOR).participant, enter(presence, GUEST).participant
    gone = NOW
    if hung_up:
        presence.leave(doctor.id, NOW)
    else:
        presence.lose(doctor.id, NOW)
        gone = NOW + GRACE
        presence.expire(gone)
    assert presence.expire(gone + patience - timedelta(seconds=1)) == []
    assert [d.participant.id for d in presence.expire(gone + patience)] == [guest.id]


def test_guests_stay_when_a_professional_comes_back(presence: Presence) -> None:
    doctor = enter(presence, DOCTOR).participant
    enter(presence, GUEST)
    presence.leave(doctor.id, NOW)
    presence.expire(NOW + timedelta(seconds=1))
    enter(presence, DOCTOR)
    assert presence.expire(NOW + timedelta(minutes=5)) == []


class Rooms(RuleBasedStateMachine):
    """Whatever people do, in whatever order: no room holds too many, or people of two dossiers."""

    def __init__(self) -> None:
        super().__init__()
        self.presence, self.now = Presence("secret", FOR_TWO), NOW
        self.known: list[tuple[Participant, Resume]] = []

    people = st.sampled_from([DOCTOR, NURSE, GUEST])

    @rule(person=people, room=st.sampled_from([BLUE, GREEN]), dossier=st.integers(1, 2), back=st.integers(-1, 3))
    def come(self, person: Person, room: str, dossier: int, back: int) -> None:
        resume = self.known[back][1] if 0 <= back < len(self.known) else None
        try:
            entry = enter(self.presence, person, room, dossier, self.now, resume)
        except RoomFull:
            return
        assert entry.participant.person.key == person.key
        self.known.append((entry.participant, claim(self.presence, entry.participant)))

    @rule(index=st.integers(0, 5))
    def hang_up(self, index: int) -> None:
        if index < len(self.known):
            self.presence.leave(self.known[index][0].id, self.now)

    @rule(index=st.integers(0, 5))
    def lose(self, index: int) -> None:
        if index < len(self.known):
            self.presence.lose(self.known[index][0].id, self.now)

    @rule(seconds=st.integers(0, 200))
    def pass_time(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)
        self.presence.expire(self.now)

    @rule()
    def kill(self) -> None:
        self.presence = Presence("secret", FOR_TWO)

    @invariant()
    def rooms_are_in_order(self) -> None:
        for room in (BLUE, GREEN):
            people = self.presence.people(room)
            assert len(people) <= 2
            assert len({p.dossier_id for p in people}) <= 1
            assert len({p.person.key for p in people}) == len(people)


TestRooms = Rooms.TestCase
TestRooms.settings = settings(max_examples=60, stateful_step_count=25)
