"""What a person sees of the demo's provider: « Numéro RPPS », then the number to choose on the telephone; logging out."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tornado.web import HTTPError

from app.demo.psc import identities
from app.demo.psc.desk import Answer, Login, Refused
from app.demo.psc.endpoints import BASE, ProviderHandler
from app.identity.psc import flow, leaving
from app.web.login_psc import send_away
from app.web.rendering import render

TEMPLATES = Path(__file__).parents[1] / "templates"
COOKIE = "demo-psc"  # the provider's own session
ASK_EVERY = 2  # seconds between two looks whether the telephone has answered
KNOWN = ("client_id", "redirect_uri", "response_type", "scope", "state", "nonce", "acr_values", "code_challenge",
         "code_challenge_method")  # fmt: skip


class Page(ProviderHandler):
    def show(self, **values: Any) -> None:
        given = {"rpps": "", "refusal": "", "number": "", "login": None}
        holders = list(identities.holders(self.platform).values())
        render(self, "psc.html", folder=TEMPLATES, holders=holders, base=BASE, **(given | values))

    def answer(self, login: Login, **values: str) -> None:
        """Back to the client, with `iss` (RFC 9207)."""
        kept = login.parameters
        given = urlencode(values | {"state": kept["state"], "iss": self.issuer})
        self.redirect(f"{kept['redirect_uri']}?{given}", status=303)

    def grant(self, login: Login, rpps: str) -> None:
        cookie = self.desk.open_session(rpps)
        self.set_cookie(COOKIE, cookie, path=BASE, httponly=True, samesite="Lax")
        self.answer(login, code=self.desk.code_for(login, rpps))


class Authorize(Page):
    """The authorization endpoint. Who is logged in at the provider already goes straight back, as at the real one."""

    def get(self) -> None:
        parameters = {name: self.get_query_argument(name, "") for name in KNOWN}
        settings = self.platform.settings
        # An address that is not the client's gets no answer at all (RFC 6749 4.1.2.1).
        if parameters["client_id"] != settings.psc_client_id:
            raise HTTPError(400)
        if parameters["redirect_uri"] != settings.url(flow.RETURN):
            raise HTTPError(400)
        login = self.desk.begin(parameters)
        try:
            _check(parameters)
        except Refused as refused:
            self.answer(login, error=refused.error, error_description=refused.description)
            return
        rpps = self.desk.session_of(self.get_cookie(COOKIE))
        if rpps:
            self.grant(login, rpps)
            return
        self.redirect(f"{BASE}/auth/{login.id}", status=303)


class Person(Page):
    """One login: who, then the number, then back. Without a script: the page loads itself anew while it waits."""

    def get(self, login_id: str) -> None:
        login = self.desk.login(login_id)
        if login is None:
            self.show(refusal="Cette connexion a expiré. Revenez à Télédossier et recommencez.")
            return
        if login.request is None:
            self.show(login=login)
            return
        match self.desk.state(login.request):
            case Answer.ACCEPTED:
                self.grant(login, login.request.rpps)
            case Answer.WAITING:
                self.set_header("Refresh", str(ASK_EVERY))
                self.show(login=login, number=login.request.number, rpps=login.request.rpps)
            case _:
                self.answer(login, error="access_denied")

    def post(self, login_id: str) -> None:
        login = self.desk.login(login_id)
        rpps = "".join(self.get_body_argument("rpps", "").split())
        if login and rpps not in identities.holders(self.platform):
            self.show(login=login, rpps=rpps[:20], refusal="Aucune e-CPS n'est connue pour ce numéro RPPS.")
            return
        if login and login.request is None:
            login.request = self.desk.ask(rpps)
        self.redirect(f"{BASE}/auth/{login_id}", status=303)


class Cancel(Page):
    """« Annuler »: back to the client with nothing."""

    def post(self, login_id: str) -> None:
        login = self.desk.login(login_id)
        if login is None:
            self.redirect("/connexion", status=303)
            return
        # From a form to the client's address: as our own pages do, see there.
        given = urlencode({"error": "access_denied", "state": login.parameters["state"], "iss": self.issuer})
        send_away(self, f"{login.parameters['redirect_uri']}?{given}", "annuler")


class Logout(Page):
    """The end of the provider's session, and back to an address it knows (RP-Initiated Logout 1.0, section 2)."""

    def get(self) -> None:
        self.desk.sessions.pop(self.get_cookie(COOKIE) or "", None)
        self.clear_cookie(COOKIE, path=BASE)
        after = self.get_query_argument("post_logout_redirect_uri", "")
        hinted = bool(self.get_query_argument("id_token_hint", ""))
        known = hinted and after == self.platform.settings.url(leaving.RETURN)
        self.redirect(after if known else "/", status=303)


def _check(parameters: dict[str, str]) -> None:
    if parameters["response_type"] != "code":
        raise Refused("unsupported_response_type")
    if not {"openid", "scope_all"} <= set(parameters["scope"].split()):
        raise Refused("invalid_scope")
    if parameters["code_challenge_method"] != "S256" or not parameters["code_challenge"]:
        raise Refused("invalid_request", "PKCE S256")
    if not parameters["state"] or not parameters["nonce"]:
        raise Refused("invalid_request", "state and nonce")
    if parameters["acr_values"] != "eidas1":
        raise Refused("invalid_request", "acr_values")
