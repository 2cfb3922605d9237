"""RTCP (RFC 3550, 6), its feedback messages (RFC 4585, RFC 5104) and REMB (draft-alvestrand-rmcat-remb-03)."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import NamedTuple

SENDER_REPORT, RECEIVER_REPORT, DESCRIPTION, BYE = 200, 201, 202, 203
TRANSPORT_FEEDBACK, PAYLOAD_FEEDBACK = 205, 206
NACK, PLI, FIR, AFB = 1, 1, 4, 15
OWN_SSRC = 1  # of the unit as a receiver
MOST_PACKETS = 32  # in one compound packet

_HEAD = struct.Struct("!BBH")
_FEEDBACK = struct.Struct("!BBHII")
_SENDER = struct.Struct("!BBHIIIIII")
_BLOCK = struct.Struct("!IIIIII")
_PAIR = struct.Struct("!HH")


class Part(NamedTuple):
    """One packet of a compound: `kind` is its payload type, `form` the five bits of its first byte."""

    kind: int
    form: int
    body: bytes  # without the four bytes of the header


class Report(NamedTuple):
    """One report block: how a stream arrives at the other end."""

    ssrc: int
    fraction: float  # lost since the last report, 0..1
    last_sr: int
    delay: float  # seconds since that report was received


class SenderInfo(NamedTuple):
    """What a sender report says of a stream: the moment of one timestamp on the sender's clock."""

    ssrc: int
    ntp_high: int
    ntp_low: int
    timestamp: int

    @property
    def last_sr(self) -> int:
        """The middle 32 bits of the moment, quoted in receiver reports."""
        return (self.ntp_high << 16 | self.ntp_low >> 16) & 0xFFFFFFFF

    @property
    def seconds(self) -> float:
        return self.ntp_high + self.ntp_low / 4_294_967_296


def split(data: bytes) -> Iterator[Part]:
    """Packets of a compound packet, up to the first malformed one."""
    position, size = 0, len(data)
    for _ in range(MOST_PACKETS):
        if position + 8 > size:
            return
        first, kind, length = _HEAD.unpack_from(data, position)
        end = position + 4 + 4 * length
        if first >> 6 != 2 or end > size:
            return
        stop = end
        if first & 0x20:  # padding
            stop -= data[end - 1]
        if stop < position + 4:
            return
        yield Part(kind, first & 31, data[position + 4 : stop])
        position = end


def sender_info(body: bytes) -> SenderInfo | None:
    return SenderInfo(*struct.unpack_from("!IIII", body)) if len(body) >= 24 else None


def reports(part: Part) -> Iterator[Report]:
    """Report blocks of a sender or receiver report."""
    start = 24 if part.kind == SENDER_REPORT else 4
    for number in range(part.form):
        at = start + 24 * number
        if at + 24 > len(part.body):
            return
        ssrc, lost, _highest, _jitter, last_sr, delay = _BLOCK.unpack_from(part.body, at)
        yield Report(ssrc, (lost >> 24) / 256, last_sr, delay / 65_536)


def feedback_target(part: Part) -> int:
    """SSRC that a PLI, FIR or NACK speaks of; 0 when the message is too short to say."""
    end = 12 if part.kind == PAYLOAD_FEEDBACK and part.form == FIR else 8
    return int.from_bytes(part.body[end - 4 : end], "big") if len(part.body) >= end else 0


def nacked(body: bytes) -> Iterator[int]:
    """Sequence numbers that a generic NACK asks for."""
    for at in range(8, len(body) - 3, 4):
        first, mask = _PAIR.unpack_from(body, at)
        yield first
        step = 1
        while mask:
            if mask & 1:
                yield (first + step) & 0xFFFF
            mask >>= 1
            step += 1


def remb(body: bytes) -> tuple[int, list[int]] | None:
    """Bits a second that the other end can receive, and the SSRCs it means."""
    if len(body) < 16 or body[8:12] != b"REMB":
        return None
    packed = int.from_bytes(body[13:16], "big")
    count = min(body[12], (len(body) - 16) // 4)
    return (packed & 0x3FFFF) << (packed >> 18), list(struct.unpack_from(f"!{count}I", body, 16))


def make_pli(media_ssrc: int) -> bytes:
    return _FEEDBACK.pack(0x81, PAYLOAD_FEEDBACK, 2, OWN_SSRC, media_ssrc)


def make_nack(media_ssrc: int, numbers: Sequence[int]) -> bytes:
    """Ask for packets again; `numbers` in their order, 60 groups at most."""
    groups: list[list[int]] = []
    for number in numbers:
        step = (number - groups[-1][0]) & 0xFFFF if groups else 0
        if groups and 0 < step <= 16:
            groups[-1][1] |= 1 << (step - 1)
        elif len(groups) < 60:
            groups.append([number, 0])
        else:
            break
    pairs = b"".join(_PAIR.pack(*group) for group in groups)
    return _FEEDBACK.pack(0x81, TRANSPORT_FEEDBACK, 2 + len(groups), OWN_SSRC, media_ssrc) + pairs


def make_block(ssrc: int, fraction: float, lost: int, highest: int, last_sr: int, delay: float) -> bytes:
    """One report block about a stream that we receive; `delay` in seconds."""
    share = min(255, int(fraction * 256)) << 24 | min(lost, 0x7FFFFF)
    return _BLOCK.pack(ssrc, share, highest & 0xFFFFFFFF, 0, last_sr, int(delay * 65_536) & 0xFFFFFFFF)


def make_receiver_report(blocks: Sequence[bytes]) -> bytes:
    return struct.pack("!BBHI", 0x80 | len(blocks), RECEIVER_REPORT, 1 + 6 * len(blocks), OWN_SSRC) + b"".join(blocks)


def make_remb(bits: int, ssrcs: Sequence[int]) -> bytes:
    exponent = max(0, bits.bit_length() - 18)
    packed = (exponent << 18 | bits >> exponent).to_bytes(3, "big")
    body = struct.pack("!II4sB", OWN_SSRC, 0, b"REMB", len(ssrcs)) + packed + struct.pack(f"!{len(ssrcs)}I", *ssrcs)
    return _HEAD.pack(0x8F, PAYLOAD_FEEDBACK, len(body) // 4) + body


def make_description(ssrc: int, name: bytes) -> bytes:
    """SDES with a CNAME; the same for each slot of one group, so that sound and picture are played together."""
    item = bytes((1, len(name))) + name
    item += bytes(4 - len(item) % 4)
    return struct.pack("!BBHI", 0x81, DESCRIPTION, (4 + len(item)) // 4, ssrc) + item


def make_sender_report(info: SenderInfo, ssrc: int, timestamp: int, packets: int, octets: int) -> bytes:
    """The publisher's report as one viewer sees the stream."""
    return _SENDER.pack(
        0x80, SENDER_REPORT, 6, ssrc, info.ntp_high, info.ntp_low, timestamp, packets & 0xFFFFFFFF, octets & 0xFFFFFFFF
    )
