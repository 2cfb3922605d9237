"""`/invitation/JETON`: an invited person's page. No account, no Panel, as light as can be.

GET only looks: whoever scans mail may follow the link as often as it likes. The page's script then asks by POST for this
browser's own HttpOnly cookie, which is what opens the WebSocket. A link that another device holds is answered with a
plain page and a form, « Ouvrir ici ». The address stays as it is, so that a reload, or the way back from another page,
works.
"""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import Any

from app.errors import (
    InvalidInput,
    InvitationInvalid,
    OpenElsewhere,
    RoomsElsewhere,
    TeledossierError,
    TooManyRequests,
)
from app.server.rooms import hub_of
from app.teleconsultation import door, guest_sessions, invitations, turn, wire
from app.teleconsultation.models import Invitation
from app.web import guest_cookie
from app.web.rendering import render
from app.web.room_pace import Paced

SOCKET = "/api/invitation/salle"


class GuestPage(Paced):
    """`/invitation/JETON`; any other shape is an altered link."""

    public = True
    of_rooms = True

    def get(self, token: str = "") -> None:
        self.set_header("Referrer-Policy", "no-referrer")
        try:
            found = guest_sessions.look(self.platform, token, self._cookie(token))
        except InvitationInvalid as refusal:
            self._refuse_link(refusal.message, refusal.status, token)
            return
        if found.elsewhere:
            self._elsewhere(found.invitation)
        else:
            self._page(found.invitation, opened=found.here)

    async def post(self, token: str = "") -> None:
        """Exchange the link for this browser's cookie: by the page's script (204), or by the form (`ici`)."""
        self.set_header("Referrer-Policy", "no-referrer")
        here = bool(self.get_body_argument("ici", ""))
        try:
            opened = await asyncio.to_thread(  # it writes: the rooms must not wait for the database's writer
                guest_sessions.exchange,
                self.platform,
                token,
                self._cookie(token),
                here=here,
                inside=self._is_inside(token),
                device=self.request.headers.get("User-Agent", ""),
            )
        except OpenElsewhere:
            if not here:
                raise
            self.redirect(self.request.path, status=303)
            return
        except (InvitationInvalid, InvalidInput) as refusal:
            if not here:
                raise
            self._refuse_link(refusal.message, refusal.status, token)
            return
        if opened.secret is not None:
            guest_cookie.give(self, opened.invitation, opened.secret)
        if here:
            self.redirect(self.request.path, status=303)
        else:
            self.set_status(204)

    def _cookie(self, token: str) -> str | None:
        invitation = guest_sessions.invitation_of_link(self.platform, token)
        return self.get_cookie(guest_cookie.cookie_name(self.platform, invitation)) if invitation else None

    def _is_inside(self, token: str) -> bool:
        """Whether the holder of this link is in a call at this moment."""
        invitation = guest_sessions.invitation_of_link(self.platform, token)
        if invitation is None:
            return False
        try:
            return hub_of(self.application).is_inside(invitation)
        except RoomsElsewhere:  # what is kept says it almost as well
            with self.platform.reading() as session:
                return session.get_one(Invitation, invitation).is_admitted

    def _page(self, invitation: Invitation, *, opened: bool) -> None:
        from components.video_room import GUEST_LABELS

        context = invitations.guest_context(self.platform, invitation)
        config: dict[str, Any] = {
            "labels": dict(GUEST_LABELS),
            "iceServers": self._relays(invitation),
            "url": f"{SOCKET}?{guest_cookie.ARGUMENT}={invitation.id}",
            "exchange": not opened,
            "guest": {
                "name": context.name,
                "role": context.role,
                "greeting": context.greeting,
                **wire.appointment(context),
            },
        }
        render(self, "guest.html", config=config, context=asdict(context))

    def _relays(self, invitation: Invitation) -> list[dict[str, Any]]:
        """For the device check; those of the call come with `admitted` and `joined`."""
        now = self.platform.now()
        return turn.ice_servers(self.platform.settings, f"invitation {invitation.id}", now, turn.CHECKING)

    def _elsewhere(self, invitation: Invitation) -> None:
        # A form needs its Origin, which « no-referrer » would take away (Fetch 3.2); what it names is our own page.
        self.set_header("Referrer-Policy", "same-origin")
        inside = self._is_inside(self.path_args[0])
        context = invitations.guest_context(self.platform, invitation)
        render(self, "guest_elsewhere.html", status=409 if inside else 200, inside=inside, context=asdict(context))

    def _refuse_link(self, message: str, status: int, token: str) -> None:
        self.count_refusal()
        contact = door.contact_of(self.platform, token)
        render(self, "guest_invalid.html", status=status, message=message, contact=contact, busy=False)

    def refuse(self, error: TeledossierError) -> None:
        """A page for who opens a link; the page's own script reads the status."""
        if not isinstance(error, TooManyRequests) or not self.wants_page():
            super().refuse(error)
            return
        self.set_header("Retry-After", str(error.seconds))
        contact = door.Contact("l'assistance", self.platform.settings.assistance_phone)
        render(self, "guest_invalid.html", status=error.status, message=error.message, contact=contact, busy=True)
