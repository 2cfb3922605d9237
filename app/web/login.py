"""`/connexion`, `/deconnexion` and `/`: plain pages that work without JavaScript (guide 1.1)."""

from __future__ import annotations

from functools import partial
from typing import Any

from app.errors import TeledossierError
from app.identity import login_sessions, service
from app.identity.psc import leaving
from app.identity.ways import Way
from app.web.base import Handler
from app.web.login_base import LoginHandler
from app.web.login_psc import leave
from app.web.rendering import render


class Root(Handler):
    """`/`: to the kiosk, or to the login page."""

    public = True

    def get(self) -> None:
        self.redirect("/portail" if self.current_user else "/connexion")


class Login(LoginHandler):
    """`/connexion`: the ways to log in that this installation offers, and the password among them.

    The way shown is the one of the address (`?moyen=carte`), else the one this browser used last.
    """

    def get(self) -> None:
        if self.current_user:
            self.redirect(self.destination)
            return
        self.page(self.way_asked())

    async def post(self) -> None:
        login, password = (
            self.get_body_argument("identifiant", ""),
            self.get_body_argument("mot_de_passe", "", strip=False),
        )
        check = partial(service.log_in_by_password, self.platform, login, password, self.visitor)
        try:
            secret = await self.in_turn(login, check)
        except TeledossierError as refusal:
            self.page(Way.PASSWORD, refusal, login=login[:200])
            return
        self.enter(secret, Way.PASSWORD)


class Logout(Handler):
    """`/deconnexion`: ends the login session, closes its open pages, and ends the provider's session with it.

    A link of another site must not log anybody out: a request that the browser calls cross-site gets a button instead.
    """

    public = True

    async def get(self) -> None:
        if self.request.headers.get("Sec-Fetch-Site") == "cross-site":
            render(self, "deconnexion.html", phone=self.platform.settings.assistance_phone)
            return
        await self._end()

    async def post(self) -> None:
        await self._end()

    async def _end(self) -> None:
        secret = self.login_secret
        left = leaving.taken(self.platform, secret)
        login_sessions.end(self.platform, secret)
        await leave(self, left)


class Missing(Handler):
    """Any other address: plain words instead of a framework's page."""

    public = True

    def prepare(self) -> Any:
        if not self.wants_page():
            self.set_status(404)
            self.send_json({"code": "introuvable", "message": "Introuvable."})
            return
        render(self, "introuvable.html", status=404, phone=self.platform.settings.assistance_phone)
