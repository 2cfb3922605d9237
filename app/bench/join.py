"""`bench join`: from the click on « Rejoindre » to the first picture of the other, peer to peer and through the unit.

Beside it, in the same run and browser, two peer connections in one page: what the browser itself needs. Then the same two
go over from one way to the other, and the unit is killed (`going_over`).
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


def run(quick: bool) -> Report:
    """Measure; `quick` joins 3 times each way instead of 11. The first of each is not counted."""
    times, report = (3 if quick else 11), Report()
    with servers.demo() as demo, chromium() as browser:
        base = [_in_page(browser, demo.url) for _ in range(times)][1:]
        nurse, expert = (_page(browser, demo.url, login) for login in ("ide.dubois", "dr.martin"))
        for page in (nurse, expert):
            page.goto(f"{demo.url}/tlm?dossier=TLM-2026-0001")
        _to_lobby(nurse)
        nurse.get_by_role("button", name="Rejoindre").click()
        direct = [_join(expert) for _ in range(times + 1)][1:]
        _join(expert, lambda: going_over.go_over(nurse, expert))
        unit = [_join(expert) for _ in range(times + 1)][1:]
        base += [_in_page(browser, demo.url) for _ in range(times // 2)]
        nurse.get_by_role("button", name="Quitter la téléconsultation").click()
        until(nurse, "window.__td.room.state === 'closed'")
        assert demo.var is not None
        going_over.measure(report, demo.var, (nurse, expert), times, _to_lobby)
    report.figure("in-page first frame ms", median(base))
    for name, joins in (("peer-to-peer", direct), ("unit", unit)):
        report.figure(f"{name} first frame ms", median(joins))
        report.figure(f"{name} slowest ms", max(joins))
    report.target("peer-to-peer / in-page", median(direct) / median(base), 1.6)
    report.target("unit / in-page", median(unit) / median(base), 1.3)
    return report


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
    until(page, "window.__td.call.joinTime() !== null")
    taken = float(page.evaluate("window.__td.call.joinTime()"))
    meanwhile()
    page.get_by_role("button", name="Quitter la téléconsultation").click()
    until(page, "window.__td.room.state === 'closed'")
    return taken
