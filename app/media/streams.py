"""Sound and pictures as they come in: a `Source` is what a person publishes, a `Layer` one RTP stream of it.

A camera with simulcast has two layers (`l`, `h`), everything else has one. Each layer keeps its last packets, so that
a viewer who lost one gets it again from here, without asking the publisher.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.media.sdp_offer import URI_LEVEL, URI_MID, URI_RID, URI_TWCC, Section

if TYPE_CHECKING:
    from app.media.peer import Peer
    from app.media.slot import Slot

RING = 512  # packets kept: about two seconds of a good picture
RING_MASK = RING - 1
REPLAYED = 0.5  # seconds of a picture that somebody is shown at once who could not be reached yet when it came
MOST_REPLAYED = 96  # packets
MAX_JUMP = 3000  # sequence numbers; a larger step is a new beginning (RFC 3550, A.1)
NO_LEVEL = 127  # silence, in -dBov (RFC 6464)
ACTIVE_FOR = 1.0  # seconds without a packet, then a layer is not being sent
HEARD_BEFORE = 5.0  # seconds before it was described that a packet of an aux source still belongs to it

Packet = tuple[int, int, int, bytes, bool]  # sequence number, timestamp, marker, payload, redundant


class Source:
    """Microphone (mic), camera (cam), second sound (aux-audio) or second picture (aux-video) of one person."""

    def __init__(self, peer: Peer, name: str, section: Section) -> None:
        self.peer, self.name, self.kind, self.mid = peer, name, section.kind, section.mid
        self.payload_type, self.red_type = section.main, section.red
        extensions = section.extensions
        self.mid_id, self.rid_id = extensions.get(URI_MID, -1), extensions.get(URI_RID, -1)
        self.twcc_id = extensions.get(URI_TWCC, -1)
        self.level_id = extensions.get(URI_LEVEL, -1) if section.kind == "audio" else -1
        self.muted = False
        self.content, self.described_at = "", 0.0  # what an aux source is, as told from outside; since when
        self.live = not name.startswith("aux")  # whether it has its slots; `look` says of an aux source
        self.ladder = [Layer(self, rid) for rid in section.rids or [""]]  # the smallest picture first
        self.slots: list[Slot] = []
        if section.ssrcs and not section.rids:
            self.ladder[0].ssrc = section.ssrcs[0]

    def describe(self, content: str, now: float) -> None:
        """From now on this second sound or picture is a « screen », a « camera » …; empty: it is over."""
        if content != self.content:
            self.content, self.described_at = content, now

    def look(self) -> bool:
        """Whether an aux source that is described has something to show; the answer is `live` from now on.

        Not by its packets alone: a still screen sends none for minutes and keeps its slots. Not without any either: a
        shared window has no sound.
        """
        begun = self.described_at - HEARD_BEFORE
        self.live = bool(self.content) and any(layer.heard and layer.heard >= begun for layer in self.ladder)
        return self.live

    def layer(self, rid: str) -> Layer | None:
        return next((layer for layer in self.ladder if layer.rid == rid), None)

    def active(self, now: float) -> list[Layer]:
        """Layers that are being sent."""
        return [layer for layer in self.ladder if now - layer.heard < ACTIVE_FOR]

    def mute(self, muted: bool) -> None:
        """From now on nothing of it reaches anybody, or it does again (a picture from its next key frame on)."""
        self.muted = muted
        for layer in self.ladder:
            layer.muted = muted
            layer.key_at = 0.0  # what came in the silence is not shown later
            if muted:
                layer.restart()


class Layer:
    """One RTP stream of a publisher, and who gets it."""

    __slots__ = (
        "at_report", "base", "bits", "cycles", "fan", "first", "heard", "info", "info_at", "key", "key_at", "level_id",
        "loss", "loudest", "missing", "muted", "newest", "numbered", "octets", "octets_seen", "passed_on_at", "payload_type", "peer", "picture", "pli_at", "received",
        "red_type", "rid", "ring", "sent", "sent_octets", "source", "ssrc", "subscribers", "timestamp", "twcc_id",
        "video", "waiting",
    )  # fmt: skip

    def __init__(self, source: Source, rid: str) -> None:
        self.source, self.peer, self.rid, self.ssrc = source, source.peer, rid, 0
        self.video = source.kind == "video"
        self.payload_type, self.red_type = source.payload_type, source.red_type
        self.twcc_id, self.level_id = source.twcc_id, source.level_id
        self.numbered = bool(rid)  # its pictures are renumbered: viewers change between layers
        self.ring: list[Packet | None] = [None] * RING
        self.newest = -1  # sequence number
        self.timestamp = self.first = self.cycles = self.received = self.octets = 0
        self.octets_seen = self.sent = self.sent_octets = (
            0  # packets and bytes of payload that went to everybody in `fan`
        )
        self.picture = self.base = 0  # numbers of the newest picture (vp8.py)
        self.muted = False
        self.loudest = NO_LEVEL
        self.missing: dict[int, tuple[float, int, float]] = {}  # number: since, times asked, ask again at
        self.subscribers: tuple[Slot, ...] = ()
        self.waiting: tuple[Slot, ...] = ()  # they begin with the next packet, or key frame
        self.fan: tuple[tuple[Any, ...], ...] = ()  # the subscribers as the forwarding loop wants them
        self.pli_at = self.heard = self.info_at = self.passed_on_at = 0.0
        self.key, self.key_at = 0, 0.0  # the last key frame that came while somebody waited: its first number, and when
        self.info: Any = None  # rtcp.SenderInfo of the last report
        self.at_report = (0, 0, 0)  # expected, received and octets at the last report
        self.bits = 0  # a second
        self.loss = 0.0

    def begin(self, number: int) -> None:
        """Count from this sequence number on: the first packet, or one after a jump."""
        self.restart()
        self.newest = self.first = number
        self.key_at = 0.0
        self.cycles = self.received = 0
        self.at_report = (0, 0, self.octets)
        self.missing.clear()

    def refresh(self) -> None:
        """Lay out the subscribers anew after any change of one of them."""
        self.fan = tuple(slot.entry() for slot in self.subscribers if slot.peer.sent is not None)

    def restart(self) -> None:
        """Everybody waits for a beginning again, and sees no gap."""
        for slot in self.subscribers:
            slot.leave()
            slot.want(self)

    def since_key(self, now: float) -> list[Packet]:
        """Everything from the last key frame on, in order; nothing if that is old, long, or has a hole."""
        count = ((self.newest - self.key) & 0xFFFF) + 1
        if now - self.key_at > REPLAYED or count > MOST_REPLAYED or self.muted:
            return []
        packets = [self.ring[(self.key + step) & RING_MASK] for step in range(count)]
        whole = all(packet and packet[0] == (self.key + step) & 0xFFFF for step, packet in enumerate(packets))
        return [packet for packet in packets if packet] if whole else []

    @property
    def highest(self) -> int:
        """Extended highest sequence number received (RFC 3550, 6.4.1)."""
        return self.cycles + self.newest

    @property
    def expected(self) -> int:
        return self.highest - self.first + 1 if self.newest >= 0 else 0
