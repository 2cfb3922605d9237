"""What the log says of a request: never a secret that travels in its address.

A link to set a password, an invitation and the answer of an identity provider carry theirs in path or query, and
Tornado writes whole addresses for every refusal (ASVS 5.0, 16.2.5). A password found too weak would otherwise leave a
link in the log that is still good.
"""

from __future__ import annotations

import re
from types import TracebackType

import structlog
from tornado.web import RequestHandler

log = structlog.get_logger(__name__)

_SECRET = re.compile(r"[\w.~%-]{22,}")  # part of a path; the longest word of ours has 20


def shown(path: str) -> str:
    """A path without its query, every part that may be a secret as « … »."""
    return "/".join("…" if _SECRET.fullmatch(part) else part for part in path.partition("?")[0][:500].split("/"))


def log_request(handler: RequestHandler) -> None:
    """A line for what was refused or broke, in place of Tornado's (`log_function`)."""
    status = handler.get_status()
    if status >= 400:
        write = log.error if status >= 500 else log.warning
        write("request", status=status, method=handler.request.method, path=shown(handler.request.path))


def log_fault(
    handler: RequestHandler, kind: type[BaseException] | None, fault: BaseException | None, where: TracebackType | None
) -> None:
    """An exception that nobody expected, in place of Tornado's line with the whole request."""
    log.error("request.fault", path=shown(handler.request.path), exc_info=(kind, fault, where))
