"""The rooms of one web process, for the other web processes of its machine.

    browser ── web process B ──(var/run/rooms.sock)── web process A, which has the rooms

A opens a `RoomsDoor`: a Unix socket at which the routes of the rooms are served as at its own port. B puts `Elsewhere`
before its routes, which hands these very requests through. Which they are, a handler says itself (`of_rooms`).
"""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import structlog
from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPMessageDelegate, HTTPServerRequest
from tornado.iostream import IOStream, StreamClosedError
from tornado.netutil import bind_unix_socket
from tornado.routing import AnyMatches, Router, Rule
from tornado.web import Application, ErrorHandler

from app.server import same_user
from app.server.application import LARGEST_BODY
from app.server.hand_through import HandThrough, reach

log = structlog.get_logger(__name__)

WAITING = 1024  # connections not yet accepted: everybody comes back at the same moment
ANSWERS_WITHIN = 1.0  # seconds


def is_of_rooms(handler: HTTPMessageDelegate) -> bool:
    """Whether a request needs the rooms: its handler says so with `of_rooms = True`."""
    return bool(getattr(getattr(handler, "handler_class", None), "of_rooms", False))


class RoomsDoor(HTTPServer):
    """Where the other processes bring what is for the rooms. Only they may come, and only for that.

    What they say of their client (address, https) is believed here, as that of a proxy: it is our own program.
    """

    def open(self, path: Path) -> None:
        """Listen, in place of a socket left over: whoever has the lock has this place. Raises: OSError."""
        path.parent.mkdir(parents=True, exist_ok=True)
        # Nobody else may come near, not even between making the socket and closing it to others.
        path.parent.chmod(stat.S_IRWXU)
        self._path = path
        self.add_socket(bind_unix_socket(os.fspath(path), 0o600, WAITING))

    async def close(self) -> None:
        self.stop()
        self._path.unlink(missing_ok=True)
        await self.close_all_connections()

    def handle_stream(self, stream: IOStream, address: Any) -> None:
        if stream.socket is None or not same_user.is_ours(stream.socket):
            log.error("rooms.foreign-visitor")
            stream.close()
            return
        super().handle_stream(stream, address)


def open_door(application: Application, path: Path) -> RoomsDoor:
    """Let the other processes of this machine bring what is for the rooms of this one. Raises: OSError."""
    door = RoomsDoor(_OnlyRooms(application), xheaders=True, max_body_size=LARGEST_BODY)
    door.open(path)
    return door


class _OnlyRooms(Router):
    """The application's routes of the rooms, and no other."""

    def __init__(self, application: Application) -> None:
        self._application = application

    def find_handler(self, request: HTTPServerRequest, **kwargs: Any) -> HTTPMessageDelegate:
        found = self._application.find_handler(request)
        if is_of_rooms(found):
            return found
        return self._application.get_handler_delegate(request, ErrorHandler, {"status_code": 404})


class Elsewhere(Router):
    """Before all routes: hands through what is for the rooms, while another process has them."""

    def __init__(self, application: Application, are_here: Callable[[Application], bool], path: Path) -> None:
        self._application, self._are_here, self._path = application, are_here, path
        self._looking = False

    def find_handler(self, request: HTTPServerRequest, **kwargs: Any) -> HTTPMessageDelegate | None:
        if self._are_here(self._application) or self._looking:
            return None
        self._looking = True  # the application asks all its routes, and this one again
        try:
            local = self._application.find_handler(request)
        finally:
            self._looking = False
        return HandThrough(request, local, self._path) if is_of_rooms(local) else local

    def put_first(self) -> None:
        """Have the application ask here before its own routes."""
        self._application.add_handlers(".*", [Rule(AnyMatches(), self)])


async def answers(path: Path) -> bool:
    """Whether the process that has the rooms listens and its event loop turns."""
    stream = reach(path)
    if stream is None:
        return False
    with suppress(StreamClosedError, TimeoutError):
        async with asyncio.timeout(ANSWERS_WITHIN):
            await stream.write(b"HEAD / HTTP/1.0\r\n\r\n")
            said = await stream.read_until(b"\r\n", max_bytes=1000)
            stream.close()
            return said.startswith(b"HTTP/1.")
    stream.close()
    return False
