"""What one client may have read of it in a second: forged datagrams use up none of it, and work stays bounded."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator

import pytest
from pylibsrtp import Policy

from app.media import rtcp
from app.media.dtls import Certificate, Line
from app.media.limits import COST, COST_DTLS, FORGED, INCOMING, INCOMING_DTLS
from tests.unit.media import rig as media_rig
from tests.unit.media import test_port

KNOWN, OTHER = 4242, 4243  # streams


class Rig(test_port.Rig):
    """A port and a client whose line is up; `heard` counts what of it is read."""

    def __init__(self) -> None:
        super().__init__()
        self.client_socket = self.socket()
        self.port.by_address[self.client_socket.getsockname()] = self.peer
        self._inbound = media_rig.session(Policy.SSRC_ANY_INBOUND)
        self._outbound = media_rig.session(Policy.SSRC_ANY_OUTBOUND)
        self.peer.received = self._inbound._srtp[0]
        self.heard: list[int] = []
        self.port._forwarder.packet = lambda _, packet, size: self._hear(bytes(packet[8:12]))  # type: ignore[method-assign]
        self.port._reports.received = lambda _, packet: self._hear(packet[4:8])  # type: ignore[method-assign]

    def _hear(self, ssrc: bytes) -> None:
        self.heard.append(int.from_bytes(ssrc, "big"))

    def rtp(self, number: int, ssrc: int = KNOWN) -> bytes:
        return self._outbound.protect(struct.pack("!BBHII", 0x80, 96, number, 0, ssrc) + b"picture")

    def rtcp(self, ssrc: int) -> bytes:
        return self._outbound.protect_rtcp(struct.pack("!BBHI", 0x80, rtcp.RECEIVER_REPORT, 1, ssrc))

    def put(self, *datagrams: bytes) -> None:
        """They come from the client's address, whoever wrote it on them."""
        for data in datagrams:
            self.client_socket.sendto(data, self.port.sock.getsockname())
            self.port._readable()

    def flood(self) -> None:
        """As many forged packets as are tried one by one."""
        while self.peer.forged <= FORGED:
            self.put(struct.pack("!BBHII", 0x80, 96, 7, 7, 99) + os.urandom(1400))


@pytest.fixture
def rig() -> Iterator[Rig]:
    rig = Rig()
    yield rig
    rig.close()
    assert rig.totals.errors == 0


def test_forged_packets_do_not_silence_a_client(rig: Rig) -> None:
    rig.put(rig.rtp(1))
    rig.peer.ssrcs.add(KNOWN)
    before = rig.peer.incoming
    rig.flood()
    assert rig.peer.incoming == before
    rig.put(rig.rtp(2), rig.rtcp(KNOWN))
    assert rig.heard == [KNOWN] * 3


def test_in_a_flood_of_forged_packets_only_known_streams_are_tried(rig: Rig) -> None:
    rig.flood()
    forged = rig.peer.forged
    rig.put(rig.rtp(1, OTHER), rig.rtcp(OTHER), bytes((0x80, 96)) + bytes(40))
    assert (rig.heard, rig.peer.forged) == ([], forged)
    rig.peer.begin_second()
    rig.put(rig.rtp(2, OTHER), rig.rtcp(OTHER))
    assert rig.heard == [OTHER, OTHER]


def test_an_authentic_packet_that_is_sent_again_by_somebody_else_uses_up_nothing(rig: Rig) -> None:
    captured = rig.rtp(1)
    rig.put(captured)
    once = rig.peer.incoming
    rig.put(*50 * [captured])
    assert rig.heard == [KNOWN]
    assert rig.peer.incoming == once


def test_authentic_packets_are_read_up_to_their_limit(rig: Rig) -> None:
    cost = len(rig.rtp(1)) + COST
    rig.peer.incoming = INCOMING - 3 * cost + 1
    rig.put(*(rig.rtp(number) for number in range(2, 12)))
    assert len(rig.heard) == 3


def line(rig: Rig) -> list[int]:
    """Gives the client a line; what is asked of it is kept."""
    asked: list[int] = []

    def deciphers(records: int) -> bool:
        asked.append(records)
        return rig.peer.deciphers(records * COST_DTLS)

    rig.peer.line = Line(Certificate.generateCertificate(), lambda _: None, lambda _: True, deciphers)
    rig.peer.line.received = rig.peer.received
    return asked


@pytest.mark.parametrize("records", [1, 40])
def test_forged_dtls_does_not_silence_a_client(rig: Rig, records: int) -> None:
    asked = line(rig)
    forged = records * (struct.pack("!BHHHIH", 23, 0xFEFD, 1, 0, 9, 20) + os.urandom(20))
    rig.put(*(2 * INCOMING_DTLS // (records * COST_DTLS)) * [forged])
    assert set(asked) == ({records - 1} if records > 1 else set())
    assert rig.peer.dtls > INCOMING_DTLS
    assert rig.peer.incoming == 0
    rig.put(rig.rtp(1))
    assert rig.heard == [KNOWN]


def test_dtls_is_read_up_to_its_limit(rig: Rig) -> None:
    line(rig)
    record = struct.pack("!BHHHIH", 23, 0xFEFD, 1, 0, 9, 20) + bytes(20)
    dropped = rig.totals.dropped
    rig.put(*(INCOMING_DTLS // (COST_DTLS + len(record)) + 5) * [record])
    assert rig.totals.dropped == dropped + 5
