"""The line to one client, with another DTLS at its end: what is written leaves whole, and strangers get little of it."""

from __future__ import annotations

import asyncio
import os
import struct
from collections.abc import AsyncIterator

import pytest
from aiortc.rtcdtlstransport import RTCCertificate, RTCDtlsParameters, RTCDtlsTransport
from hypothesis import given
from hypothesis import strategies as st

from app.media.dtls import FULL, Certificate, Line, _Datagrams, datagrams
from app.media.limits import HANDSHAKE_BYTES


class Pair:
    """A line and its client; `sent` is what leaves the line, the client gets it while `reaches`."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.got: list[bytes] = []
        self.reaches = True
        mine, theirs = Certificate.generateCertificate(), RTCCertificate.generateCertificate()
        self._known = RTCDtlsParameters(mine.getFingerprints())
        self._fingerprints = [(one.algorithm, one.value) for one in theirs.getFingerprints()]
        self.line = Line(mine, self._leaves, lambda _: True, lambda _: True)
        self.below = _Datagrams(self.line.feed, lambda: False)
        self.client = RTCDtlsTransport(self.below, [theirs])  # type: ignore[arg-type]
        self.client._set_role("client")

    def _leaves(self, data: bytes) -> None:
        self.sent.append(data)
        if self.reaches:
            self.below.put(data)

    async def _handle_data(self, data: bytes) -> None:
        self.got.append(data)

    def open(self) -> asyncio.Task[bool]:
        return asyncio.create_task(self.line.open(self._fingerprints, lambda: None))

    async def connect(self) -> None:
        opened = self.open()
        await self.client.start(self._known)
        assert await opened
        self.client._register_data_receiver(self)  # type: ignore[arg-type]

    async def close(self) -> None:
        await self.client.stop()
        await self.line.close()


@pytest.fixture
async def pair() -> AsyncIterator[Pair]:
    pair = Pair()
    yield pair
    await pair.close()


async def test_what_is_longer_than_a_datagram_leaves_whole_and_at_once(pair: Pair) -> None:
    await pair.connect()
    pair.sent.clear()
    pair.line._dtls._ssl.send(bytes(2400))  # as long as the longest SACK
    await pair.line._dtls._write_ssl()
    assert [len(data) > 2400 for data in pair.sent] == [True]
    await pair.line._dtls._send_data(b"and then")
    assert len(pair.sent) == 2
    async with asyncio.timeout(20):
        while sum(map(len, pair.got)) < 2400:  # aiortc's client reads 1500 bytes for each datagram
            await asyncio.sleep(0)


async def test_before_the_handshake_ends_little_is_sent_to_an_address(pair: Pair) -> None:
    """Whoever forges it sends the first message again and again."""
    pair.reaches = False
    opening, greeting = pair.open(), asyncio.create_task(pair.client.start(pair._known))
    async with asyncio.timeout(20):
        while not pair.sent:
            await asyncio.sleep(0)
    flight = sum(map(len, pair.sent))
    assert flight * 4 <= HANDSHAKE_BYTES  # three may be lost
    for _ in range(20):
        await pair.line._datagrams._send(bytes(flight))
    assert 2 * flight < sum(map(len, pair.sent)) <= HANDSHAKE_BYTES
    pair.line._datagrams.put(bytes(HANDSHAKE_BYTES))
    for _ in range(20):
        await pair.line._datagrams._send(bytes(flight))
    assert sum(map(len, pair.sent)) <= 3 * (HANDSHAKE_BYTES + 400)
    for task in (opening, greeting):
        task.cancel()


async def test_after_the_handshake_all_is_sent(pair: Pair) -> None:
    await pair.connect()
    pair.sent.clear()
    for _ in range(20):
        await pair.line._dtls._send_data(bytes(1000))
    assert len(pair.sent) == 20


def record(size: int) -> bytes:
    return struct.pack("!BHHHIH", 22, 0xFEFD, 0, 0, 1, size) + os.urandom(size)


@given(st.lists(st.integers(0, 3000).map(record), max_size=12))
def test_a_record_is_never_cut(records: list[bytes]) -> None:
    made = list(datagrams(b"".join(records)))
    assert b"".join(made) == b"".join(records)
    for data in made:
        at = 0
        while at < len(data):
            at += 13 + int.from_bytes(data[at + 11 : at + 13], "big")
        assert at == len(data)
        assert len(data) <= FULL or data in records
