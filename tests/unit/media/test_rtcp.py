"""RTCP: what we write another implementation reads, and the other way round."""

from __future__ import annotations

import struct
import time

import pytest
from aiortc.rtp import (
    RtcpPacket,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSenderInfo,
    RtcpSrPacket,
    pack_remb_fci,
    unpack_remb_fci,
)
from hypothesis import given
from hypothesis import strategies as st

from app.media import rtcp
from app.media.twcc import Arrivals
from tests.unit.media.rig import KEY_FRAME, LOW, Rig, slot_video


def one(data: bytes) -> RtcpPacket:
    (packet,) = RtcpPacket.parse(data)
    return packet


def test_our_requests_are_understood() -> None:
    pli = one(rtcp.make_pli(7))
    assert (pli.fmt, pli.media_ssrc) == (1, 7)
    nack = one(rtcp.make_nack(7, [5, 6, 21, 22, 65_535]))
    assert (nack.media_ssrc, nack.lost) == (7, [5, 6, 21, 22, 65_535])
    around = next(rtcp.split(rtcp.make_nack(7, [65_534, 65_535, 0, 1])))
    assert (len(around.body), list(rtcp.nacked(around.body))) == (12, [65_534, 65_535, 0, 1])
    remb = one(rtcp.make_remb(2_500_000, [7, 8]))
    bits, ssrcs = unpack_remb_fci(remb.fci)
    assert ssrcs == [7, 8]
    assert 2_490_000 < bits <= 2_500_000


def test_our_reports_are_understood() -> None:
    report = one(rtcp.make_receiver_report([rtcp.make_block(9, 0.25, 12, 70_000, 5, 2.0)]))
    block = report.reports[0]
    assert (block.ssrc, block.fraction_lost, block.packets_lost) == (9, 64, 12)
    assert (block.highest_sequence, block.lsr, block.dlsr) == (70_000, 5, 131_072)
    told = rtcp.make_sender_report(rtcp.SenderInfo(1, 2, 3, 4), 9, 44, 5, 6) + rtcp.make_description(9, b"slot-4")
    report, names = RtcpPacket.parse(told)
    assert (report.ssrc, report.sender_info.rtp_timestamp, report.sender_info.packet_count) == (9, 44, 5)
    assert names.chunks[0].items == [(1, b"slot-4")]


def test_requests_of_another_implementation_are_understood() -> None:
    nack = next(rtcp.split(bytes(RtcpRtpfbPacket(fmt=1, ssrc=1, media_ssrc=9, lost=[3, 4, 40]))))
    assert (rtcp.feedback_target(nack), list(rtcp.nacked(nack.body))) == (9, [3, 4, 40])
    pli = next(rtcp.split(bytes(RtcpPsfbPacket(fmt=1, ssrc=1, media_ssrc=9))))
    assert rtcp.feedback_target(pli) == 9
    fir = next(rtcp.split(bytes(RtcpPsfbPacket(fmt=4, ssrc=1, media_ssrc=0, fci=struct.pack("!II", 9, 0)))))
    assert rtcp.feedback_target(fir) == 9
    remb = next(rtcp.split(bytes(RtcpPsfbPacket(fmt=15, ssrc=1, media_ssrc=0, fci=pack_remb_fci(800_000, [9])))))
    assert rtcp.remb(remb.body) == (800_000, [9])


def test_reports_of_another_implementation_are_understood() -> None:
    block = RtcpReceiverInfo(9, fraction_lost=128, packets_lost=3, highest_sequence=1, jitter=0, lsr=77, dlsr=65_536)
    sender = RtcpSenderInfo(ntp_timestamp=(5 << 32) + (1 << 31), rtp_timestamp=90, packet_count=1, octet_count=1)
    for packet in (RtcpRrPacket(ssrc=1, reports=[block]), RtcpSrPacket(1, sender, [block])):
        part = next(rtcp.split(bytes(packet)))
        assert list(rtcp.reports(part)) == [(9, 0.5, 77, 1.0)]
    info = rtcp.sender_info(part.body)
    assert info
    assert (info.seconds, info.timestamp, info.last_sr) == (5.5, 90, 5 << 16 | 1 << 15)


def test_a_report_reaches_viewers_in_their_own_time() -> None:
    rig = Rig()
    viewer = rig.viewer(**slot_video())
    rig.feed(1, KEY_FRAME, timestamp=9000)
    sender = RtcpSenderInfo(ntp_timestamp=5 << 32, rtp_timestamp=9000, packet_count=1, octet_count=1)
    rig.reports.received(rig.publisher, bytes(RtcpSrPacket(LOW, sender)))
    (told,) = rig.control(viewer)
    report, names = RtcpPacket.parse(told)
    assert report.ssrc == viewer.slots[0].ssrc
    assert report.sender_info.rtp_timestamp == rig.got(viewer)[0].timestamp
    assert (report.sender_info.packet_count, report.sender_info.octet_count) == (1, 2)
    assert names.chunks[0].items == [(1, viewer.slots[0].group.encode())]


def test_the_way_there_and_back_is_measured_by_reports() -> None:
    rig = Rig()
    viewer = rig.viewer(**slot_video())
    rig.feed(1, KEY_FRAME)
    slot = viewer.slots[0]
    slot.note_report(77, time.monotonic() - 1.2)
    block = RtcpReceiverInfo(
        slot.ssrc, fraction_lost=26, packets_lost=1, highest_sequence=1, jitter=0, lsr=77, dlsr=65_536
    )
    rig.reports.received(viewer, bytes(RtcpRrPacket(ssrc=1, reports=[block])))
    assert viewer.rtt == pytest.approx(0.2, abs=0.05)
    assert slot.loss == pytest.approx(0.1, abs=0.01)


def test_the_publisher_is_told_what_was_lost_and_held_by_nothing_but_the_cap() -> None:
    rig = Rig()
    viewer = rig.viewer(**slot_video())
    slow = rtcp.make_remb(50_000, [viewer.slots[0].ssrc])
    rig.reports.received(viewer, slow)
    assert viewer.estimate
    for number in (1, 2, 3, 5):
        rig.feed(number, KEY_FRAME)
    rig.reports.send(rig.publisher, time.monotonic())
    report, remb = RtcpPacket.parse(rig.control(rig.publisher)[-1])
    assert (report.reports[0].packets_lost, report.reports[0].fraction_lost) == (1, 51)
    assert unpack_remb_fci(remb.fci)[0] > 2_000_000


def test_a_flood_of_requests_is_looked_up_only_in_part() -> None:
    rig = Rig()
    viewer = rig.viewer(**slot_video())
    rig.feed(1, KEY_FRAME)
    asked = rtcp.make_nack(viewer.slots[0].ssrc, list(range(0, 1020)))
    for _ in range(20):
        rig.reports.received(viewer, asked)
    assert 1000 < rig.totals.nacks_in < 4000


@given(st.binary(max_size=200), st.integers(0, 31), st.sampled_from([200, 201, 202, 203, 204, 205, 206, 207]))
def test_reports_of_any_kind_never_raise(noise: bytes, form: int, kind: int) -> None:
    rig = Rig()
    rig.feed(1, KEY_FRAME)
    body = noise + bytes(-len(noise) % 4)
    rig.reports.received(rig.publisher, noise)
    rig.reports.received(rig.publisher, struct.pack("!BBH", 0x80 | form, kind, len(body) // 4) + body)
    padded = struct.pack("!BBH", 0xA0 | form, kind, len(body) // 4) + body
    rig.reports.received(rig.publisher, padded)


def arrivals_of(packet: bytes) -> tuple[int, list[float | None]]:
    """Transport-wide feedback as a browser reads it: first number, seconds of each packet or None when lost."""
    first, kind, length = struct.unpack_from("!BBH", packet)
    assert (first & 0xDF, kind, len(packet)) == (0x8F, 205, 4 * length + 4)
    base, count, word = struct.unpack_from("!HHI", packet, 12)
    symbols: list[int] = []
    at = 20
    while len(symbols) < count:
        (chunk,) = struct.unpack_from("!H", packet, at)
        assert chunk >> 14 == 3
        symbols += [chunk >> shift & 3 for shift in range(12, -1, -2)]
        at += 2
    now = (word >> 8) * 0.064
    came: list[float | None] = []
    for symbol in symbols[:count]:
        if not symbol:
            came.append(None)
            continue
        delta = packet[at] if symbol == 1 else struct.unpack_from("!h", packet, at)[0]
        at += symbol
        now += delta * 250e-6
        came.append(now)
    return base, came


def test_feedback_says_when_each_packet_came() -> None:
    arrivals = Arrivals()
    times = {65_534: 100.0, 65_535: 100.001, 1: 100.2, 2: 100.1995}
    arrivals.came = list(times.items())
    packet = arrivals.feedback(7)
    assert packet
    base, came = arrivals_of(packet)
    assert (base, [moment is None for moment in came]) == (65_534, [False, False, True, False, False])
    for number, moment in zip((65_534, 65_535, 0, 1, 2), came, strict=True):
        if moment is not None:
            assert moment == pytest.approx(times[number], abs=0.001)


def test_feedback_goes_on_where_it_ended() -> None:
    arrivals = Arrivals()
    arrivals.came = [(10, 1.0), (11, 1.01)]
    arrivals.feedback(7)
    arrivals.came = [(14, 1.1)]
    packet = arrivals.feedback(7)
    assert packet
    base, came = arrivals_of(packet)
    assert (base, [moment is None for moment in came]) == (12, [True, True, False])
    assert arrivals.feedback(7) is None


@given(st.lists(st.tuples(st.integers(0, 65_535), st.floats(0, 1e6)), max_size=60))
def test_feedback_of_any_arrivals_is_well_formed_and_fits_a_packet(came: list[tuple[int, float]]) -> None:
    arrivals = Arrivals()
    for _ in range(2):
        arrivals.came = list(came)
        packet = arrivals.feedback(7)
        if packet:
            arrivals_of(packet)
            assert len(packet) < 1300
