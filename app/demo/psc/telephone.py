"""`/demo/telephone`: the telephone with the e-CPS. Secret code, then one number among three, accept or refuse."""

from __future__ import annotations

import secrets
from typing import Any

from app.demo.psc import identities
from app.demo.psc.desk import Answer
from app.demo.psc.endpoints import ProviderHandler
from app.demo.psc.pages import TEMPLATES
from app.web.rendering import render

ADDRESS = "/demo/telephone"
SECRET_CODE = "2580"
COOKIE = "demo-telephone"
LOOK_EVERY = 2  # seconds

SAID = {
    Answer.ACCEPTED: "Demande acceptée. Revenez à l'ordinateur : la connexion s'y poursuit.",
    Answer.REFUSED: "Demande refusée. Personne n'est connecté.",
    Answer.EXPIRED: "Cette demande a expiré. Recommencez depuis l'ordinateur.",
}


class Telephone(ProviderHandler):
    """The page. It needs no script; while nothing is asked, it looks again by itself."""

    def get(self) -> None:
        wanted = self.get_query_argument("rpps", "")
        rpps = self._unlocked()
        if wanted and wanted != rpps:
            self._show(wanted, locked=True)
            return
        self._show(rpps or self._ringing(), locked=not rpps)

    def post(self) -> None:
        rpps = self._unlocked()
        match self.get_body_argument("acte", ""):
            case "deverrouiller":
                self._unlock(self.get_body_argument("rpps", ""), self.get_body_argument("code", ""))
            case "accepter" if rpps:
                self._reply(rpps, self.get_body_argument("numero", ""))
            case "refuser" if rpps:
                self._reply(rpps, None)
            case "verrouiller":
                self.desk.telephones.pop(self.get_cookie(COOKIE) or "", None)
                self.redirect(ADDRESS, status=303)
            case _:
                self.redirect(ADDRESS, status=303)

    def _unlock(self, rpps: str, code: str) -> None:
        if rpps not in identities.holders(self.platform):
            self.redirect(ADDRESS, status=303)
            return
        if code.strip() != SECRET_CODE:
            self._show(rpps, locked=True, refusal="Code secret incorrect.")
            return
        cookie = secrets.token_urlsafe(16)
        self.desk.telephones[cookie] = rpps
        self.set_cookie(COOKIE, cookie, path=ADDRESS, httponly=True, samesite="Lax")
        self.redirect(ADDRESS, status=303)

    def _reply(self, rpps: str, number: str | None) -> None:
        if number == "":
            self._show(rpps, refusal="Choisissez d'abord un des trois numéros.")
            return
        self._show(rpps, said=SAID[self.desk.reply(self.get_body_argument("demande", ""), rpps, number)])

    def _unlocked(self) -> str:
        return self.desk.telephones.get(self.get_cookie(COOKIE) or "", "")

    def _ringing(self) -> str:
        """Whose telephone rings, when it is one only."""
        rings = {each.rpps for each in self.desk.requests.values() if self.desk.state(each) is Answer.WAITING}
        return rings.pop() if len(rings) == 1 else ""

    def _show(self, rpps: str, *, locked: bool = False, refusal: str = "", said: str = "") -> None:
        holders = identities.holders(self.platform)
        holder = holders.get(rpps)
        request = self.desk.waiting(rpps) if holder and not locked and not said else None
        if holder and not locked and not request:
            self.set_header("Refresh", f"{LOOK_EVERY if not said else 2 * LOOK_EVERY}; url={ADDRESS}")
        values: dict[str, Any] = {"holder": holder, "holders": list(holders.values()), "request_shown": request}
        render(self, "telephone.html", folder=TEMPLATES, locked=locked, refusal=refusal, said=said, **values)
