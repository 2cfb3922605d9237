"""The heads that are handed through between two web processes, written anew from parsed values.

What a client wrote is never copied: method, target, length and headers by name. So nobody can smuggle a second request
into the line behind us, or say who they are with a header that only a proxy of ours may set (RFC 9110, 7.6; RFC 9112,
11.2).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tornado.httputil import HTTPHeaders, HTTPInputError, HTTPServerRequest

# By name, as for the page's token (`app.server.command`): what a handler of a room reads must stand here.
ASKED = frozenset(
    {"accept", "accept-encoding", "accept-language", "content-type", "cookie", "if-modified-since", "if-none-match"}
    | {"if-range", "origin", "range", "referer", "user-agent"}
)
ASKED_PREFIX = "sec-"  # Sec-WebSocket-…, Sec-Fetch-…: a browser's own words, no script can write them

# Of one connection only (RFC 9110, 7.6.1); all else of an answer is our own process's.
HOP_BY_HOP = frozenset(
    {"connection", "keep-alive", "proxy-authenticate", "proxy-connection", "te", "trailer", "transfer-encoding"}
    | {"upgrade"}
)
WITH_BODY = ("POST", "PUT", "PATCH")
_TARGET = re.compile(r"/[\x21-\x7e]*")


@dataclass(frozen=True)
class Asked:
    """What a request's head says of its shape. `length` is None for a chunked body."""

    upgrade: bool
    length: int | None

    @property
    def has_body(self) -> bool:
        return self.length != 0


def asked(request: HTTPServerRequest) -> Asked:
    """Read how long the body is, and whether a WebSocket is wanted.

    Raises: HTTPInputError (400) for two lengths, a length beside chunks, another coding, a body behind an upgrade: all
    that two servers may read in two ways.
    """
    headers = request.headers
    if not _TARGET.fullmatch(request.uri or ""):
        raise HTTPInputError("target")
    lengths = {part.strip() for value in headers.get_list("Content-Length") for part in value.split(",")}
    codings = [value.strip().lower() for value in headers.get_list("Transfer-Encoding")]
    if len(lengths) > 1 or (lengths and codings) or codings not in ([], ["chunked"]):
        raise HTTPInputError("two ways to read the body")
    length: int | None = 0
    if codings:
        length = None
    elif lengths:
        [text] = lengths
        if not re.fullmatch(r"[0-9]{1,15}", text, re.ASCII):
            raise HTTPInputError("length")
        length = int(text)
    if length is None and request.method not in WITH_BODY:
        raise HTTPInputError("chunks of a request without a body")
    upgrade = _wants_websocket(request)
    if upgrade and length != 0:
        raise HTTPInputError("a body behind an upgrade")
    return Asked(upgrade, length)


def request_headers(request: HTTPServerRequest, shape: Asked) -> HTTPHeaders:
    """The head for the process that has the rooms. Who asks, and how, is told by us alone."""
    handed = HTTPHeaders({"Host": request.host})
    for name, value in request.headers.get_all():
        if name.lower() in ASKED or name.lower().startswith(ASKED_PREFIX):
            handed.add(name, value)
    handed["X-Real-Ip"] = request.remote_ip or ""
    handed["X-Scheme"] = request.protocol
    if shape.upgrade:
        handed["Connection"], handed["Upgrade"] = "Upgrade", "websocket"
        return handed
    handed["Connection"] = "close"
    if shape.has_body:
        handed["Expect"] = "100-continue"  # who is refused hears why before 500 MB were sent
    if shape.length is not None and (shape.has_body or request.method in WITH_BODY):
        handed["Content-Length"] = str(shape.length)
    return handed


def answer_headers(headers: HTTPHeaders) -> HTTPHeaders:
    """The head of an answer, as our own connection with the client may say it."""
    handed = HTTPHeaders()
    for name, value in headers.get_all():
        if name.lower() not in HOP_BY_HOP:
            handed.add(name, value)
    return handed


def switching(headers: HTTPHeaders) -> bytes:
    """The whole head that opens a WebSocket (RFC 6455, 4.2.2)."""
    lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"]
    lines += [f"{name}: {value}" for name, value in answer_headers(headers).get_all()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin1")


def _wants_websocket(request: HTTPServerRequest) -> bool:
    tokens = [token.strip().lower() for token in request.headers.get("Connection", "").split(",")]
    named = request.headers.get("Upgrade", "").lower() == "websocket"
    return request.method == "GET" and request.version == "HTTP/1.1" and named and "upgrade" in tokens
