"""The list of documents without a browser: what it listens to, and what its scripts may not do."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest

from components.document_list import LABELS, DocumentList
from components.document_list.component import HERE, MODULES
from components.document_list.demo import ARRIVALS, DOCUMENTS
from tests.support.node import came_of

SCRIPTS = sorted(HERE.glob("*.js"))


@pytest.fixture
def heard() -> list[tuple[str, ...]]:
    return []


@pytest.fixture
def documents(heard: list[tuple[str, ...]]) -> DocumentList:
    made = DocumentList(
        on_select=lambda reference: heard.append(("select", reference)),
        on_added=lambda reference: heard.append(("added", reference)),
        on_arrival=lambda action, reference: heard.append((action, reference)),
        on_action=lambda name: heard.append(("action", name)),
        actions=[{"name": "pacs", "label": "Importer depuis le PACS"}],
    )
    made.fill(DOCUMENTS, ARRIVALS)
    return made


def says(documents: DocumentList, message: Any) -> None:
    documents._receive(SimpleNamespace(data=message))


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ({"t": "select", "reference": "b"}, ("select", "b")),
        ({"t": "added", "reference": "0" * 32}, ("added", "0" * 32)),
        ({"t": "arrival", "name": "flatten", "reference": "e"}, ("flatten", "e")),
        ({"t": "arrival", "name": "dismiss", "reference": "e"}, ("dismiss", "e")),
        ({"t": "action", "name": "pacs"}, ("action", "pacs")),
    ],
)
def test_what_is_offered_is_heard(
    documents: DocumentList, heard: list[tuple[str, ...]], message: Any, told: tuple[str, ...]
) -> None:
    says(documents, message)
    assert heard == [told]


@pytest.mark.parametrize(
    "message",
    [
        None,
        "select",
        {},
        {"t": "select", "reference": "z"},
        {"t": "select", "reference": ["b"]},
        {"t": "added"},
        {"t": "arrival", "name": "flatten", "reference": "d"},
        {"t": "arrival", "name": "remove", "reference": "e"},
        {"t": "arrival", "name": ["flatten"], "reference": {"a": 1}},
        {"t": "arrival", "name": "flatten", "reference": "f"},
        {"t": "action", "name": "admin"},
        {"t": "action", "name": {"pacs": 1}},
    ],
)
def test_what_was_not_offered_is_not_heard(documents: DocumentList, heard: list[tuple[str, ...]], message: Any) -> None:
    says(documents, message)
    assert heard == []


def test_what_has_not_changed_is_not_sent_again(documents: DocumentList) -> None:
    changed: list[str] = []
    documents.param.watch(lambda event: changed.append(event.name), ["documents", "arrivals"])
    documents.fill(DOCUMENTS, ARRIVALS)
    assert changed == []
    documents.fill(DOCUMENTS)
    assert changed == ["arrivals"]


def test_every_module_is_sent_and_no_two_use_one_name() -> None:
    assert sorted(MODULES) == [script.name for script in SCRIPTS]
    names = [
        name
        for script in SCRIPTS
        for name in re.findall(r"^(?:export )?(?:function|const|let|class) (\w+)", script.read_text(), re.MULTILINE)
    ]
    assert len(names) == len(set(names))
    assert "import " not in re.sub(r"/\*\*.*?\*/", "", DocumentList._esm, flags=re.DOTALL)


def test_the_scripts_say_no_word_of_their_own_and_run_no_text() -> None:
    for script in SCRIPTS:
        source = re.sub(r"/\*\*.*?\*/|//.*", "", script.read_text(), flags=re.DOTALL)
        assert not re.search(r"innerHTML|insertAdjacentHTML|eval\(|Function\(", source)
        assert not re.search(r"[éèêàçœ]", source)
        used = set(re.findall(r"labels\.(\w+)", source))
        assert used <= set(LABELS)


@pytest.mark.parametrize(
    ("scenario", "said", "rows"),
    [
        ("cut_in_the_middle", {"text": "lost a.pdf", "failed": True, "heard": True}, ["failed"]),
        ("cut_after_the_last_byte", {"text": "cut a.pdf", "failed": True, "heard": False}, []),
        ("not_answered_by_ours", {"text": "cut a.pdf", "failed": True, "heard": False}, []),
    ],
)
def test_a_line_that_is_cut_is_said_differently_before_and_after_the_last_byte(
    scenario: str, said: dict[str, Any], rows: list[str]
) -> None:
    assert came_of("sending_rig.mjs", scenario) == {"last": said, "rows": rows}


def test_whoever_was_cut_off_after_the_last_byte_is_promised_nothing_that_nobody_knows() -> None:
    assert "pas sûr" in LABELS["cut"]
    assert "ajoutez-le de nouveau" in LABELS["cut"]
    assert "continue" not in LABELS["cut"]


def test_no_row_moves_under_a_press() -> None:
    after = ["ac", "da", "db"]  # an arrival, then documents
    assert came_of("list_rig.mjs", "news") == after
    came = came_of("list_rig.mjs", "news_under_a_press")
    assert came == {"pressed": ["db"], "then": after, "sent": [{"t": "select", "reference": "b"}]}


def test_a_kind_being_chosen_holds_nothing_up() -> None:
    assert came_of("list_rig.mjs", "news_while_a_kind_is_chosen") == ["da", "db"]


def test_the_end_of_a_press_does_not_end_the_next_one() -> None:
    assert came_of("list_rig.mjs", "pressed_again_at_once") == ["db"]
