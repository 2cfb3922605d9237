"""What a browser may say, and that nothing else gets through."""

from __future__ import annotations

import json
from dataclasses import is_dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.teleconsultation import messages, schema
from app.teleconsultation.messages import LARGEST_MESSAGE, LARGEST_SDP, MessageRefused, parse

SDP = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\n"
CANDIDATE = {"candidate": "candidate:1 1 udp 1 10.0.0.1 9 typ host", "sdpMid": "0", "sdpMLineIndex": 0, "usernameFragment": "x"}  # fmt: skip
DEVICES = {"camera": True, "microphone": False}

GOOD = {
    "rooms": {},
    "join": {
        "room": "salle-bleue",
        **DEVICES,
        "offer": SDP,
        "resume": {"id": "ab.1f", "proof": "x_-1"},
        "publish": SDP,
    },
    "wait": DEVICES,
    "sdp": {"to": "ab.1f", "description": {"type": "offer", "sdp": SDP}},
    "ice": {"to": "ab.1f", "candidate": CANDIDATE},
    "state": DEVICES,
    "chat": {"text": "Bonjour à tous\nça va ?", "key": "k-1"},
    "admit": {"guest": "12"},
    "refuse": {"guest": "12"},
    "invite": {"channel": "email", "address": "a@b.fr", "name": "Paul MERCIER", "role": "caregiver", "key": "k-2"},
    "withdraw": {"invitation": "3"},
    "publish": {"offer": SDP, "n": 3},
    "unpublish": {},
    "blocked": {"to": "ab.1f"},
    "mute": {"person": "ab.1f", "muted": True},
    "ask": {"person": "ab.1f"},
    "leave": {},
    "ping": {},
}


def said(t: str, **changes: object) -> str:
    return json.dumps({"t": t, **GOOD[t], **changes})


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


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
    [
        (t, field)
        for t, fields in GOOD.items()
        for field in fields
        if (t, field) not in {("join", "offer"), ("join", "resume"), ("join", "publish")}
    ],
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
