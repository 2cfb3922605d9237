"""RTP headers (RFC 3550, 5.1) and their one-byte extensions (RFC 8285, 4.2)."""

from __future__ import annotations

import struct

from app.media.limits import EXTENSIONS

HEADER = struct.Struct("!BBHII")  # flags, marker and payload type, sequence number, timestamp, SSRC
# The same, followed by one extension of three bytes: what viewers get (abs-send-time).
EXTENDED_HEADER = struct.Struct("!BBHIIHHI")
ONE_BYTE = 0xBEDE
CLOCKS = {"audio": 48_000, "video": 90_000}  # ticks a second


def newer(one: int, other: int) -> bool:
    """Whether sequence number `one` comes after `other`, both modulo 65536."""
    return 0 < (one - other) & 0xFFFF < 0x8000


def extensions(packet: bytes | memoryview) -> dict[int, bytes]:
    """The one-byte extensions of a packet by their number; what is malformed is left out.

    Slow and thorough: for the first packets of an unknown stream. The forwarding loop reads what it needs by itself.
    """
    found: dict[int, bytes] = {}
    size = len(packet)
    if size < 12 or not packet[0] & 0x10:
        return found
    start = 12 + 4 * (packet[0] & 15)
    if start + 4 > size or (packet[start] << 8 | packet[start + 1]) != ONE_BYTE:
        return found
    words = packet[start + 2] << 8 | packet[start + 3]
    position, end = start + 4, start + 4 + 4 * words
    if end > size or words > EXTENSIONS:
        return found
    while position < end:
        number, length = packet[position] >> 4, (packet[position] & 15) + 1
        if packet[position] == 0:  # padding
            position += 1
            continue
        if number == 15 or position + 1 + length > end:
            break
        found[number] = bytes(packet[position + 1 : position + 1 + length])
        position += 1 + length
    return found


def absolute_send_time(seconds: float) -> int:
    """24 bits of fixed point, 6 of them whole seconds (abs-send-time)."""
    return int(seconds * 262_144) & 0xFFFFFF
