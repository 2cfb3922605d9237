"""A client of the unit down to its datagrams: it can lose packets, move to another address and restart ICE at will."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import struct
from typing import Any

from aiortc.rtcdtlstransport import RTCCertificate, RTCDtlsFingerprint, RTCDtlsParameters, RTCDtlsTransport
from pylibsrtp import Error

from app.media import rtcp, stun
from tests.support.media_control import Control

SSRC = 4242
OFFER = """v=0
o=- 1 1 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0 1 2 3
m=video 9 UDP/TLS/RTP/SAVPF 96
a=mid:0
a=sendonly
a=rtcp-mux
a=rtpmap:96 VP8/90000
a=ssrc:{ssrc} cname:raw
a=ice-ufrag:{ufrag}
a=ice-pwd:{password}
a=fingerprint:sha-256 {fingerprint}
a=setup:active
m=audio 9 UDP/TLS/RTP/SAVPF 111
a=mid:1
a=recvonly
a=rtcp-mux
a=rtpmap:111 opus/48000/2
m=video 9 UDP/TLS/RTP/SAVPF 96
a=mid:2
a=recvonly
a=rtcp-mux
a=rtpmap:96 VP8/90000
m=video 9 UDP/TLS/RTP/SAVPF 96
a=mid:3
a=recvonly
a=rtcp-mux
a=rtpmap:96 VP8/90000
"""


class RawClient(asyncio.DatagramProtocol):
    """`packets` are the RTP packets that came, decrypted; `lose()` says whether the next one never arrives."""

    role = "controlling"

    def __init__(self) -> None:
        self.certificate = RTCCertificate.generateCertificate()
        self.ufrag, self.password = secrets.token_hex(4), secrets.token_hex(16)
        self.answers = True  # when the unit asks whether it is there
        self.moves_before = 0  # which datagram of DTLS, counted from 1
        self.packets: list[bytes] = []
        self.control: list[bytes] = []
        self.answered: set[bytes] = set()
        self.lose = lambda: False
        self._dtls_in: asyncio.Queue[bytes] = asyncio.Queue()
        self._transport: Any = None
        self._answer: dict[str, str] = {}
        self.dtls = RTCDtlsTransport(self, [self.certificate])  # type: ignore[arg-type]

    def offer(self) -> str:
        fingerprint = self.certificate.getFingerprints()[0].value
        return OFFER.format(ssrc=SSRC, ufrag=self.ufrag, password=self.password, fingerprint=fingerprint)

    async def join(self, control: Control, room: str, name: str, nominate: bool = True) -> None:
        """Enter, or restart ICE when already inside; connects the first time."""
        answer = (await control.ask("join", room=room, peer=name, offer=self.offer()))["ok"]["answer"]
        names = {"ufrag": "ice-ufrag", "password": "ice-pwd", "fingerprint": "fingerprint:sha-256"}
        for key, written in names.items():
            found = re.search(rf"a={written}[: ](\S+)", answer)
            assert found
            self._answer[key] = found[1]
        self.port = int(re.findall(r"a=candidate:.* (\d+) typ host", answer)[0])
        if self._transport is None:
            await self.move()
        if nominate:
            assert await self.bind()
        if self.dtls.state == "new":
            self.dtls._set_role("client")
            await self.dtls.start(RTCDtlsParameters([RTCDtlsFingerprint("sha-256", self._answer["fingerprint"])]))
            assert self.dtls.state == "connected"

    async def move(self) -> None:
        """From now on send from another address."""
        if self._transport:
            self._transport.close()
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, ("127.0.0.1", 0))

    async def bind(self, nominated: bool = True, password: str | None = None, seconds: float = 40.0) -> bool:
        """A binding request; whether it is answered in time."""
        transaction = os.urandom(12)
        username = f"{self._answer['ufrag']}:{self.ufrag}"
        key = (password or self._answer["password"]).encode()
        self.send(stun.request(transaction, username, key, nominated))
        for _ in range(int(seconds * 50)):
            if transaction in self.answered:
                return True
            await asyncio.sleep(0.02)
        return False

    def send(self, data: bytes) -> None:
        self._transport.sendto(data, ("127.0.0.1", self.port))

    def send_rtp(self, number: int, payload: bytes) -> None:
        head = struct.pack("!BBHII", 0x80, 96, number & 0xFFFF, number * 3000 & 0xFFFFFFFF, SSRC)
        self.send(self.dtls._tx_srtp.protect(head + payload))

    def send_rtcp(self, data: bytes) -> None:
        self.send(self.dtls._tx_srtp.protect_rtcp(data))

    def ask_again(self, ssrc: int, numbers: list[int]) -> None:
        self.send_rtcp(rtcp.make_nack(ssrc, numbers))

    def datagram_received(self, data: bytes, address: Any) -> None:
        if data[:2] == b"\0\1":
            if self.answers:
                self.send(stun.success(data[8:20], address, self.password.encode()))
        elif data[0] < 4:
            self.answered.add(data[8:20])
        elif 19 < data[0] < 64:
            self._dtls_in.put_nowait(data)
        elif 192 <= data[1] <= 223:
            self.control.append(self.dtls._rx_srtp.unprotect_rtcp(data))
        else:
            self._media(data)

    def _media(self, data: bytes) -> None:
        if self.lose():
            return
        try:
            self.packets.append(self.dtls._rx_srtp.unprotect(data))
        except Error:  # sent again, though it had come
            return

    async def _recv(self) -> bytes:
        return await self._dtls_in.get()

    async def _send(self, data: bytes) -> None:
        self.moves_before -= 1
        if self.moves_before == 0:
            await self.move()
            assert await self.bind()
        self.send(data)

    async def close(self) -> None:
        await self.dtls.stop()
        self._transport.close()


def number_of(packet: bytes) -> int:
    return int.from_bytes(packet[2:4], "big")


def ssrc_of(packet: bytes) -> int:
    return int.from_bytes(packet[8:12], "big")
