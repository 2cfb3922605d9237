"""The forwarding loop: one packet in, one for each viewer out (RFC 7667, 3.7; headers as in RFC 3550).

Everything here is written for its cost: a packet is read where the socket put it, its payload is copied once, each
viewer's header is packed in front of it, libsrtp encrypts in place. Of the header's extensions viewers get only
abs-send-time, in their own numbering.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from pylibsrtp._binding import lib

from app.media import red, vp8
from app.media.limits import COST_BEGIN, COST_GAP, COST_MISSING, EXTENSIONS
from app.media.repair import PLI_EVERY, Repair
from app.media.rtp import EXTENDED_HEADER, HEADER, absolute_send_time
from app.media.streams import MAX_JUMP, RING_MASK
from app.media.wire import Wire

if TYPE_CHECKING:
    from app.media.peer import Peer
    from app.media.slot import Slot
    from app.media.streams import Layer, Packet

_unpack = HEADER.unpack_from
_pack = HEADER.pack_into
_pack_extended = EXTENDED_HEADER.pack_into
_monotonic = time.monotonic
_protect = lib.srtp_protect


class Forwarder:
    def __init__(self, wire: Wire, repair: Repair) -> None:
        self._wire, self._repair, self._totals = wire, repair, wire.totals
        self._sendto = wire.sock.sendto

    def packet(self, peer: Peer, packet: memoryview, size: int) -> None:
        """An authentic RTP packet of `peer` stands in the first `size` bytes of `packet`, decrypted."""
        flags, kind, number, timestamp, ssrc = _unpack(packet)
        layer = peer.layers.get(ssrc)
        if layer is None:
            peer.meet(ssrc)
            layer = peer.learn(packet[:size])
            if layer is None:
                self._totals.dropped += 1
                return
        start = 12 + ((flags & 15) << 2)
        if flags & 0x10:
            at = start + 4
            words = packet[start + 2] << 8 | packet[start + 3]
            start = at + (words << 2)
            if start > size or words > EXTENSIONS:
                self._totals.dropped += 1
                return
            twcc, level = layer.twcc_id, layer.level_id
            while at < start:
                element = packet[at]
                if not element:  # padding
                    at += 1
                    continue
                which = element >> 4
                if which == twcc:
                    twcc = -1  # once a packet: each arrival is worked on again when they are reported
                    peer.arrivals.came.append((packet[at + 1] << 8 | packet[at + 2], _monotonic()))
                elif which == level:
                    loud = packet[at + 1] & 127
                    if loud < layer.loudest:
                        layer.loudest = loud
                at += 2 + (element & 15)
        if flags & 0x20:
            size -= packet[size - 1]
        payload_type = kind & 127
        if size < start or (payload_type != layer.payload_type and payload_type != layer.red_type):
            self._totals.dropped += 1
            return
        payload = bytes(packet[start:size])
        self._totals.packets_in += 1
        self._totals.bytes_in += size
        layer.received += 1
        if payload:  # a browser tries its line with padding: that is no picture, and the layer no more active for it
            layer.octets += size
        newest = layer.newest
        step = (number - newest) & 0xFFFF
        kept = (number, timestamp, kind & 128, payload, payload_type != layer.payload_type)
        if step == 1 and newest >= 0:
            if not number:
                layer.cycles += 0x10000
        elif newest < 0 or MAX_JUMP < step < 0x10000 - MAX_JUMP:
            peer.incoming += COST_BEGIN
            layer.begin(number)
            layer.received = 1
        elif not step or step > MAX_JUMP:
            self._late(layer, kept, step)
            return
        else:
            if number < newest:
                layer.cycles += 0x10000
            peer.incoming += COST_GAP + COST_MISSING * step
            self._lost(layer, newest, step, kept)
        layer.newest, layer.timestamp = number, timestamp
        layer.ring[number & RING_MASK] = kept
        if layer.waiting and not layer.muted:
            self._begin(layer, number, timestamp, payload)
        if layer.fan:
            if kept[4]:
                self._redundant(layer, kept)
            else:
                self._plain(layer, kept)

    def _plain(self, layer: Layer, kept: Packet) -> None:
        """To every viewer, as it is."""
        number, timestamp, marker, payload, _ = kept
        wire, sendto, fan = self._wire, self._sendto, layer.fan
        view, buffer, length = wire.view, wire.buffer, wire.length
        size, sent_at, where = len(payload), absolute_send_time(time.time()), None
        if layer.numbered and payload:
            where = vp8.descriptor(payload)
            layer.picture, layer.base = vp8.numbers(payload, where)
        octets = 0
        for sent, address, sequence, offset, ssrc, payload_type, _, word, picture, base in fan:
            try:
                if word:
                    _pack_extended(
                        view, 0, 0x90, marker | payload_type, (number + sequence) & 0xFFFF,
                        (timestamp + offset) & 0xFFFFFFFF, ssrc, 0xBEDE, 1, word | sent_at,
                    )  # fmt: skip
                    start = 20
                else:
                    _pack(
                        view, 0, 0x80, marker | payload_type, (number + sequence) & 0xFFFF,
                        (timestamp + offset) & 0xFFFFFFFF, ssrc,
                    )  # fmt: skip
                    start = 12
                end = start + size
                view[start:end] = payload
                if where:
                    vp8.renumber(view, start, where, picture, base)
                length[0] = end
                if _protect(sent, buffer, length):
                    continue
                octets += end
                sendto(view[: length[0]], address)
            except OSError:
                self._totals.dropped += 1
            except Exception:  # what is wrong with one viewer costs the others nothing
                wire.defect("media.viewer")
        layer.sent += 1
        layer.sent_octets += size
        self._totals.packets_out += len(fan)
        self._totals.bytes_out += octets

    def _redundant(self, layer: Layer, kept: Packet) -> None:
        """Redundant sound: whole to viewers who understand it, only its own moment to the others (RFC 2198)."""
        number, timestamp, marker, payload, _ = kept
        primary: bytes | None = None
        mapped = {layer.payload_type: payload}
        for entry in layer.fan:
            payload_type, red_type = entry[5], entry[6]
            if red_type < 0:
                if primary is None:
                    primary = primary_of(payload)
                self._send(entry, number, timestamp, marker | payload_type, primary)
                continue
            body = mapped.get(payload_type)
            if body is None:
                body = mapped[payload_type] = red.remap(payload, payload_type)
            self._send(entry, number, timestamp, marker | red_type, body)
        layer.sent += 1
        layer.sent_octets += len(payload)

    def _send(self, entry: tuple[Any, ...], number: int, timestamp: int, second: int, payload: bytes) -> None:
        """One packet to one viewer; `second` is the second byte of the header. The way of everything rare."""
        try:
            self._make(entry, number, timestamp, second, payload)
        except Exception:
            self._wire.defect("media.viewer")

    def _make(self, entry: tuple[Any, ...], number: int, timestamp: int, second: int, payload: bytes) -> None:
        sent, address, sequence, offset, ssrc, _, _, word, picture, base = entry
        wire, number, timestamp = self._wire, (number + sequence) & 0xFFFF, (timestamp + offset) & 0xFFFFFFFF
        start = 12
        if word:
            word |= absolute_send_time(time.time())
            _pack_extended(wire.view, 0, 0x90, second, number, timestamp, ssrc, 0xBEDE, 1, word)
            start = 20
        else:
            _pack(wire.view, 0, 0x80, second, number, timestamp, ssrc)
        wire.length[0] = end = start + len(payload)
        wire.view[start:end] = payload
        if picture or base:
            vp8.renumber(wire.view, start, vp8.descriptor(payload), picture, base)
        if _protect(sent, wire.buffer, wire.length) == 0:
            self._totals.packets_out += 1
            self._totals.bytes_out += end
            wire.datagram(wire.view[: wire.length[0]], address)

    def _send_kept(self, entry: tuple[Any, ...], kept: Packet) -> None:
        number, timestamp, marker, payload, redundant = kept
        payload_type, red_type = entry[5], entry[6]
        if redundant and red_type >= 0:
            payload, payload_type = red.remap(payload, payload_type), red_type
        elif redundant:
            payload = primary_of(payload)
        self._send(entry, number, timestamp, marker | payload_type, payload)

    def _begin(self, layer: Layer, number: int, timestamp: int, payload: bytes) -> None:
        """Those who wait for this layer get it from here on, a picture at a key frame only."""
        is_key = not layer.video or vp8.is_key_frame(payload)
        if is_key:
            layer.key, layer.key_at = number, _monotonic()
        ready = [slot for slot in layer.waiting if slot.peer.sent is not None]
        if not ready:
            return
        if not is_key:
            self._repair.key_frame(layer, PLI_EVERY)
            return
        for slot in ready:
            slot.begin(layer, number, timestamp, payload)

    def replay(self, slot: Slot) -> bool:
        """Begin with a key frame that came while the viewer was being reached; answers whether there was one."""
        layer = slot.wanted
        packets = layer.since_key(_monotonic()) if layer and layer.video else []
        if layer is None or not packets:
            return False
        number, timestamp, _, payload, _ = packets[0]
        slot.begin(layer, number, timestamp, payload)
        slot.packets += len(packets)
        slot.octets += sum(len(packet[3]) for packet in packets)
        entry = slot.entry()
        for packet in packets:
            self._send_kept(entry, packet)
        return True

    def _late(self, layer: Layer, kept: Packet, step: int) -> None:
        """Out of order, or asked for again: to those who were there when it should have come."""
        number = kept[0]
        known = layer.ring[number & RING_MASK]
        if not step or (known and known[0] == number):
            layer.received -= 1  # a duplicate
            return
        layer.missing.pop(number, None)
        if 0x10000 - step > RING_MASK:
            return  # it would take the place of a newer one
        layer.ring[number & RING_MASK] = kept
        for slot in layer.subscribers:
            if slot.knows(number):
                self._send_kept(slot.entry(), kept)

    def _lost(self, layer: Layer, newest: int, step: int, kept: Packet) -> None:
        """Packets between `newest` and this one are missing: ask for them, or make one again from redundancy."""
        if step == 2 and kept[4] and self._recover(layer, kept):
            return
        self._repair.gap(layer, newest, step)

    def _recover(self, layer: Layer, kept: Packet) -> bool:
        """Give the one lost packet of sound to viewers without redundancy; the others have it in this packet."""
        blocks = red.split(kept[3])
        if not blocks or len(blocks) < 2 or not blocks[-2].sound:
            return False
        number, timestamp = (kept[0] - 1) & 0xFFFF, (kept[1] - blocks[-2].offset) & 0xFFFFFFFF
        self._totals.recovered += 1
        for entry in layer.fan:
            if entry[6] < 0:
                self._send(entry, number, timestamp, entry[5], blocks[-2].sound)
        return True

    def resend(self, slot: Slot, number: int, now: float) -> None:
        """A viewer did not get the packet that went out as `number`: from the ring, if it is still there."""
        layer, sequence, timestamp = slot.layer, slot.sequence, slot.timestamp
        past = slot.past
        if layer is None or not slot.knows((number - sequence) & 0xFFFF):  # from before the last change
            if past is None or not 0 < (past.first - number) & 0xFFFF <= RING_MASK:
                return
            layer, sequence, timestamp = past.layer, past.sequence, past.timestamp
            if layer.numbered or layer.muted or layer.source is not slot.source:
                return
        kept = layer.ring[(number - sequence) & RING_MASK]
        if kept and kept[0] == (number - sequence) & 0xFFFF and slot.peer.resends.take(now):
            entry = slot.entry()
            self._send_kept((*entry[:2], sequence, timestamp, *entry[4:]), kept)
            self._totals.resent += 1


def primary_of(payload: bytes) -> bytes:
    """The packet's own sound, without what is repeated; empty when malformed."""
    blocks = red.split(payload)
    return blocks[-1].sound if blocks else b""
