"""« Clé d'accès »: the two requests of a login by passkey (`app.identity.passkeys`), asked by `static/passkey.js`."""

from __future__ import annotations

import asyncio

from app.identity import passkeys
from app.identity.ways import Way
from app.web.login_base import LoginHandler


class PasskeyLoginBegin(LoginHandler):
    """`POST /connexion/cle/debut`: what the browser has to ask its keys; the pre-session cookie holds the rest."""

    paced = ("POST",)

    async def post(self) -> None:
        begun = await asyncio.to_thread(passkeys.begin_login, self.platform)
        self.give_pre_session(begun.secret, begun.lifetime)
        self.send_json(begun.options)


class PasskeyLogin(LoginHandler):
    """`POST /connexion/cle`: the key's answer in, the login cookie out, and where to go."""

    paced = ("POST",)

    async def post(self) -> None:
        asked = self.json_body()
        answer = asked.get("credential")
        secret = await asyncio.to_thread(
            passkeys.log_in, self.platform, self.pre_session, answer if isinstance(answer, dict) else {}, self.visitor
        )
        self.give_login_cookie(secret, Way.PASSKEY)
        self.send_json({"next": self.destination})
