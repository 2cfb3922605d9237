"""The forwarding loop without a network: a publisher, viewers, and a socket that keeps what is sent."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pylibsrtp import Error, Policy, Session

from app.media.forwarding import Forwarder
from app.media.peer import Peer
from app.media.repair import Repair
from app.media.reports import Reports
from app.media.rtp import extensions
from app.media.sdp_offer import URI_MID, URI_RID, URI_SENT, Offer, Section
from app.media.wire import Totals, Wire

KEY = bytes(range(44))
KEY_FRAME = b"\x10\x00"  # VP8: start of a partition, P = 0
OTHER = b"\x10\x01"
LOW, HIGH = 1001, 1002  # SSRCs of simulcast


def session(way: int) -> Session:
    policy = Policy(key=KEY, ssrc_type=way, srtp_profile=Policy.SRTP_PROFILE_AEAD_AES_256_GCM)
    policy.allow_repeat_tx = True
    policy.window_size = 1024
    return Session(policy)


@dataclass
class Packet:
    """What a viewer, or a publisher, decrypted."""

    number: int
    timestamp: int
    marker: bool
    payload_type: int
    ssrc: int
    payload: bytes
    extensions: dict[int, bytes]


class FakeSocket:
    def __init__(self) -> None:
        self.sent: list[tuple[bytes, Any]] = []

    def sendto(self, data: bytes, address: Any) -> None:
        self.sent.append((bytes(data), address))


class FakeLoop:
    """Keeps timers, runs them when told."""

    def __init__(self) -> None:
        self.timers: list[Any] = []

    def call_later(self, _delay: float, call: Any) -> asyncio.TimerHandle | None:
        self.timers.append(call)
        return None


class Rig:
    def __init__(self, **section: Any) -> None:
        self.socket, self.loop, self.totals = FakeSocket(), FakeLoop(), Totals()
        self.wire = Wire(self.socket, self.totals)  # type: ignore[arg-type]
        self.repair = Repair(self.wire, self.loop)  # type: ignore[arg-type]
        self.forwarder = Forwarder(self.wire, self.repair)
        self.reports = Reports(self.wire, self.repair, self.forwarder)
        self._sessions: list[Session] = []
        self.publisher = self.peer("publisher", [video(**section)])
        self.source = self.publisher.sources[0]
        self.layer = self.source.ladder[0]

    def peer(self, name: str, sections: list[Section], connected: bool = True) -> Peer:
        peer = Peer(name, "blue", Offer(sections, "frag", [("sha-256", "AB")]), 0.0)
        peer.address = (name, 1)
        if connected:
            self.connect(peer)
        return peer

    def connect(self, peer: Peer) -> None:
        self._sessions.append(session(Policy.SSRC_ANY_OUTBOUND))
        peer.sent = self._sessions[-1]._srtp[0]

    def viewer(self, name: str = "viewer", **section: Any) -> Peer:
        """Somebody with one slot, in which the publisher is shown."""
        kind = self.source.kind
        peer = self.peer(name, [Section(kind, "UDP/TLS/RTP/SAVPF", mid="9", direction="recvonly", **section)])
        peer.slots[0].show(self.source, self.layer)
        return peer

    def feed(
        self, number: int, payload: bytes, timestamp: int | None = None, ssrc: int = LOW, marker: bool = False,
        payload_type: int = 96, extension: bytes = b"", padding: int = 0,
    ) -> None:  # fmt: skip
        """A packet comes from the publisher, already decrypted; `padding` bytes follow the payload."""
        timestamp = number * 3000 if timestamp is None else timestamp
        flags = 0x80 | (0x10 if extension else 0) | (0x20 if padding else 0)
        payload += bytes(padding - 1) + bytes((padding,)) if padding else b""
        head = struct.pack("!BBHII", flags, marker << 7 | payload_type, number & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc)
        if extension:
            extension += bytes(-len(extension) % 4)
            head += struct.pack("!HH", 0xBEDE, len(extension) // 4) + extension
        data = head + payload
        room = memoryview(bytearray(2208))
        room[: len(data)] = data
        self.forwarder.packet(self.publisher, room, len(data))

    def got(self, peer: Peer) -> list[Packet]:
        """RTP that `peer` was sent, decrypted; each call decrypts everything anew."""
        inbound = session(Policy.SSRC_ANY_INBOUND)
        sent = [data for data, address in self.socket.sent if address == peer.address and not 192 <= data[1] <= 223]
        return [_packet(_unprotect(inbound, data)) for data in sent]

    def control(self, peer: Peer) -> list[bytes]:
        """RTCP that `peer` was sent, decrypted."""
        inbound = session(Policy.SSRC_ANY_INBOUND)
        sent = [data for data, address in self.socket.sent if address == peer.address and 192 <= data[1] <= 223]
        return [inbound.unprotect_rtcp(data) for data in sent]


def _unprotect(inbound: Session, data: bytes) -> bytes:
    try:
        return inbound.unprotect(data)
    except Error:  # sent again: the replay check of one who has got it already
        return session(Policy.SSRC_ANY_INBOUND).unprotect(data)


def _packet(data: bytes) -> Packet:
    flags, kind, number, timestamp, ssrc = struct.unpack_from("!BBHII", data)
    start = 12
    if flags & 0x10:
        start += 4 + 4 * struct.unpack_from("!H", data, 14)[0]
    return Packet(number, timestamp, bool(kind & 128), kind & 127, ssrc, data[start:], extensions(data))


def video(rids: Sequence[str] = (), **fields: Any) -> Section:
    known = {URI_MID: 1, URI_RID: 2} if rids else {}
    defaults: dict[str, Any] = {
        "payloads": {"vp8": 96}, "ssrcs": [] if rids else [LOW], "rids": list(rids), "extensions": known,
    }  # fmt: skip
    return Section("video", "UDP/TLS/RTP/SAVPF", mid="1", direction="sendonly", **{**defaults, **fields})


def slot_video(payload_type: int = 97, sent: int = 3) -> dict[str, Any]:
    return {"payloads": {"vp8": payload_type}, "extensions": {URI_SENT: sent} if sent else {}}
