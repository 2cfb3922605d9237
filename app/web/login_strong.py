"""« Authentification forte »: login and password, then a code by SMS or e-mail; works without JavaScript.

After each step that went well the browser is sent on (303), so that reloading a page never asks for another code.
"""

from __future__ import annotations

import asyncio
from functools import partial
from urllib.parse import urlencode

from app.errors import LoginExpired, LoginRefused, TeledossierError
from app.french import local
from app.identity import one_time_code
from app.identity.one_time_code import Channel, CodeSent
from app.identity.ways import Way
from app.web.login_base import LoginHandler

OVER = ("locked",)  # refusals after which this code is no use: back to the password


class StrongHandler(LoginHandler):
    """A step of this way."""

    def waiting_page(self, sent: CodeSent, refusal: TeledossierError | None = None) -> None:
        """« Code à usage unique » for a code that is on its way."""
        code = {
            "channel": sent.channel,
            "destination": sent.destination,
            "until": f"{local(sent.expires_at):%H:%M}",
            "resend_from": f"{local(sent.resend_at):%H:%M:%S}" if sent.resend_at > self.platform.now() else "",
            "resends_left": sent.resends_left,
        }
        self.page(Way.STRONG, refusal, code=code)

    def again(self, refusal: TeledossierError) -> None:
        """The same page with a refusal; the password's when this code is no use any more."""
        if getattr(refusal, "reason", "") in OVER:
            self.page(Way.STRONG, refusal)
            return
        try:
            self.waiting_page(one_time_code.waiting(self.platform, self.pre_session), refusal)
        except LoginExpired as expired:
            self.page(Way.STRONG, expired)

    def go_on(self) -> None:
        """To the page that asks for the code."""
        self.redirect("/connexion/code?" + urlencode({"next": self.destination}), status=303)


class AskCode(StrongHandler):
    """`/connexion/forte`: check the password, send a code."""

    def get(self) -> None:  # a refusal was shown here, and the person loads the page again
        self.redirect("/connexion?moyen=" + Way.STRONG.slug)

    async def post(self) -> None:
        login = self.get_body_argument("identifiant", "")
        password = self.get_body_argument("mot_de_passe", "", strip=False)
        chosen = self.get_body_argument("canal", "")
        channel = Channel(chosen) if chosen in set(Channel) else one_time_code.channels(self.platform)[0]
        check = partial(one_time_code.ask, self.platform, login, password, channel, self.visitor)
        try:
            sent = await self.in_turn(login, check)
        except TeledossierError as refusal:
            self.page(Way.STRONG, refusal, login=login[:200], channel=channel)
            return
        # The row outlives its code: each resend gives it five more minutes.
        self.give_pre_session(sent.secret, one_time_code.LIFETIME * (1 + one_time_code.RESENDS))
        self.go_on()


class Code(StrongHandler):
    """`/connexion/code`: « Code à usage unique »."""

    def get(self) -> None:
        try:
            self.waiting_page(one_time_code.waiting(self.platform, self.pre_session))
        except LoginExpired as refusal:
            self.page(Way.STRONG, refusal)

    async def post(self) -> None:
        code, secret = self.get_body_argument("code", ""), self.pre_session
        try:
            # In a thread: several commits, one after the other.
            login = await asyncio.to_thread(one_time_code.answer, self.platform, secret, code, self.visitor)
        except LoginRefused as refusal:
            self.again(refusal)
            return
        except TeledossierError as refusal:
            self.page(Way.STRONG, refusal)
            return
        self.enter(login, Way.STRONG)


class ResendCode(StrongHandler):
    """`/connexion/code/renvoi`: « Renvoyer le code »."""

    def get(self) -> None:
        self.redirect("/connexion/code")

    async def post(self) -> None:
        try:
            await asyncio.to_thread(one_time_code.resend, self.platform, self.pre_session, self.visitor)
        except LoginExpired as refusal:
            self.page(Way.STRONG, refusal)
        except TeledossierError as refusal:
            self.again(refusal)
        else:
            self.go_on()
