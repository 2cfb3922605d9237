"""`bench pages`: what each page weighs and how long until its content stands there, first visit and repeat."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from app.bench import servers
from app.bench.browser import PASSWORD, chromium, log_in, watched
from app.bench.figures import Report, median

KB = 1024
COMPARED = ("bare", "guest")  # whose times are held against each other: looked at twice as often


@dataclass(frozen=True)
class Measured:
    """A page: who looks, where it is, when its content stands there."""

    name: str
    address: str
    content: Callable[[Any], None]
    login: str = ""


def run(quick: bool) -> Report:
    """Measure; `quick` makes one visit of each kind instead of 7, and comes back to the list alone."""
    visits, report = (1 if quick else 7), Report()
    with servers.together(servers.bare(), servers.demo()) as (bare, demo), chromium() as browser:
        invitation = invite(demo.url, browser)
        pages = [
            Measured("bare", f"{bare.url}/bare", lambda page: page.get_by_text("x", exact=True).wait_for()),
            Measured("login", f"{demo.url}/connexion?moyen=mot-de-passe", lambda page: page.get_by_role("heading", name="Connexion").wait_for()),
            Measured("list", f"{demo.url}/tlm", lambda page: page.get_by_role("link", name="TLM-2026-0001").wait_for(), "dr.martin"),
            Measured("dossier", f"{demo.url}/tlm?dossier=TLM-2026-0001", lambda page: page.get_by_role("button", name="Entrer en salle").wait_for(), "dr.martin"),
            Measured("guest", invitation, lambda page: page.get_by_role("heading", level=1).wait_for()),
        ]  # fmt: skip
        # The first visit of all warms each server, in this order for everybody.
        for page in pages if not quick else (page for page in pages if page.name in COMPARED):
            _warm(browser, page, demo.url)
        again = {page.name: not quick or page.name == "list" for page in pages}
        rounds = [
            {page.name: _visit(browser, page, demo.url, again[page.name]) for page in pages} for _ in range(visits)
        ]
        compared = [page for page in pages if page.name in COMPARED]
        rounds += [{page.name: _visit(browser, page, demo.url, not quick) for page in compared} for _ in range(visits)]
    for name in (page.name for page in pages):
        for index, kind in enumerate(("first", "repeat")):
            some = [answers[name][index] for answers in rounds if len(answers.get(name, ())) > index]
            if not some:
                continue
            report.figure(f"{name} {kind} gzip kB", median([wire.gzip_bytes for wire, _ in some]) / KB)
            report.figure(f"{name} {kind} wire kB", median([wire.wire_bytes for wire, _ in some]) / KB)
            report.figure(f"{name} {kind} requests", median([wire.requests for wire, _ in some]))
            report.figure(f"{name} {kind} content ms", median([ms for _, ms in some]))
    f = report.figures
    report.target("guest page gzip kB", f["guest first gzip kB"], 60)
    report.target("guest time / bare time", f["guest first content ms"] / f["bare first content ms"], 0.25)
    report.target("list first wire kB", f["list first wire kB"], 1200)
    report.target("list wire / bare gzip", f["list first wire kB"] / f["bare first gzip kB"], 1.8)
    report.target("list repeat wire kB", f["list repeat wire kB"], 60)
    return report


def invite(url: str, browser: Any) -> str:
    """A fresh invitation's address, invited in the room and read in the demo's inbox."""
    context = browser.new_context(permissions=["camera", "microphone"])
    try:
        page = context.new_page()
        log_in(page, url, "dr.martin")
        page.goto(f"{url}/tlm?dossier=TLM-2026-0001")
        page.get_by_role("button", name="Entrer en salle").click()
        page.get_by_role("button", name="Rejoindre").click()
        page.get_by_role("button", name="Inviter", exact=True).click()
        page.get_by_label("Nom", exact=True).fill("Anne MERCIER")
        page.get_by_label("Adresse", exact=False).first.fill("anne@demo.invalid")
        page.get_by_role("button", name="Envoyer l'invitation").click()
        inbox = context.new_page()
        for _ in range(60):
            inbox.goto(f"{url}/demo/boite")
            found = re.search(r"/invitation/[\w-]{20,}", inbox.content())
            if found:
                return url + found.group(0)
            inbox.wait_for_timeout(250)
        raise RuntimeError("the invitation did not reach the inbox")
    finally:
        context.close()


def _warm(browser: Any, page: Measured, url: str) -> None:
    context = browser.new_context(permissions=["camera", "microphone"])
    try:
        if page.login:
            _log_in_quietly(context, url, page.login)
        tab = context.new_page()
        tab.goto(page.address, wait_until="commit")
        page.content(tab)
    finally:
        context.close()


def _visit(browser: Any, page: Measured, url: str, again: bool) -> list[tuple[Any, float]]:
    """First visit and maybe a repeat, in a browser that knows nothing: (what came, ms to content) of each."""
    context = browser.new_context(permissions=["camera", "microphone"])
    try:
        if page.login:
            _log_in_quietly(context, url, page.login)
        answers = []
        for _ in range(2 if again else 1):
            tab = context.new_page()
            with watched(tab) as wire:
                start = time.perf_counter()
                tab.goto(page.address, wait_until="commit")
                page.content(tab)
                milliseconds = (time.perf_counter() - start) * 1000
                tab.wait_for_load_state("networkidle")
            answers.append((wire, milliseconds))
            tab.close()
        return answers
    finally:
        context.close()


def _log_in_quietly(context: Any, url: str, login: str) -> None:
    """Log in without loading a page, so that the first visit finds an empty cache."""
    answer = context.request.post(
        f"{url}/connexion",
        form={"identifiant": login, "mot_de_passe": PASSWORD, "next": "/portail"},
        headers={"Origin": url},
        max_redirects=0,
    )
    if answer.status != 303:
        raise RuntimeError(f"login of {login} answered {answer.status}")
