"""The control channel: the web processes command the unit over a local socket, after proving that they are ours.

Challenge and HMAC, then one JSON object a line (docs/media-unit.md). Whatever is not of the contract closes the
connection; what the unit refuses it answers with `error`.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import os
import secrets
from pathlib import Path
from typing import Any

import structlog

from app.errors import TeledossierError
from app.media import requests
from app.media.errors import WrongRequest
from app.media.requests import LONGEST_LINE
from app.media.unit import Unit

log = structlog.get_logger(__name__)

VERSION = 2  # 2: `describe`
MOST_CLIENTS = 32
PROOF_WITHIN = 5.0  # seconds
MOST_UNREAD = 4 << 20  # bytes that a client may leave unread; then it is cut off


class Control:
    """Serves the socket at `path`; `tell` sends an event to every client."""

    def __init__(self, path: Path, secret: str) -> None:
        self._path, self._secret = path, secret.encode()
        self._clients: set[asyncio.StreamWriter] = set()
        self._open = 0
        self._server: asyncio.Server | None = None
        self._unit: Unit | None = None

    async def listen(self, unit: Unit) -> None:
        """Replace a socket left over, and serve. Raises: OSError."""
        self._unit = unit
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.unlink(missing_ok=True)
        mask = os.umask(0o177)  # nobody else may connect, not even for a moment
        try:
            self._server = await asyncio.start_unix_server(self._serve, self._path, limit=LONGEST_LINE)
        finally:
            os.umask(mask)

    async def close(self) -> None:
        for writer in list(self._clients):
            writer.close()
        if self._server:
            self._server.close()
        self._path.unlink(missing_ok=True)

    def tell(self, event: dict[str, Any]) -> None:
        line = _line(event)
        for writer in list(self._clients):
            self._write(writer, line)

    def _write(self, writer: asyncio.StreamWriter, line: bytes) -> None:
        if writer.is_closing():
            return
        if writer.transport.get_write_buffer_size() > MOST_UNREAD:
            log.warning("media.control.unread")
            writer.transport.abort()
            return
        writer.write(line)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open += 1
        try:
            if self._open <= MOST_CLIENTS and await self._proved(reader, writer):
                await self._converse(reader, writer)
        except (WrongRequest, ValueError, TimeoutError) as error:  # ValueError: a line beyond the limit
            log.warning("media.control.refused", reason=type(error).__name__)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the web process went away
        finally:
            self._open -= 1
            self._clients.discard(writer)
            writer.close()

    async def _proved(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Challenge the client; True when it knows the secret."""
        nonce = secrets.token_hex(16)
        writer.write(_line({"t": "challenge", "nonce": nonce}))
        line = await asyncio.wait_for(reader.readline(), PROOF_WITHIN)
        if not line:
            return False
        message = requests.read(line)
        proof = hmac.digest(self._secret, f"control:{nonce}".encode(), "sha256").hex()
        if message["t"] == "hello" and hmac.compare_digest(str(message.get("proof")).encode(), proof.encode()):
            return True
        log.warning("media.control.refused", reason="proof")
        return False

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert self._unit is not None
        writer.write(_line({"t": "welcome", "version": VERSION, "peers": self._unit.list()}))
        self._clients.add(writer)
        log.info("media.control.connected", clients=len(self._clients))
        while line := await reader.readline():
            message = requests.check(requests.read(line))
            try:
                answer = {"re": message["id"], "ok": self._do(self._unit, message)}
            except TeledossierError as refusal:
                answer = {"re": message["id"], "error": {"code": refusal.code, "message": refusal.message}}
            self._write(writer, _line(answer))
            await writer.drain()

    def _do(self, unit: Unit, message: dict[str, Any]) -> Any:
        match message["t"]:
            case "join":
                answer, slots = unit.join(message["room"], message["peer"], message["offer"])
                return {"answer": answer, "slots": slots}
            case "leave":
                unit.leave(message["peer"])
            case "mute":
                unit.mute(message["peer"], message["kind"], message["muted"])
            case "describe":
                unit.describe(message["peer"], message["source"], message["content"])
            case "list":
                return {"peers": unit.list()}
            case "stats":
                return unit.stats()
        return {}


def _line(message: dict[str, Any]) -> bytes:
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
