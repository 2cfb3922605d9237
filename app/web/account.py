"""`/parametres`: one's mobile and e-mail address, password, passkeys and open sessions.

Everything but adding a passkey is a plain form: it works without JavaScript. After a change the browser is sent back
to the page (303), so that reloading it changes nothing twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from app.errors import InvalidInput, NotAuthenticated, TeledossierError
from app.french import brief, full
from app.identity import account, confirming, contacts, login_sessions, passkeys, password_change, passwords, ways
from app.identity.psc import leaving
from app.identity.ways import Way
from app.messaging import service as outbox
from app.web.login_base import turns
from app.web.login_psc import leave
from app.web.person import PersonPage

T = TypeVar("T")
DONE = {
    "coordonnees": "Vos coordonnées sont enregistrées.",
    "mot-de-passe": "Votre mot de passe est changé. Vos autres sessions sont fermées.",
    "cle": "Votre clé d'accès est enregistrée. Vous pouvez vous connecter avec elle.",
    "cle-nom": "La clé d'accès a son nouveau nom.",
    "cle-retiree": "La clé d'accès est retirée : elle n'ouvre plus rien ici. Effacez-la aussi de votre appareil.",
    "session": "La session est fermée, et ses pages avec elle.",
    "sessions": "Vos autres sessions sont fermées, et leurs pages avec elles.",
}
# Where on the page a message belongs.
SECTION = {"cle": "cles", "cle-nom": "cles", "cle-retiree": "cles", "session": "sessions"}


class Account(PersonPage):
    """The page. Its forms post to addresses below it."""

    here = "/parametres"

    def get(self) -> None:
        done = self.get_query_argument("fait", "")
        self.show(SECTION.get(done, done) if done in DONE else "", said=DONE.get(done, ""))

    def show(self, section: str = "", *, said: str = "", refusal: TeledossierError | None = None, **typed: str) -> None:
        """The page; a message stands at the head of its section, and what was typed is still there."""
        platform, actor, now, secret = self.platform, self.actor, self.platform.now(), self.login_secret
        sessions = login_sessions.open_of(platform, actor, secret)
        self.page(
            "parametres.html",
            status=refusal.status if refusal else 200,
            section=section,
            said=said,
            refused=refusal.message if refusal else "",
            recent=confirming.is_recent(platform, secret),
            mobile=typed.get("mobile", contacts.shown_mobile(actor.mobile)),
            email=typed.get("email", actor.email),
            has_password=bool(actor.password_hash),
            shortest=passwords.SHORTEST,
            offers_passkeys=Way.PASSKEY in ways.offered(platform.settings),
            passkeys=[
                {
                    "id": each.id,
                    "name": each.name,
                    "since": brief(each.created_at, now),
                    "used": brief(each.last_used_at, now) if each.last_used_at else "",
                    "backed_up": each.backed_up,
                }
                for each in passkeys.mine(platform, actor)
            ],
            sessions=[
                {
                    "id": each.id,
                    "device": each.device,
                    "address": each.address,
                    "way": each.way,
                    "since": full(each.since, now),
                    "last_used": brief(each.last_used, now),
                    "is_this": each.is_this,
                }
                for each in sessions
            ],
            idle_minutes=platform.settings.session_idle_minutes,
            hours=platform.settings.session_hours,
        )

    def refuse(self, error: TeledossierError) -> None:
        # A form sent after the session has ended: to the login page and back. JSON is for `passkey.js`.
        if type(error) is NotAuthenticated and self.wants_page():
            self.to_login(self.here)
            return
        super().refuse(error)

    async def in_turn(self, use_case: Callable[[], T]) -> T:
        """Run what may check a password when its turn has come, ahead of those who are not logged in."""
        address = self.request.remote_ip or ""
        return await turns().check(use_case, address=address, login=self.actor.login, known=True)

    async def change(self, section: str, done: str, use_case: Callable[[], Any], **typed: str) -> None:
        """Do it, then show the page again with what happened."""
        try:
            await self.in_turn(use_case)
        except TeledossierError as refusal:
            self.show(section, refusal=refusal, **typed)
            return
        outbox.announce(self.platform)
        self.redirect(f"/parametres?fait={done}#{section}", status=303)


class Contact(Account):
    """`POST /parametres/coordonnees`."""

    async def post(self) -> None:
        mobile, email = self.get_body_argument("mobile", ""), self.get_body_argument("courriel", "")
        password = self.get_body_argument("confirmation", "", strip=False)

        def change() -> None:
            account.change_contact(
                self.platform,
                self.actor,
                self.login_secret,
                mobile=mobile,
                email=email,
                password=password,
                tell=outbox.queue_mail,
            )

        await self.change("coordonnees", "coordonnees", change, mobile=mobile[:60], email=email[:200])


class Password(Account):
    """`POST /parametres/mot-de-passe`."""

    async def post(self) -> None:
        old, new, again = (
            self.get_body_argument(name, "", strip=False) for name in ("actuel", "nouveau", "nouveau_encore")
        )

        def change() -> None:
            if new != again:
                raise InvalidInput("Les deux saisies du nouveau mot de passe diffèrent. Rien n'a été modifié.")
            password_change.change_password(self.platform, self.actor, old, new, except_secret=self.login_secret)

        await self.change("mot-de-passe", "mot-de-passe", change)


class PasskeyBegin(Account):
    """`POST /parametres/cles/debut`, JSON: what the browser has to ask for a new key."""

    async def post(self) -> None:
        password = str(self.json_body().get("password", ""))
        begin = partial(passkeys.begin_registration, self.platform, self.actor, self.login_secret, password)
        begun = await self.in_turn(begin)
        self.give_pre_session(begun.secret, begun.lifetime)
        self.send_json(begun.options)


class PasskeyNew(Account):
    """`POST /parametres/cles`, JSON: the new key in, the address to show next out."""

    async def post(self) -> None:
        asked = self.json_body()
        answer, name = asked.get("credential"), asked.get("name")
        await asyncio.to_thread(
            passkeys.register,
            self.platform,
            self.actor,
            self.login_secret,
            self.pre_session,
            answer if isinstance(answer, dict) else {},
            name if isinstance(name, str) else "",
            outbox.queue_mail,
        )
        self.clear_pre_session()
        outbox.announce(self.platform)
        self.send_json({"next": "/parametres?fait=cle#cles"})


class PasskeyRename(Account):
    """`POST /parametres/cles/NUMBER/nom`."""

    async def post(self, number: str) -> None:
        name = self.get_body_argument("nom", "")
        await self.change("cles", "cle-nom", lambda: passkeys.rename(self.platform, self.actor, int(number), name))


class PasskeyRemove(Account):
    """`POST /parametres/cles/NUMBER/retrait`."""

    async def post(self, number: str) -> None:
        def change() -> None:
            passkeys.remove(self.platform, self.actor, int(number), outbox.queue_mail)

        await self.change("cles", "cle-retiree", change)


class SessionEnd(Account):
    """`POST /parametres/sessions/NUMBER/fin`: one of the person's other sessions."""

    async def post(self, number: str) -> None:
        await self.change("sessions", "session", lambda: login_sessions.end_one(self.platform, self.actor, int(number)))


class SessionsEnd(Account):
    """`POST /parametres/sessions/fin`: « Déconnecter partout », here too; `autres` keeps this session."""

    async def post(self) -> None:
        if self.get_body_argument("autres", ""):
            keep = self.login_secret
            await self.change(
                "sessions", "sessions", lambda: login_sessions.end_all(self.platform, self.actor, keep=keep)
            )
            return
        left = leaving.taken(self.platform, self.login_secret)
        await asyncio.to_thread(login_sessions.end_all, self.platform, self.actor)
        await leave(self, left)
