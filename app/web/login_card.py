"""`/connexion/carte`: the server's half of logging in with a card; the page does the rest (`static/login_card.js`).

The code has no place here: the page gives it to the reader agent, and brings back what the card signed.
"""

from __future__ import annotations

import asyncio
import json

from tornado.web import HTTPError

from app.errors import LoginRefused, TeledossierError
from app.identity.card import service
from app.identity.ways import Way
from app.web.login_base import LoginHandler

LARGEST_ANSWER = 32 * 1024


class CardStep(LoginHandler):
    """A step that answers with JSON; a refusal says its reason, so that the page can draw it."""

    paced = ("POST",)

    def refuse(self, error: TeledossierError) -> None:
        self.clear_after_refusal()
        self.set_status(error.status)
        reason = error.reason if isinstance(error, LoginRefused) else error.code
        self.send_json({"code": error.code, "reason": reason, "message": error.message})


class CardChallenge(CardStep):
    """`/connexion/carte/defi`: a nonce for this browser."""

    async def post(self) -> None:
        challenge = await asyncio.to_thread(service.begin, self.platform)
        self.give_pre_session(challenge.secret, service.LIFETIME)
        self.send_json({"nonce": challenge.nonce})


class CardLogin(CardStep):
    """`/connexion/carte`: what the card answered; the login cookie when it is good."""

    async def post(self) -> None:
        if len(self.request.body) > LARGEST_ANSWER:
            raise HTTPError(413)
        try:
            sent = json.loads(self.request.body)
        except (ValueError, RecursionError):
            sent = None  # burns the nonce all the same
        # Signatures, files, perhaps the issuer's server: never on the event loop.
        secret = await asyncio.to_thread(service.log_in, self.platform, self.pre_session, sent, self.visitor)
        self.give_login_cookie(secret, Way.CARD)
        self.send_json({"next": self.destination})


ROUTES = [(r"/connexion/carte/defi", CardChallenge), (r"/connexion/carte", CardLogin)]
