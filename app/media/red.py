"""Redundant audio (RFC 2198): each packet carries its own sound and that of packets before it."""

from __future__ import annotations

from typing import NamedTuple

MOST_BLOCKS = 8


class Block(NamedTuple):
    """The sound of one moment: `offset` ticks of the clock before the packet's own."""

    payload_type: int
    offset: int
    sound: bytes


def split(payload: bytes) -> list[Block] | None:
    """Blocks of a packet, the oldest first and the packet's own last; None when malformed."""
    headers: list[tuple[int, int, int]] = []
    position, size = 0, len(payload)
    while True:
        if position >= size or len(headers) > MOST_BLOCKS:
            return None
        first = payload[position]
        if not first & 0x80:
            break
        if position + 4 > size:
            return None
        rest = int.from_bytes(payload[position + 1 : position + 4], "big")
        headers.append((first & 0x7F, rest >> 10, rest & 0x3FF))
        position += 4
    position += 1
    blocks = []
    for payload_type, offset, length in headers:
        blocks.append(Block(payload_type, offset, payload[position : position + length]))
        position += length
    if position > size:
        return None
    blocks.append(Block(first, 0, payload[position:]))
    return blocks


def remap(payload: bytes, payload_type: int) -> bytes:
    """The same packet with `payload_type` in every block: viewers number Opus in their own way."""
    changed, position, size = bytearray(payload), 0, len(payload)
    while position < size and changed[position] & 0x80:
        changed[position] = 0x80 | payload_type
        position += 4
    if position < size:
        changed[position] = payload_type
    return bytes(changed)
