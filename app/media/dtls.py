"""The encrypted line to one client: DTLS (RFC 6347), SRTP keys from it (RFC 5764), SCTP inside it (RFC 8261).

aiortc does the handshake; from then on libsrtp is called in place on buffers of ours (`pins.py` says which private
names that takes).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any, cast

from aiortc.rtcdtlstransport import SSL, RTCCertificate, RTCDtlsFingerprint, RTCDtlsParameters, RTCDtlsTransport
from aiortc.rtcicetransport import RTCIceTransport
from aiortc.rtcsctptransport import RTCSctpCapabilities, RTCSctpTransport

from app.media import sctp_guard
from app.media.limits import CHAT_BYTES, HANDSHAKE, HANDSHAKE_BYTES, MAX_CHANNELS, MAX_PARTS

MOST_WAITING = 128  # datagrams of DTLS not yet read
RECORD = range(13, 1517)  # bytes of one; more than aiortc reads at once would stay with OpenSSL
FULL = 1400  # bytes of a datagram of ours
ALL = 1 << 16  # bytes read of OpenSSL at once
PARTS_A_CHUNK = 64  # parts kept that are gone through in the time that another chunk takes


def records(datagram: bytes) -> list[bytes]:
    """The records of DTLS 1.2 in a datagram (RFC 6347, 4.1); what is none, and all that follows it, is dropped.

    OpenSSL looks behind a header that it does not believe for the next one, and keeps what is not asked for.
    """
    found, at = [], 0
    while at < len(datagram):
        size = 13 + int.from_bytes(datagram[at + 11 : at + 13], "big")
        kind, version = datagram[at], datagram[at + 1 : at + 3]
        if not 20 <= kind <= 23 or version != b"\xfe\xfd" or size not in RECORD or at + size > len(datagram):
            break
        found.append(datagram[at : at + size])
        at += size
    return found


def datagrams(written: bytes) -> Iterator[bytes]:
    """Whole records of ours, as many in each datagram as a path takes; a longer one goes by itself."""
    start = at = 0
    while at < len(written):
        size = 13 + int.from_bytes(written[at + 11 : at + 13], "big")
        if at > start and at + size - start > FULL:
            yield written[start:at]
            start = at
        at += size
    if written:
        yield written[start:]


class Certificate(RTCCertificate):
    """Ours for every line. A client's is known by its fingerprint: no chain that it sends along is gone through."""

    def _create_ssl_context(self, srtp_profiles: Any) -> Any:
        context = super()._create_ssl_context(srtp_profiles)
        context.set_verify_depth(0)
        return context


class _Datagrams:
    """What aiortc's DTLS needs of an ICE transport, and no more.

    Until the handshake ends nobody has proved to be at the address it came from: a forged one may get three times what
    was sent in its name (as in QUIC, RFC 9000, 8.1), or HANDSHAKE_BYTES, if that is more. These are four of our
    flights of 800 bytes: a first message of a client has 170 at least, so that three times that would not let the first
    pass, and one that is lost must come again. What goes beyond is lost as on any line. (A cookie, RFC 6347, 4.2.1,
    would prove the address, at the price of a round trip for everybody.)
    """

    role = "controlled"

    def __init__(self, send: Callable[[bytes], None], hoards: Callable[[], bool]) -> None:
        self._send_now, self._hoards = send, hoards
        self._waiting: asyncio.Queue[bytes | None] = asyncio.Queue(MOST_WAITING)
        self._came = self._left = 0  # bytes
        self.proved = False  # the handshake has ended

    def put(self, datagram: bytes | None) -> None:
        """`None` ends the line. What does not fit is lost, as on any line."""
        self._came += len(datagram or b"")
        if datagram is None and self._waiting.full():
            self._waiting.get_nowait()
        if not self._waiting.full():
            self._waiting.put_nowait(datagram)

    async def _recv(self) -> bytes:
        datagram = await self._waiting.get()
        if datagram is None or self._hoards():
            raise ConnectionError
        return datagram

    async def _send(self, datagram: bytes) -> None:
        left = self._left + len(datagram)
        if self.proved or left <= max(HANDSHAKE_BYTES, 3 * self._came):
            self._left = left
            self._send_now(datagram)


class _Transport(RTCDtlsTransport):
    async def _write_ssl(self) -> None:
        """Send everything that OpenSSL has written.

        aiortc reads 1500 bytes of it: what was left, the rest of a long SACK, went out in front of what came next, cut
        within a record, and was lost with it.
        """
        assert self._ssl is not None
        written = bytearray()
        while True:
            try:
                written += self._ssl.bio_read(ALL)
            except SSL.Error:  # no more is there
                break
        for datagram in datagrams(bytes(written)):
            await self.transport._send(datagram)


class _Association(RTCSctpTransport):
    """aiortc's SCTP, which is shown only what `sctp_guard` lets through and `admits` the cost of."""

    def __init__(self, dtls: RTCDtlsTransport, admits: Callable[[int | None], bool]) -> None:
        super().__init__(dtls, port=5000)
        self._admits = admits

    async def _handle_data(self, data: bytes) -> None:
        chunks = sctp_guard.cost(data)
        # aiortc goes through all that it keeps with each chunk.
        if self._admits(chunks and chunks * (1 + self.kept // PARTS_A_CHUNK)):
            await super()._handle_data(data)

    @property
    def kept(self) -> int:
        """Parts of messages whose rest has not come, and numbers out of order: the most of any stream."""
        return max(
            len(self._sack_misordered), *(len(stream.reassembly) for stream in self._inbound_streams.values()), 0
        )


class Line:
    """DTLS with one client. `received` and `sent` are libsrtp's handles once `open` has returned True.

    `admits` is asked of each packet of SCTP, with its cost in chunks; None is one that must not be read. `deciphers` is
    asked before a datagram of several records is given to OpenSSL, with how many there are beside the first.
    """

    def __init__(
        self,
        certificate: RTCCertificate,
        send: Callable[[bytes], None],
        admits: Callable[[int | None], bool],
        deciphers: Callable[[int], bool],
    ) -> None:
        self._datagrams = _Datagrams(send, self._hoards)
        self._dtls = _Transport(cast(RTCIceTransport, self._datagrams), [certificate])
        self._dtls._set_role("server")
        self._admits, self._deciphers = admits, deciphers
        self._sctp: _Association | None = None
        self.received: Any = None
        self.sent: Any = None

    def feed(self, datagram: bytes) -> None:
        """A datagram of DTLS came from the client.

        Once the handshake is over aiortc reads one record for each datagram it is given and leaves the others with
        OpenSSL for ever: it is given each by itself.
        """
        parts = records(datagram) if self.received is not None else [datagram]
        if len(parts) == 1 or (parts and self._deciphers(len(parts) - 1)):
            for part in parts:
                self._datagrams.put(part)

    async def open(self, fingerprints: list[tuple[str, str]], on_closed: Callable[[], None]) -> bool:
        """Wait for the client's handshake; False when it fails or does not come within HANDSHAKE seconds."""
        wanted = RTCDtlsParameters([RTCDtlsFingerprint(name, digits) for name, digits in fingerprints])
        try:
            await asyncio.wait_for(self._dtls.start(wanted), HANDSHAKE)
        except TimeoutError:
            return False
        if self._dtls.state != "connected":
            return False
        self._datagrams.proved = True
        self.received, self.sent = self._dtls._rx_srtp._srtp[0], self._dtls._tx_srtp._srtp[0]
        self._dtls.on("statechange", lambda: on_closed() if self._dtls.state in ("closed", "failed") else None)
        return True

    async def open_channel(self, port: int, on_channel: Callable[[Any], None]) -> None:
        """SCTP inside the line; `on_channel` gets each channel that the client opens."""
        self._sctp = _Association(self._dtls, self._admits)
        self._sctp.on("datachannel", on_channel)
        await self._sctp.start(RTCSctpCapabilities(maxMessageSize=CHAT_BYTES), port)

    def _hoards(self) -> bool:
        """Whether the client has us keep parts of messages without end: aiortc has no limit of its own."""
        if self._sctp is None:
            return False
        return len(self._sctp._inbound_streams) > MAX_CHANNELS or self._sctp.kept > MAX_PARTS

    async def close(self) -> None:
        """Tell the client that it is over; never raises."""
        self._dtls.remove_all_listeners()
        try:
            if self._sctp:
                await self._sctp.stop()
            await self._dtls.stop()
        except (ConnectionError, OSError):
            pass  # it is over on the other side already
        finally:
            self._datagrams.put(None)
