"""The rooms of one process, alive: what comes in, what time does, what the bus brings, who must go.

`register` knows who is connected and where; `features` says what each message does. Everything here runs on one event loop
and never waits: the database's work goes to the `Desk` afterwards.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any

import structlog

import app.teleconsultation.features  # noqa: F401  registers every word and part
from app.errors import TeledossierError
from app.identity import login_sessions
from app.platform import Platform
from app.teleconsultation import door, invitations, service, wire
from app.teleconsultation.asking import RIGHTS_LOST
from app.teleconsultation.desk import Desk
from app.teleconsultation.forwarding import Forwarding
from app.teleconsultation.hub_events import HubEvents
from app.teleconsultation.limits import TOO_FAST, Limits, Returning
from app.teleconsultation.lines import FLOOD, RIGHT_LOST, SILENT, CallerLine, GuestLine, Line, Socket
from app.teleconsultation.messages import Join, Ping, parse
from app.teleconsultation.models import Invitation
from app.teleconsultation.parts import Parts
from app.teleconsultation.presence import EIGHT, Departure, Participant, Topology
from app.teleconsultation.protocol import word_of
from app.teleconsultation.register import Register
from app.teleconsultation.returning import LINE_LOST
from app.teleconsultation.schema import MessageRefused
from app.teleconsultation.waiting import let_wait

log = structlog.get_logger(__name__)

TICK = 0.5
SILENCE = 5.0  # seconds without a word from somebody in a room or waiting: the line is dead
FORGOTTEN = 180.0  # the same for a page that only looks on: browsers slow down what nobody sees
CHECK_EVERY = 20.0  # between two looks whether a login or an invitation still holds
LOOK_EVERY = 1.0  # between two looks whether a login was ended; the bus is quicker, but may lose an event
COMING_BACK = 120.0  # after the process started, before a call nobody came back to is over

PENANCE = 4.0  # seconds that who was cut off for a flood stays out; their page comes back after 5
MOST_LINES = 24  # of one login or invitation: a page has one

MEETING_OVER = "La téléconsultation est terminée. Les professionnels ont quitté la salle. Merci d'avoir participé."
OUT_TOO_LONG = "Vous êtes sorti de la salle : la liaison était coupée depuis trop longtemps. Entrez de nouveau."


class Hub(Register):
    """One per process, made on its event loop."""

    def __init__(self, platform: Platform, topology: Topology = EIGHT) -> None:
        super().__init__(platform, topology)
        self.desk = Desk(platform)
        self._work: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()
        self._events = HubEvents(self)
        self._returning = Returning(Limits)
        self._flooded: dict[str, float] = {}  # secret of who was cut off -> until when they stay out
        self._held: dict[Line, list[object]] = {}  # words of who enters before it is known who is on the unit
        self._looked_at = time.monotonic()
        self._ticking = self._loop.create_task(self._tick_for_ever())
        self.forwarding = Forwarding(self)
        self.parts = Parts(self)
        self._coming_back = self._loop.call_later(COMING_BACK, self._end_abandoned)

    async def close(self) -> None:
        """Stop. Pages find their places again with the next process."""
        self._events.close()
        self._coming_back.cancel()
        self._ticking.cancel()
        await self.forwarding.close()
        await asyncio.gather(self._ticking, *(part.close() for part in self.parts), return_exceptions=True)
        await asyncio.gather(*self._work, return_exceptions=True)
        self.desk.close()

    # -- lines

    def open_caller(self, socket: Socket, secret: str, caller: door.Caller) -> CallerLine:
        """A professional's page connects; `caller` was just checked."""
        line = CallerLine(socket, secret, caller, time.monotonic())
        if not self._take(line):
            return line
        with self.platform.reading() as session:
            line.rooms = service.rooms_for(session, caller.dossier)
        line.tell(wire.hello(line.person, rooms=self.rooms_for(line)))
        return line

    def open_guest(self, socket: Socket, secret: str, guest: door.Guest) -> GuestLine:
        """A guest's page connects; `guest` was just checked."""
        line = GuestLine(socket, secret, guest, time.monotonic())
        if self._take(line):
            line.tell(wire.hello(line.person, context=invitations.guest_context(self.platform, guest.invitation)))
        return line

    def _take(self, line: Line) -> bool:
        """Take a connection in: limits count by connection, so these may not be had without end."""
        if line.heard_at < self._flooded.get(line.secret, 0.0):
            line.cut(FLOOD, "flood")
            return False
        theirs = [known for known in self.lines if known.secret == line.secret]
        if len(theirs) >= MOST_LINES:
            oldest = min(theirs, key=lambda known: (known.participant is not None, known.heard_at))
            oldest.cut(FLOOD, "lines")
            self.closed(oldest)
        line.limits = self._returning.come(line.secret)
        self.lines.add(line)
        return True

    def receive(self, line: Line, frame: str | bytes) -> None:
        """One frame from a page: checked, counted, acted on. What is refused is answered with `error`."""
        now = time.monotonic()
        line.heard_at = now
        try:
            message = parse(frame)
        except MessageRefused as refusal:
            self._count_refusal(line, refusal, refusal.about, refusal.key, now)
            return
        if not line.limits.allow(message, now):
            about, key = word_of(message).name, getattr(message, "key", None)
            self._count_refusal(line, MessageRefused(TOO_FAST), about, key, now)
            return
        if not self.forwarding.is_known and self._must_wait(line, message):
            self._held.setdefault(line, []).append(message)
            return
        self._act(line, message)

    def _must_wait(self, line: Line, message: object) -> bool:
        """Nobody enters before it is known who is on the unit, and what a page says next is not heard before that.

        Who came back first would be told `direct` of a call that the unit carries, and build paths that may not exist.
        """
        return isinstance(message, Join) or (line in self._held and not isinstance(message, Ping))

    def hear_held(self) -> None:
        """It is known who is on the unit: what had to wait for that, each page's words in their order."""
        held, self._held = self._held, {}
        for line, said in held.items():
            for message in said:
                if line.is_open:
                    self._act(line, message)

    def _act(self, line: Line, message: object) -> None:
        word = word_of(message)
        try:
            word.act(self, line, message)
        except TeledossierError as refusal:
            self.refuse(line, refusal, word.name, getattr(message, "key", None))

    def closed(self, line: Line) -> None:
        """The connection is gone. A place is kept for a while, in the room and at the door."""
        line.is_open = False
        if line in self.lines:
            self._returning.leave(line.secret, line.limits, time.monotonic())
        self.lines.discard(line)
        if line.participant is not None:
            self.presence.lose(line.participant, self.platform.now())
            self.unhook(line)

    def refuse(self, line: Line, refusal: TeledossierError, about: str, key: str | None = None) -> None:
        """Answer with `error`; who has lost the right to be here is cut off."""
        line.tell(wire.error(refusal, about, key))
        if isinstance(refusal, RIGHTS_LOST):
            self.cut_unless_welcome(line)

    def check(self, line: Line) -> None:
        """Before an act that counts: the login or invitation still holds, and the right to the dossier.

        `checked_at` stays as it is: only the look of every `CHECK_EVERY` seconds counts as use of a login, and who
        acts all the time must not keep it from happening.
        """
        with self.platform.reading() as session:
            line.renew(session, self.platform)

    def cut_unless_welcome(self, line: Line) -> None:
        """Look again; who has lost the right to be here is put out, told, and cut off."""
        try:
            self.check(line)
        except RIGHTS_LOST as refusal:
            was_inside = line.participant is not None
            self.put_out(line, "right-lost")
            if isinstance(line, GuestLine):
                line.tell({"t": "removed" if was_inside else "refused", "message": refusal.message})
            line.cut(RIGHT_LOST, refusal.code)

    # -- going

    def hosts_changed(self, dossier_id: int) -> None:
        """A professional came or left: guests at the door learn it, those already let in may enter."""
        for line in tuple(self.lines):
            if isinstance(line, GuestLine) and line.waits and line.dossier_id == dossier_id:
                try:
                    self.check(line)
                    let_wait(self, line)
                except TeledossierError as refusal:
                    self.refuse(line, refusal, "wait")

    def put_out(self, line: Line, reason: str) -> None:
        """Out of the room and away from the door, at once."""
        if isinstance(line, GuestLine) and line.waits:
            line.waits = False
            self.lobby.leave(line.invitation_id)
            self.guests_changed(line.dossier_id)
        if (participant := self.place_of(line)) is not None:
            departure = self.presence.leave(participant, self.platform.now())
            if departure:
                self.departed(departure, reason)

    def forget(self, participant_id: str) -> tuple[Line | None, Line | None]:
        """However somebody goes, they are off the forwarding unit at once."""
        self.forwarding.leave(participant_id)
        return super().forget(participant_id)

    def replaced(self, older: Participant, by: Line) -> None:
        super().replaced(older, by)
        self.parts.each(lambda part: part.gone(older, "replaced"))

    def departed(self, departure: Departure, reason: str, message: str = "", *, journal: bool = True) -> None:
        """Tell that somebody is out, and keep it. `message` tells themselves, when it was not their wish."""
        gone = departure.participant
        line, last = self.forget(gone.id)
        if line is not None and message:
            line.tell({"t": "removed", "message": message})
        left = {"t": "left", "id": gone.id, "name": gone.person.name}
        self.tell_room(gone.room, left | ({"reason": "line"} if reason == LINE_LOST else {}))
        self.forwarding.changed(self.forwarding.recount(gone.call))
        self.parts.each(lambda part: part.gone(gone, reason))
        self.tell_rooms()
        if gone.person.professional:
            self.hosts_changed(gone.dossier_id)
        else:
            self.tell_invitations(gone.dossier_id)
        if not journal or last is None:
            return
        actor = last.actor
        if isinstance(actor, Invitation):
            self.later(self.desk.run(invitations.guest_left, actor, reason))
        else:
            staying = self.guests_inside(gone.dossier_id)
            leave = self.desk.run(
                service.leave, actor, last.number, gone.room, over=departure.over, staying=staying, reason=reason
            )
            self.later(leave)

    # -- time

    def tick(self) -> None:
        """What time does: dead lines, places kept too long, guests gone silent, logins that ran out."""
        now, instant = time.monotonic(), self.platform.now()
        for line in tuple(self.lines):
            engaged = line.participant is not None or (isinstance(line, GuestLine) and line.waits)
            if now - line.heard_at > (SILENCE if engaged else FORGOTTEN):
                line.cut(SILENT, "silent")
                self.closed(line)
            elif now - line.checked_at > CHECK_EVERY:
                line.checked_at = now
                self.later(self._check_by_itself(line))
        if now - self._looked_at >= LOOK_EVERY:
            self._looked_at = now
            self.later(self._look_at_logins())
        for departure in self.presence.expire(instant, self.forwarding.heard_on_unit):
            professional = departure.participant.person.professional
            lost = departure.participant.lost_at is not None
            self.departed(departure, LINE_LOST if lost else "over", OUT_TOO_LONG if professional else MEETING_OVER)
        for guest in self.lobby.expire(instant):
            self.guests_changed(guest.dossier_id)
        self.forwarding.tick(instant)
        self.parts.each(lambda part: part.tick(instant))

    def slept(self, seconds: float) -> None:
        """This process was held up for so long (a machine that was moved, or slept): it heard nobody, whatever they said."""
        for line in self.lines:
            line.heard_at += seconds
        self.lobby.slept(timedelta(seconds=seconds))

    async def _tick_for_ever(self) -> None:
        while True:
            began = time.monotonic()
            await asyncio.sleep(TICK)
            late = time.monotonic() - began - TICK
            if late > TICK:
                self.slept(late)
            try:
                self.tick()
            except Exception:
                log.exception("room.tick")  # one broken line must not stop time for the others

    async def _check_by_itself(self, line: Line) -> None:
        """Being in a call is using one's login; looking on is not."""
        if line.participant is not None and isinstance(line, CallerLine):
            await self.desk.run(login_sessions.find, line.secret)
        if line.is_open:
            self.cut_unless_welcome(line)

    async def _look_at_logins(self) -> None:
        """Cut off whose login was ended, however one heard of it: one question to the database for all lines."""
        held = {line.secret for line in self.holders() if isinstance(line, CallerLine)}
        if not held:
            return
        ended = await self.desk.run(login_sessions.not_alive, held)
        for line in self.holders():
            if isinstance(line, CallerLine) and line.secret in ended:
                self.cut_unless_welcome(line)

    def _end_abandoned(self) -> None:
        # Right as long as one process has all the rooms; with several, the bus will have to say who is where.
        self.later(self.desk.run(service.end_abandoned, self.presence.occupied_dossiers()))

    # -- inside

    def later(self, work: Coroutine[Any, Any, object]) -> None:
        """Do it after what is being done now; a refusal has nobody left to hear it."""

        async def guarded() -> None:
            try:
                await work
            except TeledossierError as refusal:
                log.info("room.refused", code=refusal.code)
            except Exception:
                log.exception("room.fault")

        task = self._loop.create_task(guarded())
        self._work.add(task)
        task.add_done_callback(self._work.discard)

    def _count_refusal(self, line: Line, refusal: MessageRefused, about: str, key: str | None, now: float) -> None:
        if line.limits.is_flood(now):
            self._flooded = {secret: until for secret, until in self._flooded.items() if until > now}
            self._flooded[line.secret] = now + PENANCE
            self.put_out(line, "flood")
            line.cut(FLOOD, "flood")
        else:
            line.tell(wire.error(refusal, about, key))
