"""Which page asks: every request that changes something, and every websocket, must come from a page of this host.

Instead of a token in each form: `Origin` is set by the browser itself, holds for streamed uploads and websockets too,
and no page can forge it (RFC 6454, section 7.3; Fetch, section 3.2).
"""

from __future__ import annotations

from urllib.parse import urlsplit

from tornado.web import RequestHandler

from app.server.context import platform


def is_ours(handler: RequestHandler) -> bool:
    """Whether a page of this host asks. A missing Origin counts as foreign: browsers send it with all but GET.

    Where cookies are only for https, a page of the same name over http is foreign: anybody on the way may have written
    it.
    """
    asking = urlsplit(handler.request.headers.get("Origin", ""))
    schemes = ("https",) if platform().settings.secure_cookies else ("https", "http")
    return asking.scheme in schemes and asking.netloc == handler.request.host
