"""Somebody floods the server and the unit while two people are in a call: the call does not notice."""

from __future__ import annotations

import os
import socket
import threading
import time

import pytest

from tests.browser.conftest import People, take_route, until
from tests.browser.demo_server import DemoServer
from tests.browser.test_sources import NUMBER, enter

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

SECONDS = 8
# What a page that wants to harm says, again and again, on as many lines as it gets.
FLOOD = """(number) => {
  window.__cut = 0;
  window.__refused = 0;
  const say = [
    "{", "[]", JSON.stringify({ t: "admit", guest: "1".repeat(60) }), JSON.stringify({ t: "__proto__" }),
    JSON.stringify({ t: "sdp", to: "x", description: { type: "offer", sdp: "v=0\\r\\n".repeat(9000) } }),
    JSON.stringify({ t: "publish", offer: "m=video 9 ".repeat(6000), n: 1 }),
    JSON.stringify({ t: "ice", to: "x", candidate: { candidate: "c".repeat(500) } }), "x".repeat(200_000),
  ];
  const open = () => {
    const line = new WebSocket(`${location.origin.replace("http", "ws")}/api/salle?dossier=${number}`);
    let at = 0;
    const beat = setInterval(() => {
      for (let n = 0; line.readyState === 1 && n < 5; n += 1) line.send(say[at++ % say.length]);
    }, 10);
    line.onmessage = ({ data }) => (window.__refused += data.includes('"error"') ? 1 : 0);
    line.onclose = () => {
      clearInterval(beat);
      window.__cut += 1;
      if (!window.__enough) setTimeout(open, 100);
    };
  };
  for (let n = 0; n < 6; n += 1) open();
}"""
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
    flood = threading.Thread(target=stun, args=(address, time.monotonic() + SECONDS + 2, count))
    flood.start()
    attacker.evaluate(FLOOD, NUMBER)
    loud = watched(expert, SECONDS)
    attacker.evaluate("window.__enough = true")
    flood.join()
    print(
        f"quiet {quiet}, flooded {loud}, {count[0]} datagrams, {attacker.evaluate('[window.__cut, window.__refused]')}"
    )
    assert count[0] > 2000
    assert attacker.evaluate("window.__cut") > 0  # the flood was met with more than words
    assert loud[0] <= max(1000, 3 * quiet[0])  # pictures: a machine of two cores draws three browsers beside it
    assert loud[1] >= 0.8 * quiet[1]  # the sound goes on
    assert loud[2] <= 0.05
    for page in (expert, nurse):
        assert page.evaluate("window.__td.call.lineIsOpen() && window.__td.call.current.people.size === 1")
