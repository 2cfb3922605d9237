"""`/connexion/psc…`: log in by Pro Santé Connect, by its pages or by one's telephone alone. No script is needed."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from tornado.web import HTTPError

from app.errors import AccessDenied, LoginExpired, LoginRefused, TeledossierError, TooManyAttempts
from app.identity import ways
from app.identity.psc import ciba, flow, leaving
from app.identity.psc.ciba import Waiting
from app.identity.psc.flow import Choosing, Entered
from app.identity.psc.refusals import UnknownProfessional
from app.identity.ways import Way
from app.web.base import Handler
from app.web.login_base import LoginHandler, safe_path, steps
from app.web.rendering import render

CHOICE = "/connexion/psc/situation"
WAITING = "/connexion/psc/attente"
LONGEST_ARGUMENT = 4096
COOKIE_STAYS = timedelta(minutes=30)


def send_away(handler: Handler, address: str, purpose: str) -> None:
    """Go to a page of the provider from a form of ours.

    Not by a redirection: `form-action 'self'` of our pages forbids those of a form to another host, and rightly.
    """
    handler.set_header("Refresh", f"0; url={address}")
    render(
        handler, "psc_depart.html", address=address, purpose=purpose, phone=handler.platform.settings.assistance_phone
    )


async def leave(handler: Handler, left: str) -> None:
    """Once the login session is over: out of the provider's session too (`left`, what `leaving.taken` gave), or out.

    Logged out here first: the provider may be slow, or down.
    """
    handler.clear_login_cookie()
    elsewhere = await leaving.address_now(handler.platform, left)
    if elsewhere:
        send_away(handler, elsewhere, "quitter")
        return
    handler.redirect("/connexion", status=303)


class PscHandler(LoginHandler):
    """A step of this way; not there when the installation does not offer it."""

    next_page = ""

    def give_pre_session(self, secret: str, lifetime: timedelta) -> None:
        """The cookie outlives the login it stands for: who comes too late is told so, not that nothing was begun."""
        super().give_pre_session(secret, lifetime + COOKIE_STAYS)

    def prepare(self) -> Any:
        if Way.PSC not in ways.offered(self.platform.settings):
            raise HTTPError(404)
        return super().prepare()

    @property
    def destination(self) -> str:
        return safe_path(self.next_page) if self.next_page else super().destination

    def settle(self, outcome: Entered | Choosing) -> None:
        """In, or to the choice of where one practises today."""
        if isinstance(outcome, Entered):
            self.next_page = outcome.next
            self.enter(outcome.secret, Way.PSC)
            return
        self.give_pre_session(outcome.secret, outcome.lifetime)
        self.redirect(CHOICE, status=303)

    def say_no(self, refusal: TeledossierError, **values: Any) -> None:
        """Back to the login page, with the reason; or the page of somebody without an account."""
        self.clear_pre_session()
        if isinstance(refusal, UnknownProfessional):
            phone = self.platform.settings.assistance_phone
            render(self, "psc_inconnu.html", status=refusal.status, refusal=refusal, phone=phone)
            return
        self.page(Way.PSC, refusal, **values)

    def argument(self, name: str) -> str:
        value = self.get_argument(name, "")
        if len(value) > LONGEST_ARGUMENT:
            raise HTTPError(400)
        return value


class Begin(PscHandler):
    """The button « S'identifier avec Pro Santé Connect »."""

    paced = ("POST",)

    def get(self) -> None:
        self.redirect("/connexion?moyen=psc")

    async def post(self) -> None:
        here = self.platform.settings.url("/connexion?moyen=psc")
        if urlsplit(here).hostname != self.request.host_name:
            # The provider answers to the public address only, where this browser's cookie would be missing.
            send_away(self, here, "ouvrir")
            return
        try:
            begun = await flow.begin(self.platform, self.destination)
        except LoginRefused as refusal:
            self.say_no(refusal)
            return
        self.give_pre_session(begun.secret, begun.lifetime)
        send_away(self, begun.address, "identifier")


class Return(PscHandler):
    """The provider's answer, brought by the browser."""

    paced = ("GET",)

    async def get(self) -> None:
        answer = {name: self.argument(name) for name in ("code", "state", "iss", "error")}
        answer = {name: value for name, value in answer.items() if value}
        try:
            outcome = await flow.finish(self.platform, self.pre_session, answer, self.visitor)
        except (LoginRefused, AccessDenied) as refusal:
            self.say_no(refusal)
            return
        self.settle(outcome)


class Situation(PscHandler):
    """« Où exercez-vous aujourd'hui ? » for those who practise in several places."""

    def get(self) -> None:
        try:
            person, situations = flow.situations_of(self.platform, self.pre_session)
        except LoginExpired as refusal:
            self.say_no(refusal)
            return
        phone = self.platform.settings.assistance_phone
        render(self, "psc_situation.html", person=person, situations=situations, phone=phone)

    async def post(self) -> None:
        number = self.argument("situation")
        chosen = int(number) if number.isdecimal() and len(number) < 4 else -1
        try:
            entered = await asyncio.to_thread(flow.choose, self.platform, self.pre_session, chosen, self.visitor)
        except (LoginRefused, AccessDenied) as refusal:
            self.say_no(refusal)
            return
        self.settle(entered)


class Telephone(PscHandler):
    """« Recevoir la demande » : a request on the telephone, without leaving the page (CIBA)."""

    paced = ("POST",)

    async def post(self) -> None:
        rpps = self.argument("rpps")
        try:
            asked = await ciba.begin(self.platform, rpps, self.destination, self.visitor)
        except LoginRefused as refusal:
            self.page(Way.PSC, refusal, rpps=rpps[:20])
            return
        self.give_pre_session(asked.secret, asked.lifetime)
        self.redirect(WAITING, status=303)


class Wait(PscHandler):
    """The number to choose on the telephone. The page asks again by itself, with a script or without."""

    async def get(self) -> None:
        # Who waits asks often, and leaves no row; a refusal does.
        if seconds := steps().wait(self.visitor.address, taking=0):
            raise TooManyAttempts(seconds)
        try:
            outcome = await ciba.poll(self.platform, self.pre_session, self.visitor)
        except (LoginRefused, AccessDenied) as refusal:
            steps().wait(self.visitor.address)
            if self.wants_page():
                self.say_no(refusal)
            else:
                self.clear_pre_session()
                self.set_status(refusal.status)
                self.send_json({"message": refusal.message})
            return
        if isinstance(outcome, Waiting):
            self._still(outcome)
        elif self.wants_page():
            self.settle(outcome)
        elif isinstance(outcome, Entered):
            self.next_page = outcome.next
            self.give_login_cookie(outcome.secret, Way.PSC)
            self.send_json({"next": self.destination})
        else:
            self.give_pre_session(outcome.secret, outcome.lifetime)
            self.send_json({"next": CHOICE})

    def _still(self, waiting: Waiting) -> None:
        if not self.wants_page():
            self.send_json({"again": waiting.again_in})
            return
        phone = self.platform.settings.assistance_phone
        render(self, "psc_attente.html", waiting=waiting, phone=phone, demo=self.platform.settings.demo)


ROUTES = [
    (r"/connexion/psc/?", Begin),
    (flow.RETURN, Return),
    (CHOICE, Situation),
    (r"/connexion/psc/telephone", Telephone),
    (WAITING, Wait),
]
