"""The room without the product around it: a small server that speaks the signalling through `LocalHub`.

`RoomServer` runs it as a process of its own, so that a test can kill it and start it again on the same port. Who
somebody is stands in the address (`/salle?qui=martin`, `/invitation?qui=mercier`): there is no login here.
"""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
import time
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from string import Template
from typing import Any

from tornado.web import Application, RequestHandler, StaticFileHandler
from tornado.websocket import WebSocketHandler

from components.video_room import GUEST_LABELS, LABELS, Line, LocalHub, Visitor
from components.video_room.component import HERE as MODULES
from tests.browser.demo_server import START_SECONDS

ROOT = Path(__file__).parents[2]
TOKENS = ROOT / "components" / "_shared" / "tokens.css"
PRESS = ROOT / "app" / "static" / "press.js"
BEAT = 0.5
SECRET = b"outlives the process, so that places can be taken back"

PEOPLE = {
    "martin": Visitor("Dr Claire MARTIN", detail="Gériatre · CH de Caen", label="Dr MARTIN"),
    "dubois": Visitor("Nadia DUBOIS", detail="Infirmière · EHPAD Les Tilleuls", label="N. DUBOIS"),
    "petit": Visitor("Dr Paul PETIT", detail="Coordonnateur · EHPAD Les Tilleuls", label="Dr PETIT"),
    "mercier": Visitor("André MERCIER", role="caregiver", detail="Aidant"),
}
APPOINTMENT = {
    "greeting": "Bonjour Monsieur MERCIER",
    "doctor": "Le docteur Claire MARTIN",
    "person": "Jeanne MERCIER, votre épouse",
    "phone": "+33261910012",
}

_HEAD = """<!doctype html><html lang="fr"><head><meta charset="utf-8"><title>Essai de la salle</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">
<link rel="stylesheet" href="/statique/tokens.css">"""

PROFESSIONAL = Template(
    _HEAD
    + """<link rel="stylesheet" href="/statique/video_room/room.css"><style>
body { margin: 0; font: 14px/1.5 var(--font); background: var(--surface-0); color: var(--ink-700); }
header { display: flex; align-items: center; height: 56px; padding: 0 24px; border-bottom: 1px solid var(--line); }
.band { display: flex; align-items: center; height: 52px; padding: 0 24px; border-bottom: 1px solid var(--line); }
.two { display: flex; } .work { flex: 1; min-width: 0; height: 1400px; padding: 24px; } #hole { display: none; }
@media (min-width: 901px) { html[data-td-room="call"]:is([data-td-place="left"], [data-td-place="right"]) #hole {
  display: block; position: sticky; top: 0; width: 560px; height: 100vh; } }
html[data-td-room="call"][data-td-place="left"] #hole { order: -1; }
</style></head><body>
<header><b>Télédossier</b></header><section id="td-stage" hidden></section>
<main><div class="band"><b>MERCIER Jeanne</b></div><div class="two"><div class="work"><h1>TLM-2026-0001</h1>
<button type="button" id="enter">Entrer en salle</button></div><div id="hole"></div></div></main>
<script src="/statique/press.js" defer></script>
<script type="module" src="/statique/video_room/page.js"></script>
<script type="module" nonce="essai">
const config = $config;
const open = () => window.__td.room.open(config);
window.__td.place(document.getElementById("hole"));
document.getElementById("enter").addEventListener("click", open);
if (new URLSearchParams(location.search).get("ouvert")) open();
</script></body></html>"""
)
GUEST = Template(
    _HEAD
    + """<link rel="stylesheet" href="/statique/video_room/guest.css"></head><body><main id="guest"></main>
<script type="application/json" id="td-config">$config</script>
<script src="/statique/press.js" defer></script>
<script type="module" src="/statique/video_room/guest.js"></script></body></html>"""
)
POLICY = (
    "default-src 'none'; script-src 'self' 'nonce-essai'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "media-src 'self' blob:; connect-src 'self' ws://127.0.0.1:*; base-uri 'none'; form-action 'self'"
)


class Page(RequestHandler):
    """One of the two pages, for somebody."""

    def initialize(self, template: Template, url: str, labels: dict[str, str]) -> None:
        self.template, self.url, self.labels = template, url, labels

    def get(self) -> None:
        who = self.get_argument("qui")
        config: dict[str, Any] = {"labels": self.labels, "iceServers": [], "url": f"{self.url}?qui={who}"}
        if self.template is GUEST:
            config["guest"] = {"name": PEOPLE[who].name}
        else:
            config |= {"dossier": "TLM-2026-0001", "me": {"name": PEOPLE[who].name}}
        self.set_header("Content-Security-Policy", POLICY)
        self.finish(self.template.substitute(config=json.dumps(config).replace("<", "\\u003c")))


class Socket(WebSocketHandler):
    """A page's line to the hub."""

    def initialize(self, hub: LocalHub) -> None:
        self.hub = hub
        self.line: Line | None = None

    def open(self) -> None:  # type: ignore[override]
        self.set_nodelay(True)
        self.line = self.hub.connect(PEOPLE[self.get_argument("qui")], self._deliver)

    def on_message(self, message: str | bytes) -> None:
        if self.line:
            self.line.receive(message if isinstance(message, str) else message.decode())

    def on_close(self) -> None:
        if self.line:
            self.line.close(gone=self.close_code in (1000, 1001))

    def _deliver(self, message: dict[str, Any]) -> None:
        if self.ws_connection:
            self.write_message(json.dumps(message))


class Fresh(StaticFileHandler):
    """The modules as they are on disk now."""

    def set_extra_headers(self, path: str) -> None:
        self.set_header("Cache-Control", "no-cache")


async def serve(port: int, capacity: int) -> None:
    """Serve until the process is killed."""
    at = datetime.now(UTC).replace(minute=30, second=0, microsecond=0).isoformat()
    hub = LocalHub(
        secret=SECRET, capacity=capacity, appointment={**APPOINTMENT, "at": at}, doctor=APPOINTMENT["doctor"]
    )
    Application(
        [
            ("/salle", Page, {"template": PROFESSIONAL, "url": "/api/salle", "labels": dict(LABELS)}),
            ("/invitation", Page, {"template": GUEST, "url": "/api/invitation/salle", "labels": dict(GUEST_LABELS)}),
            ("/api/salle|/api/invitation/salle", Socket, {"hub": hub}),
            ("/statique/(press.js)", Fresh, {"path": str(PRESS.parent)}),
            ("/statique/(tokens.css)", Fresh, {"path": str(TOKENS.parent)}),
            (r"/statique/video_room/([\w.]+\.(?:js|css))", Fresh, {"path": str(MODULES)}),
        ]
    ).listen(port, "127.0.0.1")
    while True:
        await asyncio.sleep(BEAT)
        hub.sweep()


class RoomServer:
    """The server as a process; `kill` is -9."""

    def __init__(self, capacity: int = 2) -> None:
        self.capacity = capacity
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.browser.room_rig", str(self.port), str(self.capacity)], cwd=ROOT
        )
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self.process.poll() is None:
            try:
                urllib.request.urlopen(f"{self.url}/statique/tokens.css", timeout=5).close()
                return
            except OSError:
                time.sleep(0.05)
        raise TimeoutError("the room's server did not start")

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), int(sys.argv[2])))
