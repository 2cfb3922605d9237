"""Going into a room.

Entering must be quick: rights and step are looked up (a cheap read), the place is taken, the others hear of it and get
the offer; then the one who enters is answered; and only then the step and the journal are written. Should that write
refuse what the read had allowed a moment before, the person is taken out again and told why.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.errors import InvalidInput, NotAdmitted, RoomFull, TeledossierError
from app.identity import login_sessions
from app.identity.models import Professional
from app.platform import Platform
from app.teleconsultation import invitations, messages, service, wire
from app.teleconsultation.asking import RIGHTS_LOST
from app.teleconsultation.lines import CallerLine, GuestLine, Line
from app.teleconsultation.models import Room
from app.teleconsultation.presence import Entry, Participant, RoomTaken
from app.teleconsultation.routes import Route
from app.teleconsultation.waiting import is_let_in, let_wait, relays

if TYPE_CHECKING:
    from app.teleconsultation.hub import Hub

CLOSED = "Cette salle n'est plus ouverte aux téléconsultations. Choisissez-en une autre."


def join(hub: Hub, line: Line, message: messages.Join) -> None:
    """Into a room; a guest whom nobody is there to receive is put in the waiting room instead."""
    try:
        room = _allowed(hub, line, message)
        if isinstance(line, GuestLine) and not _may_go_in(hub, line, room, message):
            let_wait(hub, line)
            return
        entry = _take_place(hub, line, room, message)
    except TeledossierError as refusal:
        if message.resume is None or isinstance(refusal, RIGHTS_LOST):
            raise
        # A page that believes to be inside must learn that its place is gone.
        line.tell(wire.error(refusal, "join"))
        line.tell({"t": "removed", "message": refusal.message})
        return
    if entry is None:
        return
    me = entry.participant
    rerouted = hub.forwarding.recount(me.call)
    _tell_others(hub, entry, message)
    hub.forwarding.changed(rerouted, but=me.id)
    say_refusal = hub.forwarding.begin(line, me, message.publish)
    _answer(hub, line, room, me, resumed=entry.resumed)
    say_refusal()
    hub.forwarding.welcome(me, resumed=entry.resumed, offered=message.publish is not None)
    hub.parts.each(lambda part: part.entered(me, resumed=entry.resumed))
    if not entry.kept:
        hub.later(_keep_entry(hub, line, room, entry))


def _allowed(hub: Hub, line: Line, message: messages.Join) -> Room:
    """The cheap read: login or invitation, right to the dossier, its step, the room."""
    with hub.platform.reading() as session:
        line.renew(session, hub.platform)
        room = service.room_called(session, message.room)
        if not hub.presence.knows_silenced(line.dossier_id):
            hub.presence.restore_silenced(line.dossier_id, service.silenced(session, line.dossier))
        for part in hub.parts:
            part.check_entry(session, line, room)
    if isinstance(line, CallerLine):
        service.check_step(line.dossier)
        if room.closed and room.id != line.dossier.planned_room_id and not _goes_on(hub, line, room, message):
            raise InvalidInput(CLOSED)  # a lobby that was opened before still shows it
    return room


def _goes_on(hub: Hub, line: CallerLine, room: Room, message: messages.Join) -> bool:
    """Whether people of this dossier meet in the room already, or come back to it."""
    if hub.presence.is_attended(room.slug, line.dossier_id):
        return True
    return hub.presence.would_resume(room.slug, line.dossier_id, line.person, message.resume)


def _may_go_in(hub: Hub, line: GuestLine, room: Room, message: messages.Join) -> bool:
    """Whether a guest may enter now: let in, into this room, and a professional is there.

    Without one the guest waits, unless the place is taken back: after a restart a guest's page may be the first.
    """
    invitation = line.guest.invitation
    if not is_let_in(hub, line):
        if message.resume is not None:
            return False  # the call ended meanwhile: back to the waiting room
        raise NotAdmitted
    if invitation.room_id != room.id:
        raise NotAdmitted
    if hub.presence.is_attended(room.slug, line.dossier_id):
        return True
    return hub.presence.would_resume(room.slug, line.dossier_id, line.person, message.resume)


def _take_place(hub: Hub, line: Line, room: Room, message: messages.Join) -> Entry | None:
    """The place in the room, or None after the answer that it is full. Raises: RoomTaken."""
    if line.participant is not None and (former := hub.presence.find(line.participant)) and former.room != room.slug:
        hub.put_out(line, "left")
    try:
        entry = hub.presence.enter(
            room.slug,
            line.dossier_id,
            line.person,
            hub.platform.now(),
            camera=message.camera,
            microphone=message.microphone,
            resume=message.resume,
        )
        beside = hub.presence.beside(entry.participant, message.aux, message.auscultation)
        entry.participant.aux, entry.participant.auscultation = beside
    except RoomTaken:
        raise RoomTaken(
            f"{room.name} est occupée par une autre téléconsultation. Choisissez une autre salle."
        ) from None
    except RoomFull as refusal:
        advice = "Attendez qu'une personne en sorte" + (", ou choisissez une autre salle." if _is_host(line) else ".")
        line.tell({"t": "full", "room": room.slug, "message": f"{refusal.message} {advice}"})
        return None
    if entry.replaced is not None:
        hub.replaced(entry.replaced, by=line)
    hub.attach(line, entry.participant)
    if isinstance(line, GuestLine) and line.waits:
        line.waits = False
        hub.lobby.leave(line.invitation_id)
    return entry


def _is_host(line: Line) -> bool:
    return isinstance(line, CallerLine)


def _tell_others(hub: Hub, entry: Entry, message: messages.Join) -> None:
    """The others first: they can answer the offer while we are still reading the discussion."""
    me = entry.participant
    others = hub.others(me)
    entered: dict[str, Any] = {"t": "entered", "person": wire.person(me), "resumed": entry.resumed}
    direct = hub.routes.of(me.call) is Route.DIRECT
    if message.offer is not None and direct and not entry.resumed and len(others) == 1:
        entered["offer"] = message.offer  # made for one, in the lobby
    for other in others:
        hub.tell(other.id, entered)


def _answer(hub: Hub, line: Line, room: Room, me: Participant, *, resumed: bool) -> None:
    host = line if isinstance(line, CallerLine) else None
    with hub.platform.reading() as session:
        chat = [wire.chat(said) for said in service.chat_for(session, line.actor, line.dossier)]
        invited = hub.invitations_for(session, host) if host else []
    answer: dict[str, Any] = {
        "t": "joined",
        "id": me.id,
        "proof": hub.presence.proof(me),
        "room": {"id": room.slug, "name": room.name},
        "capacity": hub.presence.topology.capacity,
        "since": wire.instant(me.since),
        "people": [wire.person(other) for other in hub.others(me)],
        "chat": chat,
        "lobby": wire.lobby(hub.lobby.of_dossier(me.dossier_id)) if host else [],
        "invitations": invited,
        "resumed": resumed,
        "route": hub.routes.of(me.call).value,
        "silenced": me.silenced,
    }
    if isinstance(line, GuestLine):
        answer |= relays(hub, line)
    hub.parts.joined(line, me, answer)
    line.tell(answer)
    hub.tell_missed(me.id)
    hub.tell_rooms()
    if host:
        hub.hosts_changed(me.dossier_id)
    else:
        hub.guests_changed(me.dossier_id)


async def _keep_entry(hub: Hub, line: Line, room: Room, entry: Entry) -> None:
    """Write the step and the journal; who may not be inside after all is taken out and told."""
    try:
        if isinstance(line, CallerLine):
            await hub.desk.run(_enter, line.secret, line.actor, line.number, room.slug, entry.resumed)
        elif isinstance(line, GuestLine):
            await hub.desk.run(invitations.guest_entered, line.actor, room.slug)
    except TeledossierError as refusal:
        departure = hub.presence.leave(entry.participant.id, hub.platform.now())
        line.tell(wire.error(refusal, "join"))
        if departure is not None:
            hub.departed(departure, "refused", refusal.message, journal=False)


def _enter(platform: Platform, secret: str, actor: Professional, number: str, room: str, resumed: bool) -> None:
    """One turn of the desk: who quits at once must not be written out before they are written in."""
    login_sessions.find(platform, secret)  # entering is using one's login, also just before it ends
    service.enter(platform, actor, number, room, resumed=resumed)
