"""The control channel takes what is of the contract, and nothing else."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.media import pins, requests
from app.media.errors import WrongRequest
from app.media.limits import Bucket
from app.pinned import PinBroken

JOIN = {"t": "join", "id": 1, "room": "blue", "peer": "martin", "offer": "v=0"}


def read(message: object) -> dict:
    return requests.check(requests.read(json.dumps(message).encode()))


def test_requests_of_the_contract_are_taken() -> None:
    for message in (
        JOIN,
        {"t": "leave", "id": 2, "peer": "a.b_c-d"},
        {"t": "mute", "id": 3, "peer": "x" * 64, "kind": "video", "muted": False},
        {"t": "describe", "id": 3, "peer": "a", "source": "aux-video", "content": "camera"},
        {"t": "describe", "id": 3, "peer": "a", "source": "aux-audio", "content": ""},
        {"t": "list", "id": 4},
        {"t": "stats", "id": 0},
    ):
        assert read(message) == message


@pytest.mark.parametrize(
    "change",
    [
        {"t": "fly"}, {"t": 5}, {"id": "1"}, {"id": True}, {"id": -1}, {"id": None}, {"peer": ""}, {"peer": "a b"},
        {"peer": "x" * 65}, {"room": "../x"}, {"room": None}, {"offer": 5}, {"more": 1}, {"peer": "a\n"},
    ],
)  # fmt: skip
def test_anything_else_is_refused(change: dict) -> None:
    with pytest.raises(WrongRequest):
        read({**JOIN, **change})


def test_a_missing_field_is_refused() -> None:
    for name in JOIN:
        with pytest.raises(WrongRequest):
            read({key: value for key, value in JOIN.items() if key != name})
    with pytest.raises(WrongRequest):
        read({"t": "mute", "id": 1, "peer": "a", "kind": "smell", "muted": True})
    with pytest.raises(WrongRequest):
        read({"t": "mute", "id": 1, "peer": "a", "kind": "audio", "muted": 1})


@pytest.mark.parametrize(
    "change",
    [
        {"source": "cam"}, {"source": "mic"}, {"source": 1}, {"source": None}, {"source": ["aux-video"]},
        {"content": "auscultation"}, {"content": "window"}, {"content": None}, {"content": 0}, {"peer": "a b"}, {"more": 1},
    ],
)  # fmt: skip
def test_only_second_sources_are_described_and_only_by_what_they_may_be(change: dict) -> None:
    with pytest.raises(WrongRequest):
        read({"t": "describe", "id": 1, "peer": "a", "source": "aux-video", "content": "screen", **change})


@given(st.binary(max_size=80))
def test_lines_of_any_kind_are_refused(line: bytes) -> None:
    with pytest.raises(WrongRequest):
        requests.check(requests.read(line))


def test_a_deep_line_is_refused() -> None:
    with pytest.raises(WrongRequest):
        requests.read(b"[" * 200_000)


def test_a_bucket_empties_and_fills() -> None:
    bucket = Bucket(10.0, 2.0)
    assert [bucket.take(100.0) for _ in range(3)] == [True, True, False]
    assert bucket.take(100.11)
    assert not bucket.take(100.12)


def test_the_private_names_we_lean_on_are_there() -> None:
    pins.check()


def test_a_missing_name_is_told_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("aiortc.rtcdtlstransport.RTCDtlsTransport._write_ssl")
    with pytest.raises(PinBroken, match="_write_ssl"):
        pins.check()
