"""What viewers get: one unbroken stream in their own numbering, whatever happens at the publisher."""

from __future__ import annotations

import os
import struct
import time
from itertools import pairwise

import pytest

from app.media import rtcp
from app.media.limits import MAX_SSRCS
from app.media.peer import Peer
from app.media.sdp_offer import URI_LEVEL, URI_TWCC, Section
from tests.unit.media.rig import HIGH, KEY_FRAME, LOW, OTHER, Rig, slot_video


def unbroken(rig: Rig, viewer: object) -> list[int]:
    numbers = [packet.number for packet in rig.got(viewer)]  # type: ignore[arg-type]
    assert all((after - before) & 0xFFFF == 1 for before, after in pairwise(numbers))
    return numbers


def test_a_picture_begins_with_a_key_frame() -> None:
    rig = Rig()
    viewer = rig.viewer(**slot_video())
    rig.feed(10, OTHER)
    assert rig.got(viewer) == []
    assert rtcp.make_pli(LOW) in rig.control(rig.publisher)
    rig.feed(11, KEY_FRAME)
    rig.feed(12, OTHER, marker=True)
    first, second = rig.got(viewer)
    assert (first.payload, second.payload, second.marker) == (KEY_FRAME, OTHER, True)


def test_each_viewer_gets_its_own_numbers_and_extensions() -> None:
    rig = Rig()
    plain, extended = rig.viewer("a", **slot_video(100, sent=0)), rig.viewer("b", **slot_video(101, sent=7))
    for number in range(65_530, 65_545):
        rig.feed(number, KEY_FRAME)
    for viewer, payload_type, known in ((plain, 100, set()), (extended, 101, {7})):
        packets = rig.got(viewer)
        assert len(unbroken(rig, viewer)) == 15
        assert {packet.payload_type for packet in packets} == {payload_type}
        assert {packet.ssrc for packet in packets} == {viewer.slots[0].ssrc}
        assert all(packet.extensions.keys() == known for packet in packets)
        assert {(after.timestamp - before.timestamp) & 0xFFFFFFFF for before, after in pairwise(packets)} == {3000}


def test_a_muted_track_reaches_nobody() -> None:
    rig = Rig()
    viewer = rig.viewer(**slot_video())
    rig.feed(1, KEY_FRAME)
    rig.source.mute(True)
    for number in range(2, 50):
        rig.feed(number, KEY_FRAME)
    assert len(rig.got(viewer)) == 1
    before = rig.got(viewer)[0].number
    for number in range(2, 50):
        rig.forwarder.resend(viewer.slots[0], before + number - 1, time.monotonic())
    assert len(rig.got(viewer)) == 1
    rig.source.mute(False)
    rig.feed(50, OTHER)
    rig.feed(51, KEY_FRAME)
    assert len(unbroken(rig, viewer)) == 2


def test_a_gap_is_asked_for_at_once_and_filled() -> None:
    rig = Rig()
    viewer = rig.viewer(**slot_video())
    rig.feed(1, KEY_FRAME)
    rig.feed(5, OTHER)
    assert rtcp.make_nack(LOW, [2, 3, 4]) in rig.control(rig.publisher)
    rig.feed(3, b"\x00late")
    packets = rig.got(viewer)
    assert [(packet.number - packets[0].number) & 0xFFFF for packet in packets] == [0, 4, 2]
    assert rig.layer.missing.keys() == {2, 4}


def test_a_gap_is_asked_for_again_until_it_is_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    rig = Rig()
    rig.viewer(**slot_video())
    start = time.monotonic()
    rig.feed(1, KEY_FRAME)
    rig.feed(3, OTHER)
    for step in range(1, 80):
        monkeypatch.setattr("app.media.repair.time.monotonic", lambda step=step: start + 0.02 * step)
        timers, rig.loop.timers = rig.loop.timers, []
        for timer in timers:
            timer()
    asked = [packet for packet in rig.control(rig.publisher) if packet == rtcp.make_nack(LOW, [2])]
    assert 5 <= len(asked) <= 8
    assert (rig.layer.missing, rig.loop.timers) == ({}, [])


def test_a_packet_that_came_twice_goes_out_once() -> None:
    rig = Rig()
    viewer = rig.viewer(**slot_video())
    for number in (1, 2, 2, 1, 3, 2):
        rig.feed(number, KEY_FRAME)
    assert len(unbroken(rig, viewer)) == 3
    assert rig.layer.received == 3


def test_a_lost_packet_is_sent_again_from_the_ring() -> None:
    rig = Rig()
    viewer = rig.viewer(**slot_video())
    for number in range(20):
        rig.feed(number, KEY_FRAME + bytes((number,)))
    packets = rig.got(viewer)
    wanted = [packets[4], packets[6], packets[9]]
    nack = rtcp.make_nack(viewer.slots[0].ssrc, [packet.number for packet in wanted])
    rig.reports.received(viewer, nack)
    again = rig.got(viewer)[20:]
    assert [packet.payload for packet in again] == [packet.payload for packet in wanted]
    assert [packet.timestamp for packet in again] == [packet.timestamp for packet in wanted]


def test_a_jump_at_the_publisher_is_no_jump_at_the_viewer() -> None:
    rig = Rig()
    viewer = rig.viewer(**slot_video())
    for number in (1, 2, 30_000, 30_001):
        rig.feed(number, KEY_FRAME)
    assert len(unbroken(rig, viewer)) == 4
    assert rig.layer.expected == 2


def test_a_slot_that_changes_hands_goes_on_where_it_was() -> None:
    rig = Rig()
    viewer = rig.viewer(**slot_video())
    rig.feed(100, KEY_FRAME)
    rig.feed(101, OTHER)
    viewer.slots[0].hide()
    viewer.slots[0].show(rig.source, rig.layer)
    rig.feed(102, OTHER)
    rig.feed(103, KEY_FRAME)
    assert len(unbroken(rig, viewer)) == 3
    first, second, third = rig.got(viewer)
    assert 0 < (third.timestamp - second.timestamp) & 0xFFFFFFFF < 90_000
    assert first.ssrc == third.ssrc


def layers(rig: Rig) -> bytes:
    return b"\x101" + b"\x20h"  # MID "1", RID "h"


def numbered(picture: int, base: int, key: bool) -> bytes:
    """A VP8 packet with PictureID (15 bits) and TL0PICIDX."""
    return b"\x90\xc0" + struct.pack("!HB", 0x8000 | picture, base) + (b"\x00" if key else b"\x01")


def test_a_viewer_changes_layer_at_a_key_frame_without_a_break() -> None:
    rig = Rig(rids=["l", "h"])
    low, high = rig.source.ladder
    viewer = rig.viewer(**slot_video())
    rig.feed(1, numbered(200, 20, True), ssrc=LOW, extension=b"\x101\x20l")
    rig.feed(2, numbered(201, 21, False), ssrc=LOW)
    viewer.slots[0].want(high)
    rig.feed(500, numbered(9, 3, False), ssrc=HIGH, extension=layers(rig))
    rig.feed(3, numbered(202, 22, False), ssrc=LOW)
    rig.feed(501, numbered(10, 4, True), ssrc=HIGH)
    rig.feed(4, numbered(203, 23, False), ssrc=LOW)
    rig.feed(502, numbered(11, 5, False), ssrc=HIGH)
    assert len(unbroken(rig, viewer)) == 5
    payloads = [packet.payload for packet in rig.got(viewer)]
    pictures = [struct.unpack_from("!HB", payload, 2) for payload in payloads]
    assert {(after[0] - before[0], after[1] - before[1]) for before, after in pairwise(pictures)} == {(1, 1)}
    assert low.subscribers == ()


def test_padding_is_no_picture() -> None:
    rig = Rig(rids=["l", "h"])
    _low, high = rig.source.ladder
    viewer = rig.viewer(**slot_video())
    rig.feed(1, numbered(200, 20, True), ssrc=LOW, extension=b"\x101\x20l")
    seen = rig.layer.octets
    rig.feed(2, b"", ssrc=LOW, padding=200)
    assert rig.layer.octets == seen
    viewer.slots[0].want(high)
    rig.feed(501, numbered(10, 4, True), ssrc=HIGH, extension=layers(rig))
    assert len(unbroken(rig, viewer)) == 3
    first, _, last = (packet.payload for packet in rig.got(viewer))
    before, after = (struct.unpack_from("!HB", payload, 2) for payload in (first, last))
    assert (after[0] - before[0], after[1] - before[1]) == (1, 1)


def test_both_layers_are_at_one_moment_when_the_sender_says_so() -> None:
    rig = Rig(rids=["l", "h"])
    low, high = rig.source.ladder
    viewer = rig.viewer(**slot_video())
    rig.feed(1, KEY_FRAME, ssrc=LOW, timestamp=5000, extension=b"\x101\x20l")
    rig.feed(700, OTHER, ssrc=HIGH, timestamp=70_000, extension=layers(rig))
    low.info = rtcp.SenderInfo(LOW, 1000, 0, 5000)
    high.info = rtcp.SenderInfo(HIGH, 1000, 0, 70_000)
    viewer.slots[0].want(high)
    rig.feed(701, KEY_FRAME, ssrc=HIGH, timestamp=70_000 + 9000)  # a tenth of a second later
    first, second = rig.got(viewer)
    assert (second.timestamp - first.timestamp) & 0xFFFFFFFF == 9000


def test_arrivals_and_loudness_are_noted() -> None:
    rig = Rig()
    section = Section(
        "audio", "UDP/TLS/RTP/SAVPF", mid="0", direction="sendonly", payloads={"opus": 111}, ssrcs=[5],
        extensions={URI_LEVEL: 1, URI_TWCC: 3},
    )  # fmt: skip
    rig.publisher = rig.peer("speaker", [section])
    rig.feed(1, b"sound", ssrc=5, payload_type=111, extension=b"\x10\x9e\x31\x12\x34")
    assert rig.publisher.sources[0].ladder[0].loudest == 30
    assert [number for number, _ in rig.publisher.arrivals.came] == [0x1234]


def test_a_viewer_whose_line_is_not_up_costs_nothing() -> None:
    rig = Rig()
    viewer = late(rig)
    rig.feed(1, KEY_FRAME)
    assert (rig.socket.sent, rig.layer.waiting) == ([], (viewer.slots[0],))
    rig.connect(viewer)
    rig.feed(2, KEY_FRAME)
    assert len(rig.got(viewer)) == 1


def late(rig: Rig) -> Peer:
    """Somebody with a slot who cannot be reached yet."""
    viewer = rig.peer("late", [Section("video", "p", mid="9", direction="recvonly", **slot_video())], connected=False)
    viewer.slots[0].show(rig.source, rig.layer)
    return viewer


def test_who_is_reached_a_moment_after_a_key_frame_begins_with_it() -> None:
    rig = Rig()
    viewer = late(rig)
    rig.feed(1, KEY_FRAME)
    for number in range(2, 6):
        rig.feed(number, OTHER)
    rig.connect(viewer)
    assert rig.forwarder.replay(viewer.slots[0])
    rig.feed(6, OTHER)
    assert len(unbroken(rig, viewer)) == 6
    assert [packet.payload for packet in rig.got(viewer)] == [KEY_FRAME] + 5 * [OTHER]
    assert viewer.slots[0].counts[0] == 6
    assert rig.layer.waiting == ()
    rig.forwarder.resend(viewer.slots[0], rig.got(viewer)[0].number, time.monotonic())
    assert rig.got(viewer)[-1].payload == KEY_FRAME  # what is lost of it comes again


@pytest.mark.parametrize("why", ["a hole", "too old", "silenced meanwhile", "too much"])
def test_what_is_not_fit_to_be_shown_later_is_not(why: str) -> None:
    rig = Rig()
    viewer = late(rig)
    rig.feed(1, KEY_FRAME)
    for number in range(2, 120 if why == "too much" else 6):
        if not (why == "a hole" and number == 3):
            rig.feed(number, OTHER)
    if why == "silenced meanwhile":
        rig.source.mute(True)
        rig.feed(6, OTHER)
        rig.source.mute(False)
    if why == "too old":
        rig.layer.key_at -= 1
    rig.connect(viewer)
    assert not rig.forwarder.replay(viewer.slots[0])
    assert rig.got(viewer) == []
    rig.feed(200, KEY_FRAME)
    assert len(rig.got(viewer)) == 1


def test_a_socket_that_refuses_is_counted_and_nothing_more(monkeypatch: pytest.MonkeyPatch) -> None:
    rig = Rig()
    rig.viewer(**slot_video())

    def refuse(*_: object) -> None:
        raise BlockingIOError

    rig.forwarder._sendto = refuse
    rig.feed(1, KEY_FRAME)
    assert rig.totals.dropped == 1


@pytest.mark.parametrize("redundant", [False, True])
def test_what_is_wrong_with_one_viewer_costs_the_others_nothing(redundant: bool) -> None:
    rig = Rig(payloads={"vp8": 96, "red": 98}) if redundant else Rig()
    first, broken, last = (rig.viewer(name, **slot_video()) for name in ("first", "broken", "last"))
    rig.feed(1, KEY_FRAME)
    broken.sent = object()  # no handle of libsrtp's
    rig.layer.refresh()
    rig.layer.red_type = 98 if redundant else -1
    for number in (2, 3, 4):
        rig.feed(number, (b"\x60" if redundant else b"") + OTHER, payload_type=98 if redundant else 96)
    assert (len(unbroken(rig, first)), len(rig.got(broken)), len(unbroken(rig, last))) == (4, 1, 4)
    assert rig.totals.errors == 3


def test_packets_of_any_kind_never_raise() -> None:
    rig = Rig(rids=["l", "h"])
    rig.viewer(**slot_video())
    rig.feed(1, KEY_FRAME, extension=b"\x101\x20l")
    room = memoryview(bytearray(2208))
    known = struct.pack("!I", LOW)
    for round_ in range(4000):
        data = bytearray(os.urandom(13 + os.urandom(1)[0] % 60))
        data[0] = 0x80 | data[0] & 0x3F
        if round_ % 2:
            data[8:12] = known
            data[1] = 96 | data[1] & 128
        room[: len(data)] = data
        rig.forwarder.packet(rig.publisher, room, len(data))


def test_a_client_of_ever_new_streams_is_read_no_more() -> None:
    """libsrtp keeps every stream it has once decrypted, and looks through all of them for each packet."""
    rig = Rig()
    rig.publisher.received = object()
    for ssrc in range(5000, 5000 + MAX_SSRCS):
        rig.feed(1, KEY_FRAME, ssrc=ssrc)
    assert rig.publisher.received is not None
    report = struct.pack("!BBHI", 0x80, 201, 1, 4999)
    rig.reports.received(rig.publisher, report)
    assert rig.publisher.received is None


def test_repair_goes_on_after_more_packets_than_a_number_counts() -> None:
    rig = Rig()
    viewer = rig.viewer(**slot_video())
    slot = viewer.slots[0]
    rig.feed(1, KEY_FRAME)
    for last in range(2, 100_000):
        rig.feed(last, OTHER)
        if last % 20_000 == 0:
            before = rig.totals.resent
            rig.socket.sent.clear()
            rig.forwarder.resend(slot, (last - 3 + slot.sequence) & 0xFFFF, time.monotonic())
            assert rig.totals.resent == before + 1, last
            assert len(rig.socket.sent) == 1
        elif last % 500 == 0:
            rig.socket.sent.clear()
    rig.feed(100_001, OTHER)  # the one before is late
    rig.socket.sent.clear()
    rig.feed(100_000, OTHER)
    assert len(rig.socket.sent) == 1
