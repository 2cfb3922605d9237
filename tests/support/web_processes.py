"""Several real web processes of the product on one `TD_VAR`, with a real forwarding unit; and pages on any of them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

from app import db
from app.bootstrap import platform_from_settings
from app.server import command, rooms, shelf
from app.settings import Settings, load
from tests.support.people import world_on
from tests.support.room import House, Page
from tests.support.serving_rig.rig_server import free_port

START_WITHIN = 90.0  # seconds
BEAT = 1.0
PATIENCE = 20.0


class LivingPage(Page):
    """A page that says `ping` every second, as a browser's does: the processes' clock is not the test's."""

    beating: asyncio.Task[None] | None = None

    def beat(self) -> None:
        self.beating = asyncio.create_task(self._beat())

    async def _beat(self) -> None:
        with contextlib.suppress(Exception):  # the line is gone: whoever listens hears of it
            while True:
                await asyncio.sleep(BEAT)
                await self.say("ping")

    async def hear(self, *wanted: str) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE):  # there is always a `pong`
            return await super().hear(*wanted)

    def close(self) -> None:
        if self.beating is not None:
            self.beating.cancel()
        super().close()


class WebProcess(House):
    """One `panel serve` of the product; as a `House` it opens pages at its own port."""

    settings: Settings
    process: subprocess.Popen[bytes] | None = None

    async def connect(self, path: str, cookie: str, origin: str | None = "", **headers: str) -> Page:
        asked: dict[str, Any] = dict(headers)
        if cookie:
            asked["Cookie"] = cookie
        if origin is not None:
            asked["Origin"] = origin or self.origin
        page = LivingPage(await websocket_connect(HTTPRequest(f"ws://127.0.0.1:{self.port}{path}", headers=asked)))
        page.beat()
        self.pages.append(page)
        return page

    def start(self) -> None:
        with (self.settings.var / f"web-{self.port}.log").open("ab") as log:
            self.process = subprocess.Popen(
                command.serve_command(self.settings),
                env=command.environment(self.settings),
                stdout=log,
                stderr=log,
                cwd=command.ROOT,
            )

    def ready(self) -> str:
        with urllib.request.urlopen(f"{self.origin}/sante/pret", timeout=5) as answer:
            return str(answer.read().decode())

    def wait(self) -> None:
        end = time.monotonic() + START_WITHIN
        while True:
            try:
                self.ready()
                return
            except OSError:
                log = self.settings.var / f"web-{self.port}.log"
                assert self.process is not None
                assert self.process.poll() is None, log.read_text()[-3000:]
                assert time.monotonic() < end, log.read_text()[-3000:]
                time.sleep(0.05)

    def end(self, number: signal.Signals) -> None:
        """Kill it (SIGKILL), or ask it to stop (SIGTERM), and wait for its end."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(number)
            self.process.wait(20)


class Machine:
    """Two web processes and a forwarding unit. `owner` has the rooms."""

    def __init__(self, var: Path, **settings: object) -> None:
        base = load(
            **settings,
            var=var,
            cookie_secret=SecretStr("c" * 64),
            file_key=SecretStr("f" * 64),
            secure_cookies=False,
            password_login=True,
            mail_transport="folder",
            sms_transport="folder",
            render_processes=1,
            upload_megabytes=3,
        )
        self._var = var
        self.platform = platform_from_settings(base)
        db.migrate(self.platform.engine)
        self.world = world_on(self.platform)
        browsers: dict[str, tuple[int, str]] = {}
        self.webs = []
        for port in (free_port(), free_port()):
            web = WebProcess(self.world, port, None, None, browsers=browsers)  # type: ignore[arg-type]
            web.settings = base.model_copy(update={"port": port})
            self.webs.append(web)
        shelf.build(var / "static-cache")
        self._media = subprocess.Popen(
            [sys.executable, "-m", "app", "media"], env=command.environment(base), cwd=command.ROOT
        )

    def start(self) -> None:
        """Have both run."""
        for web in self.webs:
            if web.process is None or web.process.poll() is not None:
                web.start()
        for web in self.webs:
            web.wait()

    def close(self) -> None:
        for web in self.webs:
            if web.process is not None:
                web.end(signal.SIGTERM)
        self._media.terminate()
        self._media.wait(20)
        self.platform.bus.close()  # type: ignore[attr-defined]
        self.platform.engine.dispose()

    @property
    def owner(self) -> WebProcess:
        holder = int((self._var / rooms.LOCK).read_text())
        return next(web for web in self.webs if web.process is not None and web.process.pid == holder)

    @property
    def other(self) -> WebProcess:
        return next(web for web in self.webs if web is not self.owner)


@contextlib.contextmanager
def machine(var: Path, **settings: object) -> Iterator[Machine]:
    found = Machine(var, **settings)
    try:
        found.start()
        yield found
    finally:
        found.close()


def resident(process: int) -> int:
    """Bytes of memory that a process holds (proc(5))."""
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
