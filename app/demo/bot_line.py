"""A bot's line: ICE by aioice, DTLS by aiortc, and from then on SRTP packets straight from and to the socket.

A bench must not measure itself: aiortc's own path for media costs ten times what the forwarding unit spends on a packet.
So packets of media leave it before they reach its queues; STUN and DTLS go the usual way.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import aioice
import pylibsrtp
from aiortc import RTCCertificate
from aiortc.rtcdtlstransport import RTCDtlsParameters, RTCDtlsTransport

CONNECT_SECONDS = 15.0


@dataclass(frozen=True)
class Remote:
    """What the other side's description says about its end of the line."""

    ufrag: str
    password: str
    lite: bool
    candidates: tuple[aioice.Candidate, ...]
    complete: bool  # no further candidates will come
    dtls: RTCDtlsParameters


class _Ice:
    """What RTCDtlsTransport asks of an ICE transport."""

    def __init__(self, connection: aioice.Connection) -> None:
        self._recv, self._send = connection.recv, connection.send
        self.role = "controlling" if connection.ice_controlling else "controlled"


class Line:
    """One connection. `on_rtp` hears each media packet as it came, still encrypted; `on_rtcp` each decrypted report."""

    def __init__(self, controlling: bool, on_rtp: Callable[[bytes], None], on_rtcp: Callable[[bytes], None]) -> None:
        self._connection = aioice.Connection(ice_controlling=controlling)
        self._certificate = RTCCertificate.generateCertificate()
        self._dtls = RTCDtlsTransport(_Ice(self._connection), [self._certificate])  # type: ignore[arg-type]
        self._on_rtp, self._on_rtcp = on_rtp, on_rtcp
        self._sendto: Callable[[bytes], None] | None = None
        self.on_lost: Callable[[], None] = lambda: None

    @property
    def ufrag(self) -> str:
        return self._connection.local_username

    @property
    def password(self) -> str:
        return self._connection.local_password

    @property
    def candidates(self) -> list[aioice.Candidate]:
        return self._connection.local_candidates

    @property
    def dtls(self) -> RTCDtlsParameters:
        """Our fingerprints."""
        return self._dtls.getLocalParameters()

    @property
    def is_up(self) -> bool:
        return self._sendto is not None and self._dtls.state == "connected"

    async def gather(self, addresses: Sequence[str]) -> None:
        """Open a socket on each of `addresses`; aioice by itself would leave 127.0.0.1 out and take all others."""
        connection = self._connection
        connection._local_candidates_start = True
        connection._local_candidates += await connection.get_component_candidates(1, list(addresses))
        connection._local_candidates_end = True
        for protocol in connection._protocols:
            self._divert(protocol)

    def _divert(self, protocol: aioice.ice.StunProtocol) -> None:
        """Take media out of the socket's hands before aioice looks at it."""
        usual, on_rtp = protocol.datagram_received, self._on_rtp

        def received(datagram: bytes, address: tuple[str, int]) -> None:
            if len(datagram) < 12 or datagram[0] >> 6 != 2:  # not RTP version 2 (RFC 7983)
                usual(datagram, address)
            elif 192 <= datagram[1] <= 223:  # RTCP (RFC 5761, 4)
                self._reports(datagram)
            elif self._sendto is not None:
                on_rtp(datagram)

        protocol.datagram_received = received  # type: ignore[method-assign, assignment]

    def _reports(self, datagram: bytes) -> None:
        if self._sendto is None:
            return
        try:
            self._on_rtcp(self._dtls._rx_srtp.unprotect_rtcp(datagram))
        except pylibsrtp.Error:
            return  # a repeated or forged report: as if it had not come

    async def connect(self, remote: Remote, dtls_role: str) -> None:
        """Bring the line up; `dtls_role` is ours, "client" or "server".

        Raises: ConnectionError, TimeoutError.
        """
        connection = self._connection
        connection.remote_username, connection.remote_password = remote.ufrag, remote.password
        connection.remote_is_lite = remote.lite
        for candidate in remote.candidates:
            await connection.add_remote_candidate(candidate)
        if remote.complete:
            await connection.add_remote_candidate(None)
        self._dtls._set_role(dtls_role)
        async with asyncio.timeout(CONNECT_SECONDS):
            await connection.connect()
            await self._dtls.start(remote.dtls)
        if self._dtls.state != "connected":
            raise ConnectionError("DTLS did not come up")
        pair = connection._nominated[1]
        transport, address = pair.protocol.transport, pair.remote_addr
        self._sendto = lambda packet: transport.sendto(packet, address)
        self._dtls.on("statechange", self._changed)

    def _changed(self) -> None:
        if self._dtls.state in ("closed", "failed"):
            self.on_lost()

    async def add_candidate(self, candidate: aioice.Candidate | None) -> None:
        """A candidate that came after the description; None says that it was the last."""
        await self._connection.add_remote_candidate(candidate)

    def send(self, packet: bytes) -> bytes:
        """Encrypt and send a media packet; answers what went out, to be sent again when it gets lost."""
        protected: bytes = self._dtls._tx_srtp.protect(packet)
        self.send_again(protected)
        return protected

    def send_again(self, protected: bytes) -> None:
        """Send once more what `send` answered."""
        if self._sendto is not None and self._dtls.state == "connected":
            self._sendto(protected)

    def send_reports(self, packet: bytes) -> None:
        """Encrypt and send a compound RTCP packet."""
        self.send_again(self._dtls._tx_srtp.protect_rtcp(packet))

    def open(self, datagram: bytes) -> bytes:
        """Decrypt a media packet that `on_rtp` heard. Raises: ValueError (forged or repeated)."""
        try:
            opened: bytes = self._dtls._rx_srtp.unprotect(datagram)
        except pylibsrtp.Error as error:
            raise ValueError(str(error)) from error
        return opened

    async def close(self) -> None:
        """Say goodbye and close the sockets."""
        self._dtls.remove_all_listeners()
        self._sendto = None
        await self._dtls.stop()
        await self._connection.close()
