"""Rows in the room's panels: what is pressed, focused or ticked stays what it is while people come and go."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

RIG = Path(__file__).parents[2] / "support" / "room_rows_rig.mjs"
pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")


def came_of(scenario: str) -> Any:
    done = subprocess.run(["node", str(RIG), scenario], capture_output=True, text=True, timeout=30, check=True)
    return json.loads(done.stdout)


def test_an_invitation_that_changes_moves_no_other() -> None:
    assert came_of("one_above_changes") == {"moved": ["a"], "kept": True, "focus": True}


def test_the_focus_stays_with_an_invitation_that_changes_also_among_namesakes() -> None:
    assert came_of("the_focused_one_changes") is True


def test_who_comes_after_something_was_chosen_is_not_meant_and_who_comes_back_is_what_they_were() -> None:
    ticks = came_of("who_is_meant")
    assert ticks["before"] == {"Nadia": True, "Paul": True}
    assert ticks["choosing"] == {"Nadia": True, "Paul": True, "Hugo": False}
    assert ticks["back"] == {"Nadia": True, "Hugo": False, "Paul": True}


def test_a_document_sent_again_before_the_answer_is_still_one() -> None:
    assert came_of("sent_again_before_the_answer") == [True, True, False]
