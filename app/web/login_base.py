"""What every way to log in shares on the web: the page `/connexion`, the pre-session cookie, the way in.

A way has its handlers in `login_<way>.py` and its pane in `templates/ways/<way>.html`.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from app.errors import TeledossierError
from app.identity import ways
from app.identity.ways import Visitor, Way
from app.server.headers import ALSO_CONNECT
from app.web.base import Handler
from app.web.rendering import render

LAST_WAY = "moyen"  # cookie: the way this browser used last; nothing secret
REMEMBER_DAYS = 365


def safe_path(path: str) -> str:
    """Where to go after the login: a path of this host, whatever the address said."""
    return path if re.fullmatch(r"/(?![/\\])[\w\-./?=&%]{0,200}", path) else "/portail"


class LoginHandler(Handler):
    """A step of logging in; open to anybody, `Origin` checked as everywhere."""

    public = True

    @property
    def visitor(self) -> Visitor:
        """Where this request comes from, for rules and the journal."""
        return Visitor(self.request.remote_ip or "", self.request.headers.get("User-Agent", "")[:200])

    @property
    def destination(self) -> str:
        """The page the person wanted before logging in."""
        return safe_path(self.get_argument("next", "/portail"))

    def way_asked(self) -> Way | None:
        """The way of the address, else the last one used here, else the first offered; None when there is none."""
        offered = ways.offered(self.platform.settings)
        for slug in (self.get_query_argument("moyen", ""), self.get_cookie(LAST_WAY) or ""):
            way = ways.BY_SLUG.get(slug)
            if way in offered:
                return way
        return offered[0] if offered else None

    def page(self, way: Way | None, refusal: TeledossierError | None = None, **values: Any) -> None:
        """The login page with the pane of `way`; `values` are for that pane (`templates/ways/…`)."""
        settings = self.platform.settings
        pane = {"login": "", "refusal": refusal.message if refusal else "", "agent": settings.card_agent_url} | values
        if way is Way.CARD:  # this page, and no other, may talk to the reader agent of its machine
            self.set_header(ALSO_CONNECT, settings.card_agent_url)
        render(
            self,
            "connexion.html",
            status=refusal.status if refusal else 200,
            ways=ways.offered(settings),
            chosen=way,
            next=self.destination,
            demo=settings.demo,
            phone=settings.assistance_phone,
            **pane,
        )

    def enter(self, secret: str, way: Way) -> None:
        """Give the login cookie and go where the person wanted; the pre-session is over."""
        self.give_login_cookie(secret, way)
        self.redirect(self.destination, status=303)

    def give_login_cookie(self, secret: str, way: Way) -> None:
        """The login cookie alone, for a step that answers with JSON."""
        settings, secure = self.platform.settings, self.platform.settings.secure_cookies
        self.set_cookie(settings.session_cookie, secret, path="/", httponly=True, samesite="Lax", secure=secure)
        self.set_cookie(
            LAST_WAY, way.slug, path="/connexion", expires_days=REMEMBER_DAYS, samesite="Lax", secure=secure
        )
        self.clear_pre_session()

    # ---- the pre-session (`app.identity.pending`)

    @property
    def pre_session(self) -> str | None:
        return self.get_cookie(self.platform.settings.pre_session_cookie)

    def give_pre_session(self, secret: str, lifetime: timedelta) -> None:
        """Bind this browser to a pending login. Lax: the answer of an identity provider is a cross-site navigation."""
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
