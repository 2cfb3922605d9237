"""What each message of a browser does. Refusals are raised; the hub answers them with `error`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.teleconsultation import invitations, messages, service, silencing, wire
from app.teleconsultation.entering import admit, asked, join, place, professional, refuse, wait
from app.teleconsultation.lines import CallerLine, GuestLine, Line
from app.teleconsultation.messages import Message

if TYPE_CHECKING:
    from app.teleconsultation.hub import Hub


def act(hub: Hub, line: Line, message: Message) -> None:
    """Do what a message asks. Raises: TeledossierError, which the hub answers with `error`."""
    match message:
        case messages.Ping():
            ping(hub, line)
        case messages.Ice():
            relay(hub, line, message.to, {"t": "ice", "candidate": wire.candidate(message.candidate)})
        case messages.Sdp():
            relay(hub, line, message.to, {"t": "sdp", "description": wire.description(message.description)})
        case messages.State():
            restate(hub, line, message)
        case messages.Join():
            join(hub, line, message)
        case messages.Leave():
            leave(hub, line)
        case messages.Publish():
            publish(hub, line, message)
        case messages.Unpublish():
            hub.forwarding.leave(place(hub, line).id)
        case messages.Blocked():
            hub.forwarding.blocked(place(hub, line), message.to)
        case messages.Mute():
            silencing.mute(hub, professional(line), message)
        case messages.Ask():
            silencing.ask(hub, professional(line), message)
        case messages.Chat():
            chat(hub, line, message)
        case messages.Rooms():
            follow_rooms(hub, professional(line))
        case messages.Wait():
            wait(hub, line)
        case messages.Admit():
            admit(hub, professional(line), message)
        case messages.Refuse():
            refuse(hub, professional(line), message)
        case messages.Invite():
            invite(hub, professional(line), message)
        case messages.Withdraw():
            withdraw(hub, professional(line), message)


def ping(hub: Hub, line: Line) -> None:
    """Answer a heartbeat."""
    if isinstance(line, GuestLine) and line.waits:
        hub.lobby.heard(line.invitation_id, hub.platform.now())
    line.tell({"t": "pong"})


def relay(hub: Hub, line: Line, to: str, message: wire.Answer) -> None:
    """Hand a description or candidate to one other participant of the same room.

    For somebody who has just left it is dropped without a word: candidates are always on their way.
    """
    sender, receiver = place(hub, line), hub.presence.find(to)
    if receiver is not None and receiver.room == sender.room and receiver.id != sender.id:
        hub.tell(receiver.id, {**message, "from": sender.id})


def restate(hub: Hub, line: Line, message: messages.State) -> None:
    """Tell the others what somebody sends now: camera, microphone."""
    participant = place(hub, line)
    participant.camera, participant.microphone = message.camera, message.microphone
    hub.tell_room(participant.room, wire.state(participant), but=participant.id)


def publish(hub: Hub, line: Line, message: messages.Publish) -> None:
    """Onto the forwarding unit: the login or invitation still holds, and they have a place in the room."""
    me = place(hub, line)
    hub.check(line)
    hub.forwarding.publish(line, me, message.offer, message.n)


def follow_rooms(hub: Hub, line: CallerLine) -> None:
    """Send the rooms now and at every change."""
    with hub.platform.reading() as session:
        line.rooms = service.rooms_for(session, line.caller.dossier)
    line.follows_rooms = True
    line.tell({"t": "rooms", "rooms": hub.rooms_for(line)})


def leave(hub: Hub, line: Line) -> None:
    """Somebody goes, or stops waiting."""
    hub.put_out(line, "left")


def invite(hub: Hub, line: CallerLine, wish: messages.Invite) -> None:
    """Invite somebody into the room of whoever asks."""
    hub.check(line)
    line.follows_invitations = True
    inside = hub.presence.find(line.participant) if line.participant else None
    planned = next((room.id for room in line.rooms if room.planned), line.rooms[0].id if line.rooms else "")
    room = inside.room if inside else planned
    hub.later(asked(hub, line, wish, invitations.invite, line.actor, line.number, room, wish))


def withdraw(hub: Hub, line: CallerLine, message: messages.Withdraw) -> None:
    """Take an invitation back; its page is closed."""
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
            hub.tell_room(me.room, {"t": "chat", **wire.chat(said, me.id, mine=False)}, but=me.id)

    hub.later(keep_and_tell())
