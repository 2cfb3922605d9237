"""STUN: what is answered, and what is dropped without a word."""

from __future__ import annotations

import hmac
import os
import struct

import pytest
from aioice import stun as reference
from hypothesis import given, settings
from hypothesis import strategies as st

from app.media import stun

PASSWORD = b"0123456789abcdef0123456789abcdef"
TRANSACTION = bytes(range(12))


def reference_request(**attributes: object) -> bytes:
    """As aioice, another implementation, makes it."""
    message = reference.Message(
        message_method=reference.Method.BINDING, message_class=reference.Class.REQUEST, transaction_id=TRANSACTION
    )
    message.attributes.update({"USERNAME": "here:there", "PRIORITY": 1, "ICE-CONTROLLING": 5, **attributes})
    message.add_message_integrity(PASSWORD)
    return bytes(message)


def test_a_request_of_another_implementation_is_read() -> None:
    data = reference_request()
    request = stun.parse(data)
    assert request
    assert (request.local, request.remote, request.nominated) == ("here", "there", False)
    assert request.transaction == TRANSACTION
    assert stun.is_authentic(data, request, PASSWORD)


def test_a_nomination_is_seen() -> None:
    request = stun.parse(reference_request(**{"USE-CANDIDATE": None}))
    assert request
    assert request.nominated


@pytest.mark.parametrize("address", [("192.0.2.7", 40_000), ("2001:db8::7", 40_001, 0, 0)])
def test_another_implementation_reads_the_answer(address: tuple) -> None:
    message = reference.parse_message(stun.success(TRANSACTION, address, PASSWORD))
    assert message.attributes["XOR-MAPPED-ADDRESS"] == address[:2]
    message.check_message_integrity(PASSWORD)


def test_our_own_request_is_read_by_both() -> None:
    data = stun.request(TRANSACTION, "here:there", PASSWORD, nominated=True)
    reference.parse_message(data).check_message_integrity(PASSWORD)
    request = stun.parse(data)
    assert request
    assert request.nominated
    assert stun.is_authentic(data, request, PASSWORD)


def test_another_implementation_reads_our_question_and_is_understood() -> None:
    message = reference.parse_message(stun.question(TRANSACTION, "there:here", PASSWORD))
    message.check_message_integrity(PASSWORD)
    assert message.attributes["USERNAME"] == "there:here"
    assert {"PRIORITY", "ICE-CONTROLLED"} <= message.attributes.keys()
    answer = reference.Message(reference.Method.BINDING, reference.Class.RESPONSE, TRANSACTION)
    answer.attributes["XOR-MAPPED-ADDRESS"] = ("192.0.2.7", 4000)
    answer.add_message_integrity(PASSWORD)
    data = bytes(answer)
    assert stun.is_answer(data, TRANSACTION, PASSWORD)
    assert not stun.is_answer(data, TRANSACTION, PASSWORD[::-1])
    assert not stun.is_answer(data, bytes(12), PASSWORD)
    for at in range(len(data) - 8):  # before FINGERPRINT, which says nothing that integrity does not
        changed = data[:at] + bytes((data[at] ^ 0x41,)) + data[at + 1 :]
        assert not stun.is_answer(changed, TRANSACTION, PASSWORD)
        assert not stun.is_answer(data[:at], TRANSACTION, PASSWORD)


def test_a_wrong_password_is_not_authentic() -> None:
    data = stun.request(TRANSACTION, "here:there", PASSWORD)
    request = stun.parse(data)
    assert request
    assert not stun.is_authentic(data, request, PASSWORD[::-1])


def test_any_changed_byte_is_noticed() -> None:
    data = stun.request(TRANSACTION, "here:there", PASSWORD, nominated=True)
    for at in range(len(data)):
        changed = data[:at] + bytes((data[at] ^ 0x41,)) + data[at + 1 :]
        request = stun.parse(changed)
        assert request is None or not stun.is_authentic(changed, request, PASSWORD)


@pytest.mark.parametrize("attribute", [stun.INTEGRITY, stun.FINGERPRINT])
def test_a_request_without_integrity_or_fingerprint_is_dropped(attribute: int) -> None:
    data = stun.request(TRANSACTION, "here:there", PASSWORD)
    end = data.index(struct.pack("!H", attribute), 20)
    cut = data[:2] + struct.pack("!H", end - 20) + data[4:end]
    assert stun.parse(cut) is None


@pytest.mark.parametrize(("size", "is_read"), [(1280, True), (1284, False)])
def test_a_request_is_as_long_as_an_mtu_at_most(size: int, is_read: bool) -> None:
    """Chromium carries the first flight of DTLS in a request."""
    empty = stun.request(TRANSACTION, "here:there", PASSWORD)
    carried = bytes(size - len(empty) - 4)
    head = empty[:20] + struct.pack("!HH", 0xC070, len(carried)) + carried + empty[20 : empty.index(b"\0\x08\0\x14")]
    text = head[:2] + struct.pack("!H", len(head) + 4) + head[4:]
    head += struct.pack("!HH", stun.INTEGRITY, 20) + hmac.digest(PASSWORD, text, "sha1")
    text = head[:2] + struct.pack("!H", size - 20) + head[4:]
    data = text + struct.pack("!HH", stun.FINGERPRINT, 4) + stun._checksum(text)
    assert len(data) == size
    request = stun.parse(data)
    assert (request is not None and stun.is_authentic(data, request, PASSWORD)) is is_read


def test_an_attribute_that_reaches_beyond_the_end_is_dropped() -> None:
    head = struct.pack("!HHI12s", stun.REQUEST, 8, stun.COOKIE, TRANSACTION)
    assert stun.parse(head + struct.pack("!HH4s", stun.USERNAME, 60_000, b"a:b!")) is None


@settings(max_examples=300)
@given(st.binary(max_size=200))
def test_bytes_of_any_kind_are_dropped(data: bytes) -> None:
    assert stun.parse(data) is None
    framed = struct.pack("!HHI12s", stun.REQUEST, len(data), stun.COOKIE, TRANSACTION) + data
    assert stun.parse(framed) is None
    framed = struct.pack("!HHI12s", stun.SUCCESS, len(data), stun.COOKIE, TRANSACTION) + data
    assert not stun.is_answer(framed, TRANSACTION, PASSWORD)


def test_mutations_of_a_real_request_never_raise() -> None:
    data = bytearray(reference_request())
    for _ in range(3000):
        changed = bytearray(data)
        for at in os.urandom(3):
            changed[at % len(changed)] = os.urandom(1)[0]
        request = stun.parse(bytes(changed[: len(changed) - os.urandom(1)[0] % 20]))
        assert request is None or isinstance(request.local, str)
