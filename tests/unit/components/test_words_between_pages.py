"""Words between the pages of a call, and what is sent beside face and voice: what is heard, what is dropped."""

from __future__ import annotations

import json
from typing import Any

from tests.support.node import came_of

RIG = "words_rig.mjs"

POINT = {"t": "point", "n": 0, "on": "still-1", "x": 0.5, "y": 0.25}
STROKE = {"t": "stroke", "n": 0, "on": "still-1", "id": "s1", "colour": 1, "points": [[0.1, 0.2]] * 40}
WELL_MADE = [POINT, STROKE, {"t": "seen", "n": 3, "route": "unit"}, {"t": "undo", "n": 0, "on": "d:1.2"}]
REFUSED = [
    "",
    "[]",
    "null",
    "{" + "x" * 9000,
    {"t": "admit", "n": 0, "guest": "g"},
    {"t": "__proto__", "n": 0},
    {"t": "toString", "n": 0},
    {**POINT, "n": -1},
    {**POINT, "n": "0"},
    {**POINT, "x": 1.01},
    {**POINT, "x": "0.5"},
    {**POINT, "on": "<b>"},
    {**POINT, "on": ""},
    {**POINT, "more": "x" * 1024},
    {**STROKE, "points": []},
    {**STROKE, "points": [[0.1, 0.2]] * 41},
    {**STROKE, "points": [[0.1, 0.2, 0.3]]},
    {**STROKE, "points": [[0.1, 2]]},
    {**STROKE, "colour": 8},
    {"t": "seen", "n": 0, "route": "elsewhere"},
]


def came(scenario: str, *more: str) -> Any:
    return came_of(RIG, scenario, *more)


def test_what_is_well_made_is_heard_and_nothing_else() -> None:
    assert came("refused", json.dumps(WELL_MADE)) == [True] * len(WELL_MADE)
    assert came("refused", json.dumps(REFUSED)) == [False] * len(REFUSED)


def test_a_word_that_came_both_ways_is_heard_once_and_a_late_one_still() -> None:
    assert came("twice") == [True, False, True, True]


def test_who_says_too_much_is_not_heard_and_the_others_are() -> None:
    assert came("flood") == {"atOnce": 60, "aSecondLater": 20, "another": 60}


def test_a_page_says_no_more_than_the_others_hear() -> None:
    assert came("said") == {"atOnce": 24, "ascending": True, "wrong": None, "unknown": None, "later": True}


def test_lines_of_an_offer_are_told_by_their_order() -> None:
    assert came("lines") == {"video": "0", "audio": "1", "aux-audio": "3", "aux-video": "4"}


def test_one_second_picture_and_one_second_sound_at_a_time() -> None:
    found = came("aux")
    assert found["first"] == {"aux": "screen"}
    assert found["second"] == {"aux": "camera", "stopped": [True, True], "hint": "detail"}
    assert found["third"] == {"aux": "camera", "auscultation": True}
    assert found["last"] == {"auscultation": True}
    assert found["steps"] == [
        *("aux-video", "aux-audio"),  # the screen begins, with its sound
        *("aux-audio", "aux-video", "aux-video"),  # it ends with both, the camera begins
        "aux-audio",  # the stethoscope
        *("aux-video", "ended camera"),  # the camera was pulled out
    ]
