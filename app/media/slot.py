"""A slot: one receive-only m-line of a client, in which one source at a time is shown.

Its SSRC never changes; whoever sits in it, the client sees one unbroken stream: sequence numbers, timestamps and the
numbers of pictures are moved by offsets that are set anew at each change.
"""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from app.media import vp8
from app.media.rtp import CLOCKS
from app.media.sdp_offer import URI_SENT, Section

if TYPE_CHECKING:
    from app.media.peer import Peer
    from app.media.streams import Layer, Source

REPORTS_KEPT = 4
LONGEST_PAUSE = 30.0  # seconds that a timestamp jumps at most


class Past(NamedTuple):
    """What was shown before: lost packets of it may still be asked for."""

    layer: Layer
    sequence: int
    timestamp: int
    first: int  # outgoing number at which it ended, exclusive


class Slot:
    __slots__ = (
        "base", "began", "group", "index", "kind", "layer", "lean", "left_at", "loss", "loss_at", "mid", "octets", "out_base",
        "out_number", "out_picture", "out_timestamp", "packets", "past", "payload_type", "peer", "picture", "red_type",
        "reports", "sent_word", "sequence", "since", "source", "ssrc", "timestamp", "wanted",
    )  # fmt: skip

    def __init__(self, peer: Peer, section: Section, index: int, group: str) -> None:
        self.peer, self.kind, self.mid, self.index, self.group = peer, section.kind, section.mid, index, group
        self.ssrc = secrets.randbits(31) | 1
        self.wanted: Layer | None = None
        self.source: Source | None = None
        self.layer: Layer | None = None
        self.past: Past | None = None
        self.sequence = self.timestamp = self.picture = self.base = 0  # offsets: outgoing = incoming + offset
        self.began = 0  # incoming number of the first packet, counted on (`Layer.highest`): a call outlasts 16 bits
        self.out_number, self.out_timestamp = secrets.randbits(15), secrets.randbits(31)
        self.out_picture = self.out_base = 0
        self.left_at = 0.0
        self.packets = self.octets = 0  # sent before the present layer
        self.since = (0, 0)  # the layer's counters when it was taken
        self.loss_at = 0.0
        self.loss = 0.0  # share that the client misses, from its reports
        self.reports: dict[int, float] = {}  # sender reports passed on: when
        self.lean = False  # each sound once, whatever the client takes
        self.describe(section)

    def describe(self, section: Section) -> None:
        """How the client numbers things here; told anew in an ICE restart."""
        self.payload_type, self.red_type = section.main, section.red
        number = section.extensions.get(URI_SENT, 0) if self.kind == "video" else 0
        self.sent_word = number << 28 | 2 << 24 if number else 0  # abs-send-time: three bytes

    def entry(self) -> tuple[Any, ...]:
        """This slot as the forwarding loop wants it."""
        peer = self.peer
        return (
            peer.sent, peer.address, self.sequence, self.timestamp, self.ssrc, self.payload_type,
            -1 if self.lean else self.red_type, self.sent_word, self.picture, self.base,
        )  # fmt: skip

    def knows(self, number: int) -> bool:
        """Whether the present layer's packet with this incoming number was, or should have been, shown here."""
        layer = self.layer
        return layer is not None and (layer.newest - number) & 0xFFFF <= layer.highest - self.began

    def show(self, source: Source, layer: Layer) -> None:
        """Give the place to a source."""
        self.hide()
        self.source = source
        source.slots.append(self)
        self.want(layer)

    def hide(self) -> None:
        """The place becomes free."""
        self.leave()
        self.want(None)
        if self.source:
            self.source.slots.remove(self)
        self.source = None

    def want(self, layer: Layer | None) -> None:
        """Go over to a layer at its next beginning; None: stay with what is shown."""
        if self.wanted is layer:
            return
        if self.wanted:
            self.wanted.waiting = tuple(slot for slot in self.wanted.waiting if slot is not self)
        self.wanted = layer if layer is not self.layer else None
        if self.wanted:
            self.wanted.waiting += (self,)

    def save(self, lean: bool) -> None:
        """Send each sound once only, or twice again where the client takes it so."""
        if self.lean is not lean:
            self.lean = lean
            if self.layer:
                self.layer.refresh()

    def begin(self, layer: Layer, number: int, timestamp: int, payload: bytes) -> None:
        """The packet with these incoming values is the first one shown of `layer`."""
        before = self.layer
        goal = self._moment(before, layer, timestamp)
        self.leave()
        self.want(None)
        self.layer = layer
        self.began = layer.highest - ((layer.newest - number) & 0xFFFF)
        self.sequence = (self.out_number + 1 - number) & 0xFFFF
        self.timestamp = (goal - timestamp) & 0xFFFFFFFF
        self.picture = self.base = 0
        if layer.numbered:
            picture, base = vp8.numbers(payload, vp8.descriptor(payload))
            self.picture, self.base = (self.out_picture + 1 - picture) & 0x7FFF, (self.out_base + 1 - base) & 0xFF
        self.since = (layer.sent, layer.sent_octets)
        layer.subscribers += (self,)
        layer.refresh()

    def leave(self) -> None:
        """Stop showing the present layer, and remember where its stream ended."""
        layer = self.layer
        if layer is None:
            return
        self.out_number = (layer.newest + self.sequence) & 0xFFFF
        self.out_timestamp = (layer.timestamp + self.timestamp) & 0xFFFFFFFF
        self.out_picture, self.out_base = (layer.picture + self.picture) & 0x7FFF, (layer.base + self.base) & 0xFF
        self.packets, self.octets = self.counts
        self.past = Past(layer, self.sequence, self.timestamp, (self.out_number + 1) & 0xFFFF)
        self.left_at, self.layer = time.monotonic(), None
        layer.subscribers = tuple(slot for slot in layer.subscribers if slot is not self)
        layer.refresh()

    @property
    def counts(self) -> tuple[int, int]:
        """Packets and bytes of payload sent so far."""
        if self.layer is None:
            return self.packets, self.octets
        sent, octets = self.since
        return self.packets + self.layer.sent - sent, self.octets + self.layer.sent_octets - octets

    def note_report(self, last_sr: int, now: float) -> None:
        """A sender report goes to the client: its answer tells the way and back."""
        if len(self.reports) >= REPORTS_KEPT:
            del self.reports[next(iter(self.reports))]
        self.reports[last_sr] = now

    def _moment(self, before: Layer | None, layer: Layer, timestamp: int) -> int:
        """Outgoing timestamp for the first packet of `layer`.

        Between two layers of one camera the sender reports tell exactly; otherwise the time that went by does.
        """
        if before and before.source is layer.source and before.info and layer.info:
            clock = CLOCKS[self.kind]
            ahead = ((timestamp - layer.info.timestamp + 0x80000000) & 0xFFFFFFFF) - 0x80000000
            seconds = layer.info.seconds + ahead / clock - before.info.seconds
            moment = before.info.timestamp + int(seconds * clock) + self.timestamp
            step = (moment - before.timestamp - self.timestamp) & 0xFFFFFFFF
            if 0 < step < LONGEST_PAUSE * clock:
                return moment & 0xFFFFFFFF
        last = (before.timestamp + self.timestamp) & 0xFFFFFFFF if before else self.out_timestamp
        pause = min(time.monotonic() - self.left_at, LONGEST_PAUSE) if self.left_at and not before else 0.0
        return (last + max(1, int(pause * CLOCKS[self.kind]))) & 0xFFFFFFFF
