"""Another person's session during `bench documents`: how long an open page and a small request wait for the server.

A process of its own (`python -m app.bench.documents_probe URL LOGIN`), so that the measure's own work delays nothing.
Each line on its standard input ends a period; the answer is what that period's round trips took, in ms, as JSON.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import httpx

from app.bench.processes import ROOT
from app.bench.sessions import Reader

EVERY = 0.015  # seconds


class Probe:
    """The other session, seen from the measure."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def period(self) -> dict[str, list[float]]:
        """Round trips since the last time: `page` through an open page's websocket, `request` over HTTP, in ms."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        answer: dict[str, list[float]] = json.loads(self._process.stdout.readline())
        return answer


@contextlib.contextmanager
def probing(url: str, login: str) -> Iterator[Probe]:
    """A probe that has its page open."""
    command = [sys.executable, "-m", "app.bench.documents_probe", url, login]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True)
    try:
        probe = Probe(process)
        probe.period()
        yield probe
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(10)


async def _probe(url: str, login: str) -> None:
    reader = Reader(url)
    reader.log_in(login)
    line = await reader.open(f"{url}/tlm")
    times: dict[str, list[float]] = {"page": [], "request": []}
    stop = asyncio.Event()

    async def listen() -> None:
        while await asyncio.to_thread(sys.stdin.readline):
            told, times["page"], times["request"] = json.dumps(times), [], []
            sys.stdout.write(told + "\n")
            sys.stdout.flush()
        stop.set()

    async def drain() -> None:
        async for _message in line:  # what the page is told must not pile up
            pass

    jobs = [asyncio.create_task(each) for each in (listen(), drain(), _ping(line, times), _ask(url, times))]
    await stop.wait()
    for job in jobs:
        job.cancel()
    await line.close()


async def _ping(line: Any, times: dict[str, list[float]]) -> None:
    while True:
        began = time.perf_counter()
        await (await line.ping())
        times["page"].append(1000 * (time.perf_counter() - began))
        await asyncio.sleep(EVERY)


async def _ask(url: str, times: dict[str, list[float]]) -> None:
    async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
        while True:
            began = time.perf_counter()
            await client.get("/sante/vivant")
            times["request"].append(1000 * (time.perf_counter() - began))
            await asyncio.sleep(EVERY)


if __name__ == "__main__":
    asyncio.run(_probe(*sys.argv[1:3]))
