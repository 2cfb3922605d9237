"""A participant without a browser: plays a clip, counts what it receives, answers requests for key frames.

Any signalling can drive one: `offer` and `accept`, or `answer`; then `connected`, and `close`.
"""

from __future__ import annotations

import asyncio
import contextlib
import struct
import time
from collections.abc import Sequence

from aiortc.rtp import (
    RTCP_PSFB_FIR,
    RTCP_PSFB_PLI,
    RTCP_RTPFB_NACK,
    RtcpPacket,
    RtcpPsfbPacket,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSrPacket,
)

from app.demo import bot_sdp
from app.demo.bot_counting import Counter
from app.demo.bot_line import Line, Remote
from app.demo.bot_playing import Player, Track
from app.demo.bot_sdp import Medium
from app.demo.clip import Clip

LOOPBACK = ("127.0.0.1",)
BOTH = ("audio", "video")
REPORT_SECONDS = 1.0
SOURCE_DESCRIPTION = b"\x01\x03bot\x00\x00\x00"  # CNAME « bot », end, padding (RFC 3550, 6.5)


class Bot:
    """One participant. `slots`: how many others it can receive; `both_ways` sends and receives on the same m-lines.

    `sends`: which kinds it sends. `addresses`: where its sockets stand. `stamped`: packets carry the instant they
    were sent, and those received are decrypted to read it (only for bots that talk to bots).
    """

    def __init__(
        self,
        clip: Clip,
        *,
        slots: int = 0,
        both_ways: bool = False,
        sends: Sequence[str] = BOTH,
        stamped: bool = False,
        addresses: Sequence[str] = LOOPBACK,
        position: int = 0,
    ) -> None:
        self._slots, self._sends, self._addresses = slots, tuple(sends), addresses
        self._direction = "sendrecv" if both_ways else "sendonly"
        self._clip, self._stamped, self._position = clip, stamped, position
        self._media: list[Medium] = []
        self._line: Line | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._reporting: asyncio.Task[None] | None = None
        self.player: Player | None = None
        self.received = Counter()
        self.key_requests = 0
        self.resent = 0
        self.loss_told = 0.0  # share of our packets that the other side last said it missed

    async def offer(self) -> str:
        """The description to be answered; give the answer to `accept`."""
        line = await self._open(controlling=True)
        kinds = [(kind, self._direction) for kind in BOTH if kind in self._sends]
        kinds += [(kind, "recvonly") for kind in BOTH for _ in range(self._slots)]
        self._media = [bot_sdp.planned(kind, mid, direction) for mid, (kind, direction) in enumerate(kinds)]
        return bot_sdp.offer(line, self._media)

    async def accept(self, answer: str) -> None:
        """Take the answer to our offer, connect, and play.

        Raises: ValueError, ConnectionError, TimeoutError.
        """
        remote = bot_sdp.accept(self._media, answer)
        await self._connect(remote, "server" if remote.dtls.role == "client" else "client")

    async def answer(self, offer: str) -> str:
        """Answer an offer. Connecting goes on by itself: await `connected`. Raises: ValueError."""
        line = await self._open(controlling="a=ice-lite" in offer)
        wanted = {kind: 1 for kind in self._sends}
        text, self._media, remote = bot_sdp.answer(line, offer, wanted)
        self._connecting = asyncio.create_task(self._connect(remote, "client"))
        return text

    async def connected(self) -> None:
        """Wait until the line is up. Raises: ConnectionError, TimeoutError."""
        if self._connecting is not None:
            await asyncio.shield(self._connecting)

    async def add_candidate(self, text: str | None) -> None:
        """A candidate of the other side that came after its description; None after the last."""
        if self._line is not None:
            await self._line.add_candidate(bot_sdp.candidate(text) if text else None)

    @property
    def is_up(self) -> bool:
        return self._line is not None and self._line.is_up

    @property
    def tracks(self) -> list[Track]:
        """What it sends."""
        return [medium.track for medium in self._media if medium.track is not None]

    @property
    def sent(self) -> int:
        """Packets of media sent, without repetitions."""
        return sum(track.packets for track in self.tracks)

    async def close(self) -> None:
        """Stop playing and hang up; what was counted stays."""
        if self.player is not None:
            self.player.stop()
        for task in (self._reporting, self._connecting):
            if task is not None:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError, ConnectionError, TimeoutError):
                    await task
        if self._line is not None:
            await self._line.close()

    async def _open(self, controlling: bool) -> Line:
        line = self._line = Line(controlling, self.received.add, self._hear)
        await line.gather(self._addresses)
        if self._stamped:
            self.received.open_packet = line.open
        return line

    async def _connect(self, remote: Remote, dtls_role: str) -> None:
        line = self._line
        if line is None:
            raise ConnectionError("neither offered nor answered")
        await line.connect(remote, dtls_role)
        self.player = Player(self._clip, line.send, stamped=self._stamped, position=self._position)
        sending = {medium.kind: medium.track for medium in self._media if medium.track is not None}
        if sending:
            self.player.start(sending.get("audio"), sending.get("video"))
            line.on_lost = self.player.stop
        self._reporting = asyncio.create_task(self._report(line))

    def _hear(self, compound: bytes) -> None:
        """Reports and requests of the other side."""
        try:
            packets = RtcpPacket.parse(compound)
        except ValueError:
            return
        for packet in packets:
            if isinstance(packet, RtcpPsfbPacket) and packet.fmt in (RTCP_PSFB_PLI, RTCP_PSFB_FIR):
                self._want_key(packet)
            elif isinstance(packet, RtcpRtpfbPacket) and packet.fmt == RTCP_RTPFB_NACK:
                self._send_again(packet)
            elif isinstance(packet, RtcpSrPacket | RtcpRrPacket):
                ours = {track.ssrc for track in self.tracks}
                losses = [report.fraction_lost / 256 for report in packet.reports if report.ssrc in ours]
                self.loss_told = max(losses, default=self.loss_told)
                if isinstance(packet, RtcpSrPacket):
                    self._remember(packet)

    def _want_key(self, packet: RtcpPsfbPacket) -> None:
        track = self.player.picture if self.player else None
        # A FIR names its stream in its entry, not in its header (RFC 5104, 4.3.1.1).
        named = packet.media_ssrc if packet.fmt == RTCP_PSFB_PLI else int.from_bytes(packet.fci[:4], "big")
        if self.player is not None and track is not None and named == track.ssrc:
            self.key_requests += 1
            self.player.want_key()

    def _send_again(self, packet: RtcpRtpfbPacket) -> None:
        for track in self.tracks:
            if track.ssrc == packet.media_ssrc and self._line is not None:
                for sequence in packet.lost:
                    if (kept := track.sent(sequence)) is not None:
                        self.resent += 1
                        self._line.send_again(kept)

    def _remember(self, packet: RtcpSrPacket) -> None:
        stream = self.received.streams.get(packet.ssrc.to_bytes(4, "big"))
        if stream is not None:
            stream.report = struct.pack("!L", packet.sender_info.ntp_timestamp >> 16 & 0xFFFFFFFF)
            stream.report_at = time.monotonic()

    async def _report(self, line: Line) -> None:
        """A sender report of each track and blocks about each stream received, every second while the line is up."""
        while line.is_up:
            await asyncio.sleep(REPORT_SECONDS)
            if line.is_up and (compound := self._reports()):
                line.send_reports(compound)

    def _reports(self) -> bytes:
        now, packets = time.monotonic(), b""
        blocks = [stream.block(now) for stream in list(self.received.streams.values())[:31]]
        senders = [track for track in self.tracks if track.packets]
        for track in senders:
            body = struct.pack("!L", track.ssrc) + track.sender_report() + b"".join(blocks)
            packets += struct.pack("!BBH", 0x80 | len(blocks), 200, len(body) // 4) + body
            blocks = []  # told once
        if not senders:
            body = struct.pack("!L", 1) + b"".join(blocks)
            packets = struct.pack("!BBH", 0x80 | len(blocks), 201, len(body) // 4) + body
        source = senders[0].ssrc if senders else 1
        chunk = struct.pack("!L", source) + SOURCE_DESCRIPTION
        return packets + struct.pack("!BBH", 0x81, 202, len(chunk) // 4) + chunk


async def meet(one: Bot, other: Bot) -> None:
    """Connect two bots peer to peer. Raises: ConnectionError, TimeoutError."""
    answer = await other.answer(await one.offer())
    await asyncio.gather(one.accept(answer), other.connected())
