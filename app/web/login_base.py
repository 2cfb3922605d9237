"""What every way to log in shares on the web: the page `/connexion`, the pre-session cookie, the way in.

A way has its handlers in `login_<way>.py` and its pane in `templates/ways/<way>.html`.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any, TypeVar

from app.errors import TeledossierError, TooManyAttempts
from app.identity import login_sessions, one_time_code, service, throttle, ways
from app.identity.models import Structure
from app.identity.turns import Turns
from app.identity.ways import Visitor, Way
from app.server.headers import ALSO_CONNECT
from app.web.base import Handler
from app.web.pace import Pace
from app.web.rendering import render

LAST_WAY = "moyen"  # cookie: the way this browser used last; nothing secret
WORKSTATION = "etablissement"  # cookie: whose people log in here
REMEMBER_DAYS = 365
T = TypeVar("T")


def safe_path(path: str) -> str:
    """Where to go after the login: a path of this host, whatever the address said."""
    return path if re.fullmatch(r"/(?![/\\])[\w\-./?=&%]{0,200}", path) else "/portail"


@functools.cache
def turns() -> Turns:
    """Whose password this process checks next."""
    return Turns()


@functools.cache
def steps() -> Pace:
    """How often each address has taken a step in this process."""
    return Pace()


class LoginHandler(Handler):
    """A step of logging in; open to anybody, `Origin` checked as everywhere."""

    public = True
    # Methods that leave a row behind and ask for no password (`app.web.pace`).
    paced: tuple[str, ...] = ()

    def prepare(self) -> Any:
        super().prepare()
        if self.request.method not in self.paced:
            return
        seconds = steps().wait(self.visitor.address)
        if seconds and self.wants_page():
            self.page(self.way_asked(), TooManyAttempts(seconds))
        elif seconds:
            raise TooManyAttempts(seconds)

    @property
    def visitor(self) -> Visitor:
        """Where this request comes from, for rules and the journal."""
        return Visitor(self.request.remote_ip or "", self.request.headers.get("User-Agent", "")[:200])

    @property
    def destination(self) -> str:
        """The page the person wanted before logging in."""
        return safe_path(self.get_argument("next", "/portail"))

    @functools.cached_property
    def workstation(self) -> Structure | None:
        """The structure whose people log in from this browser."""
        return service.workstation(self.platform, self.get_cookie(WORKSTATION))

    def way_asked(self) -> Way | None:
        """The way of the address, else the structure's first, else the last one used here, else the one shown first.

        None when there is none.
        """
        settings = self.platform.settings
        wished = ways.first_of(settings, self.workstation) if self.workstation else None
        slugs = (self.get_query_argument("moyen", ""), wished.slug if wished else "", self.get_cookie(LAST_WAY) or "")
        offered = ways.offered(settings)
        return next((way for slug in slugs if (way := ways.BY_SLUG.get(slug)) in offered), ways.shown_first(settings))

    def page(self, way: Way | None, refusal: TeledossierError | None = None, **values: Any) -> None:
        """The login page with the pane of `way`; `values` are for that pane (`templates/ways/…`)."""
        settings = self.platform.settings
        pane: dict[str, Any] = {
            "login": "",
            "rpps": "",
            "psc_ciba": settings.psc_ciba,
            "code": None,
            "channel": None,
            "agent": settings.card_agent_url,
            "refusal": refusal.message if refusal else "",
        } | values
        if way is Way.CARD:  # this page, and no other, may talk to the reader agent of its machine
            self.set_header(ALSO_CONNECT, settings.card_agent_url)
        render(
            self,
            "connexion.html",
            status=refusal.status if refusal else 200,
            ways=ways.offered(settings),
            workstation=self.workstation,
            wished=ways.first_of(settings, self.workstation) if self.workstation else None,
            chosen=way,
            next=self.destination,
            channels=one_time_code.channels(self.platform),
            demo=settings.demo,
            ended=self.get_query_argument("fin", "") == "1",
            phone=settings.assistance_phone,
            **pane,
        )

    async def in_turn(self, login: str, check: Callable[[], T]) -> T:
        """Run what checks a password in a thread, when its turn has come.

        Who must wait after failures is told at once: that costs no turn.
        """
        login, address = throttle.tidied(login), self.visitor.address
        throttle.check(self.platform, login, self.visitor)
        known = login_sessions.was_here_before(self.platform, login, address)
        return await turns().check(check, address=address, login=login, known=known)

    def enter(self, secret: str, way: Way) -> None:
        """Give the login cookie and go where the person wanted; the pre-session is over."""
        self.give_login_cookie(secret, way)
        self.redirect(self.destination, status=303)

    def give_login_cookie(self, secret: str, way: Way) -> None:
        """The login cookie alone, for a step that answers with JSON.

        The login this browser had until now ends: no session is left behind without a cookie, and one that somebody
        else had put into this browser (session fixation) is worth nothing any more.
        """
        settings, secure = self.platform.settings, self.platform.settings.secure_cookies
        login_sessions.end(self.platform, self.login_secret, reason="replaced")
        self.set_cookie(settings.session_cookie, secret, path="/", httponly=True, samesite="Lax", secure=secure)
        for name, value in ((LAST_WAY, way.slug), (WORKSTATION, service.mark_of(self.platform, secret))):
            self.set_cookie(
                name, value, path="/connexion", expires_days=REMEMBER_DAYS, samesite="Lax", httponly=True, secure=secure
            )
        self.clear_pre_session()
