"""Two people in Chromium, each by another web process behind one address: a call, and the death of who has the rooms."""

from __future__ import annotations

import dataclasses
import logging
import os
import re
import signal
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from app.server import rooms
from tests.browser.conftest import People, until
from tests.browser.demo_server import DemoServer, free_port, running_demo
from tests.browser.test_the_walk import join, open_dossier, sees_and_hears
from tests.support.balancer import balancing

pytestmark = [pytest.mark.browser, pytest.mark.alone, pytest.mark.timeout(300)]

log = logging.getLogger(__name__)  # figures, with --log-cli-level=INFO

BACK_WITHIN = 5.0  # seconds
WEBS = ("web", "web-2")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoServer]:
    """A demo of two web processes; `url` is the balancer's in front of them."""
    port = free_port()
    address = f"http://localhost:{port}"
    with (
        running_demo(tmp_path_factory.mktemp("shared"), {"TD_PUBLIC_URL": address}, web=len(WEBS)) as demo,
        balancing(port, range(demo.port, demo.port + len(WEBS))),
    ):
        yield dataclasses.replace(demo, url=address)


def test_the_owner_of_the_rooms_dies_and_the_call_of_two_processes_goes_on(
    chromium: Browser, shared: DemoServer
) -> None:
    people = People(chromium, shared)
    pages = {
        name: people.logged_in(login, user_agent=f"Mozilla/5.0 Chromium ({name})")
        for login, name in (("ide.dubois", "web-1"), ("dr.martin", "web-2"))
    }
    for page in pages.values():
        open_dossier(page)
        join(page)
    for page in pages.values():
        sees_and_hears(page)
    owner = int((shared.var / rooms.LOCK).read_text())
    webs = [shared.pid_of(name) for name in WEBS]
    assert owner in webs

    opened = {name: page.evaluate("window.__td.call.lineOpened()") for name, page in pages.items()}
    negotiated = {name: page.evaluate("window.__td.call.negotiations()") for name, page in pages.items()}
    os.kill(owner, signal.SIGKILL)
    killed = time.monotonic()
    for name, page in pages.items():
        until(page, f"window.__td.call.lineOpened() > {opened[name]} && window.__td.call.lineIsOpen()", 30)
    took = time.monotonic() - killed
    log.info("both lines were back after %.1f s", took)
    assert took < max(BACK_WITHIN, shared.started_in), f"{took:.1f} s"  # a slow machine: as long as a start
    assert int((shared.var / rooms.LOCK).read_text()) in set(webs) - {owner}

    for page in pages.values():
        sees_and_hears(page)
    assert {name: page.evaluate("window.__td.call.negotiations()") for name, page in pages.items()} == negotiated
    for page in pages.values():
        page.get_by_role("button", name=re.compile("^Discussion")).first.click()
    writing = pages["web-1"].get_by_role("textbox", name="Message à la salle")
    writing.fill("Toujours là")
    writing.press("Enter")
    expect(pages["web-2"].get_by_text("Toujours là").first).to_be_visible()
    assert people.errors == []
    people.close()
