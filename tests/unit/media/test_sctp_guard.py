"""SCTP: what browsers send is read; what would hang or burden aiortc is not, and what is read takes a bounded time."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiortc import rtcsctptransport as aiortc_sctp
from google_crc32c import value as crc32c
from hypothesis import given, settings
from hypothesis import strategies as st

from app.media import dtls, sctp_guard
from app.media.limits import MAX_PARTS

PACKETS = Path(__file__).with_name("sctp")
DATA, INIT, SACK, HEARTBEAT, ABORT, SHUTDOWN, ERROR, RE_CONFIG, FORWARD_TSN = 0, 1, 3, 4, 6, 7, 9, 130, 192
KINDS = [*range(16), RE_CONFIG, FORWARD_TSN, 132, 255]
WITHIN = 1.0  # seconds of the clock; what hangs never ends
PARAMETER = b"\0\1\0\4"
HEAD_OF_INIT = struct.pack("!LLHHL", 1, 1 << 20, 16, 16, 1)


def chunk(kind: int, body: bytes = b"", flags: int = 0, length: int | None = None) -> bytes:
    length = len(body) + 4 if length is None else length
    return struct.pack("!BBH", kind, flags, length & 0xFFFF) + body + bytes(-len(body) % 4)


def packet(*chunks: bytes, tag: int = 0) -> bytes:
    head, body = struct.pack("!HHL", 5000, 5000, tag), b"".join(chunks)
    return head + struct.pack("<L", crc32c(head + bytes(4) + body)) + body


def message(number: int, text: bytes = b"x", flags: int = 3, stream: int = 1) -> bytes:
    return chunk(DATA, struct.pack("!LHHL", number, stream, 0, 51) + text, flags)


def sack(*gaps: tuple[int, int], duplicates: int = 0) -> bytes:
    blocks = b"".join(struct.pack("!HH", *gap) for gap in gaps)
    return chunk(SACK, struct.pack("!LLHH", 1, 1 << 20, len(gaps), duplicates) + blocks + bytes(4 * duplicates))


def reset(*streams: int) -> bytes:
    return struct.pack("!HHLLL", 13, 16 + 2 * len(streams), 1, 1, 1) + struct.pack(f"!{len(streams)}H", *streams)


@contextlib.contextmanager
def ends() -> Iterator[None]:
    """What goes on for longer than WITHIN seconds is interrupted."""

    def interrupt(*_: Any) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, WITHIN)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


class FakeDtls:
    """What aiortc's association needs of the line below it."""

    state, _role = "connected", "server"

    def _register_data_receiver(self, _receiver: Any) -> None: ...

    def _unregister_data_receiver(self, _receiver: Any) -> None: ...

    async def _send_data(self, _data: bytes) -> None: ...


async def association(costs: list[int | None]) -> Any:
    """Ours, up, and admitting whatever the guard lets through; `costs` gets what each packet costs."""

    def admits(cost: int | None) -> bool:
        costs.append(cost)
        return cost is not None

    made = dtls._Association(FakeDtls(), admits)  # type: ignore[arg-type]
    await made.start(None, 5000)
    await made._handle_data(packet(chunk(INIT, HEAD_OF_INIT)))
    made._t1_cancel()
    made._set_state(made.State.ESTABLISHED)
    costs.clear()
    return made


@pytest.mark.parametrize("browser", ["chromium", "firefox"])
def test_what_a_browser_sends_is_read(browser: str) -> None:
    """INIT, INIT ACK, COOKIE ECHO and ACK, DATA (58 in a packet after a loss), SACK, FORWARD TSN, RE-CONFIG, ABORT."""
    sent = [bytes.fromhex(line) for line in (PACKETS / f"{browser}.hex").read_text().split()]
    kinds = {part.type for each in sent for part in aiortc_sctp.parse_packet(each)[3]}
    assert kinds >= {0, 1, 2, 3, 6, 10, 11, 130, 192}
    costs = [sctp_guard.cost(each) for each in sent]
    assert None not in costs
    assert max(cost or 0 for cost in costs) == 58


def test_what_aiortc_sends_is_read() -> None:
    init, data, report = aiortc_sctp.InitChunk(), aiortc_sctp.DataChunk(3), aiortc_sctp.SackChunk()
    init.params = [(aiortc_sctp.SCTP_PRSCTP_SUPPORTED, b""), (aiortc_sctp.SCTP_SUPPORTED_CHUNK_EXT, b"\xc0\x82")]
    data.user_data, report.gaps, report.duplicates = b"Bonjour", [(2, 2), (4, 900)], [7, 8]
    skip, renew, beat = aiortc_sctp.ForwardTsnChunk(), aiortc_sctp.ReconfigChunk(), aiortc_sctp.HeartbeatChunk()
    skip.streams, beat.params = [(1, 5)], [(1, b"any")]
    renew.params = [(13, bytes(aiortc_sctp.StreamResetOutgoingParam(1, 1, 1, [1, 3, 5])))]
    for each in (
        init, data, report, skip, renew, beat, aiortc_sctp.AbortChunk(), aiortc_sctp.CookieAckChunk(),
        aiortc_sctp.ShutdownChunk(), aiortc_sctp.ShutdownAckChunk(), aiortc_sctp.ShutdownCompleteChunk(),
    ):  # fmt: skip
        assert sctp_guard.cost(aiortc_sctp.serialize_packet(5000, 5000, 1, each)), each


@pytest.mark.parametrize("kind", [INIT, 2, HEARTBEAT, 5, ABORT, ERROR, RE_CONFIG])
@pytest.mark.parametrize("parameter", [b"\0\1\0\0", b"\0\1\0\3", b"\0\1\0\x08\0\0\0", b"\0\1\0\4\0\1\0\0"])
def test_a_parameter_whose_length_does_not_fit_is_not_read(kind: int, parameter: bytes) -> None:
    """aiortc never advances on one of length 0, and reads it before it checks who speaks."""
    before = HEAD_OF_INIT if kind in (INIT, 2) else b""
    assert sctp_guard.cost(packet(chunk(kind, before + parameter))) is None


@pytest.mark.parametrize(
    "refused",
    [
        [],
        [chunk(DATA, length=3)],
        [chunk(HEARTBEAT, length=100)],
        [chunk(DATA, bytes(12))],  # no message
        [message(number) for number in range(sctp_guard.MOST_CHUNKS + 1)],
        [chunk(INIT, HEAD_OF_INIT), message(1)],
        [chunk(INIT, HEAD_OF_INIT[:-1])],
        [sack(), sack()],
        [sack((0, 1))],
        [sack((1, 0xFFFF))],
        [sack((1, 2), (2, 3))],
        [sack((5, 6), (1, 2))],
        [sack((5, 4))],
        [sack(*((at, at) for at in range(1, 2 * sctp_guard.MOST_GAPS + 3, 2)))],
        [sack(duplicates=sctp_guard.MOST_DUPLICATES + 1)],
        [chunk(SACK, bytes(11))],
        [chunk(SACK, struct.pack("!LLHH", 1, 1, 2, 0) + bytes(4))],
        [chunk(SHUTDOWN, b"\0")],
        [chunk(FORWARD_TSN, bytes(3))],
        [chunk(FORWARD_TSN, bytes(6))],
        [chunk(FORWARD_TSN, bytes(4 + 4 * 17))],
        [chunk(RE_CONFIG)],
        [chunk(RE_CONFIG, struct.pack("!HHL", 13, 8, 1))],
        [chunk(RE_CONFIG, reset(1)[:3] + b"\x11" + reset(1)[4:] + b"\0")],
        [chunk(RE_CONFIG, 3 * reset(1, 2))],
        [chunk(HEARTBEAT, (sctp_guard.MOST_PARAMETERS + 1) * PARAMETER)],
        [chunk(INIT, HEAD_OF_INIT + (sctp_guard.MOST_PARAMETERS + 1) * PARAMETER)],
    ],
)
def test_what_nobody_sends_is_not_read(refused: list[bytes]) -> None:
    assert sctp_guard.cost(packet(*refused)) is None


def test_a_packet_costs_as_much_as_its_chunks() -> None:
    assert sctp_guard.cost(packet(message(1))) == 1
    assert sctp_guard.cost(packet(*(message(number) for number in range(40)))) == 40
    assert sctp_guard.cost(packet(chunk(RE_CONFIG, reset(1) + b"\0\0" + reset(2)))) == 2
    assert sctp_guard.cost(packet(chunk(FORWARD_TSN, bytes(4 + 4 * 3)))) == 4
    assert sctp_guard.cost(packet(sack((2, 2), (4, 5)))) == 1
    assert sctp_guard.cost(packet(sack((1, 4096)))) == 5
    assert sctp_guard.cost(packet(sack(*((at, at) for at in range(2, 66, 2)), duplicates=16))) == 4
    assert sctp_guard.cost(packet(chunk(HEARTBEAT, PARAMETER))) == 1
    assert sctp_guard.cost(packet(chunk(HEARTBEAT, 24 * PARAMETER))) == 4


async def test_a_chunk_costs_more_the_more_must_be_gone_through_for_it() -> None:
    costs: list[int | None] = []
    line = await association(costs)
    for number in range(0, 2 * MAX_PARTS, 2):  # none is the next one
        await line._handle_data(packet(message(10 + number), tag=line._local_verification_tag))
    assert costs[0] == 1
    assert costs[-1] == MAX_PARTS // dtls.PARTS_A_CHUNK
    await line.stop()


# -- whatever passes


def parameters() -> st.SearchStrategy[bytes]:
    one = st.builds(
        lambda kind, length, value: struct.pack("!HH", kind, length if length < 12 else len(value) + 4) + value,
        st.sampled_from([1, 7, 13, 16, 17, 0x8008, 0xC000]),
        st.integers(0, 40),
        st.binary(max_size=24),
    )
    return st.lists(one, max_size=6).map(b"".join)


def bodies(kind: int) -> st.SearchStrategy[bytes]:
    """Like the real ones, with any numbers in them."""
    small, number = st.integers(0, 200), st.integers(0, 60)
    if kind == DATA:
        return st.builds(
            lambda number, stream, rest: struct.pack("!LHHL", number, stream, 0, 51) + rest,
            number,
            st.integers(0, 20),
            st.binary(max_size=20),
        )
    if kind == SACK:
        gaps = st.lists(st.tuples(st.integers(0, 0xFFFF), st.integers(0, 0xFFFF)), max_size=80)
        near = st.lists(st.integers(1, 4200), max_size=40, unique=True).map(
            lambda ends: [(at, at) for at in sorted(ends)]
        )
        return st.builds(lambda gaps, more: sack(*gaps, duplicates=more)[4:], gaps | near, small)
    if kind in (INIT, 2):
        return parameters().map(lambda rest: HEAD_OF_INIT + rest)
    if kind == FORWARD_TSN:
        return st.builds(lambda number, streams: struct.pack("!L", number) + bytes(4 * streams), number, small)
    if kind in (HEARTBEAT, 5, ABORT, ERROR, RE_CONFIG):
        return parameters()
    return st.binary(max_size=40)


def chunks() -> st.SearchStrategy[bytes]:
    made = st.sampled_from(KINDS).flatmap(
        lambda kind: st.builds(chunk, st.just(kind), bodies(kind) | st.binary(max_size=60), st.integers(0, 7))
    )
    broken = st.builds(chunk, st.sampled_from(KINDS), st.binary(max_size=20), length=st.integers(0, 90))
    return made | made | made | broken


@settings(max_examples=400, deadline=None)
@given(st.lists(chunks(), min_size=1, max_size=6) | st.binary(max_size=200).map(lambda noise: [noise]))
def test_whatever_passes_aiortc_reads_at_once_and_without_an_error(parts: list[bytes]) -> None:
    data = packet(*parts)
    if sctp_guard.cost(data) is not None:
        with ends():
            aiortc_sctp.parse_packet(data)


@settings(max_examples=120, deadline=None)
@given(st.lists(st.lists(chunks(), min_size=1, max_size=6), min_size=1, max_size=6))
def test_whatever_passes_ends(packets: list[list[bytes]]) -> None:
    """An error of aiortc's is the end of that client's line, and no more; only what never ends is everybody's."""

    async def feed() -> None:
        line = await association([])
        for parts in packets:
            with contextlib.suppress(AssertionError, KeyError, UnicodeDecodeError):
                await line._handle_data(packet(*parts, tag=line._local_verification_tag))
        await line.stop()

    with ends():
        asyncio.run(feed())
