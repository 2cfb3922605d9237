"""The form of a laboratory report: it hands on what was typed, and takes nobody's word for more than that."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest

from components.lab_entry import LABELS, LabEntry
from components.lab_entry.component import HERE
from components.lab_entry.demo import ANALYSES, FORM, demo
from tests.support.node import came_of

RIG = "lab_rig.mjs"
SCRIPT = (HERE / "lab_entry.js").read_text(encoding="utf-8")


def told(message: object) -> list[tuple[str, Any]]:
    heard: list[tuple[str, Any]] = []
    entry = LabEntry(
        on_change=lambda form: heard.append(("changed", form)),
        on_save=lambda form: heard.append(("save", form)),
        on_leave=lambda discard: heard.append(("leave", discard)),
    )
    entry._receive(SimpleNamespace(data=message))
    return heard


@pytest.mark.parametrize("kind", ["changed", "save"])
def test_a_form_is_handed_on_as_it_came(kind: str) -> None:
    assert told({"t": kind, "form": FORM}) == [(kind, FORM)]


def test_leaving_says_whether_what_was_typed_is_thrown_away() -> None:
    assert told({"t": "leave", "discard": True}) == [("leave", True)]
    for other in (False, 1, "true", None):
        assert told({"t": "leave", "discard": other}) == [("leave", False)]


@pytest.mark.parametrize(
    "message", [None, "save", [], {}, {"t": "save"}, {"t": "save", "form": "all"}, {"t": "close", "form": {}}]
)
def test_anything_else_is_nothing(message: object) -> None:
    assert told(message) == []


def test_nobody_needs_to_listen() -> None:
    for kind in ("changed", "save", "leave"):
        LabEntry()._receive(SimpleNamespace(data={"t": kind, "form": FORM}))


def test_an_answer_stands_beside_the_fields_and_leaves_them_alone() -> None:
    entry = demo()
    before = entry.form
    entry.answer({"r1.value": "Non."}, {"day": "Vraiment ?"}, "À corriger", bad=True)
    assert (entry.errors, entry.questions, entry.notice, entry.notice_bad) == (
        {"r1.value": "Non."}, {"day": "Vraiment ?"}, "À corriger", True,
    )  # fmt: skip
    assert entry.form is before
    entry.answer({}, {}, confirming=True)
    assert (entry.errors, entry.notice, entry.notice_bad, entry.confirming) == ({}, "", False, True)


def test_analyses_are_plain_values_in_the_browser() -> None:
    entry = LabEntry()
    entry.propose(ANALYSES)
    assert entry.catalogue[0]["units"] == ({"unit": "mmol/L", "low": "137", "high": "145", "source": "NORIP 2004"},)


def test_the_script_shows_labels_only_and_builds_no_markup() -> None:
    assert set(re.findall(r"labels\.(\w+)", SCRIPT)) <= set(LABELS)
    assert {"analysis", "value", "unit", "low", "high", "comment"} <= set(LABELS)
    assert "innerHTML" not in SCRIPT


def test_only_a_save_that_was_refused_is_counted_as_one() -> None:
    entry = demo()
    entry.answer({"r1.value": "Non."}, {}, bad=True)
    assert entry.refused == 0
    for count in (1, 2):
        entry.answer({"r1.value": "Non."}, {}, bad=True, refused=True)
        assert entry.refused == count


@pytest.mark.parametrize(
    ("scenario", "where"),
    [
        ("refused", "p-day"),
        ("refused_whatever_comes_first", "p-day"),
        ("refused_for_the_same_again", "p-day"),
        ("one_mended_in_a_draft", ["p-laboratory", None, "true"]),
    ],
)
def test_the_focus_goes_to_an_error_when_somebody_saved_and_never_while_they_type(scenario: str, where: Any) -> None:
    assert came_of(RIG, scenario) == where
