"""`/connexion`, `/deconnexion` and `/`: plain pages that work without JavaScript (guide 1.1)."""

from __future__ import annotations

import asyncio
import re
from typing import Any

from app.errors import TeledossierError
from app.identity import login_sessions, service
from app.web.base import Handler
from app.web.rendering import render


def safe_path(path: str) -> str:
    """Where to go after the login: a path of this host, whatever the address said."""
    return path if re.fullmatch(r"/(?![/\\])[\w\-./?=&%]{0,200}", path) else "/portail"


class Root(Handler):
    """`/`: to the kiosk, or to the login page."""

    public = True

    def get(self) -> None:
        self.redirect("/portail" if self.current_user else "/connexion")


class Login(Handler):
    """`/connexion`: the ways to log in that this installation offers."""

    public = True

    def get(self) -> None:
        if self.current_user:
            self.redirect(safe_path(self.get_query_argument("next", "/portail")))
            return
        self._page()

    async def post(self) -> None:
        login, password = (
            self.get_body_argument("identifiant", ""),
            self.get_body_argument("mot_de_passe", "", strip=False),
        )
        device = self.request.headers.get("User-Agent", "")
        try:
            # argon2id takes tens of milliseconds on purpose: never on the event loop.
            secret = await asyncio.to_thread(service.log_in_by_password, self.platform, login, password, device)
        except TeledossierError as refusal:
            self._page(refusal, login)
            return
        self._give_cookie(secret)
        self.redirect(safe_path(self.get_body_argument("next", "/portail")), status=303)

    def _give_cookie(self, secret: str) -> None:
        settings = self.platform.settings
        self.set_cookie(
            settings.session_cookie, secret, path="/", httponly=True, samesite="Lax", secure=settings.secure_cookies
        )

    def _page(self, refusal: TeledossierError | None = None, login: str = "") -> None:
        render(
            self,
            "connexion.html",
            status=refusal.status if refusal else 200,
            refusal=refusal.message if refusal else "",
            login=login[:200],
            next=safe_path(self.get_argument("next", "/portail")),
            password_login=self.platform.settings.password_login,
            demo=self.platform.settings.demo,
            phone=self.platform.settings.assistance_phone,
        )


class Logout(Handler):
    """`/deconnexion`: ends the login session and closes its open pages.

    A link of another site must not log anybody out: a request that the browser calls cross-site gets a button instead.
    """

    public = True

    def get(self) -> None:
        if self.request.headers.get("Sec-Fetch-Site") == "cross-site":
            render(self, "deconnexion.html", phone=self.platform.settings.assistance_phone)
            return
        self._end()

    def post(self) -> None:
        self._end()

    def _end(self) -> None:
        cookie = self.platform.settings.session_cookie
        login_sessions.end(self.platform, self.get_cookie(cookie))
        self.clear_cookie(cookie, path="/")
        self.redirect("/connexion", status=303)


class Missing(Handler):
    """Any other address: plain words instead of a framework's page."""

    public = True

    def prepare(self) -> Any:
        if not self.wants_page():
            self.set_status(404)
            self.send_json({"code": "introuvable", "message": "Introuvable."})
            return
        render(self, "introuvable.html", status=404, phone=self.platform.settings.assistance_phone)
