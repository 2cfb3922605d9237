"""Looks at a packet of SCTP before aiortc does, and drops what would cost more than it carries (RFC 9260).

aiortc reads every chunk before it checks who speaks, never advances on a parameter of length 0, and counts each number
of a gap one by one. What passes here it reads in a bounded time, without an error, and the time is told as a cost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from struct import Struct

from app.media.limits import MAX_CHANNELS

HEADER = 12  # bytes of the common header (RFC 9260, 3.1)
CHUNK = 4  # of a chunk's (3.2) and of a parameter's (3.2.1)
MOST_CHUNKS = 72  # of the smallest as many as fit: Firefox fills a packet with what it sends again after a loss (6.10)
MOST_GAPS = 64  # blocks of one SACK
WIDEST_GAP = 4096  # numbers after the cumulative one
MOST_DUPLICATES = 64
MOST_PARAMETERS = 32  # of one chunk; the longest INIT of a browser has eight
BLOCKS_A_CHUNK = 16  # gaps, and numbers told twice, that are read in the time that another chunk takes
PARAMETERS_A_CHUNK = 8
MOST_RESETS = 2  # parameters of one RE-CONFIG (RFC 6525, 3.1); each is answered with a packet
GAPS_A_CHUNK = 1024  # numbers of gaps that are gone through in the time that another chunk takes

DATA, INIT, INIT_ACK, SACK, HEARTBEAT, HEARTBEAT_ACK, ABORT, SHUTDOWN, ERROR = 0, 1, 2, 3, 4, 5, 6, 7, 9
RE_CONFIG, FORWARD_TSN = 130, 192
OUTGOING_RESET, RESET_RESPONSE, MORE_STREAMS = 13, 16, 17  # parameters of RE-CONFIG (RFC 6525, 4)

_chunk = Struct("!BBH").unpack_from
_parameter = Struct("!HH").unpack_from
_sack = Struct("!LLHH").unpack_from
_SHORTEST_RESET = {OUTGOING_RESET: 12, RESET_RESPONSE: 8, MORE_STREAMS: 8}


def cost(packet: bytes) -> int | None:
    """What reading the packet costs, in chunks; None: it is not read at all.

    Refused are lengths that do not fit (3.2, 3.2.1), more chunks, gaps (3.3.4) or parameters than anybody sends, a second
    SACK, and an INIT beside anything else (3). Chunks of an unknown kind aiortc passes over, as 3.2 wants of most.
    """
    size, at, chunks, total = len(packet), HEADER, 0, 0
    kinds = set()
    while at + CHUNK <= size:
        kind, _, length = _chunk(packet, at)
        chunks += 1
        if length < CHUNK or at + length > size or chunks > MOST_CHUNKS or (kind == SACK and SACK in kinds):
            return None
        read = _READERS.get(kind)
        weight = read(packet[at + CHUNK : at + length]) if read else 1
        if not weight:
            return None
        kinds.add(kind)
        total += weight
        at += length + (-length & 3)
    if not chunks or (INIT in kinds and chunks > 1):
        return None
    return total


# Each takes a chunk's body and answers its cost in chunks; 0 where it may not be read.


def _data(body: bytes) -> int:
    return 1 if len(body) > 12 else 0  # a message has at least one byte (3.3.1)


def _parameters(body: bytes) -> int:
    """They are read one by one, and those of a HEARTBEAT written into its answer (3.3.6)."""
    found = list(_walk(body))
    return 1 + len(found) // PARAMETERS_A_CHUNK if all(length for _, length in found) else 0


def _init(body: bytes) -> int:
    return _parameters(body[16:]) if len(body) >= 16 else 0  # 3.3.2, 3.3.3


def _gaps(body: bytes) -> int:
    """Blocks in their order, none inside another, and all of them near the cumulative number (3.3.4)."""
    if len(body) < 12:
        return 0
    _, _, gaps, duplicates = _sack(body)
    if gaps > MOST_GAPS or duplicates > MOST_DUPLICATES or len(body) != 12 + 4 * (gaps + duplicates):
        return 0
    last = numbers = 0
    for at in range(12, 12 + 4 * gaps, 4):
        start, end = _parameter(body, at)
        if not last < start <= end <= WIDEST_GAP:
            return 0
        numbers += end - start + 1
        last = end
    return 1 + numbers // GAPS_A_CHUNK + (gaps + duplicates) // BLOCKS_A_CHUNK


def _shutdown(body: bytes) -> int:
    return 1 if len(body) == 4 else 0  # 3.3.8


def _skipped(body: bytes) -> int:
    """Each stream is gone through again (RFC 3758, 3.2); nobody has more of them than we keep."""
    streams, rest = divmod(len(body) - 4, 4)
    return 1 + streams if 0 <= streams <= MAX_CHANNELS and not rest else 0


def _reset(body: bytes) -> int:
    found = list(_walk(body))
    for kind, length in found:
        value = length - CHUNK
        if value < _SHORTEST_RESET.get(kind, 0) or (kind == OUTGOING_RESET and value % 2):
            return 0
    return len(found) if len(found) <= MOST_RESETS else 0


def _walk(body: bytes) -> Iterator[tuple[int, int]]:
    """Kind and length of each parameter (3.2.1); ends after one that does not fit or is too many, with length 0."""
    at = count = 0
    while at + CHUNK <= len(body):
        kind, length = _parameter(body, at)
        count += 1
        if length < CHUNK or at + length > len(body) or count > MOST_PARAMETERS:
            yield kind, 0
            return
        yield kind, length
        at += length + (-length & 3)


_READERS: dict[int, Callable[[bytes], int]] = {
    DATA: _data, INIT: _init, INIT_ACK: _init, SACK: _gaps, HEARTBEAT: _parameters, HEARTBEAT_ACK: _parameters,
    ABORT: _parameters, SHUTDOWN: _shutdown, ERROR: _parameters, RE_CONFIG: _reset, FORWARD_TSN: _skipped,
}  # fmt: skip
