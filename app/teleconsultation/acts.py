"""What each word of a plain call does. Refusals are raised; the hub answers them with `error`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.teleconsultation import invitations, messages, service, wire
from app.teleconsultation.asking import asked, place, professional
from app.teleconsultation.entering import join
from app.teleconsultation.lines import GuestLine, Line
from app.teleconsultation.linking import invite_and_keep_link
from app.teleconsultation.protocol import CHEAP, VALUED, Act, Pace, register
from app.teleconsultation.waiting import admit, refuse, wait

if TYPE_CHECKING:
    from app.teleconsultation.hub import Hub


def ping(hub: Hub, line: Line, _message: messages.Ping) -> None:
    """Answer a heartbeat."""
    if isinstance(line, GuestLine) and line.waits:
        hub.lobby.heard(line.invitation_id, hub.platform.now())
    line.tell({"t": "pong"})


def relay_sdp(hub: Hub, line: Line, message: messages.Sdp) -> None:
    """Hand a description to one other participant."""
    _relay(hub, line, message.to, {"t": "sdp", "description": wire.description(message.description)})


def relay_ice(hub: Hub, line: Line, message: messages.Ice) -> None:
    """Hand a candidate to one other participant."""
    _relay(hub, line, message.to, {"t": "ice", "candidate": wire.candidate(message.candidate)})


def _relay(hub: Hub, line: Line, to: str, message: wire.Answer) -> None:
    """Hand a description or candidate to one other participant of the same room.

    For somebody who has just left it is dropped without a word: candidates are always on their way.
    """
    sender, receiver = place(hub, line), hub.presence.find(to)
    if receiver is not None and receiver.room == sender.room and receiver.id != sender.id:
        hub.tell(receiver.id, {**message, "from": sender.id})


def restate(hub: Hub, line: Line, message: messages.State) -> None:
    """Tell the others, and the forwarding unit, what somebody sends now."""
    participant = place(hub, line)
    participant.camera, participant.microphone = message.camera, message.microphone
    participant.aux, participant.auscultation = hub.presence.beside(participant, message.aux, message.auscultation)
    hub.tell_room(participant.room, wire.state(participant), but=participant.id)
    hub.forwarding.describe(participant)


def publish(hub: Hub, line: Line, message: messages.Publish) -> None:
    """Onto the forwarding unit: the login or invitation still holds, and they have a place in the room."""
    me = place(hub, line)
    hub.check(line)
    hub.forwarding.publish(line, me, message.offer, message.n)


def unpublish(hub: Hub, line: Line, _message: messages.Unpublish) -> None:
    """Everybody is seen directly again: the unit forgets this page."""
    hub.forwarding.leave(place(hub, line).id)


def blocked(hub: Hub, line: Line, message: messages.Blocked) -> None:
    """The direct path to one other participant is not up."""
    hub.forwarding.blocked(place(hub, line), message.to)


def follow_rooms(hub: Hub, asking: Line, _message: messages.Rooms) -> None:
    """Send the rooms now and at every change, and who waits for this dossier."""
    line = professional(asking)
    with hub.platform.reading() as session:
        line.rooms = service.rooms_for(session, line.caller.dossier)
    line.follows_rooms = True
    line.tell({"t": "rooms", "rooms": hub.rooms_for(line)})
    if line.participant is None and (waiting := hub.lobby.of_dossier(line.dossier_id)):
        line.tell({"t": "lobby", "guests": wire.lobby(waiting)})


def leave(hub: Hub, line: Line, _message: messages.Leave) -> None:
    """Somebody goes, or stops waiting."""
    hub.put_out(line, "left")


def invite(hub: Hub, asking: Line, wish: messages.Invite) -> None:
    """Invite somebody into the room of whoever asks."""
    line = professional(asking)
    hub.check(line)
    line.follows_invitations = True
    inside = hub.presence.find(line.participant) if line.participant else None
    planned = next((room.id for room in line.rooms if room.planned), line.rooms[0].id if line.rooms else "")
    room = inside.room if inside else planned
    hub.later(invite_and_keep_link(hub, line, wish, room))


def withdraw(hub: Hub, asking: Line, message: messages.Withdraw) -> None:
    """Take an invitation back; its page is closed."""
    line = professional(asking)
    hub.check(line)
    line.follows_invitations = True
    hub.later(asked(hub, line, message, invitations.withdraw, line.actor, line.number, message.invitation))


def chat(hub: Hub, line: Line, message: messages.Chat) -> None:
    """Keep a line, then tell it: what was read is never lost."""
    me = place(hub, line)
    hub.check(line)

    async def keep_and_tell() -> None:
        said = await asked(
            hub, line, message, service.post_chat, line.actor, line.number, me.room, message.text, message.key
        )
        line.tell({"t": "chat", **wire.chat(said, me.id, mine=True)})
        if not said.repeated:
            hub.tell_call(me, {"t": "chat", **wire.chat(said, me.id, mine=False)})
            hub.tell_pages(line.dossier_id)

    hub.later(keep_and_tell())


CHAT, ICE = Pace("chat", 1, 10), Pace("ice", 20, 200)
PUBLISH = Pace("publish", 1, 10)  # the unit draws keys and reads much text
JOIN = Pace("join", 0.5, 10)  # the whole discussion is read, and everybody hears of it

_ACTS: dict[str, tuple[Pace, Act]] = {
    "ping": (CHEAP, ping),
    "ice": (ICE, relay_ice),
    "sdp": (CHEAP, relay_sdp),
    "state": (CHEAP, restate),
    "join": (JOIN, join),
    "leave": (VALUED, leave),
    "publish": (PUBLISH, publish),
    "unpublish": (VALUED, unpublish),
    "blocked": (VALUED, blocked),
    "chat": (CHAT, chat),
    "rooms": (VALUED, follow_rooms),
    "wait": (VALUED, wait),
    "admit": (VALUED, admit),
    "refuse": (VALUED, refuse),
    "invite": (VALUED, invite),
    "withdraw": (VALUED, withdraw),
}
for _name, (_pace, _act) in _ACTS.items():
    register(_name, messages.SCHEMAS[_name], _pace, _act)
