"""The base of every handler of ours: who asks, from which page, and errors said in French.

Routes of a `panel serve` plugin are protected by nothing: rights are checked in `prepare()`, before a body is read.
"""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import structlog
from tornado.iostream import StreamClosedError
from tornado.web import HTTPError, RequestHandler

from app.errors import NotAuthenticated, TeledossierError
from app.identity import login_sessions
from app.identity.models import Professional
from app.platform import Platform
from app.server.origin import is_ours
from app.server.request_log import log_fault

log = structlog.get_logger(__name__)

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
LARGEST_JSON = 64 * 1024  # bytes


class Handler(RequestHandler):
    """A plain handler. Set `public = True` to serve people who are not logged in."""

    public = False
    of_rooms = False  # asks `hub_of`: served by the web process that has the rooms (`app.server.rooms_door`)

    @property
    def platform(self) -> Platform:
        from app.server.context import platform

        return platform()

    def get_current_user(self) -> Professional | None:
        return login_sessions.find(self.platform, self.login_secret)

    @property
    def login_secret(self) -> str | None:
        """What the login cookie holds."""
        return self.get_cookie(self.platform.settings.session_cookie)

    def clear_login_cookie(self) -> None:
        settings = self.platform.settings
        # Without `Secure` browsers refuse even the removal of a `__Host-` cookie (RFC 6265bis 5.7).
        self.clear_cookie(settings.session_cookie, path="/", secure=settings.secure_cookies)

    @property
    def actor(self) -> Professional:
        """Who asks. Raises: NotAuthenticated."""
        if self.current_user is None:
            raise NotAuthenticated
        return self.current_user

    # ---- the pre-session (`app.identity.pending`)

    @property
    def pre_session(self) -> str | None:
        return self.get_cookie(self.platform.settings.pre_session_cookie)

    def give_pre_session(self, secret: str, lifetime: timedelta) -> None:
        """Bind this browser to what waits for its answer.

        Lax: the answer of an identity provider is a cross-site navigation.
        """
        settings = self.platform.settings
        self.set_cookie(
            settings.pre_session_cookie,
            secret,
            path="/",
            httponly=True,
            samesite="Lax",
            secure=settings.secure_cookies,
            max_age=int(lifetime.total_seconds()),
        )

    def clear_pre_session(self) -> None:
        settings = self.platform.settings
        self.clear_cookie(settings.pre_session_cookie, path="/", secure=settings.secure_cookies)

    # ---- the request

    def set_default_headers(self) -> None:
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Referrer-Policy", "same-origin")
        self.set_header("Cache-Control", "no-store")
        self.set_header("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
        self.clear_header("Server")

    def check_xsrf_cookie(self) -> None:
        # Origin is checked instead, in `prepare`: it also holds for streamed uploads and needs no token in pages.
        return

    def prepare(self) -> Any:
        if self.request.method not in SAFE_METHODS and not is_ours(self):
            raise HTTPError(403, reason="Origin")
        if not self.public and self.current_user is None:
            raise NotAuthenticated
        return None

    def send_json(self, answer: Any) -> None:
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.finish(json.dumps(answer, ensure_ascii=False))

    def json_body(self) -> dict[str, Any]:
        """What was sent, as an object; an empty one for anything else. Raises: HTTPError 413."""
        if len(self.request.body) > LARGEST_JSON:
            raise HTTPError(413)
        try:
            asked = json.loads(self.request.body)
        except (ValueError, RecursionError):
            return {}
        return asked if isinstance(asked, dict) else {}

    def wants_page(self) -> bool:
        return "text/html" in self.request.headers.get("Accept", "")

    def _handle_request_exception(self, error: BaseException) -> None:
        if isinstance(error, TeledossierError) and not self._finished:
            self.refuse(error)
            return
        if isinstance(error, StreamClosedError) and self._line_closed():
            return  # nobody is left to be answered, and nothing broke
        super()._handle_request_exception(error)

    def _line_closed(self) -> bool:
        """Whether who asked has closed the line."""
        stream = getattr(self.request.connection, "stream", None)
        return stream is None or stream.closed()

    def refuse(self, error: TeledossierError) -> None:
        """Say a refusal: to the login page for a person who is not logged in, else status and French message."""
        if isinstance(error, NotAuthenticated) and self.wants_page() and self.request.method == "GET":
            self.to_login(self.request.uri or "/")
            return
        self.clear_after_refusal()
        self.set_status(error.status)
        self.send_json({"code": error.code, "message": error.message})

    def to_login(self, back: str) -> None:
        """To the login page, and from there `back`; a session that has ended is told of."""
        query = {"next": back} | ({"fin": "1"} if self.login_secret else {})
        self.redirect(f"/connexion?{urlencode(query)}", status=303)

    def clear_after_refusal(self) -> None:
        """Forget headers of an answer that will not be given; `clear` keeps the default ones."""
        self.clear()

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        if not isinstance(value, HTTPError):  # those are refusals: `log_request` says their status
            log_fault(self, typ, value, tb)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        messages = {403: "Accès refusé.", 404: "Introuvable.", 405: "Introuvable.", 413: "Envoi trop volumineux."}
        message = messages.get(status_code, "Une erreur est survenue. Réessayez dans un instant.")
        self.send_json({"code": f"http-{status_code}", "message": message})

    def argument_matching(self, name: str, pattern: str) -> str:
        """A query argument of the expected shape. Raises: HTTPError 404 for anything else."""
        value = self.get_query_argument(name, "")
        if not re.fullmatch(pattern, value):
            raise HTTPError(404)
        return value
