"""`bench impaired`: a call on a poor line through the forwarding unit, and a call from a network without any UDP.

Who is behind the line is a Chromium in a network namespace (`lines.py`); the other one is outside. Both counts of the
first part are the browsers' own (getStats), over one window, in both directions:

- pictures: those that the receiver decoded / those that the sender sent (of its fullest layer: every layer carries the
  same pictures, and a layer that the sender cannot afford is no loss of the line);
- sound: `concealedSamples - silentConcealedSamples` / `totalSamplesReceived`, that is what the receiver had to make up
  after redundancy (RED), retransmission and FEC had done what they can.
"""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.bench import coturn, lines, servers
from app.bench.browser import CHROMIUM, launched, log_in, playwright, until
from app.bench.figures import Report

POOR = lines.Impairment(loss=0.05, delay=0.05, kilobits=1000, queue=0.2)
BLOCKED = lines.Impairment(delay=0.02, udp=False)
NURSE, EXPERT = "ide.dubois", "dr.martin"
WARM = 6.0  # seconds until the browsers know what the line carries

STATS = """async () => {
  const { topology, people } = window.__td.call.current, found = { sent: {}, got: {}, route: {} };
  for (const pc of topology.connections) if (pc.connectionState === "connected") {
    const all = await pc.getStats();
    all.forEach((s) => {
      if (s.type === "outbound-rtp") found.sent[s.kind + (s.rid ?? "")] = s;
      if (s.type === "transport") {
        const pair = all.get(s.selectedCandidatePairId), local = pair && all.get(pair.localCandidateId);
        if (local) found.route = { type: local.candidateType, by: local.relayProtocol ?? local.protocol, rtt: pair.currentRoundTripTime };
      }
    });
  }
  for (const id of people.keys()) {
    const way = topology.current(id);
    for (const kind of ["audio", "video"]) for (const s of (await way?.[kind]?.receiver.getStats() ?? new Map()).values()) {
      if (s.type === "inbound-rtp") found.got[kind] = s;
    }
  }
  return found;
}"""
BY_UNIT = """() => { const { line, people } = window.__td.call.current;
  for (const to of people.keys()) line.send({ t: "blocked", to }); }"""
TWO = "window.__td.call.current.people.size === 1"
ON_UNIT = """window.__td.call.route() === "unit" && window.__td.call.connections() === 1
  && window.__td.call.connectionStates().every((state) => state === "connected")"""


@dataclass
class Scene:
    """The demo (and coturn, where there is one) at an address that both lines reach; the doctor's page outside."""

    driver: Any
    demo: servers.Server
    folder: Path
    flags: list[str]
    poor: lines.Namespace

    @contextlib.contextmanager
    def page(self, login: str, space: lines.Namespace | None = None) -> Iterator[Any]:
        """Somebody in the lobby, in a browser of their own: inside `space`, or outside."""
        program = str(space.launcher(CHROMIUM, self.folder)) if space else CHROMIUM
        with launched(self.driver, self.flags, program) as browser:
            page = browser.new_context(permissions=["camera", "microphone"]).new_page()
            page.set_default_timeout(60_000)
            log_in(page, self.demo.url, login)
            to_lobby(page, self.demo.url)
            yield page


def run(quick: bool) -> Report:
    """Measure; `quick` watches for 10 s instead of 30. Raises: LinesUnavailable."""
    report, began = Report(), time.monotonic()
    with scene() as here, here.page(EXPERT) as expert:
        with here.page(NURSE, here.poor) as nurse:
            _poor(nurse, expert, 10.0 if quick else 30.0, report)
        if coturn.why_not():
            report.notes.append(coturn.why_not())
        else:
            expert.get_by_role("button", name="Quitter la téléconsultation").click()
            to_lobby(expert, here.demo.url)
            with lines.line(BLOCKED) as closed, here.page(NURSE, closed) as nurse:
                expert.get_by_role("button", name="Rejoindre").click()
                call_without_udp(nurse, report)
    report.figure("whole measure s", time.monotonic() - began)
    return report


@contextlib.contextmanager
def scene(line: lines.Impairment = POOR, *, udp_relay: bool = False, driver: Any = None) -> Iterator[Scene]:
    """A demo at the outer end of a line, with a relay (by TLS, or by UDP too) where coturn is installed.

    `driver`: Playwright, when it runs in this thread already. Raises: LinesUnavailable.
    """
    with contextlib.ExitStack() as stack:
        poor = stack.enter_context(lines.line(line))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        turn = None if coturn.why_not() else stack.enter_context(coturn.relay(poor.outside, udp=udp_relay))
        demo = stack.enter_context(servers.demo(poor.outside, turn.settings if turn else {}))
        flags = ["--no-proxy-server", f"--unsafely-treat-insecure-origin-as-secure={demo.url}"]
        driver = driver or stack.enter_context(playwright())
        yield Scene(driver, demo, folder, flags + (turn.flags if turn else []), poor)


def to_lobby(page: Any, url: str) -> None:
    page.goto(f"{url}/tlm?dossier=TLM-2026-0001")
    page.get_by_role("button", name="Entrer en salle").click()
    page.get_by_role("button", name="Rejoindre").wait_for()


def _poor(nurse: Any, expert: Any, seconds: float, report: Report) -> None:
    both = (nurse, expert)
    for page in both:
        page.get_by_role("button", name="Rejoindre").click()
    for page in both:
        until(page, TWO, 30)
    expert.evaluate(BY_UNIT)  # the words by which a page brings the unit when no direct path comes up
    for page in both:
        until(page, ON_UNIT, 40)
    expert.wait_for_timeout(WARM * 1000)
    before = [page.evaluate(STATS) for page in both]
    expert.wait_for_timeout(seconds * 1000)
    after = [page.evaluate(STATS) for page in both]
    for name, sender, receiver in (("to the home", 1, 0), ("from the home", 0, 1)):
        sent, got = _grown(before[sender], after[sender], "sent"), _grown(before[receiver], after[receiver], "got")
        _direction(report, name, seconds, sent, got)
    report.figure("round trip ms", 1000 * (after[0]["route"].get("rtt") or 0))


def _direction(report: Report, name: str, seconds: float, sent: dict[str, Any], got: dict[str, Any]) -> None:
    video, audio = got["video"], got["audio"]
    pictures = max(stream["framesSent"] for kind, stream in sent.items() if kind.startswith("video"))
    shown = video["framesDecoded"]
    made_up = audio["concealedSamples"] - audio["silentConcealedSamples"]
    report.figure(f"{name}: pictures sent /s", pictures / seconds)
    report.figure(f"{name}: pictures shown /s", shown / seconds)
    report.figure(f"{name}: video kbit/s", video["bytesReceived"] * 8 / seconds / 1000)
    report.figure(f"{name}: pictures too late %", 100 * video["framesDropped"] / max(1, video["framesReceived"]))
    report.figure(f"{name}: freezes s", video["totalFreezesDuration"])
    report.figure(f"{name}: video packets lost in the end", video["packetsLost"])
    report.figure(f"{name}: audio packets lost %", 100 * audio["packetsLost"] / max(1, audio["packetsReceived"]))
    report.at_least(f"{name}: pictures shown %", 100 * shown / max(1, pictures), 90)
    report.target(f"{name}: sound made up %", 100 * made_up / max(1, audio["totalSamplesReceived"]), 2)


def _grown(before: dict[str, Any], after: dict[str, Any], which: str) -> dict[str, dict[str, float]]:
    """How much each count grew between two readings, stream by stream."""
    grown: dict[str, dict[str, float]] = {}
    for name, now in after[which].items():
        old = before[which].get(name, {})
        old = old if old.get("ssrc") == now.get("ssrc") else {}
        grown[name] = {key: value - (old.get(key) or 0) for key, value in now.items() if isinstance(value, int | float)}
    return grown


def call_without_udp(nurse: Any, report: Report) -> None:
    """The doctor is in the room; the nurse, whose network lets no UDP out, joins."""
    nurse.get_by_role("button", name="Rejoindre").click()
    until(nurse, "window.__td.call.joinTime() !== null", 40)
    report.figure("without UDP: first picture ms", nurse.evaluate("window.__td.call.joinTime()"))
    for way, bring in (("direct", ""), ("unit", BY_UNIT)):
        if bring:
            nurse.evaluate(bring)
            until(nurse, ON_UNIT, 40)
        by_relay_and_tls(nurse, way, report)


def by_relay_and_tls(page: Any, way: str, report: Report) -> None:
    """What carries this page's call goes to the relay, by TLS."""
    found = page.evaluate(STATS)["route"]
    by_tls = found.get("type") == "relay" and found.get("by") == "tls"
    report.at_least(f"without UDP, {way}: by relay and TLS", float(by_tls), 1)
