"""VP8 in RTP (RFC 7741): where a key frame begins, and the numbers of pictures in the payload descriptor."""

from __future__ import annotations

from typing import NamedTuple


class Descriptor(NamedTuple):
    """Where the numbers of a packet stand in its payload; 0 where there is none (nothing stands at 0)."""

    picture: int  # position of PictureID
    wide: bool  # PictureID has 15 bits instead of 7
    base: int  # position of TL0PICIDX


NO_NUMBERS = Descriptor(0, False, 0)


def is_key_frame(payload: bytes) -> bool:
    """Whether this packet begins a key frame: first partition, its start, and P = 0 in the frame's header."""
    size = len(payload)
    if size < 2 or payload[0] & 0x17 != 0x10:  # S set, partition 0
        return False
    at = 1
    if payload[0] & 0x80:
        more = payload[1]
        at = 2
        if more & 0x80:
            if size < 3:
                return False
            at += 2 if payload[2] & 0x80 else 1
        at += bool(more & 0x40) + bool(more & 0x30)
    return at < size and not payload[at] & 1


def descriptor(payload: bytes) -> Descriptor:
    """Where PictureID and TL0PICIDX stand."""
    size = len(payload)
    if size < 3 or not payload[0] & 0x80:
        return NO_NUMBERS
    more, at, picture, wide, base = payload[1], 2, 0, False, 0
    if more & 0x80:
        picture, wide = at, bool(payload[at] & 0x80)
        at += 2 if wide else 1
    if more & 0x40:
        base = at
        at += 1
    return Descriptor(picture, wide, base) if at <= size else NO_NUMBERS


def numbers(payload: bytes, where: Descriptor) -> tuple[int, int]:
    """PictureID and TL0PICIDX of a packet, 0 where there is none."""
    picture = payload[where.picture] & 0x7F if where.picture else 0
    if where.wide:
        picture = picture << 8 | payload[where.picture + 1]
    return picture, payload[where.base] if where.base else 0


def renumber(packet: memoryview, at: int, where: Descriptor, picture: int, base: int) -> None:
    """Add `picture` and `base` to the numbers of a payload that begins at `at` in `packet`.

    After a change of layer a viewer sees one unbroken series of numbers, as from one encoder.
    """
    if where.picture:
        position = at + where.picture
        if where.wide:
            value = ((packet[position] & 0x7F) << 8 | packet[position + 1]) + picture
            packet[position], packet[position + 1] = 0x80 | (value >> 8 & 0x7F), value & 0xFF
        else:
            packet[position] = (packet[position] + picture) & 0x7F
    if where.base:
        packet[at + where.base] = (packet[at + where.base] + base) & 0xFF
