"""The document viewer without a browser: its contract, its channel, and what its script may not do."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from components._shared import joined
from components.document_viewer import LABELS, DocumentViewer
from components.document_viewer.component import HERE, MODULES
from components.document_viewer.demo import PdfPages, demo, letter
from tests.support.node import came_of

SCRIPTS = sorted(HERE.glob("*.js"))
RIG = "reader_rig.mjs"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A viewer on the demo's letter; calling it asks as the browser does and gives the answer."""
    viewer = DocumentViewer(PdfPages(letter(), "Courrier.pdf"))
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(viewer, "_send_msg", sent.append)

    def ask(**message: Any) -> dict[str, Any] | None:
        sent.clear()
        viewer._receive(SimpleNamespace(data={"t": "ask", "id": 7} | message))
        return sent[0] if sent else None

    return ask


def test_the_channel_answers_as_the_routes_do(asked: Any) -> None:
    told = asked(what="info")
    assert told == {"id": 7, "value": {"pages": [[595.0, 842.0], [595.0, 842.0]], "text": True}}
    assert asked(what="image", page=2, width=190)["value"].startswith(b"\x89PNG")
    words = asked(what="words", page=1)["value"]
    assert words["width"] == 595.0
    assert [word[4] for word in words["words"]][:3] == ["Dr", "Paul", "PETIT,"]
    places = asked(what="search", text="Alzheimer")["value"]
    assert [place["page"] for place in places] == [1, 2]
    assert all(len(box) == 4 for place in places for box in place["boxes"])
    kept = asked(what="content")["value"]
    assert (kept["name"], kept["type"], kept["content"][:5]) == ("Courrier.pdf", "application/pdf", b"%PDF-")


@pytest.mark.parametrize(
    "message",
    [
        {"what": "image", "page": 3, "width": 100}, {"what": "image", "page": 0, "width": 100}, {"what": "image"},
        {"what": "image", "page": "x", "width": None}, {"what": "words", "page": -1}, {"what": "__class__"}, {},
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_answered_with_words(asked: Any, message: dict[str, Any]) -> None:
    assert asked(**message) == {"id": 7, "message": LABELS["page_failed"]}


@pytest.mark.parametrize("data", [None, "text", {"t": "ask"}, {"t": "ask", "id": "7", "what": "info"}, {"t": "other"}])
def test_a_message_that_is_none_of_ours_is_left_alone(data: Any) -> None:
    viewer = DocumentViewer(PdfPages(letter(), "a.pdf"))
    viewer._send_msg = lambda _message: pytest.fail("answered")  # type: ignore[method-assign]
    viewer._receive(SimpleNamespace(data=data))


def test_with_routes_nothing_comes_through_the_channel() -> None:
    viewer = DocumentViewer(source="/api/documents/0")
    viewer._send_msg = lambda _message: pytest.fail("answered")  # type: ignore[method-assign]
    viewer._receive(SimpleNamespace(data={"t": "ask", "id": 1, "what": "info"}))


def test_only_a_button_that_is_shown_can_be_pressed() -> None:
    pressed: list[str] = []
    viewer = DocumentViewer(actions=[{"name": "send", "label": "Envoyer…"}], on_action=pressed.append)
    for name in ("send", "erase", None, ["send"]):
        if not isinstance(name, list):
            viewer._receive(SimpleNamespace(data={"t": "action", "name": name}))
    assert pressed == ["send"]


def test_a_large_image_is_never_made_for_a_large_number() -> None:
    asked: list[int] = []
    pages = SimpleNamespace(image=lambda _page, width: asked.append(width) or b"")
    viewer = DocumentViewer(pages)  # type: ignore[arg-type]
    viewer._send_msg = lambda _message: None  # type: ignore[method-assign]
    viewer._receive(SimpleNamespace(data={"t": "ask", "id": 1, "what": "image", "page": 1, "width": 10**9}))
    assert asked == [2280]


@pytest.mark.slow
def test_the_demo_opens_without_the_application_or_its_libraries() -> None:
    program = (
        "import sys; from components.document_viewer.demo import demo; demo();"
        "wrong = {'app', 'sqlmodel', 'sqlalchemy'} & set(sys.modules); assert not wrong, wrong"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=HERE.parents[1])
    assert demo().title == "Courrier du Dr PETIT"


# ---- its script


def test_joined_modules_use_no_name_twice_and_export_only_render() -> None:
    script = DocumentViewer._esm
    names = re.findall(r"^(?:async )?(?:function|class|const|let) (\w+)", script, re.MULTILINE)
    assert sorted(names) == sorted(set(names))
    assert re.findall(r"^export .*", script, re.MULTILINE) == ["export function render({ model, el }) {"]
    assert not re.search(r"^import ", script, re.MULTILINE)
    assert {path.name for path in SCRIPTS} == set(MODULES)


def test_joining_takes_away_only_the_imports_between_the_modules(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text('import x from "far";\nexport const a = "import b from \\"./c\\"";\n')
    (tmp_path / "b.js").write_text(
        'import { a } from "./a.js";\nimport {\n  a as c,\n} from "./a.js";\nexport { a };\n'
    )
    assert joined(tmp_path, "a.js", "b.js") == (
        'import x from "far";\nconst a = "import b from \\"./c\\"";\n\nexport { a };\n'
    )


@pytest.mark.parametrize(
    "forbidden", ["innerHTML", "outerHTML", "insertAdjacentHTML", "eval(", "new Function", "document.write", "http"]
)
def test_no_script_makes_markup_out_of_data_or_leaves_the_house(forbidden: str) -> None:
    assert [
        path.name for path in SCRIPTS if forbidden in path.read_text().replace("http://www.w3.org/2000/svg", "")
    ] == []


def test_every_word_on_the_screen_comes_from_python() -> None:
    script = DocumentViewer._esm
    used = set(re.findall(r"labels\.(\w+)", script)) | set(re.findall(r'(?:tool|step|number)\("(\w+)"', script))
    used |= {"fit_width", "fit_page"}  # labels[`fit_${name}`]
    assert used == set(LABELS)
    for path in SCRIPTS:
        code = re.sub(r"/\*.*?\*/|//[^\n]*", "", path.read_text(), flags=re.DOTALL)
        assert not re.search(r"[àâçéèêëîïôùûœ«»]", code), path.name


# ---- its search and its sheets, without a browser


def reader(scenario: str) -> Any:
    return came_of(RIG, scenario)


def test_enter_before_the_answer_does_not_step_through_what_was_searched_before() -> None:
    before, answered, next_one = reader("enter_before_the_answer")
    assert (before, answered, next_one) == (["foie", 0], ["rate", 0], ["rate", 1])


def test_a_search_that_failed_or_was_left_holds_nothing_up() -> None:
    assert reader("another_document_while_searching") == [1, 1]


def test_a_document_read_through_keeps_only_the_pages_near_those_in_view() -> None:
    came = reader("read_through")
    assert came["most"] < 10
    assert (came["blank"], came["page"]) == (0, 21)
    assert came["end"] == list(range(36, 41))


def test_pages_in_view_stay_when_their_pane_is_hidden() -> None:
    assert reader("jumped_and_hidden") == {"there": [30, 31, 32], "hidden": [30, 31, 32]}


def test_a_page_whose_words_are_selected_stays() -> None:
    assert reader("selected")[:2] == [1, 17]
