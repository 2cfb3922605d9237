"""The colleagues of direct messages without a browser: a list that changes at any moment, also under a press."""

from __future__ import annotations

from typing import Any

from tests.support.node import came_of

RIG = "direct_rig.mjs"


def came(scenario: str) -> Any:
    return came_of(RIG, scenario)


def test_who_comes_while_a_row_is_pressed_stands_at_the_end_until_it_is_released() -> None:
    assert came("one_comes_above_a_press") == {
        "pressed": ["BERNARD", "COLIN", "ARNAUD"],
        "then": ["ARNAUD", "BERNARD", "COLIN"],
        "opened": ["COLIN"],
    }


def test_who_leaves_while_their_row_is_pressed_is_opened_all_the_same() -> None:
    assert came("all_go_under_a_press") == {
        "pressed": [["BERNARD", "COLIN"], False],
        "then": [[], True],
        "opened": ["COLIN"],
    }


def test_the_end_of_a_press_does_not_end_the_next_one() -> None:
    assert came("pressed_again_at_once") == ["BERNARD", "COLIN", "ARNAUD"]


def test_rows_stand_as_the_server_lists_them_and_keep_their_elements() -> None:
    assert came("no_press") == [["ARNAUD", "COLIN", "DURAND"], True]
