"""`bench documents`: how fast documents are seen, and whether anybody else feels it.

A real product, a real Chromium; « shown » is what its screen shows (`documents_shown`). Beside it, in the same run and
browser: the same files in the browser's own PDF viewer, which gets them from a plain web server. It has no journal and
no rights to check, but must fetch and parse the file; ours stands in a page that is open already, as a person has it.
"""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.bench import documents_files as files
from app.bench import documents_load, documents_saved_again, servers
from app.bench.browser import chromium, log_in
from app.bench.documents_shown import WINDOW, Screen, plain_server
from app.bench.figures import Report, median

NUMBER = "TLM-2026-0001"
READER = "dr.martin"
CONTENTS: dict[str, Callable[[], bytes]] = {
    "3 pages": lambda: files.text(3),
    "200 pages": lambda: files.text(200),
    "200 scans": lambda: files.scan(200),
}
OWN_PAGE_FIELD = (446, 28)  # pixels of the window
PLACES = 200 // files.SOUGHT_EVERY

Times = dict[str, list[float]]


@dataclass
class Desk:
    """The reader's page, with the dossier's documents open."""

    page: Any
    screen: Screen
    folder: Path
    times: Times = field(default_factory=dict)

    def keep(self, name: str, milliseconds: float) -> None:
        self.times.setdefault(name, []).append(milliseconds)


def run(quick: bool) -> Report:
    """Measure; `quick` does each thing twice instead of 7 times, and does not wait until the bomb is refused."""
    times, report = (2 if quick else 7), Report()
    with tempfile.TemporaryDirectory() as name, servers.demo() as demo, chromium() as browser:
        folder = Path(name)
        for title, make in CONTENTS.items():
            (folder / f"{title}.pdf").write_bytes(make())
        reader = documents_load.Reader.logged_in(demo.url, READER, NUMBER)
        for title in ("200 pages", "200 scans"):
            content = (folder / f"{title}.pdf").read_bytes()
            for turn in range(times):
                reader.add(f"{title} {turn}.pdf", content)
        reader.add("Coupe.dcm", files.tomography())
        desk = _desk(browser, demo.url, folder)
        _seen(desk, times)
        _window(desk, report, times)
        desk.page.context.close()
        with plain_server(folder) as plain:
            beside = _beside(browser, plain, max(1, times // 2))
        documents_load.measure(demo, reader, report, quick)
    if not quick:
        documents_saved_again.measure(report, times)
    for title, values in (desk.times | beside).items():
        report.figure(f"{title} ms", median(values))
    _promise(report)
    return report


def _promise(report: Report) -> None:
    f = report.figures
    short, long = f["upload to page (3 pages) ms"], f["upload to page (200 pages) ms"]
    report.target("upload to page (3 pages) ms", short, 1500)
    report.target("upload to page, 200 / 3 pages", long / short, 2.5)
    report.target("open 200 pages / browser's own", f["open 200 pages ms"] / f["browser's own (200 pages) ms"], 1)
    report.target("open 200 scans / browser's own", f["open 200 scans ms"] / f["browser's own (200 scans) ms"], 1)
    report.target("to page 150 ms", f["to page 150 ms"], 500)  # the browser's own holds the whole file: a figure beside
    report.target("search 200 pages ms", f["search 200 pages ms"], 2500)
    report.target("window change ms", f["window change ms"], 100)
    report.target("window change wire bytes", f["window change wire bytes"], 1000)
    report.target("another session p99 ms", f["another session p99 ms"], 50)
    report.target("event loop p99 ms", f["event loop p99 ms"], 20)


def _desk(browser: Any, url: str, folder: Path) -> Desk:
    page = browser.new_context(viewport=WINDOW).new_page()
    log_in(page, url, READER)
    page.goto(f"{url}/tlm?dossier={NUMBER}")
    page.get_by_role("tab", name="Documents").click()
    page.locator("input[type=file]").wait_for(state="attached")
    desk = Desk(page, Screen(page), folder)
    desk.screen.rest()
    return desk


def _seen(desk: Desk, times: int) -> None:
    """Uploads, openings, a jump and a search, in turn: whatever else the machine does falls on all of them."""
    for turn in range(times):
        for title in ("3 pages", "200 pages"):
            desk.keep(f"upload to page ({title})", _upload(desk, title, turn))
            _elsewhere(desk)
        desk.keep("open 200 scans", _open(desk, f"200 scans {turn}"))
        desk.keep("to page 150 (scans)", _jump(desk))
        _elsewhere(desk)
        desk.keep("open 200 pages", _open(desk, f"200 pages {turn}"))
        desk.keep("to page 150", _jump(desk))
        desk.keep("search 200 pages", _search(desk, files.SOUGHT))
        desk.keep("search again", _search(desk, f"L'{files.SOUGHT}"))
        _elsewhere(desk)


def _upload(desk: Desk, title: str, turn: int) -> float:
    path = desk.folder / f"envoi {title} {turn}.pdf"
    path.write_bytes((desk.folder / f"{title}.pdf").read_bytes())
    since = time.time()
    desk.page.locator("input[type=file]").first.set_input_files(path)
    taken = desk.screen.shown(files.FIRST, since)
    path.unlink()
    return taken


def _open(desk: Desk, title: str) -> float:
    button = desk.page.get_by_role("button", name=re.compile(f"^{title}"))
    desk.screen.rest()
    since = _press(button)
    return desk.screen.shown(files.FIRST, since)


def _elsewhere(desk: Desk) -> None:
    """Another document, so that the next one's first page is news."""
    _press(desk.page.get_by_role("button", name=re.compile("^Coupe")))
    desk.screen.gone(files.FIRST)
    desk.screen.rest()


def _jump(desk: Desk) -> float:
    desk.screen.rest()
    since = _press(desk.page.locator(f'[aria-label="Page {files.FAR_PAGE}"]').first)
    return desk.screen.shown(files.FAR, since)


def _search(desk: Desk, text: str) -> float:
    field_ = desk.page.get_by_role("searchbox", name="Chercher dans le document")
    field_.fill("")
    desk.page.get_by_text(f" sur {PLACES}").wait_for(state="detached")
    desk.screen.rest()
    since = time.time()
    field_.fill(text)
    field_.press("Enter")
    desk.page.get_by_text(f" sur {PLACES}").wait_for()
    return 1000 * (time.time() - since)


def _window(desk: Desk, report: Report, times: int) -> None:
    """A preset of the CT, and what goes over the wire for it."""
    _press(desk.page.get_by_role("button", name=re.compile("^Coupe")))
    bone = desk.page.get_by_role("button", name="Os", exact=True)
    bone.wait_for()
    desk.screen.rest(1.0)
    wire: list[int] = []
    session = desk.page.context.new_cdp_session(desk.page)
    session.send("Network.enable")
    for name in ("webSocketFrameSent", "webSocketFrameReceived"):
        session.on(f"Network.{name}", lambda event: wire.append(len(event["response"]["payloadData"])))
    session.on("Network.dataReceived", lambda event: wire.append(int(event["dataLength"])))
    for _ in range(times):
        for button in (bone, desk.page.get_by_role("button", name="Cerveau", exact=True)):
            wire.clear()
            desk.keep("window change", desk.screen.changed(_press(button)))
            desk.screen.rest()
    session.detach()
    report.figure("window change wire bytes", sum(wire))


def _press(button: Any) -> float:
    """Press without moving the mouse; answers the browser's own clock at that instant, in seconds since 1970."""
    return float(button.evaluate("(node) => { const at = Date.now(); node.click(); return at; }")) / 1000


def _beside(browser: Any, url: str, times: int) -> Times:
    """The browser's own viewer, each file in a browser that does not know it."""
    found: Times = {}
    for _ in range(times):
        for title in ("200 pages", "200 scans"):
            page = browser.new_context(viewport=WINDOW).new_page()
            page.goto("about:blank")
            screen = Screen(page)
            since = time.time()
            page.goto(f"{url}/{title}.pdf", wait_until="commit")
            found.setdefault(f"browser's own ({title})", []).append(screen.shown(files.FIRST, since))
            if title == "200 pages":
                found.setdefault("browser's own (to page 150)", []).append(_own_jump(page, screen))
            page.context.close()
    return found


def _own_jump(page: Any, screen: Screen) -> float:
    """By its page field: in a process of its own, reached by mouse and keyboard only, where Chromium 156 draws it."""
    screen.rest()
    page.mouse.click(*OWN_PAGE_FIELD, click_count=3)
    page.keyboard.type(str(files.FAR_PAGE))
    screen.rest()
    since = time.time()
    page.keyboard.press("Enter")
    return screen.shown(files.FAR, since)
