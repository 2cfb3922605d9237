"""`bench sessions`: what an open list page costs the server, and what is left when sixty have been closed."""

from __future__ import annotations

import asyncio
import re
import time
import urllib.request
from http.cookiejar import CookieJar
from typing import Any
from urllib.parse import urlencode

import psutil

from app.bench import servers
from app.bench.browser import PASSWORD
from app.bench.figures import Report, median

SESSIONS = 60
HELD = 30
MB = 1 << 20


def run(quick: bool) -> Report:
    """Measure; `quick` holds fewer pages for the figures per page, and still closes sixty."""
    report, held = Report(), (20 if quick else HELD)
    with servers.bare() as bare:
        cost = asyncio.run(_measure(bare, f"{bare.url}/bare", Reader(bare.url), held))
        report.figure("bare MB per session", cost["mb"])
        report.figure("bare CPU ms per session", cost["cpu"])
    with servers.demo() as demo:
        reader = Reader(demo.url)
        reader.log_in("dr.martin")
        cost = asyncio.run(_measure(demo, f"{demo.url}/tlm", reader, held))
        report.figure("list MB per session", cost["mb"])
        report.figure("list CPU ms per session", cost["cpu"])
        report.figure("list page GET ms", cost["get"])
        left = asyncio.run(_close_all(demo, reader))
        report.figure("list Documents after 60 closed", left)
    report.target("live Documents after 60 closed", left, 1)
    report.target("list MB per open session", report.figures["list MB per session"], 2.2)
    return report


class Reader:
    """Fetches pages as a browser would, with its cookie; opens their websockets."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._jar = CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self._jar))

    def log_in(self, login: str) -> None:
        body = urlencode({"identifiant": login, "mot_de_passe": PASSWORD}).encode()
        self._opener.open(urllib.request.Request(f"{self._url}/connexion", body, {"Origin": self._url})).close()

    def get(self, address: str) -> str:
        with self._opener.open(address) as answer:
            return str(answer.read().decode())

    @property
    def cookie(self) -> str:
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in self._jar)

    async def open(self, address: str) -> Any:
        """A page and its websocket, acknowledged."""
        from websockets.asyncio.client import connect

        html = await asyncio.to_thread(self.get, address)
        found = re.search(r'"token":\s*"([^"]+)"', html)
        if found is None:
            raise RuntimeError(f"no page session at {address}")
        line = await connect(
            address.replace("http", "ws", 1) + "/ws",
            subprotocols=["bokeh", found.group(1)],  # type: ignore[list-item]
            additional_headers={"Cookie": self.cookie, "Origin": self._url},
            max_size=None,
        )
        await line.recv()
        return line


async def _measure(server: servers.Server, address: str, reader: Reader, held: int) -> dict[str, float]:
    process = psutil.Process(server.pid)
    warm = [await reader.open(address) for _ in range(3)]
    await asyncio.sleep(0.5)
    memory, cpu, gets = process.memory_info().rss, _cpu(process), []
    lines = []
    for _ in range(held):
        start = time.perf_counter()
        lines.append(await reader.open(address))
        gets.append((time.perf_counter() - start) * 1000)
    await asyncio.sleep(0.5)
    cost = {
        "mb": (process.memory_info().rss - memory) / MB / held,
        "cpu": (_cpu(process) - cpu) * 1000 / held,
        "get": median(gets),
    }
    for line in [*warm, *lines]:
        await line.close()
    return cost


async def _close_all(server: servers.Server, reader: Reader) -> float:
    """Open and close sixty, wait until the server has let them go, count what is alive; 1 is what `--warm` keeps."""
    for _ in range(SESSIONS // 15):
        for line in [await reader.open(f"{server.url}/tlm") for _ in range(15)]:
            await line.close()
    alive = float("nan")
    for _ in range(60):
        await asyncio.sleep(0.5)
        alive = live_documents(await asyncio.to_thread(reader.get, f"{server.url}/demo/mesures"))
        if alive <= 1:
            break
    return alive


def live_documents(text: str) -> float:
    """« documents 1 » of the demo's figures."""
    found = re.search(r"documents (\d+)", text)
    if found is None:
        raise RuntimeError("the demo does not tell its live Documents")
    return float(found.group(1))


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)
