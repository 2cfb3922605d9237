"""A participant who means harm: one admitted person's datagrams neither hang the unit nor cost the others their call."""

from __future__ import annotations

import asyncio
import os
import struct
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from app.media.watchdog import STATUS
from app.settings import Settings
from tests.support.media_bot import Bot, until
from tests.support.media_control import ROOT, Control, running_unit, unit_settings

HANGING = """
import asyncio, time
from app import settings
from app.media import main, watchdog

main.Watchdog = lambda: watchdog.Watchdog(patience=5, tick=0.1)

async def listen(self, unit):
    asyncio.get_running_loop().call_later(0.3, lambda: exec("while True: pass"))

main.Control.listen = listen
main.run(settings.load())
"""


class Chunks:
    """Goes through aiortc's sender as if it were one chunk."""

    def __init__(self, *chunks: bytes) -> None:
        self._bytes = b"".join(chunks)

    def __bytes__(self) -> bytes:
        return self._bytes


def chunk(kind: int, body: bytes) -> bytes:
    return struct.pack("!BBH", kind, 0, len(body) + 4) + body


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return unit_settings(tmp_path)


@pytest.fixture
async def control(settings: Settings) -> AsyncIterator[Control]:
    async with running_unit(settings):
        control = await Control.open(settings)
        yield control
        await control.close()


@pytest.fixture
async def people() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


async def writer(people: AsyncExitStack, control: Control, name: str) -> Bot:
    """Somebody with a data channel only, which is open."""
    bot = Bot(chat=True, publishes=())
    people.push_async_callback(bot.close)
    await bot.join(control, "blue", name)
    await until(lambda: bot.channel.readyState == "open")
    return bot


async def totals(control: Control) -> dict[str, int]:
    return (await control.ask("stats"))["ok"]["totals"]


async def test_a_parameter_without_a_length_hangs_nobody(control: Control, people: AsyncExitStack) -> None:
    martin, legrand = [await writer(people, control, name) for name in ("martin", "legrand")]
    before = (await totals(control))["dropped"]
    kinds = (4, 5, 6, 9, 130)  # HEARTBEAT and its answer, ABORT, ERROR, RE-CONFIG
    for kind in kinds:
        await martin.pc.sctp._send_chunk(Chunks(chunk(kind, b"\0\1\0\0")))
    martin.channel.send("encore là")
    await until(lambda: legrand.messages)
    after = await totals(control)
    assert (after["dropped"] - before, after["errors"]) == (len(kinds), 0)


async def test_a_datagram_of_many_chunks_counts_as_many_datagrams(control: Control, people: AsyncExitStack) -> None:
    martin, legrand = [await writer(people, control, name) for name in ("martin", "legrand")]
    before = (await totals(control))["dropped"]
    beats = Chunks(*[chunk(4, b"\0\1\0\4")] * 64)
    for number in range(100):
        await martin.pc.sctp._send_chunk(beats)
        if number % 5 == 4:
            await asyncio.sleep(0.005)
    after = await totals(control)
    assert after["dropped"] - before > 50
    await asyncio.sleep(1.2)  # then they are heard as before
    martin.channel.send("encore là")
    await until(lambda: legrand.messages)


async def test_every_record_of_a_datagram_is_read(control: Control, people: AsyncExitStack) -> None:
    """aiortc reads one for each datagram and would keep the others for ever."""
    martin, legrand = [await writer(people, control, name) for name in ("martin", "legrand")]
    sctp = martin.pc.sctp
    sctp._rto, sctp._update_rto = 600.0, lambda _measured: None  # nothing is sent again
    below, held = sctp.transport.transport, []
    send = below._send

    async def hold(data: bytes) -> None:
        held.append(data)

    below._send = hold
    for number in range(8):
        martin.channel.send(str(number))
        await asyncio.sleep(0.01)
    below._send = send
    await send(b"".join(held))
    await until(lambda: len(legrand.messages) == 8)


async def test_a_unit_that_hangs_ends_itself(settings: Settings) -> None:
    """The supervisor starts it again: it restarts whatever dies."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HANGING, cwd=ROOT, env={**os.environ, **settings.environment()},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    told: Any = b""
    try:
        told, _ = await asyncio.wait_for(process.communicate(), 40)
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode == STATUS
    assert b"media.hangs" in told
