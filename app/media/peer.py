"""One client of the unit: how it is reached, what it publishes, and the slots in which it receives."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Any

from app.media.consent import Consent
from app.media.dtls import Line
from app.media.errors import OfferRefused
from app.media.limits import (
    CHAT_PER_SECOND,
    INCOMING,
    INCOMING_DTLS,
    MARKS,
    MAX_ADDRESSES,
    MAX_SSRCS,
    MAX_STREAMS,
    NACKS_PER_SECOND,
    REPEATS,
    RESENDS_PER_SECOND,
    STUN_PER_PEER,
    TRANSACTIONS,
    Bucket,
)
from app.media.rtp import extensions
from app.media.sdp_answer import SlotLine
from app.media.sdp_offer import Offer, Section
from app.media.slot import Slot
from app.media.streams import Layer, Source
from app.media.stun import Address
from app.media.twcc import Arrivals

SOURCES = {"audio": ("mic", "aux-audio"), "video": ("cam", "aux-video")}  # told by their order in the offer
FIRST_RTT = 0.1  # seconds, until a report tells better


class Transactions:
    """The requests of one ICE session: who has heard one on its way can never have the media sent elsewhere with it.

    A few are remembered with where they came from: a client repeats one within seconds. All of them leave three marks
    in a Bloom filter of 128 KiB (50 MB for 400 clients, and less: the system gives memory where it is written), which
    forgets nothing, so that no replay is ever new. What it costs is that a new request may seem old and is then dropped,
    as on a line that loses: 11 500 of them (one each 2.5 s for eight hours) make that 1 in 30 000 at the end, 100 000
    (nine ways checked all the time) 1 in 60. A client that marks everything, with 50 requests a second for a whole day,
    deafens us to nobody but itself.
    """

    def __init__(self) -> None:
        self.recent: dict[bytes, tuple[Address, int]] = {}  # where from, how often answered
        self._marks = bytearray(MARKS // 8)

    def is_replay(self, transaction: bytes, address: Address) -> bool:
        """Whether it came from another address before."""
        known = self.recent.get(transaction)
        return known is not None and known[0] != address

    def is_spent(self, transaction: bytes) -> bool:
        """Whether it was answered as often as a client asks, or so long ago that nobody waits for an answer."""
        known = self.recent.get(transaction)
        return known[1] > REPEATS if known else self._mark(transaction, write=False)

    def is_new(self, transaction: bytes, address: Address) -> bool:
        """Whether an authentic request, which is answered now, was none of those before."""
        _, times = self.recent.get(transaction, (address, 0))
        if not times:
            if len(self.recent) >= TRANSACTIONS:
                del self.recent[next(iter(self.recent))]
            self._mark(transaction, write=True)
        self.recent[transaction] = (address, times + 1)
        return not times

    def _mark(self, transaction: bytes, write: bool) -> bool:
        """Whether all its marks are there; with `write`, they are from now on.

        By Python's own hash, whose key is random: transactions need not be, Chromium makes them of 64 signs.
        """
        number, marks, all_there = hash(transaction), self._marks, True
        for _ in range(3):
            at, bit = number % MARKS >> 3, 1 << (number & 7)
            all_there = all_there and bool(marks[at] & bit)
            if write:
                marks[at] |= bit
            number >>= 20
        return all_there


@dataclass(frozen=True)
class Credentials:
    """User fragments and password of one ICE session (RFC 8445, 5.3)."""

    remote: str
    local: str = field(default_factory=lambda: secrets.token_hex(6))
    password: str = field(default_factory=lambda: secrets.token_hex(16))
    seen: Transactions = field(default_factory=Transactions, compare=False)
    remote_password: str = ""


class Peer:
    """`sent` and `received` are libsrtp's handles, None before the handshake."""

    def __init__(self, name: str, room: str, offer: Offer, now: float) -> None:
        self.name, self.room, self.offer = name, room, offer
        self.credentials = Credentials(offer.ufrag, remote_password=offer.password)
        self.former: Credentials | None = None  # until the new ones of an ICE restart are in use
        self.address: Address | None = None
        self.consent = Consent()
        self.addresses: dict[Address, float] = {}  # authenticated: last binding
        self.line: Line | None = None
        self.sent: Any = None
        self.received: Any = None
        self.joined = self.heard = now
        self.arrivals = Arrivals()
        self.layers: dict[int, Layer] = {}  # by SSRC
        self.sources: list[Source] = []
        self.slots: list[Slot] = []
        self.rtt, self.rtt_known = FIRST_RTT, False
        self.estimate: tuple[float, int] | None = None  # REMB of this client: when, bits a second
        self.reduced_at = 0.0  # when it was last taken back
        self.requests = Bucket(STUN_PER_PEER, STUN_PER_PEER)
        # Bytes and costs of what came in this second: authentic, not authentic, DTLS.
        self.incoming = self.forged = self.dtls = 0
        self.ssrcs: set[int] = set()  # beside those of its layers
        self.nacks = Bucket(NACKS_PER_SECOND, NACKS_PER_SECOND)
        self.resends = Bucket(RESENDS_PER_SECOND, RESENDS_PER_SECOND / 2)
        self.chat = Bucket(CHAT_PER_SECOND, 2 * CHAT_PER_SECOND)
        self.channel: Any = None
        self.closed = False
        self._lay_out(offer)
        self.slot_by_ssrc = {slot.ssrc: slot for slot in self.slots}

    def _lay_out(self, offer: Offer) -> None:
        """Sources and slots by the order of the m-lines."""
        receiving: dict[str, list[Section]] = {"audio": [], "video": []}
        for section in offer.sections:
            if section.refused or section.kind == "application" or section.direction == "inactive":
                continue
            if not section.sends:
                receiving[section.kind].append(section)
                continue
            taken = sum(source.kind == section.kind for source in self.sources)
            if taken >= len(SOURCES[section.kind]):
                raise OfferRefused("trop de flux envoyés")
            self._publish(Source(self, SOURCES[section.kind][taken], section))
        for sections in receiving.values():
            for index, section in enumerate(sections):
                # Sound and picture of one person sit at the same index and are played together.
                pair = receiving["audio"][index].mid if index < len(receiving["audio"]) else section.mid
                self.slots.append(Slot(self, section, index, f"slot-{pair}"))
        if any(section.direction == "sendrecv" for section in offer.sections if section.kind != "application"):
            raise OfferRefused("sendrecv")

    def _publish(self, source: Source) -> None:
        self.sources.append(source)
        for layer in source.ladder:
            if layer.ssrc in self.layers:
                raise OfferRefused("a=ssrc répété")
            if layer.ssrc:
                self.layers[layer.ssrc] = layer

    def estimated(self, bits: int, now: float) -> None:
        """The client says how much it can receive of pictures (REMB)."""
        if self.estimate and bits < 0.97 * self.estimate[1]:
            self.reduced_at = now
        self.estimate = (now, bits)

    @property
    def slot_lines(self) -> dict[str, SlotLine]:
        return {slot.mid: SlotLine(slot.ssrc, slot.group) for slot in self.slots}

    def source(self, name: str) -> Source | None:
        return next((source for source in self.sources if source.name == name), None)

    def seats(self) -> list[dict[str, str]]:
        """Who sits where, as the control channel tells it."""
        return [
            {"mid": slot.mid, "kind": slot.kind, "from": slot.source.peer.name, "source": slot.source.name}
            for slot in self.slots
            if slot.source
        ]

    def restarts(self, offer: Offer) -> bool:
        """Whether an offer is an ICE restart of this living client (RFC 8839, 4.4.1.1.1)."""
        same = set(offer.fingerprints) == set(self.offer.fingerprints) and offer.shape == self.offer.shape
        return same and offer.ufrag != self.credentials.remote and not self.closed

    def restart(self, offer: Offer) -> None:
        """New credentials; the old ones and the address hold until the new ones are used."""
        self.former, self.credentials = self.credentials, Credentials(offer.ufrag, remote_password=offer.password)
        self.offer = offer
        sections = {section.mid: section for section in offer.sections}
        for slot in self.slots:
            slot.describe(sections[slot.mid])
            if slot.layer:
                slot.layer.refresh()

    def reached_at(self, address: Address, now: float) -> Address | None:
        """An authenticated binding came from `address`; answers one that must be forgotten, if any."""
        self.heard = now
        self.addresses.pop(address, None)
        self.addresses[address] = now
        if len(self.addresses) <= MAX_ADDRESSES:
            return None
        oldest = next(known for known in self.addresses if known != self.address)
        del self.addresses[oldest]
        return oldest

    def affords(self, cost: int) -> bool:
        """Whether what came in costs no more than is read of one client in a second."""
        self.incoming += cost
        return self.incoming <= INCOMING

    def deciphers(self, cost: int) -> bool:
        """Whether DTLS that came from here is read. Nobody can tell true from forged before that is paid for.

        Counted apart: a flood of it in the client's name holds up the data channel, which sends again what was lost,
        but neither sound nor pictures.
        """
        self.dtls += cost
        return self.dtls <= INCOMING_DTLS

    def tries(self, ssrc: int) -> bool:
        """Whether a packet of SRTP is worth finding out if it is authentic, when more than FORGED were not.

        Forged ones are charged to nobody's share: whoever knows the client's address could silence it with them, and to
        refuse one costs 1 µs (4 µs when it is long), less than the 4 µs of receiving it, which a flood costs in any
        case. Beyond that the streams that it is known to send are tried alone. Their 32 bits cannot be guessed; who
        sees them on the way gains no more than those few µs a packet, and does not silence the client either.
        """
        return ssrc in self.layers or ssrc in self.ssrcs

    def begin_second(self) -> None:
        """What it may send is counted anew."""
        self.incoming = self.forged = self.dtls = 0

    def send_to(self, address: Address) -> None:
        """From now on everything goes to this address."""
        self.address = address
        for layer in {slot.layer for slot in self.slots if slot.layer}:
            layer.refresh()

    def meet(self, ssrc: int) -> None:
        """A stream we know nothing of; a client of ever new ones is read no more, and removed at the next look."""
        self.ssrcs.add(ssrc)
        if self.has_too_many_streams:
            self.received = None

    @property
    def has_too_many_streams(self) -> bool:
        return len(self.ssrcs) > MAX_SSRCS

    def learn(self, packet: memoryview) -> Layer | None:
        """Which layer an unknown SSRC is, from the extensions MID and RID (RFC 8852, RFC 9143); None: nobody's."""
        found = extensions(packet)
        for source in self.sources:
            if source.mid_id < 0 or found.get(source.mid_id) != source.mid.encode():
                continue
            rid = found.get(source.rid_id, b"").decode("ascii", "replace") if source.ladder[0].rid else ""
            layer = source.layer(rid)
            if layer and len(self.layers) < MAX_STREAMS:
                self.layers.pop(layer.ssrc, None)
                layer.ssrc, layer.newest = int.from_bytes(packet[8:12], "big"), -1
                self.layers[layer.ssrc] = layer
                return layer
        return None
