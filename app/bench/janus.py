"""Janus beside our forwarding unit: a configuration of its own, VideoRoom over its WebSocket API on 127.0.0.1.

Its media stands on this machine's own address, because libnice leaves 127.0.0.1 out; packets to it stay on the machine.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import shutil
import socket
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from app.bench import processes
from app.bench.servers import free_port

LIBRARIES = "/usr/lib/x86_64-linux-gnu/janus"
PLUGIN = "janus.plugin.videoroom"
ANSWER_SECONDS = 10.0
KEEPALIVE_SECONDS = 20.0  # Janus ends a session that is silent for 60 s
MISSING = "La mesure compare avec Janus et demande {} : « make setup » l'installe."
CONFIGURATION = {
    "janus.jcfg": """
general: {{
    configs_folder = "{folder}"
    plugins_folder = "{libraries}/plugins"
    transports_folder = "{libraries}/transports"
    events_folder = "{libraries}/events"
    loggers_folder = "{libraries}/loggers"
    debug_level = 3
    server_name = "bench"
}}
media: {{
    rtp_port_range = "20000-32000"
}}
nat: {{
    ice_lite = true
    ice_enforce_list = "{address}"
}}
plugins: {{
    disable = "libjanus_audiobridge.so,libjanus_duktape.so,libjanus_echotest.so,libjanus_lua.so,libjanus_nosip.so,libjanus_recordplay.so,libjanus_sip.so,libjanus_streaming.so,libjanus_textroom.so,libjanus_videocall.so,libjanus_voicemail.so"
}}
transports: {{
    disable = "libjanus_http.so,libjanus_mqtt.so,libjanus_nanomsg.so,libjanus_pfunix.so,libjanus_rabbitmq.so"
}}
events: {{
    broadcast = false
    disable = "libjanus_gelfevh.so,libjanus_mqttevh.so,libjanus_nanomsgevh.so,libjanus_rabbitmqevh.so,libjanus_sampleevh.so,libjanus_wsevh.so"
}}
loggers: {{
    disable = "libjanus_jsonlog.so"
}}
""",
    "janus.transport.websockets.jcfg": """
general: {{
    json = "compact"
    ws = true
    ws_port = {port}
    ws_ip = "127.0.0.1"
}}
admin: {{
    admin_ws = false
}}
""",
    "janus.plugin.videoroom.jcfg": "general: {{\n    events = false\n}}\n",
}


class JanusRefused(RuntimeError):
    """Janus answered with an error."""


@dataclass(frozen=True)
class Server:
    """A running Janus: its WebSocket address and process."""

    url: str
    pid: int
    address: str  # where its media stands, and where bots must stand to reach it


@contextlib.contextmanager
def running() -> Iterator[Server]:
    """Janus with a configuration of its own. Raises: SystemExit in French when it is not installed."""
    program = shutil.which("janus")
    if program is None:
        raise SystemExit(MISSING.format("le paquet Debian « janus »"))
    _websockets()
    with tempfile.TemporaryDirectory() as name:
        folder, port, address = Path(name), free_port(), own_address()
        for file, text in CONFIGURATION.items():
            (folder / file).write_text(text.format(folder=folder, libraries=LIBRARIES, port=port, address=address))
        log = folder / "janus.log"
        command = [program, "--config", str(folder / "janus.jcfg"), "--configs-folder", name]
        with processes.running(command, log) as process:
            processes.wait_until(lambda: _listens(port), process, log)
            yield Server(f"ws://127.0.0.1:{port}", process.pid, address)


def own_address() -> str:
    """An IPv4 address of this machine that is not 127.0.0.1. Raises: SystemExit in French when it has none."""
    up = {name for name, state in psutil.net_if_stats().items() if state.isup}
    for name, addresses in psutil.net_if_addrs().items():
        for each in addresses:
            if name in up and each.family == socket.AF_INET and not each.address.startswith("127."):
                return str(each.address)
    raise SystemExit("La mesure compare avec Janus, qui demande une adresse réseau autre que 127.0.0.1.")


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _websockets() -> Any:
    try:
        from websockets.asyncio import client
    except ImportError as error:
        raise SystemExit(MISSING.format("le paquet Python « websockets »")) from error
    return client


class Session:
    """A session of Janus's API over one WebSocket. Open it with `connect`, end it with `close`."""

    def __init__(self, line: Any) -> None:
        self._line = line
        self._numbers = itertools.count(1)
        self._waiting: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._up: dict[int, asyncio.Event] = {}
        self._id = 0
        self._tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._keep())]

    @classmethod
    async def connect(cls, url: str) -> Session:
        """Raises: JanusRefused, OSError."""
        line = await _websockets().connect(url, subprotocols=["janus-protocol"], max_size=None, compression=None)
        session = cls(line)
        session._id = (await session.ask(janus="create"))["data"]["id"]
        return session

    async def ask(self, **words: Any) -> dict[str, Any]:
        """Send a request and wait for its answer. Raises: JanusRefused, TimeoutError."""
        name = str(next(self._numbers))
        words["transaction"] = name
        if self._id:
            words["session_id"] = self._id
        answer = self._waiting[name] = asyncio.get_running_loop().create_future()
        await self._line.send(json.dumps(words))
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                heard = await answer
        finally:
            del self._waiting[name]
        error = heard.get("error")
        if error:
            raise JanusRefused(str(error.get("reason")))
        return heard

    async def attach(self) -> int:
        """A handle on VideoRoom."""
        handle = int((await self.ask(janus="attach", plugin=PLUGIN))["data"]["id"])
        self._up[handle] = asyncio.Event()
        return handle

    async def up(self, handle: int) -> None:
        """Wait until Janus too knows that the line of a handle is up; nobody can subscribe before. Raises: TimeoutError."""
        async with asyncio.timeout(ANSWER_SECONDS):
            await self._up[handle].wait()

    async def tell(self, handle: int, body: dict[str, Any], sdp: dict[str, str] | None = None) -> dict[str, Any]:
        """A message to the plugin: its answer's words, with `sdp` in them when it brings one. Raises: JanusRefused."""
        jsep = {"jsep": sdp} if sdp else {}
        answer = await self.ask(janus="message", handle_id=handle, body=body, **jsep)
        words: dict[str, Any] = answer["plugindata"]["data"]
        if "error" in words:
            raise JanusRefused(str(words["error"]))
        return words | ({"sdp": answer["jsep"]["sdp"]} if "jsep" in answer else {})

    async def detach(self, handle: int) -> None:
        """Give a handle back, and whatever it published. Raises: JanusRefused when it is gone already."""
        del self._up[handle]
        await self.ask(janus="detach", handle_id=handle)

    async def close(self) -> None:
        with contextlib.suppress(JanusRefused, TimeoutError, OSError):
            await self.ask(janus="destroy")
        for task in self._tasks:
            task.cancel()
        await self._line.close()

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(KEEPALIVE_SECONDS)
            await self._line.send(json.dumps({"janus": "keepalive", "session_id": self._id, "transaction": "keep"}))

    async def _read(self) -> None:
        async for text in self._line:
            words = json.loads(text)
            waiting = self._waiting.get(words.get("transaction", ""))
            if words["janus"] == "ack":  # the answer itself follows
                continue
            if waiting is not None and not waiting.done():
                waiting.set_result(words)
            elif words["janus"] == "webrtcup" and words.get("sender") in self._up:
                self._up[words["sender"]].set()
