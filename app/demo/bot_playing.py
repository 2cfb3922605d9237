"""Plays a clip as RTP: packets of picture and sound by one clock, without end, a key frame when somebody asks.

Nothing is encoded: each encoded picture and sound is wrapped in packets (RFC 7741, RFC 7587) at its time.
"""

from __future__ import annotations

import asyncio
import random
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from app.demo.clip import PICTURES_PER_SECOND, SOUND_SAMPLES, SOUNDS_PER_SECOND, Clip

PICTURE_TICKS = 90_000 // PICTURES_PER_SECOND
RING = 512  # packets kept to be sent again; the index is the low bits of the sequence number
LATEST = 0.07  # seconds: a player held up for longer puts its clock back; catching up would be a burst nobody sends
NTP_EPOCH = 2_208_988_800
STAMP = struct.Struct("!4sQ")  # a mark and the sender's clock in ns, behind the payload of stamped packets
STAMP_MARK = b"\xf0TD\x0f"


@dataclass
class Track:
    """One outgoing stream: its numbers on the wire, and what was sent lately."""

    payload_type: int
    clock_rate: int
    mid: str = ""
    mid_extension: int = 0  # extmap id agreed on, 0 for none
    level_extension: int = 0
    ssrc: int = field(default_factory=lambda: random.getrandbits(32) or 1)
    # In the lower half, as browsers do: a wrap in the first packets can confuse SRTP (RFC 3711, 3.3.1).
    sequence: int = field(default_factory=lambda: random.getrandbits(15))
    origin: int = field(default_factory=lambda: random.getrandbits(31))
    packets: int = 0
    octets: int = 0
    timestamp: int = 0
    sent_at: float = 0.0  # wall clock of `timestamp`
    _ring: list[tuple[int, bytes] | None] = field(default_factory=lambda: [None] * RING)

    def packet(self, payload: bytes, ticks: int, marker: bool, level: int | None = None) -> bytes:
        """The next packet, unencrypted; `ticks` count from the start, in units of the clock rate (RFC 3550, 5.1)."""
        extension = b""
        if self.mid_extension and self.mid:
            name = self.mid.encode()
            extension += bytes([self.mid_extension << 4 | len(name) - 1]) + name
        if self.level_extension and level is not None:
            extension += bytes([self.level_extension << 4, level])  # without the voice bit (RFC 6464)
        head = 0x80
        if extension:
            extension += b"\0" * (-len(extension) % 4)
            extension = struct.pack("!HH", 0xBEDE, len(extension) // 4) + extension
            head = 0x90
        self.timestamp = self.origin + ticks & 0xFFFFFFFF
        self.sequence = self.sequence + 1 & 0xFFFF
        kind = self.payload_type | (0x80 if marker else 0)
        self.packets += 1
        self.octets += len(payload)
        return struct.pack("!BBHLL", head, kind, self.sequence, self.timestamp, self.ssrc) + extension + payload

    def keep(self, protected: bytes) -> None:
        """Remember the packet made last as it went out."""
        self._ring[self.sequence % RING] = (self.sequence, protected)

    def sent(self, sequence: int) -> bytes | None:
        """The packet of that number as it went out, if it is not too old."""
        kept = self._ring[sequence % RING]
        return kept[1] if kept and kept[0] == sequence else None

    def sender_report(self) -> bytes:
        """Sender information for a report: NTP and RTP time of one instant, packets, octets (RFC 3550, 6.4.1)."""
        seconds = self.sent_at + NTP_EPOCH
        ntp = int(seconds * 2**32) & 0xFFFFFFFFFFFFFFFF
        return struct.pack("!QLLL", ntp, self.timestamp, self.packets & 0xFFFFFFFF, self.octets & 0xFFFFFFFF)


class Player:
    """Sends a clip's pictures and sounds; `send` encrypts and sends one packet and answers what went out."""

    def __init__(self, clip: Clip, send: Callable[[bytes], bytes], *, stamped: bool = False, position: int = 0) -> None:
        self._clip, self._send, self._stamped = clip, send, stamped
        self.picture: Track | None = None
        self.sound: Track | None = None
        self._position = position  # picture of the clip that comes next
        self._sound_position = position * SOUNDS_PER_SECOND // PICTURES_PER_SECOND
        self._pictures = self._sounds = 0  # how many went out; they never jump back, so timestamps go on
        self._picture_id = random.getrandbits(15)
        self._key_wanted = False
        self._start = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def start(self, sound: Track | None, picture: Track | None) -> None:
        """Begin to play on these tracks, within a picture's time so that many players do not tick as one."""
        self.sound, self.picture = sound, picture
        loop = asyncio.get_running_loop()
        self._start = loop.time() + random.random() / PICTURES_PER_SECOND
        self._key_wanted = not self._clip.pictures[self._position].key
        self._timer = loop.call_at(self._start, self._tick)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def want_key(self) -> None:
        """Somebody cannot show pictures without a key frame: the next picture is one."""
        self._key_wanted = True

    def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        due = self._next_due()
        if now - due > LATEST:  # this process stood still
            self._start += now - due
        while (due := self._next_due()) <= now:
            if self._start + self._pictures / PICTURES_PER_SECOND <= due:
                self.send_picture()
            else:
                self.send_sound()
        self._timer = loop.call_at(due, self._tick)

    def _next_due(self) -> float:
        return self._start + min(self._pictures / PICTURES_PER_SECOND, self._sounds / SOUNDS_PER_SECOND)

    def send_picture(self) -> None:
        """The next picture, in as many packets as it needs."""
        if self._key_wanted:
            self._jump()
        picture = self._clip.pictures[self._position]
        self._position = (self._position + 1) % len(self._clip.pictures)
        ticks = self._pictures * PICTURE_TICKS
        self._pictures += 1
        if self.picture is None:
            return
        self._picture_id = self._picture_id + 1 & 0x7FFF
        number = struct.pack("!BH", 0x80, 0x8000 | self._picture_id)
        first, last = b"\x90" + number, len(picture.parts) - 1  # X and, in the first packet, S (RFC 7741, 4.2)
        for index, part in enumerate(picture.parts):
            self._out(self.picture, (first if index == 0 else b"\x80" + number) + part, ticks, index == last)

    def send_sound(self) -> None:
        """The next 20 ms of sound."""
        sound = self._clip.sounds[self._sound_position]
        self._sound_position = (self._sound_position + 1) % len(self._clip.sounds)
        ticks = self._sounds * SOUND_SAMPLES
        self._sounds += 1
        if self.sound is not None:
            self._out(self.sound, sound.data, ticks, False, sound.level)

    def _jump(self) -> None:
        """Go to the clip's next key frame; the sound goes with it, so that mouth and voice stay together."""
        self._key_wanted = False
        position = self._clip.next_key(self._position)
        if position != self._position:
            self._position = position
            self._sound_position = position * SOUNDS_PER_SECOND // PICTURES_PER_SECOND % len(self._clip.sounds)

    def _out(self, track: Track, payload: bytes, ticks: int, marker: bool, level: int | None = None) -> None:
        track.sent_at = time.time()
        if self._stamped:
            payload += STAMP.pack(STAMP_MARK, time.monotonic_ns())
        track.keep(self._send(track.packet(payload, ticks, marker, level)))
