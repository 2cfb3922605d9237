"""VP8 descriptors, redundant audio, header extensions."""

from __future__ import annotations

import struct

import pytest
from aiortc.codecs.vpx import VpxPayloadDescriptor
from aiortc.rtp import HeaderExtensions, HeaderExtensionsMap, RtpPacket
from hypothesis import given
from hypothesis import strategies as st

from app.media import red, rtp, vp8

SHORT = b"\x90\x80\x11\x00"  # PictureID of 7 bits
WIDE = b"\x90\xc0\x81\x23\x07\x00"  # PictureID of 15 bits, TL0PICIDX


@pytest.mark.parametrize("payload", [b"\x10\x00", SHORT, WIDE, b"\x90\xe0\x81\x23\x07\x40\x10"])
def test_a_key_frame_is_known_by_its_first_packet(payload: bytes) -> None:
    assert vp8.is_key_frame(payload)


@pytest.mark.parametrize(
    "payload",
    [b"", b"\x10", b"\x10\x01", b"\x00\x00", b"\x11\x00", b"\x90\x80", b"\x90\x80\x91", SHORT[:-1], WIDE[:-1]],
)
def test_anything_else_is_no_key_frame(payload: bytes) -> None:
    assert not vp8.is_key_frame(payload)


@given(st.binary(max_size=40))
def test_payloads_of_any_kind_are_read_without_error(payload: bytes) -> None:
    vp8.is_key_frame(payload)
    where = vp8.descriptor(payload)
    vp8.numbers(payload, where)
    packet = bytearray(20) + bytearray(payload)
    vp8.renumber(memoryview(packet), 20, where, 5, 5)
    assert len(packet) == 20 + len(payload)
    red.remap(payload, 111)
    blocks = red.split(payload)
    assert blocks is None or blocks[-1].offset == 0


@pytest.mark.parametrize("picture", [1, 127, 128, 32_767])
def test_another_implementation_reads_the_numbers_we_changed(picture: int) -> None:
    made = VpxPayloadDescriptor(partition_start=1, partition_id=0, picture_id=picture, tl0picidx=255, tid=(1, 0))
    payload = bytes(made) + b"frame"
    where = vp8.descriptor(payload)
    assert vp8.numbers(payload, where) == (picture, 255)
    packet = bytearray(20) + payload
    vp8.renumber(memoryview(packet), 20, where, 1, 1)
    read, rest = VpxPayloadDescriptor.parse(bytes(packet[20:]))
    assert (read.picture_id, read.tl0picidx, rest) == ((picture + 1) % (32_768 if where.wide else 128), 0, b"frame")


def redundant(*blocks: tuple[int, int, bytes]) -> bytes:
    *before, (payload_type, _, sound) = blocks
    head = b"".join(struct.pack("!I", (0x80 | pt) << 24 | offset << 10 | len(old)) for pt, offset, old in before)
    return head + bytes((payload_type,)) + b"".join(old for _, _, old in before) + sound


def test_redundant_sound_is_taken_apart() -> None:
    payload = redundant((111, 1920, b"older"), (111, 960, b"old"), (111, 0, b"now"))
    assert red.split(payload) == [(111, 1920, b"older"), (111, 960, b"old"), (111, 0, b"now")]
    assert red.split(red.remap(payload, 96)) == [(96, 1920, b"older"), (96, 960, b"old"), (96, 0, b"now")]


@pytest.mark.parametrize("payload", [b"", b"\xef", b"\xef\0\0\0", b"\xef\x0f\0\xff\x6f", b"\xef\0\0\0" * 20 + b"\x6f"])
def test_malformed_redundancy_is_dropped(payload: bytes) -> None:
    assert red.split(payload) is None


def test_extensions_of_another_implementation_are_read() -> None:
    known = HeaderExtensionsMap()
    known.configure_ids = None  # type: ignore[attr-defined]
    known._HeaderExtensionsMap__ids.mid, known._HeaderExtensionsMap__ids.rtp_stream_id = 4, 10  # type: ignore[attr-defined]
    packet = RtpPacket(payload_type=96, sequence_number=7, ssrc=9, payload=b"frame")
    packet.extensions = HeaderExtensions(mid="cam", rtp_stream_id="h")
    assert rtp.extensions(packet.serialize(known)) == {4: b"cam", 10: b"h"}


@given(st.binary(max_size=60))
def test_headers_of_any_kind_are_read_without_error(data: bytes) -> None:
    rtp.extensions(data)
    rtp.extensions(b"\x90" + data)


def test_sequence_numbers_are_compared_across_their_end() -> None:
    assert rtp.newer(0, 65_535)
    assert rtp.newer(5, 4)
    assert not rtp.newer(4, 4)
    assert not rtp.newer(65_535, 3)
