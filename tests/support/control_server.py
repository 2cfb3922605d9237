"""The unit's end of the control channel, scripted by a test: what `UnitEngine` hears and says."""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

SECRET = "shared"
Message = dict[str, Any]


class ControlServer:
    """Welcomes who knows the secret; `answer` makes an answer of each request, or None to stay silent."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.peers: list[Message] = []
        self.version = 2
        self.asked: list[Message] = []
        self.answer: Callable[[Message], Message | None] = lambda _request: {"ok": {}}
        self.connections = 0
        self.refused = 0
        self._writers: list[asyncio.StreamWriter] = []
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self.path.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._serve, self.path, limit=1 << 20)

    async def stop(self) -> None:
        """As if killed: the socket stays behind, nobody listens."""
        assert self._server is not None
        self._server.close()
        self.hang_up()
        await asyncio.sleep(0)

    def hang_up(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    def say(self, message: Message | bytes) -> None:
        line = message if isinstance(message, bytes) else json.dumps(message).encode()
        for writer in self._writers:
            writer.write(line + b"\n")

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonce = f"{self.connections:032x}"
        self.connections += 1
        writer.write(json.dumps({"t": "challenge", "nonce": nonce}).encode() + b"\n")
        proof = hmac.digest(SECRET.encode(), f"control:{nonce}".encode(), "sha256").hex()
        hello = json.loads(await reader.readline() or b"{}")
        if hello != {"t": "hello", "proof": proof}:
            self.refused += 1
            writer.close()
            return
        writer.write(json.dumps({"t": "welcome", "version": self.version, "peers": self.peers}).encode() + b"\n")
        self._writers.append(writer)
        try:
            while line := await reader.readline():
                request = json.loads(line)
                self.asked.append(request)
                if (answer := self.answer(request)) is not None:
                    writer.write(json.dumps({"re": request["id"], **answer}).encode() + b"\n")
        except OSError:
            pass
        finally:
            writer.close()
