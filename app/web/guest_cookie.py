"""The cookie of an invited person's browser: one for each invitation, so that two in one browser don't collide.

Its name carries the invitation's number, which is no secret; a request says with `invitation=` in its address which one it
is about. Its content opens the line and nothing else: `app.teleconsultation.guest_sessions`.
"""

from __future__ import annotations

import re
from datetime import timedelta

from app.platform import Platform
from app.teleconsultation.models import Invitation
from app.web.base import Handler

ARGUMENT = "invitation"
MOST_HELD = 20  # invitations of one browser that are looked at
KEPT_LONGER = timedelta(days=7)  # than the invitation is good for today: it may be prolonged


def cookie_name(platform: Platform, invitation_id: int) -> str:
    """« invitation-12 »; over https `__Host-` binds it to this host (RFC 6265bis 4.1.3)."""
    return f"{'__Host-' if platform.settings.secure_cookies else ''}invitation-{invitation_id}"


def guest_secret(handler: Handler) -> str:
    """What the browser holds for the invitation that the request names; empty when it names none."""
    asked = handler.get_query_argument(ARGUMENT, "")
    if re.fullmatch(r"[1-9][0-9]{0,17}", asked, re.ASCII) is None:
        return ""
    return handler.get_cookie(cookie_name(handler.platform, int(asked))) or ""


def guest_secrets(handler: Handler) -> list[str]:
    """What the browser holds of all its invitations: for addresses that name none, such as a file's."""
    form = re.compile(rf"{re.escape(cookie_name(handler.platform, 0))[:-1]}[1-9][0-9]{{0,17}}", re.ASCII)
    return [morsel.value for name, morsel in handler.request.cookies.items() if form.fullmatch(name)][:MOST_HELD]


def give(handler: Handler, invitation: Invitation, secret: str) -> None:
    """Bind this browser to an invitation.

    Lax: the link is opened from a mail, that is from another site.
    """
    platform = handler.platform
    lifetime = invitation.expires_at - platform.now() + KEPT_LONGER
    handler.set_cookie(
        cookie_name(platform, invitation.id or 0),
        secret,
        path="/",
        httponly=True,
        samesite="Lax",
        secure=platform.settings.secure_cookies,
        max_age=int(lifetime.total_seconds()),
    )
