"""`bench login`: logins per second and their CPU; whether two hundred wrong logins slow a good one."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx

from app.bench import servers
from app.bench.browser import PASSWORD
from app.bench.figures import Report, median
from app.bench.processes import cpu_seconds

PEOPLE = ("dr.martin", "dr.leroy", "ide.dubois", "dr.petit", "ide.moreau", "admin")
BAD = 200
# Loopback has many addresses: good and bad logins come from different ones, as they do outside.
GOOD_FROM, BAD_FROM = "127.0.0.2", "127.0.0.3"
SLOWER = 2.0  # times, at most


def run(quick: bool) -> Report:
    """Measure on a demo of its own; `quick` repeats less."""
    with servers.demo() as demo:
        return asyncio.run(_measure(demo, quick))


async def _measure(demo: servers.Server, quick: bool) -> Report:
    report, count = Report(), 10 if quick else 40
    async with _client(demo, GOOD_FROM) as good, _client(demo, BAD_FROM) as bad:
        await _log_in(good, "dr.martin")  # the first one loads what the others find
        await _rates(report, demo, good, count)
        codes = 10 if quick else 48  # an account gets ten codes an hour
        began, cpu = time.perf_counter(), cpu_seconds(demo.pid)
        for number in range(codes):
            await _log_in_by_code(good, demo, PEOPLE[number % len(PEOPLE)])
        report.figure("code: logins per second, one after the other", codes / (time.perf_counter() - began))
        report.figure("code: server CPU ms per login", (cpu_seconds(demo.pid) - cpu) * 1000 / codes)
        await _flood(report, "another address", good, bad, count, to_the_end=not quick)
        if not quick:
            await _flood(report, "the same address", good, good, count, to_the_end=True)
    return report


async def _rates(report: Report, demo: servers.Server, good: httpx.AsyncClient, count: int) -> None:
    began, cpu = time.perf_counter(), cpu_seconds(demo.pid)
    for number in range(count):
        await _log_in(good, PEOPLE[number % len(PEOPLE)])
    report.figure("password: logins per second, one after the other", count / (time.perf_counter() - began))
    report.figure("password: server CPU ms per login", (cpu_seconds(demo.pid) - cpu) * 1000 / count)
    began = time.perf_counter()
    await asyncio.gather(*(_log_in(good, PEOPLE[number % len(PEOPLE)]) for number in range(count)))
    report.figure("password: logins per second, all at once", count / (time.perf_counter() - began))


async def _flood(
    report: Report, where: str, good: httpx.AsyncClient, bad: httpx.AsyncClient, count: int, *, to_the_end: bool
) -> None:
    """Good logins alone, then while two hundred wrong ones, each of another name, are made all at once."""
    alone = [await _timed(lambda: _log_in(good, "dr.martin")) for _ in range(count)]
    guesses = [asyncio.create_task(_guess(bad, f"inconnu.{where[:3]}.{number}")) for number in range(BAD)]
    await asyncio.sleep(1)  # all are under way
    beside = [await _timed(lambda: _log_in(good, "dr.martin")) for _ in range(count)]
    waiting = sum(not guess.done() for guess in guesses)
    if not to_the_end:
        for guess in guesses:
            guess.cancel()
    await asyncio.gather(*guesses, return_exceptions=True)
    report.figure(f"good login alone ms ({where})", median(alone) * 1000)
    report.figure(f"good login beside {BAD} wrong ones from {where} ms", median(beside) * 1000)
    report.target(f"times slower beside {BAD} wrong logins from {where}", median(beside) / median(alone), SLOWER)
    report.at_least(f"wrong logins still waiting when the good ones were done ({where})", waiting, 1)


async def _timed(work: Callable[[], Awaitable[None]]) -> float:
    began = time.perf_counter()
    await work()
    return time.perf_counter() - began


def _client(demo: servers.Server, address: str) -> httpx.AsyncClient:
    transport = httpx.AsyncHTTPTransport(local_address=address, limits=httpx.Limits(max_connections=None))
    # The server listens on 127.0.0.1 alone: `localhost` might be ::1, which these addresses can't reach.
    url = demo.url.replace("localhost", "127.0.0.1")
    return httpx.AsyncClient(transport=transport, base_url=url, headers={"Origin": url}, timeout=60)


async def _log_in(client: httpx.AsyncClient, login: str) -> None:
    client.cookies.clear()
    answer = await client.post("/connexion", data={"identifiant": login, "mot_de_passe": PASSWORD})
    if answer.status_code != 303:
        raise RuntimeError(f"{login} could not log in: {answer.status_code}")


async def _guess(client: httpx.AsyncClient, login: str) -> int:
    answer = await client.post("/connexion", data={"identifiant": login, "mot_de_passe": "Perdu-2026"})
    return answer.status_code


async def _log_in_by_code(client: httpx.AsyncClient, demo: servers.Server, login: str) -> None:
    client.cookies.clear()
    before = _messages(demo)
    fields = {"identifiant": login, "mot_de_passe": PASSWORD, "canal": "sms"}
    asked = await client.post("/connexion/forte", data=fields)
    if asked.status_code != 303:
        raise RuntimeError(f"{login} got no code: {asked.status_code}")
    while not (new := _messages(demo) - before):
        await asyncio.sleep(0.005)
    found = re.search(r"\b\d{6}\b", json.loads(new.pop().read_text(encoding="utf-8"))["text"])
    answer = await client.post("/connexion/code", data={"code": found[0] if found else ""})
    if answer.status_code != 303:
        raise RuntimeError(f"{login} could not log in by code: {answer.status_code}")


def _messages(demo: servers.Server) -> set[Path]:
    return set((demo.var / "sms").glob("*.json")) if demo.var else set()
