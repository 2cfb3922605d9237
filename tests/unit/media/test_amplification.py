"""A single packet of one client makes no more work than a packet: reports, arrivals, records, formats of an offer."""

from __future__ import annotations

import struct

import pytest
from aiortc.rtp import RtcpPacket, RtcpSenderInfo, RtcpSrPacket
from hypothesis import given
from hypothesis import strategies as st

from app.media import rtcp, sdp_offer
from app.media.dtls import records
from app.media.errors import OfferRefused
from app.media.limits import COST, EXTENSIONS, INCOMING
from app.media.reports import PASSED_ON_EVERY
from app.media.sdp_offer import URI_TWCC
from tests.unit.media.rig import KEY_FRAME, LOW, Rig, slot_video
from tests.unit.media.test_sdp import text


def report(seconds: int) -> bytes:
    return bytes(RtcpSrPacket(LOW, RtcpSenderInfo(seconds << 32, rtp_timestamp=9000, packet_count=1, octet_count=1)))


def test_reports_in_one_packet_reach_a_viewer_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("app.media.reports.time.monotonic", lambda: now)
    rig = Rig()
    viewer = rig.viewer(**slot_video())
    rig.feed(1, KEY_FRAME, timestamp=9000)
    rig.reports.received(rig.publisher, b"".join(report(number) for number in range(rtcp.MOST_PACKETS)))
    assert len(rig.control(viewer)) == 1
    assert rig.layer.info.ntp_high == rtcp.MOST_PACKETS - 1  # what is told to the publisher knows the last one
    now += PASSED_ON_EVERY / 2
    rig.reports.received(rig.publisher, report(50))
    assert len(rig.control(viewer)) == 1
    now += PASSED_ON_EVERY
    rig.reports.received(rig.publisher, report(51))
    told = rig.control(viewer)
    assert len(told) == 2
    assert RtcpPacket.parse(told[-1])[0].sender_info.ntp_timestamp == 51 << 32


def test_a_packet_arrives_once_whatever_its_extensions_say() -> None:
    rig = Rig(extensions={URI_TWCC: 5})
    arrival = b"\x51\x00\x07"
    rig.feed(1, KEY_FRAME, extension=arrival * 42)
    assert [number for number, _ in rig.publisher.arrivals.came] == [7]
    rig.feed(2, KEY_FRAME, extension=arrival)
    assert len(rig.publisher.arrivals.came) == 2


def test_what_stands_behind_the_arrival_is_read() -> None:
    rig = Rig()
    rig.publisher.layers[LOW].twcc_id, rig.publisher.layers[LOW].level_id = 5, 6
    rig.feed(1, KEY_FRAME, extension=b"\x51\x00\x07" + b"\x60\x14")
    assert rig.layer.loudest == 20


@pytest.mark.parametrize("numbers", [range(1, 10**7, 10_000), range(1, 10**6, 150)], ids=["jumps", "gaps"])
def test_packets_that_make_more_work_count_as_more(numbers: range) -> None:
    """Each jump has all viewers begin anew, each gap has its numbers asked for."""
    rig = Rig()
    for name in ("ann", "bob"):
        rig.viewer(name, **slot_video())
    for number in numbers:
        if rig.publisher.incoming > INCOMING:
            break
        rig.feed(number, KEY_FRAME)
    assert numbers.index(number) < INCOMING // (2 * COST)


def test_a_line_that_loses_uses_up_next_to_nothing_of_its_share() -> None:
    rig = Rig()
    for number in range(1, 1001):  # twice what a page sends in a second
        if number % 20:
            rig.feed(number, KEY_FRAME)
    assert rig.publisher.incoming < 0.02 * INCOMING


@pytest.mark.parametrize(("words", "read"), [(EXTENSIONS, 1), (EXTENSIONS + 1, 0)])
def test_a_packet_with_more_extensions_than_anybody_sends_is_dropped(words: int, read: int) -> None:
    rig = Rig(rids=["l", "h"])
    rig.feed(1, KEY_FRAME, extension=b"\x101\x20l" + bytes(4 * words - 4))
    assert (rig.totals.packets_in, rig.totals.dropped) == (read, 1 - read)
    rig.feed(2, KEY_FRAME, ssrc=LOW, extension=b"\x101\x20l")
    rig.feed(3, KEY_FRAME, ssrc=LOW, extension=bytes(4 * words))
    assert (rig.totals.packets_in, rig.totals.dropped) == (1 + 2 * read, 2 - 2 * read)


def record(body: bytes) -> bytes:
    return struct.pack("!BHHHIH", 23, 0xFEFD, 1, 0, 1, len(body)) + body


def test_a_datagram_is_cut_into_its_records() -> None:
    parts = [record(b"one"), record(b""), record(bytes(1400))]
    assert records(b"".join(parts)) == parts
    assert records(b"") == []


@pytest.mark.parametrize(
    "hidden",
    [
        b"\x20" + bytes(12),  # OpenSSL passes over each of these and finds what follows
        bytes.fromhex("17010100010000000000000107d0"),
        bytes.fromhex("18fefd0001000000000001ffff"),
        b"\x3f\xff\xff\xff",
        record(bytes(1504)),  # more than aiortc reads at once
    ],
    ids=["of another version", "of another time", "a heartbeat", "of no kind", "too long"],
)
def test_nothing_reaches_openssl_behind_a_record_that_is_none(hidden: bytes) -> None:
    first = record(b"one")
    assert records(first + hidden + record(b"two")) == [first]
    assert records(first + record(b"cut")[:-1]) == [first]


@given(st.binary(max_size=200))
def test_what_is_read_of_a_datagram_is_its_beginning(datagram: bytes) -> None:
    assert datagram.startswith(b"".join(records(datagram)))


def test_a_restart_that_refuses_what_was_taken_is_none() -> None:
    offer = sdp_offer.read(text("chromium"))
    refused = sdp_offer.read(text("chromium").replace("m=video 9 ", "m=video 0 ", 1).replace("a=bundle-only", "a=x"))
    assert any(section.refused for section in refused.sections)
    assert refused.shape != offer.shape


def test_an_offer_with_more_formats_than_there_are_is_refused() -> None:
    offer = text("chromium")
    more = " ".join(str(number) for number in range(20, 20 + sdp_offer.MOST_FORMATS + 1))
    with pytest.raises(OfferRefused, match="formats"):
        sdp_offer.read(offer.replace("m=video 9 UDP/TLS/RTP/SAVPF ", f"m=video 9 UDP/TLS/RTP/SAVPF {more} ", 1))
    assert sdp_offer.read(offer).sections
