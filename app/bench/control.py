"""Speaks JSON lines over a Unix socket: the forwarding unit's control channel, and the comparator's."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

ANSWER_SECONDS = 15.0
LINE_BYTES = 1 << 18


class EngineRefused(RuntimeError):
    """An engine answered a request with an error."""


class Control:
    """One control connection. `on_event` hears what the engine says by itself."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._reading: asyncio.Task[None] | None = None
        self.on_event: Callable[[dict[str, Any]], None] = lambda event: None

    @classmethod
    async def connect(cls, path: Path, secret: str = "") -> Control:
        """Connect; with a secret, prove that we know it. Raises: OSError, EngineRefused, TimeoutError."""
        control = cls(*await asyncio.open_unix_connection(path, limit=LINE_BYTES))
        if secret:
            async with asyncio.timeout(ANSWER_SECONDS):
                await control._greet(secret)
        control._reading = asyncio.create_task(control._read())
        return control

    async def _greet(self, secret: str) -> None:
        challenge = await self._line()
        words = ("control:" + str(challenge["nonce"])).encode()
        self._send({"t": "hello", "proof": hmac.new(secret.encode(), words, hashlib.sha256).hexdigest()})
        welcome = await self._line()
        if welcome.get("t") != "welcome":
            raise EngineRefused("no welcome on the control channel")

    async def ask(self, t: str, **fields: Any) -> dict[str, Any]:
        """One request and its answer. Raises: EngineRefused, TimeoutError, ConnectionError."""
        number = next(self._numbers)
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        self._send({"t": t, "id": number} | fields)
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                words = await answer
        finally:
            del self._waiting[number]
        if "error" in words:
            raise EngineRefused(f"{t}: {words['error']}")
        ok: dict[str, Any] = words["ok"]
        return ok

    async def close(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
        self._writer.close()
        await self._writer.wait_closed()

    def _send(self, words: dict[str, Any]) -> None:
        self._writer.write(json.dumps(words).encode() + b"\n")

    async def _line(self) -> dict[str, Any]:
        line = await self._reader.readline()
        if not line:
            raise ConnectionError("the engine closed its control channel")
        words: dict[str, Any] = json.loads(line)
        return words

    async def _read(self) -> None:
        try:
            while True:
                words = await self._line()
                waiting = self._waiting.get(words.get("re", 0))
                if waiting is not None and not waiting.done():
                    waiting.set_result(words)
                elif "re" not in words:
                    self.on_event(words)
        except ConnectionError as error:
            for each in self._waiting.values():
                if not each.done():
                    each.set_exception(error)
