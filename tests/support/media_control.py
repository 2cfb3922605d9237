"""The forwarding unit as a child process, and the smallest client of its control channel."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from app.settings import Settings

ROOT = Path(__file__).parents[2]
PATIENCE = 40.0
SECRET = "a secret of the tests, long enough"


class Control:
    """Speaks to a unit: `ask` for an answer, `hear` for an event."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer, self._count = reader, writer, 0
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._news = asyncio.Condition()
        self.events: list[dict[str, Any]] = []
        self.welcome: dict[str, Any] = {}
        self._task: asyncio.Task[None] | None = None

    @classmethod
    async def open(cls, settings: Settings) -> Control:
        reader, writer = await asyncio.open_unix_connection(settings.media_socket, limit=1 << 20)
        self = cls(reader, writer)
        nonce = json.loads(await reader.readline())["nonce"]
        key = settings.derived_secret("media").encode()
        proof = hmac.digest(key, f"control:{nonce}".encode(), "sha256").hex()
        self.say({"t": "hello", "proof": proof})
        self.welcome = json.loads(await reader.readline())
        self._task = asyncio.create_task(self._listen())
        return self

    def say(self, message: dict[str, Any]) -> None:
        self._writer.write(json.dumps(message).encode() + b"\n")

    async def ask(self, t: str, **fields: Any) -> dict[str, Any]:
        """The whole answer, with `ok` or `error`."""
        self._count += 1
        self._answers[self._count] = asyncio.get_running_loop().create_future()
        self.say({"t": t, "id": self._count, **fields})
        return await asyncio.wait_for(self._answers[self._count], PATIENCE)

    async def hear(self, t: str, seconds: float = PATIENCE, **fields: Any) -> dict[str, Any]:
        """The first event, past or to come, that has these fields."""
        wanted = {"t": t, **fields}

        def found() -> dict[str, Any] | None:
            return next((event for event in self.events if wanted.items() <= event.items()), None)

        async with self._news:
            await asyncio.wait_for(self._news.wait_for(lambda: found() is not None), seconds)
        event = found()
        assert event is not None
        return event

    async def close(self) -> None:
        if self._task:
            self._task.cancel()
        self._writer.close()

    async def _listen(self) -> None:
        while line := await self._reader.readline():
            message = json.loads(line)
            if "re" in message:
                self._answers.pop(message["re"]).set_result(message)
                continue
            async with self._news:
                self.events.append(message)
                self._news.notify_all()


def unit_settings(var: Path) -> Settings:
    return Settings(_env_file=None, var=var, cookie_secret=SECRET, file_key="0" * 64)  # type: ignore[call-arg, arg-type]


@contextlib.asynccontextmanager
async def running_unit(settings: Settings, ends_well: bool = True) -> AsyncIterator[asyncio.subprocess.Process]:
    """A real unit on a free port of 127.0.0.1; ended with SIGTERM, and expected to end well."""
    with (settings.var / "media.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "app", "media", cwd=ROOT, env={**os.environ, **settings.environment()},
            stdout=log, stderr=log,
        )  # fmt: skip
    try:
        await _ready(settings, process)
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        status = await asyncio.wait_for(process.wait(), PATIENCE)
    assert status == 0 or not ends_well, (settings.var / "media.log").read_text()


async def _ready(settings: Settings, process: asyncio.subprocess.Process) -> None:
    """Wait until the unit challenges whoever connects."""
    for _ in range(2400):
        assert process.returncode is None, (settings.var / "media.log").read_text()
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_unix_connection(settings.media_socket)
            writer.close()
            return
        await asyncio.sleep(0.05)
    raise AssertionError((settings.var / "media.log").read_text())
