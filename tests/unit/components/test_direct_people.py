"""The colleagues of direct messages without a browser: a list that changes at any moment, also under a press."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

RIG = Path(__file__).parents[2] / "support" / "direct_rig.mjs"
pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")


def came(scenario: str) -> Any:
    done = subprocess.run(["node", str(RIG), scenario], capture_output=True, text=True, timeout=30, check=True)
    return json.loads(done.stdout)


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
