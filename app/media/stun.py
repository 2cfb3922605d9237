"""STUN binding requests and answers (RFC 8489), as much as an ICE-lite agent needs (RFC 8445, section 2.5).

The client makes all the checks; the unit proves that it holds the password of its answer, and says where it saw the
request come from. It asks back whether somebody is there before it sends media to another address (RFC 7675). Anything that is not well-formed and authentic is dropped without a word.
"""

from __future__ import annotations

import hmac
import ipaddress
import struct
from binascii import crc32
from typing import NamedTuple

COOKIE = 0x2112A442
REQUEST, SUCCESS = 0x0001, 0x0101
USERNAME, INTEGRITY, XOR_MAPPED_ADDRESS = 0x0006, 0x0008, 0x0020
PRIORITY, USE_CANDIDATE, FINGERPRINT, CONTROLLED = 0x0024, 0x0025, 0x8028, 0x8029
FINGERPRINT_XOR = 0x5354554E
LONGEST = 1280  # bytes; about 120 as a rule, but Chromium may put the handshake of DTLS into them, up to a whole MTU
MOST_ATTRIBUTES = 24

_HEADER = struct.Struct("!HHI12s")
_ATTRIBUTE = struct.Struct("!HH")

Address = tuple  # (host, port) or, for IPv6, (host, port, flow, scope), as the socket gives it


class BindingRequest(NamedTuple):
    """A request whose form is right; nothing in it is proved before `is_authentic`."""

    transaction: bytes
    local: str  # our user fragment
    remote: str  # the client's
    nominated: bool  # USE-CANDIDATE
    integrity: int  # where MESSAGE-INTEGRITY begins


def parse(data: bytes) -> BindingRequest | None:
    """Read a binding request; None when it is anything else or malformed."""
    size = len(data)
    if not 20 <= size <= LONGEST:
        return None
    kind, length, cookie, transaction = _HEADER.unpack_from(data)
    if kind != REQUEST or cookie != COOKIE or length != size - 20 or length % 4:
        return None
    username, integrity, nominated, position = b"", 0, False, 20
    for _ in range(MOST_ATTRIBUTES):
        if position + 4 > size:
            return None  # it ends without FINGERPRINT, which ICE demands (RFC 8445, 7.1)
        attribute, length = _ATTRIBUTE.unpack_from(data, position)
        value, end = position + 4, position + 4 + length
        if end > size:
            return None
        if attribute == FINGERPRINT:
            right = length == 4 and end == size and integrity and _checksum(data[:position]) == data[value:end]
            return _request(transaction, username, nominated, integrity) if right else None
        if integrity:
            return None  # only FINGERPRINT may follow MESSAGE-INTEGRITY
        if attribute == INTEGRITY:
            if length != 20:
                return None
            integrity = position
        elif attribute == USERNAME:
            username = data[value:end]
        elif attribute == USE_CANDIDATE:
            nominated = True
        position = end + (-length & 3)
    return None


def _request(transaction: bytes, username: bytes, nominated: bool, integrity: int) -> BindingRequest | None:
    local, colon, remote = username.partition(b":")
    if not colon or not local.isascii() or not remote.isascii():
        return None
    return BindingRequest(transaction, local.decode(), remote.decode(), nominated, integrity)


def is_authentic(data: bytes, request: BindingRequest, password: bytes) -> bool:
    """Whether MESSAGE-INTEGRITY (RFC 8489, 14.5) was made with `password`."""
    return _holds(data, request.integrity, password)


def is_answer(data: bytes, transaction: bytes, password: bytes) -> bool:
    """Whether this is the authentic answer to our request `transaction`; `password` is the one who answers holds."""
    if not 20 <= len(data) <= LONGEST:
        return False
    kind, length, cookie, found = _HEADER.unpack_from(data)
    if kind != SUCCESS or cookie != COOKIE or length != len(data) - 20 or found != transaction:
        return False
    position = 20
    for _ in range(MOST_ATTRIBUTES):
        if position + 4 > len(data):
            return False
        attribute, length = _ATTRIBUTE.unpack_from(data, position)
        if attribute == INTEGRITY:
            return length == 20 and position + 24 <= len(data) and _holds(data, position, password)
        position += 4 + length + (-length & 3)
    return False


def _holds(data: bytes, at: int, password: bytes) -> bool:
    """Whether MESSAGE-INTEGRITY, which begins at `at`, was made with `password`."""
    text = data[:2] + struct.pack("!H", at + 4) + data[4:at]  # the length up to and with this attribute
    return hmac.compare_digest(hmac.digest(password, text, "sha1"), data[at + 4 : at + 24])


def success(transaction: bytes, address: Address, password: bytes) -> bytes:
    """The answer to a binding request seen from `address`, with integrity and fingerprint."""
    host = ipaddress.ip_address(address[0].partition("%")[0])
    mask = struct.pack("!I", COOKIE) + transaction
    hidden = bytes(left ^ right for left, right in zip(host.packed, mask, strict=False))
    mapped = struct.pack("!BBH", 0, 1 if host.version == 4 else 2, address[1] ^ (COOKIE >> 16)) + hidden
    return _signed(SUCCESS, transaction, _attribute(XOR_MAPPED_ADDRESS, mapped), password)


def request(transaction: bytes, username: str, password: bytes, nominated: bool = False) -> bytes:
    """A binding request as a client makes it (tests, load generators)."""
    body = _attribute(USERNAME, username.encode())
    return _signed(REQUEST, transaction, body + (_attribute(USE_CANDIDATE, b"") if nominated else b""), password)


def question(transaction: bytes, username: str, password: bytes) -> bytes:
    """A binding request of ours: is this client there? Firefox demands PRIORITY where it does not know our address."""
    body = _attribute(USERNAME, username.encode()) + _attribute(PRIORITY, b"\x6e\x7f\xff\xff")
    return _signed(REQUEST, transaction, body + _attribute(CONTROLLED, bytes(8)), password)


def _attribute(kind: int, value: bytes) -> bytes:
    return _ATTRIBUTE.pack(kind, len(value)) + value + bytes(-len(value) & 3)


def _signed(kind: int, transaction: bytes, body: bytes, password: bytes) -> bytes:
    """With integrity and fingerprint."""
    text = _HEADER.pack(kind, len(body) + 24, COOKIE, transaction) + body
    body += _attribute(INTEGRITY, hmac.digest(password, text, "sha1"))
    text = _HEADER.pack(kind, len(body) + 8, COOKIE, transaction) + body
    return text + _attribute(FINGERPRINT, _checksum(text))


def _checksum(text: bytes) -> bytes:
    return struct.pack("!I", crc32(text) ^ FINGERPRINT_XOR)
