"""Transport-wide congestion control feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01).

The publisher's browser decides by itself how much its line carries; it only needs to be told when each of its packets
came. The extension counts all packets of a publisher, so there is one `Arrivals` a peer.
"""

from __future__ import annotations

import struct

MOST_REPORTED = 400  # the packet stays below 1200 bytes
TICK = 250e-6  # seconds
_CHUNK = struct.Struct("!H")
_LONG = struct.Struct("!h")


class Arrivals:
    """Packets that came since the last feedback."""

    __slots__ = ("_count", "_next", "came")

    def __init__(self) -> None:
        self.came: list[tuple[int, float]] = []  # (number, seconds); the forwarding loop appends
        self._next = -1
        self._count = 0

    def feedback(self, media_ssrc: int) -> bytes | None:
        """The RTCP packet that tells of them; None when there is nothing to tell."""
        came, self.came = self.came, []
        if not came:
            return None
        base = self._next if self._next >= 0 else came[0][0]
        at: dict[int, float] = {}
        for number, seconds in came:
            offset = (number - base) & 0xFFFF
            if offset < 0x8000:  # what came late was told to be lost; the publisher has acted on it
                at[offset] = seconds
        if not at:
            return None
        count = max(at) + 1
        if count > MOST_REPORTED:  # a jump: begin anew
            self._next = (came[-1][0] + 1) & 0xFFFF
            return None
        self._next = (base + count) & 0xFFFF
        return self._packet(media_ssrc, base, count, at)

    def _packet(self, media_ssrc: int, base: int, count: int, at: dict[int, float]) -> bytes:
        reference = int(min(at.values()) / 0.064)  # multiples of 64 ms
        symbols, deltas, before = [0] * (count + -count % 7), bytearray(), reference * 256
        for offset in range(count):
            seconds = at.get(offset)
            if seconds is None:
                continue
            ticks = int(seconds / TICK)
            delta, before = ticks - before, ticks
            if 0 <= delta < 256:
                symbols[offset] = 1
                deltas.append(delta)
            else:
                symbols[offset] = 2
                deltas += _LONG.pack(max(-32768, min(32767, delta)))
        chunks = bytearray()
        for start in range(0, count, 7):  # status vectors of seven two-bit symbols
            a, b, c, d, e, f, g = symbols[start : start + 7]
            chunks += _CHUNK.pack(0xC000 | a << 12 | b << 10 | c << 8 | d << 6 | e << 4 | f << 2 | g)
        self._count = (self._count + 1) & 0xFF
        body = struct.pack("!IIHHI", 1, media_ssrc, base, count, (reference & 0xFFFFFF) << 8 | self._count)
        body += chunks + deltas
        padding = -len(body) % 4
        if padding:
            body += bytes(padding - 1) + bytes((padding,))
        return struct.pack("!BBH", (0xA0 if padding else 0x80) | 15, 205, len(body) // 4) + body
