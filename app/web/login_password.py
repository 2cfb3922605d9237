"""« Mot de passe oublié ? »: ask for a link, choose a new password by it. The same answer whoever asks."""

from __future__ import annotations

import asyncio
from typing import Any

import structlog

from app.errors import InvalidInput, LoginExpired, TeledossierError, TooManyAttempts
from app.identity import password_change, passwords
from app.web.login_base import LoginHandler, turns
from app.web.rendering import render

log = structlog.get_logger(__name__)

_asking: set[asyncio.Future[None]] = set()  # kept until they are done, or they would be collected


class PlainHandler(LoginHandler):
    """A page of one card."""

    def card(self, template: str, refusal: TeledossierError | None = None, **values: Any) -> None:
        """Answer with the card `template`; a refusal stands above what it is about."""
        said: dict[str, Any] = {
            "refusal": refusal.message if refusal else "",
            "phone": self.platform.settings.assistance_phone,
        }
        render(self, template, status=refusal.status if refusal else 200, **said, **values)


class Forgotten(PlainHandler):
    """`/connexion/oubli`: whose password is forgotten."""

    paced = ("POST",)

    def get(self) -> None:
        self.card("oubli.html", asked=False)

    def post(self) -> None:
        login = self.get_body_argument("identifiant", "")
        # Not waited for: the time of an answer must not tell whether there is such an account.
        asking = asyncio.ensure_future(asyncio.to_thread(password_change.ask_reset, self.platform, login, self.visitor))
        _asking.add(asking)
        asking.add_done_callback(_done)
        self.card("oubli.html", asked=True)


class NewPassword(PlainHandler):
    """`/connexion/nouveau-mot-de-passe/JETON`: choose it. Only sending the form uses the link up."""

    async def get(self, secret: str) -> None:
        try:
            self._form(await asyncio.to_thread(password_change.check_link, self.platform, secret))
        except LoginExpired as refusal:
            self.card("nouveau_mot_de_passe.html", refusal, state="over")

    async def post(self, secret: str) -> None:
        new = self.get_body_argument("nouveau", "", strip=False)
        again = self.get_body_argument("confirmation", "", strip=False)
        try:
            login = await asyncio.to_thread(password_change.check_link, self.platform, secret)
        except LoginExpired as refusal:
            self.card("nouveau_mot_de_passe.html", refusal, state="over")
            return
        if new != again:
            self._form(login, InvalidInput("Les deux saisies diffèrent. Rien n'a changé : saisissez-les de nouveau."))
            return
        visitor = self.visitor
        try:
            await turns().check(
                lambda: password_change.reset_password(self.platform, secret, new, visitor),
                address=visitor.address,
                login=login,
                known=False,
            )
        except (InvalidInput, TooManyAttempts) as refusal:  # the link is still good
            self._form(login, refusal)
        except TeledossierError as refusal:
            self.card("nouveau_mot_de_passe.html", refusal, state="over")
        else:
            self.card("nouveau_mot_de_passe.html", state="done")

    def _form(self, login: str, refusal: TeledossierError | None = None) -> None:
        self.card("nouveau_mot_de_passe.html", refusal, state="form", login=login, shortest=passwords.SHORTEST)


def _done(asking: asyncio.Future[None]) -> None:
    _asking.discard(asking)
    if not asking.cancelled() and asking.exception() is not None:
        log.error("password.ask", exc_info=asking.exception())
