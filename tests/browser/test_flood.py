"""Somebody floods the server and the unit while two people are in a call: the call does not notice."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import socket
import threading
import time

import pytest
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import WebSocketClosedError, websocket_connect

from tests.browser.conftest import People, take_route, until
from tests.browser.demo_server import DemoServer
from tests.browser.test_sources import NUMBER, enter

pytestmark = [pytest.mark.browser, pytest.mark.alone, pytest.mark.slow, pytest.mark.timeout(300)]

SECONDS = 8
# What somebody who wants to harm says, again and again, on as many lines as they get.
SAID = [
    "{",
    "[]",
    json.dumps({"t": "admit", "guest": "1" * 60}),
    json.dumps({"t": "__proto__"}),
    json.dumps({"t": "sdp", "to": "x", "description": {"type": "offer", "sdp": "v=0\r\n" * 9000}}),
    json.dumps({"t": "publish", "offer": "m=video 9 " * 6000, "n": 1}),
    json.dumps({"t": "ice", "to": "x", "candidate": {"candidate": "c" * 500}}),
    "x" * 200_000,
]
PORT = """async () => {
  for (const pc of window.__td.call.current.topology.connections)
    for (const each of (await pc.getStats()).values())
      if (each.type === "remote-candidate" && each.protocol === "udp") return [each.address ?? each.ip, each.port];
}"""
SOUND = """async () => {
  const [{ id }] = window.__td.call.current.people.values();
  const stats = await window.__td.call.current.topology.current(id).audio.receiver.getStats();
  for (const each of stats.values()) if (each.type === "inbound-rtp") return [each.packetsReceived, each.packetsLost];
}"""


def stun(address: tuple[str, int], until_: float, count: list[int]) -> None:
    """Binding requests of nobody, requests cut short, DTLS and RTP of nobody: some 1500 datagrams a second."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sending:
        while time.monotonic() < until_:
            for _ in range(15):
                named = os.urandom(12) + b"\x00\x06\x00\x08" + os.urandom(8)
                for datagram in (b"\x00\x01\x00\x0c\x21\x12\xa4\x42" + named, b"\x00\x01\xff\xff", b"\x16" + os.urandom(200),
                                 b"\x80" + os.urandom(1100)):  # fmt: skip
                    sending.sendto(datagram, address)
                    count[0] += 1
            time.sleep(0.04)


def words(url: str, cookie: str, until_: float, count: dict[str, int]) -> None:
    """Six lines that say all of `SAID` without end, and come back as often as they are cut off."""

    async def line() -> None:
        headers = {"Cookie": cookie, "Origin": url}
        request = HTTPRequest(f"{url.replace('http', 'ws')}/api/salle?dossier={NUMBER}", headers=headers)
        while time.monotonic() < until_:
            open_ = None
            try:
                open_ = await websocket_connect(request)
                for at in itertools.count():
                    if time.monotonic() > until_:
                        break
                    await open_.write_message(SAID[at % len(SAID)])
                    count["said"] += 1
                    await asyncio.sleep(0.002)
            except (WebSocketClosedError, HTTPClientError, OSError):
                count["cut"] += 1
            finally:
                if open_ is not None:
                    open_.close()
            await asyncio.sleep(0.1)  # also lets a closing line close

    async def all_lines() -> None:
        await asyncio.gather(*(line() for _ in range(6)))

    asyncio.run(all_lines())


def watched(page: object, seconds: float) -> tuple[float, int, float]:
    """Longest gap between pictures in ms, packets of sound, share of them lost."""
    received, lost = page.evaluate(SOUND)  # type: ignore[attr-defined]
    page.evaluate("window.__td.call.resetGap()")  # type: ignore[attr-defined]
    page.wait_for_timeout(seconds * 1000)  # type: ignore[attr-defined]
    now, now_lost = page.evaluate(SOUND)  # type: ignore[attr-defined]
    gap = page.evaluate("window.__td.call.longestGap()")  # type: ignore[attr-defined]
    more = now - received
    return gap, more, max(0, now_lost - lost) / max(1, more)


def test_a_flood_of_words_descriptions_and_datagrams_is_not_noticed_by_a_call(
    someone: People, demo: DemoServer
) -> None:
    expert, nurse = enter(someone, demo, "dr.martin"), enter(someone, demo, "ide.dubois")
    for page in (expert, nurse):
        until(page, "window.__td.call.framesShown() > 3", 40)
    take_route("unit", expert, nurse)
    attacker = someone.logged_in("dr.petit", 600, 500)
    quiet = watched(expert, SECONDS)
    address = tuple(expert.evaluate(PORT))
    count = [0]
    said = {"said": 0, "cut": 0}
    cookie = "; ".join(f"{each['name']}={each['value']}" for each in attacker.context.cookies())
    end = time.monotonic() + SECONDS + 2
    floods = [
        threading.Thread(target=stun, args=(address, end, count)),
        threading.Thread(target=words, args=(demo.url, cookie, end, said)),
    ]
    for flood in floods:
        flood.start()
    loud = watched(expert, SECONDS)
    for flood in floods:
        flood.join()
    print(f"quiet {quiet}, flooded {loud}, {count[0]} datagrams, {said}")
    assert count[0] > 2000
    assert said["said"] > 200
    assert said["cut"] > 0  # the flood was met with more than words
    assert loud[0] <= max(1000, 3 * quiet[0])  # pictures: two cores carry browsers, server and flood together
    assert loud[1] >= 0.8 * quiet[1]  # the sound goes on
    assert loud[2] <= max(0.05, 3 * quiet[2])
    for page in (expert, nurse):
        assert page.evaluate("window.__td.call.lineIsOpen() && window.__td.call.current.people.size === 1")
