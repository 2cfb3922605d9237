"""Whose turn it is at the rendering processes: no process here, only the order."""

from __future__ import annotations

import pytest

from app.documents.rendering_turns import MOST_WAITING, OLDEST_EVERY, Job, Turns
from app.errors import TooManyJobs
from app.platform import Turn, Urgency


def job(name: str, person: str = "nurse", urgency: Urgency = Urgency.SEEN) -> Job:
    made = Job(name, "document", lambda: b"", {})
    made.turns.append(Turn(person, urgency))
    return made


def order(turns: Turns) -> list[str]:
    """What one process does, one job after the other."""
    done = []
    while (taken := turns.take()) is not None:
        done.append(taken.task)
        turns.done(taken)
    return done


def test_what_is_looked_at_comes_before_searches_and_those_before_thumbnails() -> None:
    turns = Turns(1, 1)
    turns.add(job("thumbnail", urgency=Urgency.AHEAD))
    turns.add(job("search", urgency=Urgency.SOUGHT))
    turns.add(job("page"))
    assert order(turns) == ["page", "search", "thumbnail"]


def test_persons_take_turns_whoever_asked_for_more() -> None:
    turns = Turns(1, 1)
    for number in range(3):
        turns.add(job(f"nurse {number}"))
    turns.add(job("doctor", person="doctor"))
    assert order(turns) == ["nurse 0", "doctor", "nurse 1", "nurse 2"]


def test_who_has_waited_longest_is_not_passed_over_for_ever() -> None:
    turns = Turns(1, 1)
    turns.add(job("search", person="doctor", urgency=Urgency.SOUGHT))
    for number in range(10):
        turns.add(job(f"page {number}"))
    assert order(turns)[OLDEST_EVERY - 1] == "search"


def test_one_person_never_holds_the_last_process() -> None:
    turns = Turns(most_each=1, most_patient=1)
    first, second, other = job("first"), job("second"), job("other", person="doctor")
    for each in (first, second, other):
        turns.add(each)
    assert [turns.take(), turns.take()] == [first, other]
    assert turns.take() is None
    turns.done(first)
    assert turns.take() is second


def test_nobody_in_particular_stands_for_its_own_document() -> None:
    turns = Turns(most_each=1, most_patient=1)
    report, other = job("report", person=""), job("other", person="")
    other.key = "another"
    turns.add(report)
    turns.add(other)
    assert [turns.take(), turns.take()] == [report, other]


def test_a_process_is_kept_for_what_somebody_looks_at() -> None:
    turns = Turns(most_each=1, most_patient=1)
    turns.add(job("search", person="nurse", urgency=Urgency.SOUGHT))
    turns.add(job("thumbnail", person="doctor", urgency=Urgency.AHEAD))
    turns.add(job("page", person="expert"))
    assert [taken.task for taken in (turns.take(), turns.take()) if taken] == ["page", "search"]
    assert turns.take() is None  # the thumbnail waits, though a third process might be free


def test_a_thumbnail_that_somebody_else_looks_at_moves_up() -> None:
    turns = Turns(1, 1)
    thumbnail = job("thumbnail", urgency=Urgency.AHEAD)
    turns.add(thumbnail)
    turns.add(job("search", urgency=Urgency.SOUGHT))
    thumbnail.turns.append(Turn("doctor", Urgency.SEEN))
    assert order(turns) == ["thumbnail", "search"]


def test_one_person_cannot_fill_the_queue_and_others_still_come_in() -> None:
    turns = Turns(1, 1)
    for number in range(MOST_WAITING):
        turns.add(job(f"page {number}"))
    with pytest.raises(TooManyJobs, match="Patientez"):
        turns.add(job("one too many"))
    turns.add(job("doctor", person="doctor"))
    assert "doctor" in order(turns)[:2]
    assert len(turns) == 0


def test_what_nobody_waits_for_any_more_is_not_done() -> None:
    turns = Turns(1, 1)
    gone, there = job("gone"), job("there")
    turns.add(gone)
    turns.add(there)
    assert turns.remove(gone)
    assert not turns.remove(gone)
    assert order(turns) == ["there"]
