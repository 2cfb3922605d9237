"""Counts what a bot receives, without decrypting or decoding: packets, losses by gaps, and delays of stamped packets."""

from __future__ import annotations

import struct
import time
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field

from app.demo.bot_playing import STAMP, STAMP_MARK

HALF = 1 << 15


@dataclass
class Stream:
    """One incoming stream (RFC 3550, appendix A.1 and A.3, without its probation)."""

    ssrc: int
    base: int
    payload_type: int
    highest: int = 0  # with the wraps above the 16 bits
    packets: int = 0
    report: bytes = b"\0" * 4  # middle of the last sender report's NTP time
    report_at: float = 0.0
    _told: tuple[int, int] = (0, 0)

    @property
    def expected(self) -> int:
        return self.highest - self.base + 1

    @property
    def lost(self) -> int:
        """Packets missing now; what was sent again and came counts as received."""
        return max(0, self.expected - self.packets)

    def add(self, sequence: int) -> None:
        self.packets += 1
        step = sequence - self.highest & 0xFFFF
        if step < HALF:
            self.highest += step

    def block(self, now: float) -> bytes:
        """A report block about this stream (RFC 3550, 6.4.1)."""
        expected, packets = self.expected - self._told[0], self.packets - self._told[1]
        self._told = (self.expected, self.packets)
        fraction = min(255, max(0, expected - packets) * 256 // expected) if expected else 0
        since = min(0xFFFFFFFF, int((now - self.report_at) * 65536)) if self.report_at else 0
        lost = min(self.lost, 0x7FFFFF)
        return struct.pack(
            "!LLLL4sL", self.ssrc, fraction << 24 | lost, self.highest & 0xFFFFFFFF, 0, self.report, since
        )


@dataclass
class Counter:
    """All streams of one bot. With `open_packet` (decrypts) the delays of stamped packets are kept, in seconds."""

    open_packet: Callable[[bytes], bytes] | None = None
    streams: dict[bytes, Stream] = field(default_factory=dict)
    delays: array[float] = field(default_factory=lambda: array("d"))

    def add(self, datagram: bytes) -> None:
        """Take in one RTP packet as it came from the socket."""
        sequence = datagram[2] << 8 | datagram[3]
        stream = self.streams.get(datagram[8:12])
        if stream is None:
            name = datagram[8:12]
            stream = Stream(int.from_bytes(name, "big"), sequence, datagram[1] & 0x7F, highest=sequence)
            self.streams[name] = stream
        stream.add(sequence)
        if self.open_packet is not None:
            self._delay(datagram, time.monotonic_ns())

    def _delay(self, datagram: bytes, now: int) -> None:
        try:
            tail = self.open_packet(datagram)[-STAMP.size :] if self.open_packet else b""
        except ValueError:  # repeated
            return
        if len(tail) == STAMP.size:
            mark, sent = STAMP.unpack(tail)
            if mark == STAMP_MARK:
                self.delays.append((now - sent) / 1e9)

    @property
    def packets(self) -> int:
        return sum(stream.packets for stream in self.streams.values())

    @property
    def lost(self) -> int:
        return sum(stream.lost for stream in self.streams.values())
