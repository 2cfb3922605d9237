"""`bench join`: from the click on « Rejoindre » to the first picture of the other, peer to peer.

Beside it, in the same run and browser, two peer connections in one page: what the browser itself needs.
"""

from __future__ import annotations

from typing import Any

from app.bench import servers
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
    """Measure; `quick` joins 4 times instead of 11. The first of each is not counted."""
    times, report = (4 if quick else 11), Report()
    with servers.demo() as demo, chromium() as browser:
        base = [_in_page(browser, demo.url) for _ in range(times + 1)][1:]
        nurse = _page(browser, demo.url, "ide.dubois")
        _to_lobby(nurse, demo.url)
        nurse.get_by_role("button", name="Rejoindre").click()
        expert = _page(browser, demo.url, "dr.martin")
        joins = [_join(expert, demo.url) for _ in range(times + 1)][1:]
        base += [_in_page(browser, demo.url) for _ in range(times // 2)]
    report.figure("in-page first frame ms", median(base))
    report.figure("peer-to-peer first frame ms", median(joins))
    report.figure("peer-to-peer slowest ms", max(joins))
    report.target("peer-to-peer / in-page", median(joins) / median(base), 1.6)
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


def _to_lobby(page: Any, url: str) -> None:
    page.goto(f"{url}/tlm?dossier=TLM-2026-0001")
    page.get_by_role("button", name="Entrer en salle").click()
    page.get_by_role("button", name="Rejoindre").wait_for()


def _join(page: Any, url: str) -> float:
    _to_lobby(page, url)
    page.wait_for_timeout(1000)  # a person looks at themselves before joining; the camera is warm
    page.get_by_role("button", name="Rejoindre").click()
    until(page, "window.__td.call.joinTime() !== null")
    taken = float(page.evaluate("window.__td.call.joinTime()"))
    page.get_by_role("button", name="Quitter la téléconsultation").click()
    until(page, "window.__td.room.state !== 'call'")
    return taken
