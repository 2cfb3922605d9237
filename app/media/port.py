"""The unit's one UDP port: who sent a datagram is told by its address, learnt from authenticated STUN (RFC 7983).

Datagrams of unknown addresses are dropped before any work is done; nothing that comes in can raise out of the reader.
"""

from __future__ import annotations

import asyncio
import socket
import time
from typing import TYPE_CHECKING

from pylibsrtp._binding import ffi, lib

from app.media import stun
from app.media.limits import COST, COST_DTLS, DATAGRAM, FORGED, INCOMING, SILENCE, STUN_PER_SOURCE, Bucket
from app.media.stun import Address
from app.media.wire import ROOM, Defects, Totals

if TYPE_CHECKING:
    from app.media.forwarding import Forwarder
    from app.media.peer import Credentials, Peer
    from app.media.reports import Reports

ANSWER = stun.SUCCESS.to_bytes(2, "big")
BATCH = 256  # datagrams read in one go; then the timers get their turn
BUFFER = 4 << 20  # bytes asked of the kernel, each way
MOST_SOURCES = 4096  # pairs of a host and a user fragment whose false bindings are remembered
STALE = 5.0  # seconds without a binding from the address in use: any authenticated one takes its place


def open_socket(address: str, port: int) -> socket.socket:
    """A socket bound to `address`; port 0 lets the kernel choose. Raises: OSError."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            sock.setsockopt(socket.SOL_SOCKET, option, BUFFER)
        sock.bind((address, port))
    except OSError:
        sock.close()
        raise
    return sock


class Port:
    """Reads the socket and hands each datagram on. `by_fragment` and `by_address` are the unit's registers."""

    def __init__(self, sock: socket.socket, totals: Totals) -> None:
        self.sock, self.totals = sock, totals
        self.by_address: dict[Address, Peer] = {}
        self.by_fragment: dict[str, tuple[Peer, Credentials]] = {}
        self._buffer = ffi.new("unsigned char[]", DATAGRAM + ROOM)
        self._view = memoryview(ffi.buffer(self._buffer)).cast("B")
        self._datagram = self._view[:DATAGRAM]
        self._length = ffi.new("int *")
        self._sources: dict[tuple[str, str], Bucket] = {}  # host, our user fragment
        self._defect = Defects(totals)

    def listen(self, loop: asyncio.AbstractEventLoop, forwarder: Forwarder, reports: Reports) -> None:
        self._forwarder, self._reports = forwarder, reports
        loop.add_reader(self.sock.fileno(), self._readable)

    def close(self, loop: asyncio.AbstractEventLoop) -> None:
        loop.remove_reader(self.sock.fileno())
        self.sock.close()

    def forget(self, peer: Peer) -> None:
        """Nothing from this peer is known any more."""
        for address in peer.addresses:
            if self.by_address.get(address) is peer:
                del self.by_address[address]
        for credentials in (peer.credentials, peer.former):
            if credentials:
                self.by_fragment.pop(credentials.local, None)

    def _readable(self) -> None:
        try:
            self._read()
        except Exception:
            self._defect("media.reader")

    def _read(self) -> None:
        """As many datagrams as are waiting."""
        receive, datagram, view = self.sock.recvfrom_into, self._datagram, self._view
        buffer, length, known = self._buffer, self._length, self.by_address
        unprotect, unprotect_control = lib.srtp_unprotect, lib.srtp_unprotect_rtcp
        forward, totals = self._forwarder.packet, self.totals
        for _ in range(BATCH):
            try:
                size, address = receive(datagram)
            except BlockingIOError:
                return
            except OSError:  # an ICMP error of an earlier send
                continue
            first = view[0] if size > 12 else 255
            peer = known.get(address)
            if 127 < first < 192:
                if peer is None or peer.received is None:
                    totals.dropped += 1
                    continue
                is_control = 192 <= view[1] <= 223
                if peer.incoming > INCOMING or (
                    peer.forged > FORGED
                    and not peer.tries(int.from_bytes(view[4:8] if is_control else view[8:12], "big"))
                ):
                    totals.dropped += 1
                    continue
                length[0] = size
                if (unprotect_control if is_control else unprotect)(peer.received, buffer, length):
                    peer.forged += size + COST
                    totals.dropped += 1
                    continue
                peer.incoming += size + COST
                if is_control:
                    self._reports.received(peer, bytes(view[: length[0]]))
                else:
                    forward(peer, view, length[0])
            elif first < 4:
                self._binding(bytes(view[:size]), address)
            elif 19 < first < 64 and peer is not None and peer.line is not None:
                if not peer.deciphers(size + COST_DTLS):
                    totals.dropped += 1
                    continue
                peer.line.feed(bytes(view[:size]))
            else:
                totals.dropped += 1

    def _binding(self, data: bytes, address: Address) -> None:
        """A STUN datagram: the cheap checks first, then the key. Only what is authentic uses up the client's own share."""
        if data[:2] == ANSWER:
            self._answered(data, address)
            return
        request = stun.parse(data)
        known = self.by_fragment.get(request.local) if request else None
        if request is None or known is None:
            self.totals.dropped += 1
            return
        peer, credentials = known
        now = time.monotonic()
        if request.remote != credentials.remote or not self._listens(peer, request.local, address, now):
            self.totals.dropped += 1
            return
        password, transaction, seen = credentials.password.encode(), request.transaction, credentials.seen
        if seen.is_replay(transaction, address):
            self._distrust(request.local, address, now)
            return
        if seen.is_spent(transaction):
            self.totals.dropped += 1
            return
        if not stun.is_authentic(data, request, password):
            self._distrust(request.local, address, now)
            return
        # A repetition has its own small share: somebody who sends it in the client's name uses up nothing else.
        if (transaction not in seen.recent and not peer.requests.take(now)) or self._is_held(peer, address, now):
            self.totals.dropped += 1
            return
        self.totals.stun += 1
        is_new = seen.is_new(transaction, address)
        self._send(stun.success(transaction, address, password), address)
        if is_new:
            self._reached(peer, credentials, address, request.nominated, now)

    def _send(self, data: bytes, address: Address) -> None:
        try:
            self.sock.sendto(data, address)
        except OSError:
            self.totals.dropped += 1

    def _listens(self, peer: Peer, local: str, address: Address, now: float) -> bool:
        """Whether a request is worth its key: not from where too much was false, unless the client is known there.

        So neither strangers in the same house nor forged addresses lock anybody out of a line that is up. Counted for
        each client by itself: a flood in the name of a house that shares one address keeps out only the one whose user
        fragment it bears, and only until the flood ends.
        """
        bucket = self._sources.get((address[0], local))
        return bucket is None or address in peer.addresses or bucket.holds(now)

    def _distrust(self, local: str, address: Address, now: float) -> None:
        """A request was not authentic, or was seen before from another address (a replay)."""
        self.totals.dropped += 1
        source = (address[0], local)
        bucket = self._sources.get(source)
        if bucket is None:
            if len(self._sources) >= MOST_SOURCES:
                del self._sources[next(iter(self._sources))]
            bucket = self._sources[source] = Bucket(STUN_PER_SOURCE, STUN_PER_SOURCE)
        bucket.take(now)

    def _is_held(self, peer: Peer, address: Address, now: float) -> bool:
        """Whether somebody else is being reached at `address`.

        An authentic request says who speaks, not from where: its sender may have written another's address on it. It
        is free again SILENCE seconds after the last binding of that other one (STALE would be too soon: Firefox and
        aiortc bind every 6 s at worst, RFC 7675, 5.1).
        """
        holder = self.by_address.get(address)
        if holder is None or holder is peer or holder.closed or holder.address != address:
            return False
        return now - holder.addresses.get(address, 0.0) < SILENCE

    def _reached(self, peer: Peer, credentials: Credentials, address: Address, nominated: bool, now: float) -> None:
        """Learn the address, and follow the client to it: the last one nominated counts (RFC 8445, 8.1.1)."""
        if credentials is not peer.credentials and peer.former is not credentials:
            return
        if credentials is peer.credentials and peer.former:
            self.by_fragment.pop(peer.former.local, None)
            peer.former = None
            nominated = True  # the first check of an ICE restart: the old way may be dead
        forgotten = peer.reached_at(address, now)
        if forgotten is not None and self.by_address.get(forgotten) is peer:
            del self.by_address[forgotten]
        self.by_address[address] = peer
        in_use = peer.addresses.get(peer.address, 0.0) if peer.address else 0.0
        if peer.address == address:
            peer.consent.wanted = None if nominated else peer.consent.wanted
        elif nominated or now - in_use > STALE:
            self._follow(peer, credentials, address, now)

    def _follow(self, peer: Peer, credentials: Credentials, address: Address, now: float) -> None:
        """The client asks to be reached at another address: media go there once it has answered from there.

        What is sent of a handshake goes there at once; that is little (limits.HANDSHAKE_BYTES).
        """
        is_first = peer.address is None
        if peer.sent is None:
            peer.send_to(address)
        if not is_first:
            self._send(peer.consent.question(address, credentials, now), address)

    def ask_again(self, peer: Peer, now: float) -> None:
        """Some times a second: a question, or its answer, may be lost."""
        found = peer.consent.repeats(now)
        if found:
            self._send(*found)

    def _answered(self, data: bytes, address: Address) -> None:
        """An answer came, if it is one (consent.py): the client is there."""
        peer = self.by_address.get(address)
        if peer is None or not peer.consent.is_answered(data, address):
            self.totals.dropped += 1
            return
        in_use = peer.addresses.get(peer.address, 0.0) if peer.address else 0.0
        if peer.consent.wanted == address or time.monotonic() - in_use > STALE:
            peer.consent.wanted = None
            if peer.address != address:
                peer.send_to(address)
