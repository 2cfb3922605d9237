"""A request for the rooms, in a web process that does not have them: handed through to the one that does.

A WebSocket is spliced byte for byte, all else streamed with the slower side's pace; nothing is kept here. Login, right,
origin, size and rate are asked where the rooms are, and nowhere else. While no process has them, the request is this
process's own, whose handlers say so in words (`RoomsElsewhere`).
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

import structlog
from tornado.http1connection import HTTP1Connection, HTTP1ConnectionParameters
from tornado.httputil import (
    HTTPHeaders,
    HTTPMessageDelegate,
    HTTPServerRequest,
    RequestStartLine,
    ResponseStartLine,
)
from tornado.iostream import IOStream, StreamClosedError

from app.errors import RoomsElsewhere
from app.server import hand_head, same_user
from app.server.splice import PIECE, splice

log = structlog.get_logger(__name__)

Head = RequestStartLine | ResponseStartLine
MOST_BUFFERED = 1 << 20  # bytes of one connection with the process that has the rooms
NO_BOUND = 1 << 60  # of a body: the bound is set where it is read
WILLING_WITHIN = 10.0  # seconds, to open a WebSocket or to want a body
SAFE_TO_REPEAT = ("GET", "HEAD")
_under_way: set[asyncio.Task[None]] = set()  # the loop itself would let them be collected


def reach(path: os.PathLike[str]) -> IOStream | None:
    """A connection to the process that has the rooms; None when nobody listens, or somebody else does."""
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    line.setblocking(False)
    try:
        line.connect(os.fspath(path))  # at once or never (unix(7)): no waiting
    except OSError:
        line.close()
        return None
    if not same_user.is_ours(line):
        log.error("rooms.foreign-owner")
        line.close()
        return None
    return IOStream(line, max_buffer_size=MOST_BUFFERED, read_chunk_size=PIECE)


class HandThrough(HTTPMessageDelegate):
    """One request and its answer. `local` is what this process itself would do with it."""

    def __init__(self, request: HTTPServerRequest, local: HTTPMessageDelegate, path: os.PathLike[str]) -> None:
        assert isinstance(request.connection, HTTP1Connection)
        self._request, self._client = request, request.connection
        self._local, self._path = local, path
        self._is_local = self._has_come = False
        self._head: tuple[Head, HTTPHeaders]
        self._shape: hand_head.Asked
        self._owner: HTTP1Connection | None = None
        self._answer: _Answer

    # -- from the client

    async def headers_received(self, start_line: Head, headers: HTTPHeaders) -> None:
        self._head = (start_line, headers)
        self._shape = hand_head.asked(self._request)
        stream = reach(self._path)
        if stream is None:
            self._is_local = True
            if (more := self._local.headers_received(start_line, headers)) is not None:
                await more
            return
        self._client.set_max_body_size(NO_BOUND)
        self._client.set_close_callback(stream.close)
        bounds = HTTP1ConnectionParameters(chunk_size=PIECE, max_body_size=NO_BOUND)
        self._owner = HTTP1Connection(stream, True, bounds)
        self._answer = _Answer(self._client, self._owner, self._shape.upgrade)
        request = RequestStartLine(self._request.method or "GET", self._request.uri or "/", "HTTP/1.1")
        self._owner.write_headers(request, hand_head.request_headers(self._request, self._shape))
        if not self._shape.has_body:
            self._owner.finish()
        reading = _go_on_with(self._read_answer())
        if self._shape.upgrade:
            await self._until_willing(reading, reading)  # a connection may be detached only now
        elif self._shape.has_body:
            await self._until_willing(asyncio.create_task(self._answer.wanted.wait()), reading)

    async def _until_willing(self, sign: asyncio.Task[Any], reading: asyncio.Task[None]) -> None:
        """Wait for a sign of the process that has the rooms, or for the end of its answer; but not for ever."""
        assert self._owner is not None
        done, _late = await asyncio.wait([sign, reading], timeout=WILLING_WITHIN, return_when=asyncio.FIRST_COMPLETED)
        if not done:
            log.error("rooms.silent-owner")
            self._owner.close()
            await reading
        if sign is not reading:
            sign.cancel()

    async def data_received(self, chunk: bytes) -> None:
        if self._is_local:
            if (more := self._local.data_received(chunk)) is not None:
                await more
        elif self._owner is not None:
            with suppress(StreamClosedError):  # its answer, or its end, is heard where it is read
                await self._owner.write(chunk)

    def finish(self) -> None:
        self._has_come = True
        if self._is_local:
            self._local.finish()
        elif self._owner is not None and self._shape.has_body and not self._owner.stream.closed():
            self._owner.finish()

    def on_connection_close(self) -> None:
        if self._is_local:
            self._local.on_connection_close()
        elif self._owner is not None and self._owner.stream is not None:
            self._owner.stream.close()

    # -- from the process that has the rooms

    async def _read_answer(self) -> None:
        assert self._owner is not None
        with suppress(StreamClosedError):
            await self._owner.read_response(self._answer)
        if self._answer.spliced:
            return
        self._owner.close()
        if self._answer.finished or self._client.stream is None or self._client.stream.closed():
            return
        if self._answer.begun:
            self._client.close()  # no half answer
        elif self._request.method in SAFE_TO_REPEAT and not self._shape.has_body:
            await self._do_locally()
        else:
            self._say_gone()

    async def _do_locally(self) -> None:
        """It went before it answered: nothing of the question was lost, so it is ours after all."""
        self._is_local, has_come = True, self._has_come
        if (more := self._local.headers_received(*self._head)) is not None:
            await more
        if has_come:  # else `finish` is still to be called
            self._local.finish()

    def _say_gone(self) -> None:
        """It went, perhaps after it did what was asked: that is not ours to do once more (RFC 9110, 9.2.2)."""
        refusal = RoomsElsewhere()
        body = json.dumps({"code": refusal.code, "message": refusal.message}, ensure_ascii=False).encode()
        headers = HTTPHeaders({"Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store"})
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
        headers["Content-Length"] = str(len(body))
        self._client.write_headers(ResponseStartLine("HTTP/1.1", refusal.status, "Service Unavailable"), headers, body)
        self._client.finish()


class _Answer(HTTPMessageDelegate):
    """The answer, handed on as it comes."""

    def __init__(self, client: HTTP1Connection, owner: HTTP1Connection, upgrade: bool) -> None:
        self._client, self._owner, self._upgrade = client, owner, upgrade
        self.wanted = asyncio.Event()  # the body: or there is an answer already
        self.begun = self.finished = self.spliced = False

    async def headers_received(self, start_line: Head, headers: HTTPHeaders) -> None:
        assert isinstance(start_line, ResponseStartLine)
        if start_line.code == 100:
            self.wanted.set()
        elif start_line.code == 101 and self._upgrade:
            self.spliced = True
            owner, client = self._owner.detach(), self._client.detach()
            _go_on_with(_spliced(client, owner, hand_head.switching(headers)))
        elif start_line.code >= 200:
            self.begun = True
            line = ResponseStartLine("HTTP/1.1", start_line.code, start_line.reason)
            await self._told(self._client.write_headers(line, hand_head.answer_headers(headers)))

    async def data_received(self, chunk: bytes) -> None:
        await self._told(self._client.write(chunk))

    def finish(self) -> None:
        self.finished = True
        self.wanted.set()
        self._owner.close()  # it may have answered before it was told all, and would wait for the rest
        if not self._client.stream.closed():
            self._client.finish()

    async def _told(self, written: asyncio.Future[None]) -> None:
        """Wait until the client has taken it; when it has gone, nobody need go on."""
        try:
            await written
        except StreamClosedError:
            self._owner.stream.close()


async def _spliced(client: IOStream, owner: IOStream, head: bytes) -> None:
    try:
        await client.write(head)
        await splice(client, owner)
    except StreamClosedError:  # the client has gone already
        client.close()
        owner.close()


def _go_on_with(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    task = asyncio.create_task(work)
    _under_way.add(task)
    task.add_done_callback(_under_way.discard)
    return task
