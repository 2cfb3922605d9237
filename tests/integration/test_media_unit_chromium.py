"""Chromium in a room of the forwarding unit: simulcast, redundant sound, ICE restart, chat."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.bench.browser import CHROMIUM
from app.media.consent import Consent
from app.media.peer import Credentials, Peer
from app.media.port import Port
from app.media.unit import Unit
from tests.support.media_control import Control, running_unit, unit_settings
from tests.support.media_page import chromium, open_page

pytest.importorskip("playwright.async_api", reason="Playwright is not installed")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.timeout(400),
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="Chromium is not installed"),
]


async def seen(page: Any, wanted: Callable[[dict[str, Any]], bool], seconds: float = 60.0) -> dict[str, Any]:
    """Wait until the page's figures are as wanted."""
    end = time.monotonic() + seconds
    while True:
        figures = await page.evaluate("figures()")
        if wanted(figures):
            return figures
        assert time.monotonic() < end, figures
        await asyncio.sleep(0.2)


def frames(figures: dict[str, Any]) -> int:
    return sum(entry.get("framesDecoded", 0) for entry in figures["in"])


def sound(figures: dict[str, Any], way: str) -> float:
    """Bytes in a packet of sound, on the average; twice as many with redundancy as without."""
    packets, size = {"in": ("packetsReceived", "bytesReceived"), "out": ("packetsSent", "bytesSent")}[way]
    entries = [entry for entry in figures[way] if entry["kind"] == "audio"]
    return max(entry[size] / entry[packets] for entry in entries)


async def test_chromium_sees_hears_moves_and_writes_through_the_unit(tmp_path: Path) -> None:
    settings = unit_settings(tmp_path)
    async with running_unit(settings), chromium() as browser:
        control = await Control.open(settings)
        ann, bob, cyd = [await open_page(browser, control) for _ in range(3)]
        await ann.evaluate("enter('blue', 'ann')")
        await bob.evaluate("enter('blue', 'bob', { red: false, simulcast: false, width: 320, height: 240 })")
        for page in (ann, bob):
            await seen(page, lambda figures: frames(figures) > 20 and len(figures["in"]) == 2)
        # Ann sends redundant sound; Bob, who did not offer it, gets plain Opus out of it.
        sent, heard = await ann.evaluate("figures()"), await bob.evaluate("figures()")
        assert sound(heard, "in") < 0.7 * sound(sent, "out")
        assert {entry.get("rid") for entry in sent["out"] if entry["kind"] == "video"} >= {"l"}
        await cyd.evaluate("enter('blue', 'cyd', { width: 320, height: 240 })")
        heard = await seen(cyd, lambda figures: frames(figures) > 20 and len(figures["in"]) == 4)
        assert sound(heard, "in") > 0.8 * sound(sent, "out")

        before = frames(await bob.evaluate("figures()"))
        await ann.evaluate("restart()")
        await seen(ann, lambda figures: figures["state"] == "connected")
        await seen(bob, lambda figures: frames(figures) > before + 30)
        assert not [event for event in control.events if event["t"] == "gone"]

        await ann.evaluate("channel.send('Bonjour')")
        for page in (bob, cyd):
            await page.wait_for_function("messages.length", timeout=20_000, polling=100)
            assert await page.evaluate("messages") == [{"from": "ann", "text": "Bonjour"}]
        totals = (await control.ask("stats"))["ok"]["totals"]
        assert totals["errors"] == 0
        await control.close()


async def test_chromium_answers_when_it_is_asked_whether_it_is_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As it is after a change of network: here nothing but its answer is believed, from the beginning."""

    def ask_always(self: Port, peer: Peer, credentials: Credentials, address: Any, now: float) -> None:
        if peer.sent is None:
            peer.send_to(address)
        self._send(peer.consent.question(address, credentials, now), address)

    monkeypatch.setattr(Port, "_follow", ask_always)
    monkeypatch.setattr(Consent, "covers", lambda self, address: self._proven == address)
    events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    unit = Unit("127.0.0.1", 0, [], events.put_nowait)

    class Direct:
        async def ask(self, _: str, room: str, peer: str, offer: str) -> dict[str, Any]:
            answer, slots = unit.join(room, peer, offer)
            return {"ok": {"answer": answer, "slots": slots}}

    async with chromium() as browser:
        page = await open_page(browser, Direct())  # type: ignore[arg-type]
        await page.evaluate("enter('blue', 'ann')")
        async with asyncio.timeout(60):
            assert (await events.get())["t"] == "connected"
    await unit.close()
