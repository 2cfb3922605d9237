"""The agent's two addresses, on loopback only: `GET /info` and `POST /sign`.

Any page of any site can send requests here. So: only pages of known origins are answered (the Origin header is the
browser's, a page can't choose it), only under a loopback name (against DNS rebinding), only JSON (a form of another
site can't send it without asking first), little, and not often.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import re
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import structlog
from tornado.web import Application, RequestHandler

from app.card_agent import message
from app.card_agent.counter import TRIES, Counter
from app.card_agent.readers import Card, CardBlocked, NoCard, NoModule, NoReader, Reader, ReaderTrouble
from app.card_agent.signing import Refused, Signed, sign

log = structlog.get_logger(__name__)

LARGEST_BODY = 4096
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
CODE = re.compile(r"[0-9]{4,12}")
MODERATION = {"info": (60, 10.0), "sign": (10, 60.0)}  # so many requests in so many seconds


@dataclass
class Moderation:
    """At most so many requests in a sliding window."""

    times: dict[str, deque[float]] = field(default_factory=dict)

    def allows(self, what: str) -> bool:
        most, seconds = MODERATION[what]
        now, seen = time.monotonic(), self.times.setdefault(what, deque())
        while seen and now - seen[0] > seconds:
            seen.popleft()
        if len(seen) >= most:
            return False
        seen.append(now)
        return True


class Desk:
    """The reader, its counter, and the one thread that may use them."""

    def __init__(self, reader: Reader, counter: Counter, origins: frozenset[str]) -> None:
        self.reader, self.counter, self.origins = reader, counter, origins
        self.moderation = Moderation()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="reader")  # PKCS#11 modules: one caller at a time

    async def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._thread, function, *arguments)

    def state(self) -> dict[str, Any]:
        """What the page shows before the code is asked for."""
        try:
            card = self.reader.card()
        except ReaderTrouble as found:
            return {"state": found.code}
        left = self.counter.left(card.identifier)
        return {"state": "ready" if left else "blocked", "left": left, "tries": TRIES} | _about(card)

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)


def _about(card: Card) -> dict[str, Any]:
    return {
        "card": card.identifier[:16],
        "holder": card.holder,
        "expires": card.expires.date().isoformat(),
        "expired": card.expires <= datetime.now(UTC),
    }


class Base(RequestHandler):
    """The defences, before anything else is looked at."""

    what = ""

    def initialize(self, desk: Desk) -> None:
        self.desk = desk

    def set_default_headers(self) -> None:
        self.set_header("Cache-Control", "no-store")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.clear_header("Server")

    def prepare(self) -> None:
        headers = self.request.headers
        origin = headers.get("Origin", "")
        if re.sub(r":\d+$", "", self.request.host or "") not in LOOPBACK:
            self.answer(421, error="host")
        elif origin not in self.desk.origins:
            log.warning("card.origin_refused", origin=origin[:100])
            self.answer(403, error="origin")
        else:
            self._open_to(origin)
            if self.request.method != "OPTIONS" and not self.desk.moderation.allows(self.what):
                self.answer(429, error="too-often")

    def _open_to(self, origin: str) -> None:
        self.set_header("Access-Control-Allow-Origin", origin)
        self.set_header("Vary", "Origin")
        self.set_header("Access-Control-Allow-Methods", "GET, POST")
        self.set_header("Access-Control-Allow-Headers", "Content-Type")
        self.set_header("Access-Control-Max-Age", "600")
        if self.request.headers.get("Access-Control-Request-Private-Network") == "true":  # browsers before 2025
            self.set_header("Access-Control-Allow-Private-Network", "true")

    def options(self) -> None:
        self.set_status(204)
        self.finish()

    def answer(self, status: int, **content: Any) -> None:
        self.set_status(status)
        self.finish(content)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        self.answer(status_code, error="agent")


class Info(Base):
    """What is in the reader. The card is read without its code."""

    what = "info"

    async def get(self) -> None:
        self.answer(200, **await self.desk.call(self.desk.state))


class Sign(Base):
    """One signature for one login; the code goes no further than the card."""

    what = "sign"

    async def post(self) -> None:
        if self.request.headers.get("Content-Type", "").split(";")[0].strip() != "application/json":
            self.answer(415, error="json-only")
            return
        wanted = _wanted(self.request.body)
        if wanted is None:
            self.answer(400, error="request")
            return
        (nonce, code), origin = wanted, self.request.headers["Origin"]
        if not CODE.fullmatch(code):  # not a code at all: no try is spent
            self.answer(400, error="code-format")
            return
        desk = self.desk
        try:
            signed: Signed = await desk.call(sign, desk.reader, desk.counter, origin, nonce, code)
        except Refused as refused:
            self.answer(
                401 if refused.left else 423, error="wrong-code" if refused.left else "blocked", left=refused.left
            )
        except (CardBlocked, NoCard, NoReader, NoModule) as found:
            self.answer(found.status, error=found.code, left=0)
        except OSError:
            log.error("card.counter_not_written")
            self.answer(507, error="counter")
        else:
            self.answer(
                200,
                algorithm=signed.algorithm,
                signature=base64.b64encode(signed.signature).decode(),
                certificate=base64.b64encode(signed.card.certificate).decode(),
                origin=origin,
                nonce=base64.b64encode(nonce).decode(),
            )


def _wanted(body: bytes) -> tuple[bytes, str] | None:
    """Nonce and code of a request; None when it is not one."""
    try:
        asked = json.loads(body)
        nonce, code = base64.b64decode(asked["nonce"], validate=True), asked["code"]
    except (ValueError, KeyError, TypeError, binascii.Error):
        return None
    return (nonce, code) if len(nonce) == message.NONCE_BYTES and isinstance(code, str) else None


def application(desk: Desk) -> Application:
    return Application([("/info", Info, {"desk": desk}), ("/sign", Sign, {"desk": desk})], log_function=_quiet)


def _quiet(_handler: RequestHandler) -> None:
    """No access log: a poll per second says nothing, and nothing of a login belongs in a file here."""
