"""Rows in the room's panels: what is pressed, focused or ticked stays what it is while people come and go."""

from __future__ import annotations

from typing import Any

from tests.support.node import came_of

RIG = "room_rows_rig.mjs"


def came(scenario: str) -> Any:
    return came_of(RIG, scenario)


def test_an_invitation_that_changes_moves_no_other() -> None:
    assert came("one_above_changes") == {"moved": ["a"], "kept": True, "focus": True}


def test_the_focus_stays_with_an_invitation_that_changes_also_among_namesakes() -> None:
    assert came("the_focused_one_changes") is True


def test_who_comes_after_something_was_chosen_is_not_meant_and_who_comes_back_is_what_they_were() -> None:
    ticks = came("who_is_meant")
    assert ticks["before"] == {"Nadia": True, "Paul": True}
    assert ticks["choosing"] == {"Nadia": True, "Paul": True, "Hugo": False}
    assert ticks["back"] == {"Nadia": True, "Hugo": False, "Paul": True}


def test_a_document_sent_again_before_the_answer_is_still_one() -> None:
    assert came("sent_again_before_the_answer") == [True, True, False]
