"""The unit itself: its peers and rooms, and what happens to them as time goes by."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import structlog

from app.media import chat, sdp_answer, sdp_offer, statistics
from app.media.dtls import Certificate, Line
from app.media.errors import PeerUnknown, UnitFull
from app.media.forwarding import Forwarder
from app.media.ladder import Ladder
from app.media.limits import COST_DTLS, MAX_PEERS, MAX_ROOM_PEERS, SILENCE
from app.media.peer import Peer
from app.media.port import Port, open_socket
from app.media.quality import Quality
from app.media.repair import PLI_AT_ONCE, PLI_EVERY, Repair
from app.media.reports import Reports
from app.media.room import Room
from app.media.speaker import EVERY as LOOK
from app.media.speaker import Speaker
from app.media.streams import NO_LEVEL
from app.media.wire import Totals, Wire

log = structlog.get_logger(__name__)

MOST_MUTES = 2000  # people whose mute, or description, is remembered while they are away
KINDS = ("audio", "video")

Event = dict[str, Any]


class Unit:
    """Create it inside a running loop. `tell` gets every event of the control channel."""

    def __init__(self, address: str, port: int, public: list[str], tell: Callable[[Event], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self.totals = Totals()
        sock = open_socket(address, port)
        self.port = Port(sock, self.totals)
        self.number = int(sock.getsockname()[1])
        self._public = public or [address]
        self._wire = Wire(sock, self.totals)
        self._repair = Repair(self._wire, self._loop)
        self._forwarder = forwarder = Forwarder(self._wire, self._repair)
        self._reports = Reports(self._wire, self._repair, forwarder)
        self._certificate = Certificate.generateCertificate()
        prints = self._certificate.getFingerprints()
        self._fingerprint = next(print_.value for print_ in prints if print_.algorithm == "sha-256")
        self._tell = tell
        self.peers: dict[str, Peer] = {}
        self.rooms: dict[str, Room] = {}
        self._speakers: dict[str, Speaker] = {}
        self._lines: dict[str, Quality] = {}
        self._ladders: dict[str, Ladder] = {}
        self.mutes: dict[str, set[str]] = {}
        self.described: dict[str, dict[str, str]] = {}  # peer -> source -> content
        self._tasks: set[asyncio.Task[Any]] = set()
        self._looks = 0
        self.port.listen(self._loop, forwarder, self._reports)
        self._timer = self._loop.call_later(LOOK, self._look)

    # ------------------------------------------------------------------------------- asked for from outside

    def join(self, room: str, name: str, text: str) -> tuple[str, list[dict[str, str]]]:
        """Take somebody in, or restart their ICE. Answers the SDP answer and their slots.

        Raises: OfferRefused, UnitFull.
        """
        offer = sdp_offer.read(text)
        known = self.peers.get(name)
        if known and known.room == room and known.restarts(offer):
            if known.former:  # an earlier restart that was never used
                self.port.by_fragment.pop(known.credentials.local, None)
                known.credentials = known.former
            known.restart(offer)
            self.port.by_fragment[known.credentials.local] = (known, known.credentials)
            log.info("media.restart", peers=len(self.peers))
            return self._answer(known), known.seats()
        peer = Peer(name, room, offer, time.monotonic())
        if known:
            self.remove(known, "replaced")
        if len(self.peers) >= MAX_PEERS or len(self.rooms.get(room, Room(room)).peers) >= MAX_ROOM_PEERS:
            raise UnitFull
        self._take_in(peer)
        return self._answer(peer), peer.seats()

    def leave(self, name: str) -> None:
        """Raises: PeerUnknown."""
        self.mutes.pop(name, None)
        self.described.pop(name, None)
        peer = self.peers.get(name)
        if peer is None:
            raise PeerUnknown
        self.remove(peer, "left")

    def mute(self, name: str, kind: str, muted: bool) -> None:
        """Silence somebody for everybody, or give the voice back; also for one who is not (or not yet) here."""
        kinds = self.mutes.setdefault(name, set())
        (kinds.add if muted else kinds.discard)(kind)
        if not kinds:
            del self.mutes[name]
        if len(self.mutes) > MOST_MUTES:
            del self.mutes[next(iter(self.mutes))]
        peer = self.peers.get(name)
        if peer:
            self._apply_mutes(peer)

    def describe(self, name: str, source: str, content: str) -> None:
        """What somebody's second sound or picture is, empty when it is over; also for one who is not (yet) here."""
        contents = self.described.setdefault(name, {})
        contents[source] = content
        if not content:
            del contents[source]
        if not contents:
            del self.described[name]
        if len(self.described) > MOST_MUTES:
            del self.described[next(iter(self.described))]
        peer = self.peers.get(name)
        if peer:
            self._apply_descriptions(peer, time.monotonic())

    def list(self) -> list[dict[str, Any]]:
        return [
            {
                "peer": peer.name,
                "room": peer.room,
                "muted": sorted(self.mutes.get(peer.name, ())),
                "described": self.described.get(peer.name, {}),
                "slots": peer.seats(),
            }
            for peer in self.peers.values()
        ]

    def stats(self) -> dict[str, Any]:
        return statistics.collect(self)

    async def close(self) -> None:
        """Tell every client that it is over, and free the port."""
        self._timer.cancel()
        self._repair.close()
        for peer in list(self.peers.values()):
            self.remove(peer, "stopped")
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=2.0)
        self.port.close(self._loop)

    # ------------------------------------------------------------------------------- coming and going

    def _take_in(self, peer: Peer) -> None:
        room = self.rooms.setdefault(peer.room, Room(peer.room))
        peer.line = Line(
            self._certificate,
            lambda data: self._send_record(peer, data),
            lambda chunks: self._admits(peer, chunks),
            lambda records: peer.deciphers(records * COST_DTLS),
        )
        self.peers[peer.name] = peer
        self._lines[peer.name], self._ladders[peer.name] = Quality(), Ladder()
        self.port.by_fragment[peer.credentials.local] = (peer, peer.credentials)
        room.peers.append(peer)
        self._apply_mutes(peer)
        self._apply_descriptions(peer, peer.joined)
        self._task(self._open(peer, room))
        self._seat(room, apart=peer)
        log.info("media.joined", peers=len(self.peers), rooms=len(self.rooms))

    def remove(self, peer: Peer, reason: str) -> None:
        """`peer` is not here any more; its slots at the others become free."""
        if peer.closed:
            return
        peer.closed = True
        peer.consent.end()
        self.peers.pop(peer.name, None)
        self._lines.pop(peer.name, None)
        self._ladders.pop(peer.name, None)
        self.port.forget(peer)
        for slot in peer.slots:
            slot.hide()
        room = self.rooms[peer.room]
        room.peers.remove(peer)
        self._seat_after(room, peer)
        if not room.peers:
            self.rooms.pop(room.name, None)
            self._speakers.pop(room.name, None)
        if peer.line:
            self._task(peer.line.close())
        log.info("media.gone", reason=reason, peers=len(self.peers))
        self._tell({"t": "gone", "peer": peer.name, "reason": reason})

    def _seat_after(self, room: Room, gone: Peer) -> None:
        """Free the slots in which `gone` sat, and let others have them."""
        slots = [slot for source in gone.sources for slot in source.slots]
        for slot in slots:
            slot.hide()
        moved = room.seat()
        for viewer in room.peers:
            if viewer in moved or any(slot.peer is viewer for slot in slots):
                self._tell_seats(viewer)
                self._ask_for_pictures(viewer)

    def _seat(self, room: Room, apart: Peer | None = None) -> None:
        for peer in room.seat():
            if peer is not apart:
                self._tell_seats(peer)
            self._ask_for_pictures(peer)

    def _tell_seats(self, peer: Peer) -> None:
        self._tell({"t": "slots", "peer": peer.name, "slots": peer.seats()})

    def _ask_for_pictures(self, peer: Peer) -> None:
        """Whoever waits for a picture gets it sooner when its key frame is asked for at once.

        Who is not reached yet, too: it is here when they are. Less often, as they have shown nothing but an offer.
        """
        every = PLI_EVERY if peer.sent is None else PLI_AT_ONCE
        for slot in peer.slots:
            if slot.wanted:
                self._repair.key_frame(slot.wanted, every)

    def _begin_pictures(self, peer: Peer) -> None:
        """`peer` is reached: with the key frames that have come meanwhile, or with the next ones."""
        for slot in peer.slots:
            if slot.wanted and not self._forwarder.replay(slot):
                self._repair.key_frame(slot.wanted, PLI_AT_ONCE)

    async def _open(self, peer: Peer, room: Room) -> None:
        line = peer.line
        assert line is not None
        opened = await line.open(peer.offer.fingerprints, lambda: self.remove(peer, "closed"))
        if peer.closed:
            return
        if not opened or not await peer.consent.is_given(lambda: peer.address):
            self.remove(peer, "dtls")
            return
        peer.sent, peer.received = line.sent, line.received
        self._tell({"t": "connected", "peer": peer.name})
        self._begin_pictures(peer)
        channel = next((part for part in peer.offer.sections if part.kind == "application" and not part.refused), None)
        if channel:
            await line.open_channel(channel.sctp_port, lambda opened: chat.attach(peer, room, opened))

    def _send_record(self, peer: Peer, data: bytes) -> None:
        if peer.sent is None and peer.address:
            peer.consent.greeted.add(peer.address)
        self._wire.datagram(data, peer.address)

    def _admits(self, peer: Peer, chunks: int | None) -> bool:
        """Whether a packet of the data channel is read. The port has counted one chunk of it, before it was decrypted."""
        admitted = chunks is not None and peer.affords((chunks - 1) * COST_DTLS)
        if not admitted:
            self.totals.dropped += 1
        return admitted

    def _answer(self, peer: Peer) -> str:
        credentials = peer.credentials
        place = sdp_answer.Place(
            self._public, self.number, credentials.local, credentials.password, self._fingerprint
        )  # fmt: skip
        sources = {source.mid: source.name for source in peer.sources}
        return sdp_answer.write(peer.offer, place, sources, peer.slot_lines)

    def _apply_mutes(self, peer: Peer) -> None:
        kinds = self.mutes.get(peer.name, set())
        for source in peer.sources:
            wanted = source.kind in kinds and source.name != "aux-video"  # a shared screen is no camera
            if wanted != source.muted:
                source.mute(wanted)
                if not wanted:
                    for layer in source.ladder:
                        self._repair.key_frame(layer, PLI_AT_ONCE)

    def _apply_descriptions(self, peer: Peer, now: float) -> None:
        """Which of a client's second sound and picture is what; `_notice_activity` gives and takes the slots."""
        contents = self.described.get(peer.name, {})
        for source in peer.sources:
            source.describe(contents.get(source.name, ""), now)

    def _task(self, work: Any) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self.totals.errors += 1
            log.error("media.task", error=type(task.exception()).__name__)

    # ------------------------------------------------------------------------------- as time goes by

    def _look(self) -> None:
        """Ten times a second; most of it once a second."""
        self._timer = self._loop.call_later(LOOK, self._look)
        now = time.monotonic()
        self._looks += 1
        for peer in list(self.peers.values()):
            if peer.arrivals.came:
                self._reports.send_arrivals(peer)
            if peer.consent.wanted:
                self.port.ask_again(peer, now)
        for room in list(self.rooms.values()):
            self._notice_activity(room, now)
            self._hear_speaker(room, now)
        if self._looks % 10 == 0:
            self._each_second(now)
        if self._looks % 5 == 0:
            for peer in self.peers.values():
                speaker = self._speakers.get(peer.room)
                self._ladders[peer.name].climb(peer, speaker.current if speaker else None, now, self._repair)

    def _notice_activity(self, room: Room, now: float) -> None:
        changed = False
        for peer in room.peers:
            for source in peer.sources:
                for layer in source.ladder:
                    if layer.octets != layer.octets_seen:
                        layer.octets_seen, layer.heard, peer.heard = layer.octets, now, now
                if source.name.startswith("aux"):
                    before = source.live
                    changed |= source.look() != before
        if changed:
            self._seat(room)

    def _hear_speaker(self, room: Room, now: float) -> None:
        levels: dict[str, int] = {}
        for peer in room.peers:
            source = peer.source("mic")
            if source:
                layer = source.ladder[0]
                levels[peer.name] = NO_LEVEL if layer.muted else layer.loudest
                layer.loudest = NO_LEVEL
        speaker = self._speakers.setdefault(room.name, Speaker())
        if speaker.hear(levels, now):
            self._tell({"t": "speaker", "room": room.name, "peer": speaker.current})

    def _each_second(self, now: float) -> None:
        for peer in list(self.peers.values()):
            peer.begin_second()
            if now - peer.heard > SILENCE or peer.has_too_many_streams:
                self.remove(peer, "streams" if peer.has_too_many_streams else "silence")
                continue
            if peer.sent is None:
                continue
            self._reports.send(peer, now)
            loss_in, loss_out = statistics.losses(peer)
            quality = self._lines[peer.name]
            if quality.judge(loss_in, loss_out, peer.rtt if peer.rtt_known else 0.0):
                self._tell({"t": "quality", "peer": peer.name, "level": quality.level})
