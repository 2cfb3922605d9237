"""What a browser may say, and that nothing else gets through."""

from __future__ import annotations

import json
from dataclasses import is_dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import app.teleconsultation.features  # noqa: F401
from app.teleconsultation import messages, protocol, schema
from app.teleconsultation.messages import LARGEST_MESSAGE, LARGEST_SDP, parse
from app.teleconsultation.schema import MessageRefused
from components.video_room import LocalHub
from components.video_room.hub import ABSENT

SDP = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\n"
CANDIDATE = {"candidate": "candidate:1 1 udp 1 10.0.0.1 9 typ host", "sdpMid": "0", "sdpMLineIndex": 0, "usernameFragment": "x"}  # fmt: skip

# One file for each word, a message with every field it may have: who adds a word adds its file.
GOOD = {path.stem: json.loads(path.read_text()) for path in sorted((Path(__file__).parent / "said").glob("*.json"))}
LEFT_OUT = {(t, field) for t in GOOD for field in protocol.named(t).schema.optional}  # type: ignore[union-attr]


def said(t: str, **changes: object) -> str:
    return json.dumps({"t": t, **GOOD[t], **changes})


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def test_every_word_has_an_example_with_every_field_and_every_example_is_a_word() -> None:
    assert sorted(GOOD) == sorted(protocol.names())
    for t, fields in GOOD.items():
        word = protocol.named(t)
        assert word is not None
        assert fields.keys() == word.schema.required.keys() | word.schema.optional.keys(), t


def test_a_word_is_registered_once() -> None:
    ping = protocol.named("ping")
    assert ping is not None
    with pytest.raises(ValueError, match="ping"):
        protocol.register("ping", schema.Schema(dict), protocol.CHEAP, ping.act)
    with pytest.raises(ValueError, match="other"):
        protocol.register("other", ping.schema, protocol.CHEAP, ping.act)
    assert "other" not in protocol.names()


@pytest.mark.parametrize("t", ["join", "state"])
def test_what_is_shown_beside_the_face_is_a_screen_a_camera_or_nothing(t: str) -> None:
    plain = {name: value for name, value in GOOD[t].items() if name not in ("aux", "auscultation")}
    before = parse(json.dumps({"t": t, **plain}))  # a page that knows nothing of it
    assert (before.aux, before.auscultation) == ("", False)
    for aux in ("", "screen", "camera"):
        assert parse(said(t, aux=aux)).aux == aux
    for wrong in ("Screen", "screen ", "window", "x" * 200, None, 1, True, ["screen"], {"screen": 1}):
        with pytest.raises(MessageRefused):
            parse(said(t, aux=wrong))
    for wrong in ("true", 1, 0, None, "screen"):
        with pytest.raises(MessageRefused):
            parse(said(t, auscultation=wrong))


@pytest.mark.parametrize("t", GOOD)
def test_every_message_of_the_protocol_is_understood(t: str) -> None:
    message = parse(said(t))
    assert is_dataclass(message)
    assert messages.name_of(message) == t


@pytest.mark.parametrize("t", GOOD)
def test_a_message_with_one_field_too_many_is_refused(t: str) -> None:
    with pytest.raises(MessageRefused) as refused:
        parse(said(t, more=1))
    assert refused.value.about == t


@pytest.mark.parametrize(
    ("t", "field"),
    [(t, field) for t, fields in GOOD.items() for field in fields if (t, field) not in LEFT_OUT],
)
def test_a_message_without_one_of_its_fields_is_refused(t: str, field: str) -> None:
    fields = {name: value for name, value in GOOD[t].items() if name != field}
    with pytest.raises(MessageRefused):
        parse(json.dumps({"t": t, **fields}))


@given(t=st.sampled_from(sorted(GOOD)), data=st.data())
def test_a_field_of_the_wrong_kind_never_gets_through(t: str, data: st.DataObject) -> None:
    if not GOOD[t]:
        return
    field = data.draw(st.sampled_from(sorted(GOOD[t])))
    if GOOD[t][field] is None:  # « not known »: which other kinds it takes is not told by this example
        return
    right = type(GOOD[t][field])
    wrong = data.draw(json_values.filter(lambda value: not isinstance(value, right) and value is not None))
    with pytest.raises(MessageRefused):
        parse(said(t, **{field: wrong}))


@given(st.text(max_size=200) | st.binary(max_size=200) | json_values.map(json.dumps))
def test_whatever_is_no_message_is_refused_and_nothing_else_happens(frame: str | bytes) -> None:
    with pytest.raises(MessageRefused) as refused:
        parse(frame)
    assert refused.value.message


@pytest.mark.parametrize(
    "frame", ["[" * 60_000, '{"t":"ping","t":"leave"}', '{"t":NaN}', "1" * 5000, '{"t":"ping"} ' * 2]
)
def test_tricks_with_json_are_refused(frame: str) -> None:
    with pytest.raises(MessageRefused):
        parse(frame)


def test_more_than_128_kib_is_refused_in_bytes_not_in_characters() -> None:
    text = "é" * (LARGEST_MESSAGE // 2)
    assert len(text) < LARGEST_MESSAGE
    with pytest.raises(MessageRefused, match="volumineux"):
        parse(said("chat", text=text).encode().decode("unicode_escape"))


@pytest.mark.parametrize("extra", [0, 1])
def test_a_description_holds_32_kib(extra: int) -> None:
    sdp = SDP + "a" * (LARGEST_SDP - len(SDP) + extra)
    frame = said("sdp", description={"type": "offer", "sdp": sdp})
    if extra:
        with pytest.raises(MessageRefused):
            parse(frame)
    else:
        assert parse(frame)


@pytest.mark.parametrize(
    ("text", "good"), [("a", True), ("a" * 2000, True), ("a" * 2001, False), ("", False), (" \n ", False)]
)
def test_a_line_of_the_discussion_has_1_to_2000_characters(text: str, good: bool) -> None:
    if good:
        assert parse(said("chat", text=text)) == messages.Chat(text=text, key="k-1")
        return
    with pytest.raises(MessageRefused) as refused:
        parse(said("chat", text=text))
    assert (refused.value.about, refused.value.key) == ("chat", "k-1")
    assert refused.value.message != schema.INCORRECT  # the person is told what to change


@pytest.mark.parametrize("text", ["\x00", "a\x1bb", "\ud800", "\x7f"])
def test_characters_that_no_keyboard_makes_are_refused(text: str) -> None:
    with pytest.raises(MessageRefused):
        parse(said("chat", text=text))


def test_a_name_or_address_never_holds_a_line_break() -> None:
    for field in ("name", "address"):
        with pytest.raises(MessageRefused):
            parse(said("invite", **{field: "a\r\nBcc: b@c.fr"}))


@pytest.mark.parametrize(
    "candidate",
    [
        {**CANDIDATE, "candidate": "x" * 1025},
        {**CANDIDATE, "more": 1},
        {"sdpMid": "0"},
        {**CANDIDATE, "sdpMLineIndex": True},
    ],
)
def test_a_candidate_is_small_and_of_the_browser_s_shape(candidate: dict[str, object]) -> None:
    with pytest.raises(MessageRefused):
        parse(said("ice", candidate=candidate))


def test_a_null_candidate_ends_them() -> None:
    assert parse(said("ice", candidate=None)) == messages.Ice(to="ab.1f", candidate=None)


@pytest.mark.parametrize("guest", ["0", "-1", "1.5", "01", "1" * 19, 12, "x"])
def test_a_guest_is_named_by_a_number_in_a_text(guest: object) -> None:
    with pytest.raises(MessageRefused):
        parse(said("admit", guest=guest))


@pytest.mark.parametrize("t", protocol.names())
def test_the_room_of_notebooks_knows_every_word_or_says_that_it_lacks_it(t: str) -> None:
    assert hasattr(LocalHub, f"_on_{t}") != (t in ABSENT)
