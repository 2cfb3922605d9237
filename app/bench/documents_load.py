"""The second half of `bench documents`: what another session feels while one person's files are processed."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import httpx

from app.bench import documents_files as files
from app.bench.browser import PASSWORD
from app.bench.documents_probe import probing
from app.bench.figures import Report
from app.bench.servers import Server

OTHER = "ide.dubois"
SENDER = "dr.petit"  # of the bombs: at the gate one person's files wait for each other
QUIET_SECONDS = 2.0
QUICK_SECONDS = 8.0
REFUSED = 422
PAGES = 24  # looked at of each document


class Reader:
    """Somebody who adds and reads documents over HTTP, as a browser would."""

    def __init__(self, client: httpx.Client, number: str) -> None:
        self._client, self.number = client, number

    @classmethod
    def logged_in(cls, url: str, login: str, number: str) -> Reader:
        """Through the login's own route, without loading a page."""
        client = httpx.Client(base_url=url, headers={"Origin": url}, timeout=60, trust_env=False)
        form = {"identifiant": login, "mot_de_passe": PASSWORD, "next": "/portail"}
        answer = client.post("/connexion", data=form)
        if answer.status_code != 303:
            raise RuntimeError(f"login of {login} answered {answer.status_code}")
        return cls(client, number)

    def put(self, name: str, content: bytes) -> httpx.Response:
        return self._client.put(f"/api/dossiers/{self.number}/documents", params={"nom": name}, content=content)

    def add(self, name: str, content: bytes) -> str:
        """Add a document; answers its reference."""
        answer = self.put(name, content)
        answer.raise_for_status()
        return str(answer.json()["reference"])

    def get(self, path: str, **query: str | int) -> httpx.Response:
        return self._client.get(path, params=query).raise_for_status()

    def loop(self) -> dict[str, Any]:
        """What held the server's event loop since the last time (`app.demo.loop_watch`)."""
        told: dict[str, Any] = self.get("/demo/boucle").json()
        return told


def measure(server: Server, reader: Reader, report: Report, quick: bool) -> None:
    """Round trips of another session at rest, then while a 200 page PDF, a scan and two bombs are worked on."""
    threads = ThreadPoolExecutor(4)
    bomb_files = [(make.__name__, make()) for make in (files.nested_bomb, files.deflated_bomb)]
    letters = [make(200) for make in (files.text, files.scan)]  # made before: the measure's own work is not its subject
    with contextlib.ExitStack() as stack:
        # A quick measure does not wait for the bombs: their requests break off when the server ends.
        stack.callback(threads.shutdown, wait=not quick)
        probe = stack.enter_context(probing(server.url, OTHER))
        time.sleep(QUIET_SECONDS)
        quiet = probe.period()
        reader.loop()
        sender = Reader.logged_in(server.url, SENDER, reader.number)
        probe.period()
        end = time.monotonic() + QUICK_SECONDS
        bombs = threads.submit(lambda: [_bomb(sender, *each) for each in bomb_files])
        over = (lambda: time.monotonic() > end) if quick else bombs.done
        reading = [threads.submit(_read, reader, letter, over) for letter in letters]
        done = [job.result() for job in reading]
        busy, held = probe.period(), reader.loop()
        _tell_bombs(report, bombs, quick)
    for name, period in (("at rest", quiet), ("busy", busy)):
        for kind, times in period.items():
            report.figure(f"another's {kind} {name} p50 ms", share(times, 0.5))
            report.figure(f"another's {kind} {name} p99 ms", share(times, 0.99))
    report.figure("another session p99 ms", max(share(times, 0.99) for times in busy.values()))
    report.figure("pages drawn meanwhile", sum(done))
    report.figure("event loop p99 ms", held["p99"])
    report.figure("event loop longest ms", held["longest"])
    report.figure("event loop held 20 ms, times", held["held"])
    report.notes += [f"boucle retenue : {each['line']} ({each['looks']})" for each in held["lines"][:6]]


def share(times: Sequence[float], part: float) -> float:
    """The value that this part of the times stay below."""
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def _bomb(reader: Reader, name: str, content: bytes) -> tuple[float, int, str]:
    """Seconds until a bomb is refused, the status and the words of it."""
    began = time.monotonic()
    answer = reader.put(f"{name}.pdf", content)
    return time.monotonic() - began, answer.status_code, str(answer.json().get("message", ""))


def _read(reader: Reader, content: bytes, over: Callable[[], bool]) -> int:
    """Add a document and read in it, again and again; answers how many pages were drawn."""
    drawn = 0
    while not over():
        reference = reader.add("Lecture.pdf", content)
        reader.get(f"/api/documents/{reference}/infos")
        for page in range(1, PAGES + 1):
            if over():
                break
            reader.get(f"/api/documents/{reference}/pages/{page * 8}.webp", l=760)
            reader.get(f"/api/documents/{reference}/pages/{page * 8}/mots")
            drawn += 1
        reader.get(f"/api/documents/{reference}/recherche", q=files.SOUGHT)
    return drawn


def _tell_bombs(report: Report, bombs: Future[list[tuple[float, int, str]]], quick: bool) -> None:
    if quick and not bombs.done():
        report.notes.append("bombes encore à l'analyse à la fin de la mesure rapide")
        return
    for name, (seconds, status, message) in zip(("nested", "deflated"), bombs.result(), strict=True):
        report.figure(f"{name} bomb refused s", seconds)
        if status != REFUSED or not message:
            raise RuntimeError(f"the {name} bomb was answered {status}")
    report.target("slowest bomb refused s", max(seconds for seconds, _status, _message in bombs.result()), 21)
