"""The image viewer without a browser: its contract, its channel, and what its script may not do."""

from __future__ import annotations

import base64
import re
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from components._shared import joined
from components.image_viewer import CT_PRESETS, LABELS, ImageInfo, ImageViewer, relative_presets
from components.image_viewer.component import HERE, MODULES
from components.image_viewer.demo import FRAMES, INFO, SIZE, Phantom, demo
from tests.support.node import came_of

SCRIPT = joined(HERE, *MODULES)
RIG = "frames_rig.mjs"


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Asks a viewer of the phantom for a frame as the browser does, and gives what it sends."""
    viewer = ImageViewer(frames=Phantom(), info=INFO)
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(viewer, "_send_msg", sent.append)

    def asked(data: Any) -> list[dict[str, Any]]:
        sent.clear()
        viewer._receive(SimpleNamespace(data=data))
        return list(sent)

    return asked


def test_a_frame_travels_as_little_endian_int16(ask: Any) -> None:
    (message,) = ask({"frame": 3})
    pixels = np.frombuffer(base64.b64decode(message["pixels"]), "<i2").reshape(SIZE, SIZE)
    assert message["frame"] == 3
    assert (pixels == Phantom().frame(3)).all()


def test_a_frame_of_any_layout_travels_row_by_row(monkeypatch: pytest.MonkeyPatch) -> None:
    class Turned:
        def frame(self, number: int) -> Any:
            return np.arange(6, dtype=">i2").reshape(2, 3).T

    viewer = ImageViewer(frames=Turned(), info=ImageInfo("", 1, 3, 2, 0, 1, 0, 5))
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(viewer, "_send_msg", sent.append)
    viewer._receive(SimpleNamespace(data={"frame": 0}))
    assert np.frombuffer(base64.b64decode(sent[0]["pixels"]), "<i2").tolist() == [0, 3, 1, 4, 2, 5]


@pytest.mark.parametrize(
    "data", [None, "0", [], {}, {"frame": -1}, {"frame": FRAMES}, {"frame": "1"}, {"frame": 1.5}, {"frame": True}]
)
def test_what_is_no_frame_is_not_answered(ask: Any, data: Any) -> None:
    assert ask(data) == []


def test_without_a_source_of_frames_nothing_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    viewer = ImageViewer(source="/api/documents/x/coupes", info=INFO)
    monkeypatch.setattr(viewer, "_send_msg", lambda _message: pytest.fail("answered"))
    viewer._receive(SimpleNamespace(data={"frame": 0}))


def test_the_info_may_be_given_as_it_is_or_in_plain_form() -> None:
    assert ImageViewer(info=INFO).info == ImageViewer(info=INFO.plain()).info == INFO.plain()
    assert INFO.plain()["presets"] == CT_PRESETS


def test_the_presets_are_those_of_the_trade() -> None:
    windows = {name: (level, window) for name, level, window in CT_PRESETS}
    assert windows == {
        "Cerveau": (40, 80),
        "Sous-dural": (75, 215),
        "Tissus mous": (40, 400),
        "Médiastin": (50, 350),
        "Poumon (parenchyme)": (-600, 1500),
        "Foie": (60, 160),
        "Os": (400, 1800),
    }


def test_numbers_without_a_scale_get_windows_of_their_own_range() -> None:
    assert relative_presets(0, 1000) == (("Tout", 500, 1000), ("Contrasté", 500, 500), ("Zones sombres", 250, 500))
    assert all(window > 0 for _name, _level, window in relative_presets(7, 7))


def test_the_mention_and_the_identity_are_always_part_of_the_view() -> None:
    assert LABELS["not_diagnostic"] == "Non destiné au diagnostic primaire"
    assert "info.identity" in SCRIPT
    assert "labels.not_diagnostic" in SCRIPT


def test_every_param_says_what_it_is() -> None:
    own = set(ImageViewer.param) - set(ImageViewer.__mro__[1].param)  # type: ignore[attr-defined]
    assert own == {"info", "source", "frame", "level", "window", "labels"}
    assert all(ImageViewer.param[name].doc for name in own)


def test_every_label_the_script_asks_for_exists_and_none_is_left_over() -> None:
    asked = set(re.findall(r"labels\.(\w+)", SCRIPT)) | set(re.findall(r'words\("(\w+)"', SCRIPT))
    asked |= {"window", "level", "frame", "window_value", "level_value"}  # labels[name], labels[`${name}_value`]
    asked |= {"windowing", "pan", "zoom", "measure", "angle"}  # names of tools
    asked |= {"turn", "flip", "invert", "fit", "actual", "reset"}  # and of acts
    asked |= {"facts", "fullscreen", "measured", "measured_detector"}
    assert asked == set(LABELS)


@pytest.mark.parametrize("forbidden", ["innerHTML", "insertAdjacentHTML", "eval(", "new Function", "document.write"])
def test_the_script_neither_evaluates_nor_writes_markup(forbidden: str) -> None:
    assert forbidden not in SCRIPT


def test_the_modules_use_no_name_twice_and_export_only_render() -> None:
    names = re.findall(
        r"^(?:async )?(?:function|class|const|let) (\w+)", re.sub("^export ", "", SCRIPT, flags=re.M), re.M
    )
    assert len(names) == len(set(names))
    assert re.findall(r"^export \w+ (\w+)", SCRIPT, re.M) == ["render"]
    assert "import {" not in SCRIPT


def test_the_script_has_no_words_of_its_own() -> None:
    assert not re.search(r"[éèàçùêîôÉÀ]", re.sub(r"/\*.*?\*/|//.*", "", SCRIPT, flags=re.S))


@pytest.mark.slow
def test_importing_the_viewer_does_not_import_the_application() -> None:
    code = "import sys, components.image_viewer.demo as d; d.demo(); sys.exit('app' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=HERE.parents[1], check=False).returncode == 0


def test_the_demo_lives_alone() -> None:
    viewer = demo()
    assert viewer.info["frames"] == FRAMES
    assert viewer.source == ""


# ---- frames on their way


def frames(scenario: str) -> Any:
    return came_of(RIG, scenario)


def test_a_frame_that_failed_is_not_said_to_be_loading_afterwards() -> None:
    assert frames("failed_soon") == ["failed 30"]


def test_a_slow_frame_is_said_to_be_loading_until_it_is_shown() -> None:
    assert frames("slow") == ["late 30", "shown 30"]


def test_a_frame_in_view_has_not_failed() -> None:
    assert frames("shown_by_a_neighbour_then_failed") == ["shown 30"]


def test_a_frame_that_was_on_its_way_when_the_clock_was_stopped_is_not_shown() -> None:
    assert frames("stopped_before_it_came") == {"before": 1, "told": ["shown 0"], "wanted": 0, "shown": 0}


def test_a_frame_that_failed_while_the_clock_ran_is_the_one_to_try_again() -> None:
    assert frames("failed_while_playing") == {"told": ["shown 0", "failed 1"], "wanted": 1}


def test_stopping_the_clock_does_not_give_up_the_first_frame() -> None:
    assert frames("stopped_before_the_first_came") == ["shown 0"]
