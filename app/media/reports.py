"""RTCP of one client, both ways: what it reports and asks for, and what the unit reports to it (RFC 3550, RFC 4585)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from app.media import rtcp
from app.media.limits import UPLINK_BITS
from app.media.repair import PLI_EVERY, Repair
from app.media.wire import Wire

if TYPE_CHECKING:
    from app.media.forwarding import Forwarder
    from app.media.peer import Peer
    from app.media.streams import Layer

MOST_BLOCKS = 15  # of one receiver report
LONGEST_RTT = 5.0  # seconds; more is a clock that jumped
PASSED_ON_EVERY = 0.2  # seconds at least between two reports of one stream to its viewers; a browser sends one a second


class Reports:
    def __init__(self, wire: Wire, repair: Repair, forwarder: Forwarder) -> None:
        self._wire, self._repair, self._forwarder = wire, repair, forwarder

    def received(self, peer: Peer, data: bytes) -> None:
        """An authentic compound packet came; what is malformed or unknown in it is passed over."""
        now = time.monotonic()
        peer.meet(int.from_bytes(data[4:8], "big"))
        for part in rtcp.split(data):
            kind, form = part.kind, part.form
            if kind in (rtcp.SENDER_REPORT, rtcp.RECEIVER_REPORT):
                if kind == rtcp.SENDER_REPORT:
                    self._sender_report(peer, part, now)
                self._receiver_reports(peer, part, now)
            elif kind == rtcp.TRANSPORT_FEEDBACK and form == rtcp.NACK:
                self._nack(peer, part, now)
            elif kind == rtcp.PAYLOAD_FEEDBACK and form in (rtcp.PLI, rtcp.FIR):
                self._key_frame(peer, part)
            elif kind == rtcp.PAYLOAD_FEEDBACK and form == rtcp.AFB:
                told = rtcp.remb(part.body)
                if told:
                    peer.estimated(told[0], now)

    def send(self, peer: Peer, now: float) -> None:
        """Once a second: how the client's streams arrive here, and how much it may send at most."""
        live = [layer for layer in peer.layers.values() if layer.newest >= 0]
        if not live:
            return
        blocks = [self._block(layer, now) for layer in live[:MOST_BLOCKS]]
        packet = rtcp.make_receiver_report(blocks)
        pictures = [layer.ssrc for layer in live if layer.video]
        if pictures:
            packet += rtcp.make_remb(UPLINK_BITS, pictures)
        self._wire.rtcp(peer.sent, peer.address, packet)

    def send_arrivals(self, peer: Peer) -> None:
        """Several times a second: when each packet came, for the client's own estimate of its line."""
        if peer.arrivals.came and peer.layers:
            packet = peer.arrivals.feedback(next(iter(peer.layers)))
            if packet:
                self._wire.rtcp(peer.sent, peer.address, packet)

    def _block(self, layer: Layer, now: float) -> bytes:
        expected_before, received_before, octets_before = layer.at_report
        expected, received = layer.expected, layer.received
        layer.at_report = (expected, received, layer.octets)
        layer.bits = 8 * (layer.octets - octets_before)
        due = expected - expected_before
        layer.loss = max(0.0, (due - (received - received_before)) / due) if due > 0 else 0.0
        last_sr, delay = (layer.info.last_sr, now - layer.info_at) if layer.info else (0, 0.0)
        return rtcp.make_block(layer.ssrc, layer.loss, max(0, expected - received), layer.highest, last_sr, delay)

    def _sender_report(self, peer: Peer, part: rtcp.Part, now: float) -> None:
        """Passed on to every viewer in its own numbering, so that sound and picture stay together; not too often."""
        info = rtcp.sender_info(part.body)
        layer = peer.layers.get(info.ssrc) if info else None
        if info is None or layer is None:
            return
        layer.info, layer.info_at = info, now
        if now - layer.passed_on_at < PASSED_ON_EVERY:
            return
        layer.passed_on_at = now
        for slot in layer.subscribers:
            slot.note_report(info.last_sr, now)
            moment = (info.timestamp + slot.timestamp) & 0xFFFFFFFF
            report = rtcp.make_sender_report(info, slot.ssrc, moment, *slot.counts)
            report += rtcp.make_description(slot.ssrc, slot.group.encode())
            self._wire.rtcp(slot.peer.sent, slot.peer.address, report)

    def _receiver_reports(self, peer: Peer, part: rtcp.Part, now: float) -> None:
        for report in rtcp.reports(part):
            slot = peer.slot_by_ssrc.get(report.ssrc)
            if slot is None:
                continue
            slot.loss, slot.loss_at = report.fraction, now
            passed_on = slot.reports.get(report.last_sr)
            if passed_on is not None:
                rtt = now - passed_on - report.delay
                if 0 <= rtt < LONGEST_RTT:
                    peer.rtt = 0.7 * peer.rtt + 0.3 * rtt if peer.rtt_known else rtt
                    peer.rtt_known = True

    def _nack(self, peer: Peer, part: rtcp.Part, now: float) -> None:
        slot = peer.slot_by_ssrc.get(rtcp.feedback_target(part))
        if slot is None:
            return
        for number in rtcp.nacked(part.body):
            if not peer.nacks.take(now):
                return
            self._wire.totals.nacks_in += 1
            self._forwarder.resend(slot, number, now)

    def _key_frame(self, peer: Peer, part: rtcp.Part) -> None:
        slot = peer.slot_by_ssrc.get(rtcp.feedback_target(part))
        if slot and slot.layer:
            self._wire.totals.plis_in += 1
            self._repair.key_frame(slot.layer, PLI_EVERY)
