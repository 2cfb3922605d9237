"""The picture viewer without a browser: its contract, its channel, its geometry (run by node), and its words."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image

from components.picture_viewer import LABELS, Picture, PictureViewer
from components.picture_viewer.component import HERE, MODULES
from components.picture_viewer.demo import HEIGHT, POINTS_PER_MM, SIZES, WIDTH, demo

SCRIPTS = sorted(HERE.glob("*.js"))
needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Asks the demo's viewer as the browser does, and gives its answer."""
    viewer = demo()
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(viewer, "_send_msg", sent.append)

    def asked(**message: Any) -> dict[str, Any] | None:
        sent.clear()
        viewer._receive(SimpleNamespace(data={"t": "ask", "id": 3} | message))
        return sent[0] if sent else None

    return asked


def node(program: str) -> Any:
    """What a program over the component's modules prints, from JSON."""
    imports = "\n".join(
        f'import * as {name} from "{HERE / (name + ".js")}";'
        for name in ("geometry", "camera", "tiles", "measures", "sentences")
    )
    labels = f"const labels = {json.dumps(LABELS)};"
    source = f"{imports}\n{labels}\nconst tell = (value) => console.log(JSON.stringify(value));\n{program}"
    done = subprocess.run(
        ["node", "--input-type=module", "-e", source], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


# ---- the channel


def test_the_channel_answers_with_whole_pictures_and_with_tiles(ask: Any) -> None:
    with Image.open(io.BytesIO(ask(what="whole", picture="before", width=760)["value"])) as whole:
        assert whole.size == (760, 570)
    with Image.open(io.BytesIO(ask(what="tile", picture="after", level=0, column=7, row=5)["value"])) as tile:
        assert tile.size == (WIDTH - 7 * 512, HEIGHT - 5 * 512)


@pytest.mark.parametrize(
    "message",
    [
        {"what": "whole", "picture": "other", "width": 100}, {"what": "whole", "picture": "before", "width": 10**9},
        {"what": "whole", "picture": "before", "width": True}, {"what": "whole", "picture": ["before"], "width": 9},
        {"what": "tile", "picture": "before", "level": -1, "column": 0, "row": 0},
        {"what": "tile", "picture": "before", "level": 0, "column": 999, "row": 0},
        {"what": "tile", "picture": "before", "level": 99, "column": 0, "row": 0},
        {"what": "tile", "picture": "before", "level": 0, "column": 0.5, "row": 0}, {"what": "__class__"}, {},
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_answered_with_words(ask: Any, message: dict[str, Any]) -> None:
    assert ask(**message) == {"id": 3, "message": LABELS["failed"]}


def test_with_routes_nothing_comes_through_the_channel() -> None:
    viewer = PictureViewer([Picture("a", "Talon", "02/11/2026", 10, 10, source="/api/documents/a")])
    viewer._send_msg = lambda _message: pytest.fail("answered")  # type: ignore[method-assign]
    viewer._receive(SimpleNamespace(data={"t": "ask", "id": 1, "what": "whole", "picture": "a", "width": 9}))
    assert viewer.picture == "a"


@pytest.mark.slow
def test_the_demo_opens_without_the_application() -> None:
    program = "import sys, components.picture_viewer.demo as d; d.demo(); sys.exit('app' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True, cwd=HERE.parents[1])


# ---- geometry


@needs_node
def test_lengths_and_areas_are_those_of_the_demo_s_wound() -> None:
    """A circle as wide as the wound, against ten of the ruler's centimetres: known beforehand."""
    across = SIZES["before"] * POINTS_PER_MM
    told = node(f"""
      const m = new measures.Measures();
      m.add("reference", [{{x: 700, y: 2450}}, {{x: {700 + 100 * POINTS_PER_MM}, y: 2450}}]);
      m.setMillimetres("100");
      m.add("length", [{{x: 0, y: 0}}, {{x: {across}, y: 0}}]);
      const turn = (k) => (k * 2 * Math.PI) / 720;
      m.add("area", Array.from({{length: 720}}, (_n, k) => ({{x: 2000 + {across / 2} * Math.cos(turn(k)), y: 1250 + {across / 2} * Math.sin(turn(k))}})));
      tell(m.measured.map((each) => each.amount));
    """)
    assert told[0] == pytest.approx(46.0)
    assert told[1] == pytest.approx(3.14159265 * 23**2, rel=1e-4)


@needs_node
def test_an_area_is_the_same_whichever_way_round_and_wherever_one_begins() -> None:
    told = node("""
      const outline = [{x: 0, y: 0}, {x: 40, y: 0}, {x: 40, y: 30}, {x: 20, y: 10}, {x: 0, y: 30}];
      const ways = [outline, [...outline].reverse(), [...outline.slice(2), ...outline.slice(0, 2)]];
      tell([...ways.map(geometry.areaWithin), geometry.areaWithin([]), geometry.areaWithin([{x: 1, y: 1}])]);
    """)
    assert told == [800, 800, 800, 0, 0]


@needs_node
def test_an_outline_that_crosses_itself_has_no_area() -> None:
    told = node("""
      const bow = [{x: 0, y: 0}, {x: 10, y: 10}, {x: 10, y: 0}, {x: 0, y: 10}];
      const square = [{x: 0, y: 0}, {x: 10, y: 0}, {x: 10, y: 10}, {x: 0, y: 10}];
      const m = new measures.Measures({reference: [{x: 0, y: 0}, {x: 10, y: 0}], mm: 10});
      m.add("area", bow);
      m.add("area", square);
      tell([geometry.crossesItself(bow), geometry.crossesItself(square), m.measured]);
    """)
    assert told[:2] == [True, False]
    assert [(each["amount"], each["problem"]) for each in told[2]] == [(None, "crossed"), (100, "")]


@needs_node
def test_a_path_drawn_by_hand_keeps_its_shape_with_few_points() -> None:
    told = node("""
      const path = Array.from({length: 400}, (_n, k) => ({x: 100 * Math.cos(k / 64), y: 100 * Math.sin(k / 64)}));
      const few = geometry.simplified(path, 0.5);
      tell([few.length, geometry.areaWithin(path), geometry.areaWithin(few), few[0], path[0]]);
    """)
    assert 8 < told[0] < 60
    assert told[2] == pytest.approx(told[1], rel=0.01)
    assert told[3] == told[4]


@needs_node
@pytest.mark.parametrize("turn", range(4))
def test_a_point_is_found_again_through_any_zoom_turn_and_pan(turn: int) -> None:
    told = node(f"""
      const c = new camera.Camera(4000, 3000);
      c.setRoom(800, 500, 2);
      c.turnBy({turn});
      const whole = [c.scale, c.fitted];
      c.zoom(7, {{x: 430, y: 230}});
      c.pan(-35, 60);
      const point = {{x: 1234, y: 2345}};
      const back = c.toPicture(c.toScreen(point));
      const under = c.toPicture({{x: 430, y: 230}});
      c.zoom(1.3, {{x: 430, y: 230}});
      tell([whole, back, under, c.toPicture({{x: 430, y: 230}})]);
    """)
    (scale, fitted), back, under, still = told
    assert fitted
    assert scale == pytest.approx(min(800 / 4000, 500 / 3000) if turn % 2 == 0 else min(800 / 3000, 500 / 4000))
    assert (back["x"], back["y"]) == pytest.approx((1234, 2345))
    assert (still["x"], still["y"]) == pytest.approx((under["x"], under["y"]))


@needs_node
def test_one_comes_as_near_as_each_point_and_no_further_than_half() -> None:
    told = node("""
      const c = new camera.Camera(8000, 6000);
      c.setRoom(800, 600, 1);
      c.zoom(1e9);
      const near = c.magnification;
      c.zoom(1e-9);
      const far = c.scale / c.whole;
      c.setScale(1 / c.dots);
      tell([near, far, c.magnification]);
    """)
    assert told == [16, 0.5, 1]


@needs_node
def test_the_tiles_in_view_are_asked_for_from_the_middle_at_the_level_of_the_screen() -> None:
    told = node("""
      const levels = [4, 1, 0.6, 0.5, 0.26, 0.25, 0.01, 1e-9].map(tiles.levelFor);
      const places = tiles.tilesOver(8000, 6000, 0, [1000, 1000, 3100, 2200]);
      tell([levels, places[0], places.length, tiles.tilesOver(8000, 6000, 0, [0, 0, 8000, 6000]).length,
            tiles.tilesOver(1025, 513, 1, [0, 0, 1025, 513])]);
    """)
    assert told[0] == [0, 0, 0, 1, 1, 2, 6, 7]
    assert told[1] in ([3, 3], [4, 3])
    assert told[2:4] == [6 * 4, 16 * 12]
    assert sorted(told[4]) == [[0, 0], [1, 0]]


# ---- measures


@needs_node
def test_every_step_can_be_undone_to_the_first() -> None:
    told = node("""
      const m = new measures.Measures();
      const line = [{x: 0, y: 0}, {x: 100, y: 0}];
      m.add("reference", line);
      m.setMillimetres("50");
      m.add("length", line);
      m.remember();
      m.move(0, 1, {x: 200, y: 0});
      m.remember();
      m.move(-1, 1, {x: 50, y: 0});
      const seen = [m.measured[0].amount];
      while (m.undo()) seen.push(m.measured[0]?.amount ?? null);
      tell([seen, m.reference, m.mm, m.items]);
    """)
    assert told == [[200, 100, 50, None, None, None], None, None, []]


@needs_node
@pytest.mark.parametrize(
    ("text", "mm"),
    [("50", 50), ("12,5", 12.5), (" 7.25 ", 7.25), ("1000", 1000), ("", None), ("0", None), ("-3", None),
     ("1001", None), ("1e2", None), ("5 cm", None), ("NaN", None), ("1,2,3", None)],
)  # fmt: skip
def test_a_true_length_is_written_in_millimetres_with_a_comma(text: str, mm: float | None) -> None:
    told = node(f"const m = new measures.Measures(); tell([m.setMillimetres({json.dumps(text)}), m.mm]);")
    assert told == [mm is not None or text == "", mm]


@needs_node
def test_the_sentence_tells_the_change_between_both_dates() -> None:
    told = node("""
      const square = (side) => [{x: 0, y: 0}, {x: side, y: 0}, {x: side, y: side}, {x: 0, y: side}];
      const shown = [["02/11/2026", 200, 50], ["23/11/2026", 165, 30]].map(([date, side, mm]) => {
        const m = new measures.Measures({reference: [{x: 0, y: 0}, {x: mm * 5, y: 0}], mm});
        m.add("area", square(side));
        return {picture: {title: "Talon", date}, measures: m};
      });
      shown[1].measures.add("length", [{x: 0, y: 0}, {x: 162, y: 0}]);
      tell([sentences.changes(shown)[0].percent, sentences.sentenceOf(shown, labels), sentences.sentenceOf([shown[1]], labels),
            sentences.sentenceOf([], labels), sentences.percentOf(0, labels), sentences.percentOf(7, labels)]);
    """)
    assert told[0] == -32
    assert told[1] == (
        "Du 02/11/2026 au 23/11/2026, la surface est passée de 16,0\u00a0cm² à 10,9\u00a0cm² (−32\u202f%). "
        "Longueur\u00a0: 32,4\u00a0mm sur la photographie «\u00a0Talon\u00a0» du 23/11/2026. "
        "Estimation sur photographie à plat, d'après une référence de 50\u00a0mm et 30\u00a0mm."
    )
    assert told[2].startswith("Surface\u00a0: 10,9\u00a0cm² sur la photographie")
    assert told[3:] == ["", "0\u202f%", "+7\u202f%"]


@needs_node
def test_without_a_reference_nothing_is_said_in_millimetres() -> None:
    told = node("""
      const m = new measures.Measures();
      m.add("length", [{x: 0, y: 0}, {x: 162, y: 0}]);
      const shown = [{picture: {title: "Talon", date: "02/11/2026"}, measures: m}];
      tell([sentences.amountOf(m.measured[0], labels), sentences.sentenceOf(shown, labels), m.isShort(100, 100)]);
    """)
    assert told == [LABELS["no_reference"], "", False]


@needs_node
def test_a_line_of_requests_lets_few_in_and_forgets_who_left() -> None:
    path = HERE.parent / "_shared" / "line.js"
    told = node(f"""
      const {{ Line }} = await import("{path}");
      const line = new Line(2), began = [], left = [];
      const leave = new AbortController(), stay = new AbortController();
      const open = [];
      const ask = (name, rank, stop) => line.add(() => {{ began.push(name); return new Promise((done) => open.push(done)); }}, rank, stop.signal).catch(() => left.push(name));
      const all = [ask("a", 5, stay), ask("b", 5, stay), ask("c", 9, stay), ask("d", 1, stay), ask("e", 0, leave)];
      leave.abort();
      const first = [...began];
      while (began.length < 4 || open.length) {{ open.splice(0).forEach((done) => done()); await new Promise((next) => setTimeout(next, 0)); }}
      await Promise.all(all);
      tell([first, began, left]);
    """)
    assert told == [["a", "b"], ["a", "b", "d", "c"], ["e"]]


# ---- its script


def test_joined_modules_use_no_name_twice_and_export_only_render() -> None:
    script = PictureViewer._esm
    names = re.findall(r"^(?:async )?(?:function|class|const|let) (\w+)", script, re.MULTILINE)
    assert sorted(names) == sorted(set(names))
    assert re.findall(r"^export .*", script, re.MULTILINE) == ["export function render({ model, el }) {"]
    assert not re.search(r"^import ", script, re.MULTILINE)
    assert {path.name for path in SCRIPTS} == set(MODULES)


@pytest.mark.parametrize(
    "forbidden", ["innerHTML", "outerHTML", "insertAdjacentHTML", "eval(", "new Function", "document.write", "http"]
)
def test_no_script_makes_markup_out_of_data_or_leaves_the_house(forbidden: str) -> None:
    assert [path.name for path in SCRIPTS if forbidden in path.read_text()] == []


def test_every_word_on_the_screen_comes_from_python() -> None:
    script = PictureViewer._esm
    used = set(re.findall(r"labels\.(\w+)", script)) | set(re.findall(r'tool\("(\w+)"', script))
    used |= {"beside", "slider", "brightness", "contrast"}  # labels[name] of layouts and lights
    used |= {"move", "reference", "length", "area", "hint_move", "hint_reference", "hint_length", "hint_area"}
    used |= {"the_length", "the_area", "crossed", "no_reference", "bad_length", "no_length", "short_reference"}
    assert used == set(LABELS)
    for path in SCRIPTS:
        code = re.sub(r"/\*.*?\*/|//[^\n]*", "", path.read_text(), flags=re.DOTALL)
        assert not re.search(r"[àâçéèêëîïôùûœ«»]", code), path.name


def test_it_says_plainly_that_a_flat_picture_only_gives_an_estimate() -> None:
    assert "Estimation" in LABELS["estimate"]
    assert "labels.estimate" in PictureViewer._esm
    assert "Estimation" in LABELS["sentence_estimate"]
