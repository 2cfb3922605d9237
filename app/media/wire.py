"""The unit's one UDP socket as seen from inside: what leaves it, encrypted in place, and what is counted."""

from __future__ import annotations

import socket
import time
from typing import Any

import structlog
from pylibsrtp._binding import ffi, lib

from app.media.limits import DATAGRAM
from app.media.stun import Address

log = structlog.get_logger(__name__)

ROOM = 160  # bytes behind a packet for libsrtp's tag, and for reading a little too far without harm


class Totals:
    """What happened since the unit started."""

    __slots__ = (
        "bytes_in", "bytes_out", "dropped", "errors", "nacks_in", "nacks_out", "packets_in", "packets_out", "plis_in",
        "plis_out", "recovered", "resent", "stun",
    )  # fmt: skip

    def __init__(self) -> None:
        for name in self.__slots__:
            setattr(self, name, 0)

    def as_dict(self) -> dict[str, int]:
        return {name: getattr(self, name) for name in self.__slots__}

    bytes_in: int
    bytes_out: int
    dropped: int  # unknown, malformed or not authentic; or the kernel's queue was full
    errors: int  # exceptions of our own: a defect
    nacks_in: int
    nacks_out: int
    packets_in: int
    packets_out: int
    plis_in: int
    plis_out: int
    recovered: int  # packets of sound made again from redundancy
    resent: int
    stun: int


class Defects:
    """Exceptions of our own: each is counted, one a second is told with its place. Called while one is handled."""

    def __init__(self, totals: Totals) -> None:
        self._totals, self._told = totals, 0.0

    def __call__(self, event: str) -> None:
        self._totals.errors += 1
        now = time.monotonic()
        if now - self._told > 1.0:
            self._told = now
            log.exception(event)


class Wire:
    """Sends. The buffer is shared by everything: one packet is made, encrypted and sent before the next."""

    def __init__(self, sock: socket.socket, totals: Totals) -> None:
        self.sock, self.totals, self.defect = sock, totals, Defects(totals)
        self.buffer = ffi.new("unsigned char[]", DATAGRAM + ROOM)
        self.view = memoryview(ffi.buffer(self.buffer)).cast("B")
        self.length = ffi.new("int *")

    def datagram(self, data: bytes | memoryview, address: Address | None) -> None:
        """Send as it is; a full queue or a closed way loses it, as the network would."""
        if address is None:
            return
        try:
            self.sock.sendto(data, address)
        except OSError:
            self.totals.dropped += 1

    def rtcp(self, sent: Any, address: Address | None, data: bytes) -> None:
        """Encrypt with the handle `sent` (none before the handshake: nothing happens) and send."""
        size = len(data)
        if sent is None or size > DATAGRAM:
            return
        self.view[:size] = data
        self.length[0] = size
        if lib.srtp_protect_rtcp(sent, self.buffer, self.length) == 0:
            self.datagram(self.view[: self.length[0]], address)
