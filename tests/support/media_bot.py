"""A person made of aiortc: publishes packets made beforehand, counts what comes. Nothing is encoded or decoded."""

from __future__ import annotations

import asyncio
import contextlib
import fractions
import os
import time
from collections.abc import Callable, Iterator
from typing import Any

import aiortc.rtcrtpreceiver as receiver_module
import av
from aiortc import (
    MediaStreamTrack,
    RTCBundlePolicy,
    RTCConfiguration,
    RTCPeerConnection,
    RTCRtpReceiver,
    RTCSessionDescription,
)

from tests.support.media_control import Control


class Packets(MediaStreamTrack):
    """Pictures of `size` bytes at 30 a second (every 30th a key frame), or sound of 80 bytes at 50 a second."""

    def __init__(self, kind: str, size: int = 4000) -> None:
        super().__init__()
        self.kind = kind
        self.count, self._size, self._start = 0, size if kind == "video" else 80, 0.0

    async def recv(self) -> Any:
        clock, rate = (90_000, 30) if self.kind == "video" else (48_000, 50)
        self._start = self._start or time.monotonic()
        await asyncio.sleep(max(0.0, self._start + self.count / rate - time.monotonic()))
        frame = os.urandom(self._size)
        if self.kind == "video":  # bit 0 of the first byte is P: 0 in a key frame (RFC 6386, 9.1)
            frame = bytes((frame[0] & 0xFE | (self.count % 30 > 0),)) + frame[1:]
        packet = av.Packet(frame)
        packet.pts = packet.dts = self.count * clock // rate
        packet.time_base = fractions.Fraction(1, clock)
        self.count += 1
        return packet


class Seen:
    """What one receiver got: numbers of packets in the order of their coming, and their payloads if `KEEP`."""

    def __init__(self) -> None:
        self.numbers: list[int] = []
        self.payload_types: set[int] = set()
        self.last = 0.0


@contextlib.contextmanager
def counting(whole: bool = True) -> Iterator[None]:
    """While it lasts aiortc's receivers count what they get and decode nothing.

    `whole`: they also report and ask for lost packets as usual; without it a bot costs next to nothing.
    """
    before, worker = RTCRtpReceiver._handle_rtp_packet, receiver_module.decoder_worker

    async def count(self: Any, packet: Any, arrival_time_ms: int) -> None:
        seen = SEEN.setdefault(id(self), Seen())
        seen.numbers.append(packet.sequence_number)
        seen.payload_types.add(packet.payload_type)
        seen.last = time.monotonic()
        if whole:
            await before(self, packet, arrival_time_ms)

    RTCRtpReceiver._handle_rtp_packet = count  # type: ignore[method-assign]
    receiver_module.decoder_worker = lambda *_: None
    try:
        yield
    finally:
        RTCRtpReceiver._handle_rtp_packet = before  # type: ignore[method-assign]
        receiver_module.decoder_worker = worker
        SEEN.clear()


SEEN: dict[int, Seen] = {}


class Bot:
    """Publishes `publishes`, has `slots` slots of each kind; `chat` opens a data channel."""

    def __init__(
        self, slots: int = 3, publishes: tuple[str, ...] = ("audio", "video"), size: int = 4000, chat: bool = False
    ) -> None:
        self.pc = RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
        self.tracks = [Packets(kind, size) for kind in publishes]
        for track in self.tracks:
            self.pc.addTransceiver(track, direction="sendonly")
        for kind in ("audio", "video"):
            for _ in range(slots):
                self.pc.addTransceiver(kind, direction="recvonly")
        self.messages: list[str] = []
        self.channel = self.pc.createDataChannel("room") if chat else None
        if self.channel:
            self.channel.on("message", self.messages.append)

    async def offer(self) -> str:
        await self.pc.setLocalDescription(await self.pc.createOffer())
        return self.pc.localDescription.sdp

    async def accept(self, answer: str) -> None:
        await self.pc.setRemoteDescription(RTCSessionDescription(answer, "answer"))

    async def join(self, control: Control, room: str, name: str) -> list[dict[str, str]]:
        """Enter a room; answers the slots."""
        answer = await control.ask("join", room=room, peer=name, offer=await self.offer())
        await self.accept(answer["ok"]["answer"])
        return answer["ok"]["slots"]

    def seen(self, mid: str) -> Seen:
        receiver = next(t.receiver for t in self.pc.getTransceivers() if t.mid == mid)
        return SEEN.setdefault(id(receiver), Seen())

    def counts(self) -> dict[str, int]:
        """Packets by mid, where there were any."""
        counts = {t.mid: len(self.seen(t.mid).numbers) for t in self.pc.getTransceivers() if t.direction == "recvonly"}
        return {mid: count for mid, count in counts.items() if count}

    async def close(self) -> None:
        for track in self.tracks:
            track.stop()
        await self.pc.close()


async def until(wanted: Callable[[], Any], seconds: float = 40.0) -> None:
    """Wait until `wanted()` is true."""
    end = time.monotonic() + seconds
    while not wanted():
        assert time.monotonic() < end, "not in time"
        await asyncio.sleep(0.02)
