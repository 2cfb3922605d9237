"""Who is asking: the module for `panel serve --auth-module`.

Bokeh calls `get_user` for every page, every page websocket and every static folder of an app. What it answers is also
put on the request, where the page finds it (`app.server.context.principal`): Panel's own `pn.state.user` reads a
cookie of Panel's, which we do not have.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from app.server.context import platform

if TYPE_CHECKING:
    from tornado.web import RequestHandler

    from app.identity.models import Professional

LOGIN = "connexion"
logout_url = "/deconnexion"


def get_user(handler: RequestHandler) -> Professional | None:
    """The professional behind the login cookie, or None."""
    from app.identity import login_sessions

    person = login_sessions.find(platform(), login_secret(handler))
    if person is not None:
        handler.request.principal = person  # type: ignore[attr-defined]
    return person


def login_secret(handler: RequestHandler) -> str | None:
    """What the login cookie holds."""
    return handler.get_cookie(platform().settings.session_cookie)


def get_login_url(handler: RequestHandler) -> str:
    """Where to log in, and where to come back to.

    Panel writes a dot before this address to serve under a prefix: « ./connexion » on `/a/b` would be `/a/connexion`.
    So we climb as many folders as the page is deep.
    """
    climb = "../" * (handler.request.path.count("/") - 1)
    query = {"next": handler.request.uri or "/"} | ({"fin": "1"} if login_secret(handler) else {})
    return f"/{climb}{LOGIN}?" + urlencode(query)
