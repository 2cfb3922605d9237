"""Every hostile file put into the whole served product, while another person goes on reading."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import statistics
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field

import httpx
import pytest
import structlog

from app.demo.people import PASSWORD
from app.documents.rendering import EXAMINATION_SECONDS
from tests.browser.demo_server import DemoServer, running_demo
from tests.unit.documents import samples
from tests.unit.documents.hostile import FLATTENABLE, HOSTILE

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

log = structlog.get_logger(__name__)

NUMBER = "TLM-2026-0001"
SECONDS = 20.0
SLOWER = 8.0  # times, of the median answer to somebody else, on a machine whose other core examines files


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoServer]:
    with running_demo(tmp_path_factory.mktemp("hostile")) as server:
        yield server


def rows(demo: DemoServer, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(demo.var / "teledossier.db")) as database:
        return database.execute(query).fetchall()


async def logged_in(demo: DemoServer, login: str) -> httpx.AsyncClient:
    client = httpx.AsyncClient(base_url=demo.url, headers={"Origin": demo.url}, timeout=60, trust_env=False)
    answer = await client.post("/connexion", data={"identifiant": login, "mot_de_passe": PASSWORD})
    assert answer.status_code == 303, answer.text
    return client


async def put(client: httpx.AsyncClient, name: str, content: bytes) -> tuple[httpx.Response, float]:
    began = time.monotonic()
    answer = await client.put(f"/api/dossiers/{NUMBER}/documents", params={"nom": name}, content=content)
    return answer, time.monotonic() - began


@dataclass
class Reader:
    """Somebody who reads a document without a pause: its words (drawn anew each time) and its pages."""

    client: httpx.AsyncClient
    reference: str
    took: list[float] = field(default_factory=list)

    async def read(self) -> None:
        width = 190
        while True:
            for address in ("pages/1/mots", f"pages/1.webp?l={width}"):
                began = time.monotonic()
                answer = await self.client.get(f"/api/documents/{self.reference}/{address}")
                assert answer.status_code == 200, answer.text
                self.took.append(time.monotonic() - began)
            width = 190 if width >= 2280 else width + 190
            await asyncio.sleep(0.02)


async def test_each_is_refused_for_its_motive_within_20_s_and_others_go_on_reading(demo: DemoServer) -> None:
    nurse, expert = await logged_in(demo, "ide.dubois"), await logged_in(demo, "dr.martin")
    ((reference,),) = rows(demo, "SELECT reference FROM document WHERE title LIKE 'Courrier du Dr PETIT%' LIMIT 1")
    before = rows(demo, "SELECT count(*) FROM document")
    reader = Reader(expert, str(reference))
    reading = asyncio.create_task(reader.read())
    while len(reader.took) < 40:
        await asyncio.sleep(0.05)
    alone = statistics.median(reader.took[10:])
    reader.took.clear()

    cases = {**HOSTILE, "trop long à dessiner.pdf": (samples.pdf_slow, "trop de travail")}
    longest = max(SECONDS, EXAMINATION_SECONDS + 3 * demo.started_in)  # a killed process starts anew before
    wrong: list[str] = []
    slowest = ("", 0.0)
    for name, (make, motive) in cases.items():
        content = await asyncio.to_thread(make)
        answered = len(reader.took)
        answer, took = await put(nurse, name, content)
        said = answer.json()
        if answer.status_code != 422 or said["code"] != "fichier-refuse" or motive not in said["message"]:
            wrong.append(f"{name}: {answer.status_code} {said}")
        slowest = max(slowest, (name, took), key=lambda one: one[1])
        if took > longest:
            wrong.append(f"{name}: {took:.1f} s")
        if took > 2 and len(reader.took) - answered < 5:  # the reader was answered while it was examined
            wrong.append(f"{name}: the reader waited")
    reading.cancel()
    log.info(  # seen with `pytest -s`
        "hostile.figures",
        files=len(cases),
        slowest_refusal=f"{slowest[0]} {slowest[1]:.1f} s",
        reader_alone_ms=round(alone * 1000, 1),
        reader_beside_ms=round(statistics.median(reader.took) * 1000, 1),
        reader_slowest_ms=round(max(reader.took) * 1000),
        reader_answers=len(reader.took),
    )
    assert wrong == []
    assert statistics.median(reader.took) < max(SLOWER * alone, 0.5)  # half a second is no waiting, however fast alone
    assert max(reader.took) < max(5.0, 2 * demo.started_in)  # nobody was ever stuck

    refused = rows(demo, "SELECT filename, reason, file_id IS NOT NULL FROM arrival WHERE state = 'REFUSED'")
    assert len(refused) == 40  # the last ones: older refusals make room
    assert all(kept == (name in FLATTENABLE) for name, _reason, kept in refused)
    assert rows(demo, "SELECT count(*) FROM document") == before
    kept = {str(file_id) for (file_id,) in rows(demo, "SELECT file_id FROM document UNION SELECT file_id FROM arrival")}
    assert {path.stem for path in (demo.var / "files").rglob("*.td")} <= kept
    for client in (nurse, expert):
        await client.aclose()


async def test_a_web_process_killed_during_an_examination_leaves_no_file_stuck(demo: DemoServer) -> None:
    nurse = await logged_in(demo, "ide.dubois")
    killed = demo.web_pid
    content = await asyncio.to_thread(samples.pdf_slow)
    adding = asyncio.create_task(put(nurse, "coupé par la panne.pdf", content))
    state = "SELECT state, reason, attempts FROM arrival WHERE filename = 'coupé par la panne.pdf'"
    while not rows(demo, state):
        await asyncio.sleep(0.05)
    os.kill(killed, signal.SIGKILL)
    with pytest.raises(httpx.HTTPError):
        await adding
    end = time.monotonic() + 150
    while rows(demo, state)[0][0] != "REFUSED" and time.monotonic() < end:
        await asyncio.sleep(0.5)
    ((settled, reason, attempts),) = rows(demo, state)
    assert (settled, attempts) == ("REFUSED", 2)
    assert "trop de travail" in str(reason)
    assert demo.web_pid != killed
    await nurse.aclose()
