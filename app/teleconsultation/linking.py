"""« Copier le lien » and the QR code: for who stands beside the professional, when an invitation has just been sent.

The database cannot tell a link. So its secret stays with the connection that asked for the invitation, for some minutes and
in memory only; each time it is shown, the journal says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from app.errors import InvalidInput
from app.identity.login_sessions import hash_secret
from app.identity.models import Professional
from app.platform import Platform
from app.teleconsultation import invitations, sending, wire
from app.teleconsultation.asking import asked, professional
from app.teleconsultation.lines import CallerLine, Line
from app.teleconsultation.messages import Invite
from app.teleconsultation.parts import Part, part
from app.teleconsultation.protocol import Pace, register
from app.teleconsultation.schema import Schema, number_in_text

if TYPE_CHECKING:
    from app.teleconsultation.hub import Hub

SHOWN_FOR = timedelta(minutes=10)
LINK = Pace("link", 0.2, 10)  # each one is drawn, and journalled
TOO_LATE = (
    "Ce lien ne peut plus être affiché : il ne l'est que juste après l'envoi. "
    "« Renvoyer » en fait un nouveau ; l'ancien ne marchera plus."
)
DEAD = "Cette invitation n'est plus valable. Envoyez-en une nouvelle."


@dataclass(frozen=True)
class ShowLink:
    """Tell the link of this invitation, which I have just sent."""

    invitation: int


@part
class Links(Part):
    """The secrets that may still be told, each to the connection that made it."""

    def __init__(self, hub: Hub) -> None:
        super().__init__(hub)
        self._kept: WeakKeyDictionary[Line, dict[int, tuple[str, datetime]]] = WeakKeyDictionary()

    def keep(self, line: Line, invitation_id: int, secret: str) -> None:
        self._kept.setdefault(line, {})[invitation_id] = (secret, self.hub.platform.now() + SHOWN_FOR)

    def find(self, line: Line, invitation_id: int) -> str:
        """Raises: InvalidInput when it was never this connection's, or too long ago."""
        secret, until = self._kept.get(line, {}).get(invitation_id, ("", None))
        if until is None or self.hub.platform.now() >= until:
            raise InvalidInput(TOO_LATE)
        return secret

    def tick(self, now: datetime) -> None:
        for kept in self._kept.values():
            for invitation_id in [each for each, (_secret, until) in kept.items() if now >= until]:
                del kept[invitation_id]


async def invite_and_keep_link(hub: Hub, line: CallerLine, wish: Invite, room: str) -> None:
    """Invite, and remember the link for who asked."""
    invitation, secret = await asked(hub, line, wish, invitations.invite_with_link, line.actor, line.number, room, wish)
    if secret is not None and invitation.id is not None:
        remember(hub, line, invitation.id, secret, wish.key)


def remember(hub: Hub, line: CallerLine, invitation_id: int, secret: str, key: str) -> None:
    """Keep the secret for this connection, and tell it that it may ask for the link."""
    hub.parts.of(Links).keep(line, invitation_id, secret)
    line.tell({"t": "invited", "invitation": str(invitation_id), "key": key})


def show(hub: Hub, asking: Line, message: ShowLink) -> None:
    """Tell the link and its QR code, once the journal has it."""
    line = professional(asking)
    hub.check(line)
    secret = hub.parts.of(Links).find(line, message.invitation)

    async def keep_and_show() -> None:
        until = await asked(hub, line, message, keep_shown, line.actor, line.number, message.invitation)
        link = sending.link_of(hub.platform, secret)
        # Named by the link's hash: a link that was made anew is another content.
        rows = await hub.platform.renderer.run("qr", f"qr-{hash_secret(secret)}", link.encode)
        line.tell(
            {
                "t": "link",
                "invitation": str(message.invitation),
                "link": link,
                "expires": wire.instant(until),
                "qr": rows,
            }
        )

    hub.later(keep_and_show())


def keep_shown(platform: Platform, actor: Professional, number: str, invitation_id: int) -> datetime:
    """Journal that a link was shown; answers until when it is good. Raises: NotFound, AccessDenied, InvalidInput."""
    with platform.transaction() as session:
        invitation = invitations.found(session, actor, number, invitation_id)
        if invitation.is_dead:
            raise InvalidInput(DEAD)
        sending.journal(session, platform, actor, "invitation.link", invitation)
    return invitation.expires_at


register("link", Schema(ShowLink, {"invitation": number_in_text}), LINK, show)
