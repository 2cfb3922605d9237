"""`/invitation/JETON`: an invited person's page. No account, no Panel, as light as can be.

The link's secret is exchanged for an HttpOnly cookie at once: the WebSocket uses that, and a script never needs to
see the link. The address stays as it is, so that a reload, or the way back from another page, works.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from app.errors import InvitationInvalid
from app.teleconsultation import door, invitations, turn, wire
from app.teleconsultation.models import Invitation
from app.web.base import Handler
from app.web.rendering import render
from app.web.signalling import invitation_cookie

SOCKET = "/api/invitation/salle"


class GuestPage(Handler):
    """`/invitation/JETON`, and `/invitation/` for who already has the cookie."""

    public = True

    def get(self, token: str | None = None) -> None:
        self.set_header("Referrer-Policy", "no-referrer")
        cookie = invitation_cookie(self.platform)
        secret = token or self.get_cookie(cookie) or ""
        try:
            invitation = invitations.open_invitation(self.platform, secret)
        except InvitationInvalid as refusal:
            self._refuse_link(refusal, secret)
            return
        if token:
            secure = self.platform.settings.secure_cookies
            # Lax: the link is opened from a mail, that is from another site.
            self.set_cookie(cookie, secret, path="/", httponly=True, samesite="Lax", secure=secure)
        self._page(invitation)

    def _page(self, invitation: Invitation) -> None:
        from components.video_room import GUEST_LABELS

        context = invitations.guest_context(self.platform, invitation)
        config: dict[str, Any] = {
            "labels": dict(GUEST_LABELS),
            "iceServers": turn.ice_servers(self.platform.settings, f"invitation {invitation.id}", self.platform.now()),
            "url": SOCKET,
            "guest": {
                "name": context.name,
                "role": context.role,
                "greeting": context.greeting,
                **wire.appointment(context),
            },
        }
        render(self, "guest.html", config=config, context=asdict(context))

    def _refuse_link(self, refusal: InvitationInvalid, secret: str) -> None:
        contact = door.contact_of(self.platform, secret)
        render(self, "guest_invalid.html", status=refusal.status, message=refusal.message, contact=contact)
