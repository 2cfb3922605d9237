"""Security headers of every answer, and the Content-Security-Policy of pages with a nonce of its own.

A template marks its own scripts with `NONCE_MARK`, a text that never leaves the process: on the way out it becomes the
answer's nonce. A script that found its way into a page by injected text can't carry it, and does not run.
"""

from __future__ import annotations

import re
import secrets

from tornado.httputil import HTTPHeaders, HTTPServerRequest
from tornado.web import OutputTransform

NONCE_BYTES = 16
# The mark is as long as a nonce, so that Content-Length stays true.
NONCE_MARK = secrets.token_urlsafe(NONCE_BYTES)

# No eval, no inline script, no foreign host. Styles inline: Bokeh and MUI write them. `blob:` in connect-src: the
# module shim of Panel fetches what it has put together. Measured in docs, `reference/surviving.md`, section 4.
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'{nonce}; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self' data:; media-src 'self' blob:; connect-src 'self' ws://{host} wss://{host} blob:{also}; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
)

ALSO_CONNECT = "Td-Also-Connect"  # set by a handler whose page talks to one more origin; never leaves the process

EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": (
        "camera=(self), microphone=(self), display-capture=(self), fullscreen=(self), autoplay=(self), "
        "publickey-credentials-get=(self), publickey-credentials-create=(self), "
        "geolocation=(), payment=(), usb=(), serial=(), midi=()"
    ),
}
ONE_YEAR = 31_536_000


class SecurityHeaders(OutputTransform):
    """Adds what a handler did not set itself; the last word stays with the handler."""

    def __init__(self, request: HTTPServerRequest) -> None:
        host = request.host or ""
        # Written into the policy: a Host header that is no host must not add directives to it.
        self._host = host if re.fullmatch(r"[\w.:\[\]-]+", host) else "localhost"
        self._secure = request.protocol == "https"

    def transform_first_chunk(
        self, status_code: int, headers: HTTPHeaders, chunk: bytes, finishing: bool
    ) -> tuple[int, HTTPHeaders, bytes]:
        for name, value in EVERYWHERE.items():
            headers.setdefault(name, value)
        if self._secure:
            headers.setdefault("Strict-Transport-Security", f"max-age={ONE_YEAR}; includeSubDomains")
        headers.pop("Server", None)
        also = headers.pop(ALSO_CONNECT, "")
        if headers.get("Content-Type", "").startswith("text/html"):
            headers["Content-Type"] = "text/html; charset=utf-8"  # Panel leaves the charset to guessing
            chunk = self._sign_scripts(headers, chunk, also)
        return status_code, headers, chunk

    def _sign_scripts(self, headers: HTTPHeaders, chunk: bytes, also: str) -> bytes:
        mark, nonce = NONCE_MARK.encode(), ""
        if mark in chunk:
            nonce = secrets.token_urlsafe(NONCE_BYTES)
            chunk = chunk.replace(mark, nonce.encode())
        policy = PAGE_POLICY.format(
            host=self._host, nonce=f" 'nonce-{nonce}'" if nonce else "", also=f" {also}" if also else ""
        )
        headers.setdefault("Content-Security-Policy", policy)
        return chunk
