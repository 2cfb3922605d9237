"""`bench join`: from the click on « Rejoindre » to the first picture of the other, peer to peer and through the unit.

Beside it, by turns in the same browser and beside the same call, two peer connections in one page: what the browser itself
needs. Then the same two go over from one way to the other, and the unit is killed (`going_over`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.bench import going_over, servers
from app.bench.browser import chromium, log_in, until
from app.bench.figures import Report, median

IN_PAGE = """async () => {
  const stream = await navigator.mediaDevices.getUserMedia({audio: true, video: {width: 640, height: 480, frameRate: 30}});
  await new Promise((done) => setTimeout(done, 500));
  const start = performance.now(), a = new RTCPeerConnection(), b = new RTCPeerConnection();
  a.onicecandidate = (e) => e.candidate && b.addIceCandidate(e.candidate);
  b.onicecandidate = (e) => e.candidate && a.addIceCandidate(e.candidate);
  const first = new Promise((done) => { b.ontrack = (e) => {
    if (e.track.kind !== "video") return;
    const video = document.createElement("video");
    video.muted = true; video.srcObject = new MediaStream([e.track]); document.body.append(video);
    video.requestVideoFrameCallback(() => { done(performance.now() - start); video.remove(); });
    video.play(); }; });
  stream.getTracks().forEach((track) => a.addTrack(track, stream));
  await a.setLocalDescription(); await b.setRemoteDescription(a.localDescription);
  await b.setLocalDescription(); await a.setRemoteDescription(b.localDescription);
  const taken = await first;
  a.close(); b.close(); stream.getTracks().forEach((track) => track.stop());
  return taken;
}"""

# Awaited as in the page of the baseline: to ask again and again would take time from what is measured.
FIRST_PICTURE = """() => new Promise((done, failed) => {
  const look = () => window.__td.call.joinTime() !== null && done(window.__td.call.joinTime());
  new PerformanceObserver(look).observe({type: "mark"});
  setTimeout(() => failed(new Error("no picture within 20 s")), 20000);
  look();
})"""


def run(quick: bool) -> Report:
    """Measure; `quick` joins 3 times each way instead of 11. The first of each is not counted."""
    times, report = (3 if quick else 11), Report()
    with servers.demo() as demo, chromium() as browser:
        nurse, expert = (_page(browser, demo.url, login) for login in ("ide.dubois", "dr.martin"))
        for page in (nurse, expert):
            page.goto(f"{demo.url}/tlm?dossier=TLM-2026-0001")
        _to_lobby(nurse)
        nurse.get_by_role("button", name="Rejoindre").click()
        direct = _by_turns(browser, demo.url, expert, times)
        _join(expert, lambda: going_over.go_over(nurse, expert))
        unit = _by_turns(browser, demo.url, expert, times)
        nurse.get_by_role("button", name="Quitter la téléconsultation").click()
        until(nurse, "window.__td.room.state === 'closed'")
        assert demo.var is not None
        going_over.measure(report, demo.var, (nurse, expert), times, _to_lobby)
    for name, turns in (("peer-to-peer", direct), ("unit", unit)):
        base, joins = zip(*turns, strict=True)
        report.figure(f"{name} first frame ms", median(joins))
        report.figure(f"{name} slowest ms", max(joins))
        report.figure(f"{name}: in-page beside it ms", median(base))
        report.target(f"{name} / in-page", median(joins) / median(base), 1.6 if name == "peer-to-peer" else 1.3)
    return report


def _by_turns(browser: Any, url: str, page: Any, times: int) -> list[tuple[float, float]]:
    """The browser alone, then a join, and so on: both beside the same call, which takes the same processors."""
    return [(_in_page(browser, url), _join(page)) for _ in range(times + 1)][1:]


def _in_page(browser: Any, url: str) -> float:
    context = browser.new_context(permissions=["camera", "microphone"])
    page = context.new_page()
    page.goto(f"{url}/connexion?moyen=mot-de-passe")
    taken = float(page.evaluate(IN_PAGE))
    context.close()
    return taken


def _page(browser: Any, url: str, login: str) -> Any:
    page = browser.new_context(permissions=["camera", "microphone"]).new_page()
    log_in(page, url, login)
    return page


def _to_lobby(page: Any) -> None:
    page.get_by_role("button", name="Entrer en salle").click()
    page.get_by_role("button", name="Rejoindre").wait_for()


def _join(page: Any, meanwhile: Callable[[], None] = lambda: None) -> float:
    """Enter, see the other, leave again; `meanwhile` happens inside. Answers ms from the click to the first picture."""
    _to_lobby(page)
    page.wait_for_timeout(500)  # a person looks at themselves before joining; the camera is warm
    page.get_by_role("button", name="Rejoindre").click()
    taken = float(page.evaluate(FIRST_PICTURE))
    meanwhile()
    page.get_by_role("button", name="Quitter la téléconsultation").click()
    until(page, "window.__td.room.state === 'closed'")
    return taken
