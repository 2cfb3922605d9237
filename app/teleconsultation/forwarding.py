"""The rooms' side of the forwarding unit: who is on it, which call goes through it, what it says.

The unit outlives us and we outlive it. When it is reached again it says who is on it, and that is the truth: people
whom it has lost hear `unpublished` and publish anew; people whom nobody here knows are removed, but not before pages
had the time to come back after a restart of ours. Right as long as one process has all the rooms, like `Hub`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Coroutine
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog

from app.errors import InvalidInput, RelayUnavailable, TeledossierError
from app.platform import (
    Joined,
    MediaEngine,
    PeerGone,
    QualityChanged,
    Slot,
    SlotsChanged,
    SpeakerChanged,
    UnitDown,
    UnitEvent,
    UnitPeer,
    UnitUp,
)
from app.teleconsultation import service, wire
from app.teleconsultation.presence import GRACE, Participant
from app.teleconsultation.routes import Change, Route, room_of

if TYPE_CHECKING:
    from app.teleconsultation.hub import Hub
    from app.teleconsultation.lines import Line

KNOWN_WITHIN = 2.0  # seconds from our start, for the unit to say who is on it; pages are promised to be back within 5
NOT_ON_UNIT = "Cette salle ne passe pas par le relais vidéo en ce moment."
SOUND = "audio"
OUR_DOING = ("left", "replaced")  # reasons of `gone` that answer something we asked

log = structlog.get_logger(__name__)


class Forwarding:
    """Made with its hub, on the event loop. Without a unit (`platform.media`) only `publish` is refused."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._unit = hub.platform.media
        self._told: dict[tuple[str, str], str] = {}  # participant and source -> what the unit was told it is
        self._calls: dict[str, str] = {}  # participant on the unit, or asking for it -> call
        self._slots: dict[str, tuple[Slot, ...]] = {}
        self._levels: dict[str, int] = {}
        self._speakers: dict[str, str] = {}  # call -> participant
        self._came_back_by = hub.platform.now() + GRACE
        self._all_back = False
        self._silent: asyncio.TimerHandle | None = None  # runs until it is known who is on the unit
        if self._unit is not None:
            self._silent = asyncio.get_running_loop().call_later(KNOWN_WITHIN, self._unit_is_silent)
            self._unit.start(self.heard)

    @property
    def is_known(self) -> bool:
        """Whether the unit has said who is on it, is not there, or had its time: before, no call has a route."""
        return self._silent is None

    @property
    def heard_on_unit(self) -> Collection[str]:
        """Participants whom the unit has not called gone (it does after 15 s without a packet): they are there."""
        return self._calls.keys() if self._unit is not None and self._unit.is_up else ()

    async def close(self) -> None:
        """Let go of the unit; who is on it stays there, for the next process."""
        if self._silent is not None:
            self._silent.cancel()
        if self._unit is not None:
            await self._unit.close()

    # -- routes

    def recount(self, call: str) -> Change | None:
        """People came, left, or were silenced: the change of route that follows, which the caller tells with `changed`.

        On the direct route a silence hangs on the others' pages: with a unit, that is what carries such a call.
        """
        people = self._people(call)
        change = self._hub.routes.count(call, len(people), self._hub.platform.now())
        if change is None and self._unit is not None and len(people) > 1 and any(p.silenced for p in people):
            return self._hub.routes.keep_on_unit(call, "muted")
        return change

    def changed(self, change: Change | None, but: str | None = None) -> None:
        """Tell a change of route, and keep it in the journal."""
        if change is None:
            return
        hub, room = self._hub, room_of(change.call)
        people = self._people(change.call)
        for participant in people:
            if participant.id != but:
                hub.tell(participant.id, {"t": "route", "route": change.route.value})
        hub.tell_rooms()
        if people:
            dossier_id = people[0].dossier_id
            hub.later(hub.desk.run(service.keep_route, dossier_id, room, change.route.value, change.reason))
        hub.parts.each(lambda part: part.rerouted(change))

    def blocked(self, me: Participant, to: str) -> None:
        """The direct path between two people is not up; for somebody who has just left nothing is done."""
        other = self._hub.presence.find(to)
        if other is not None and other.call == me.call and other.id != me.id:
            self.changed(self._hub.routes.blocked(me.call))

    def tick(self, now: datetime) -> None:
        """What time does: calls that were two for long enough go direct, strangers are removed after a restart."""
        for call in {p.call for p in self._hub.presence.everybody()}:
            self.changed(self.recount(call))
        if not self._all_back and now >= self._came_back_by:
            self._all_back = True
            self._remove_strangers()

    # -- coming and going

    def publish(self, line: Line, me: Participant, offer: str, n: int) -> None:
        """Take somebody onto the unit; answered with `published`. Raises: RelayUnavailable, InvalidInput."""
        if self._hub.routes.of(me.call) is not Route.UNIT and me.id not in self._calls:
            raise InvalidInput(NOT_ON_UNIT)
        if self._unit is None:
            raise RelayUnavailable
        self._calls[me.id] = me.call
        self._hub.later(self._publish(self._unit, line, me, n, self._unit.join(me.call, me.id, offer)))

    async def _publish(
        self, unit: MediaEngine, line: Line, me: Participant, n: int, joining: Coroutine[Any, Any, Joined]
    ) -> None:
        try:
            joined = await joining
            self._slots[me.id] = joined.slots
            if me.silenced:  # before the page gets the answer: nothing of theirs can arrive earlier
                await unit.mute(me.id, SOUND, True)
            self.describe(me)
        except TeledossierError as refusal:
            if self._hub.presence.find(me.id) is not None:
                self._hub.refuse(line, refusal, "publish")
            return
        if self._hub.presence.find(me.id) is None or me.id not in self._calls:
            self._slots.pop(me.id, None)
            await unit.leave(me.id)  # they went while the unit was answering
            return
        seats = self._slots.get(me.id, joined.slots)  # may have changed while the silence was told
        published = {"t": "published", "n": n, "answer": joined.answer, "slots": wire.slots(seats)}
        self._hub.tell(me.id, published)

    def leave(self, participant_id: str) -> None:
        """Off the unit at once: out of the room, or seeing everybody directly again."""
        self._slots.pop(participant_id, None)
        self._levels.pop(participant_id, None)
        self._told = {known: content for known, content in self._told.items() if known[0] != participant_id}
        call = self._calls.pop(participant_id, None)
        if call is None or self._unit is None:
            return
        if self._speakers.get(call) == participant_id:
            del self._speakers[call]
        self._hub.later(self._unit.leave(participant_id))

    def mute(self, participant: Participant) -> None:
        """Have the unit drop what a silenced person says, or let it through again."""
        if self._unit is not None and participant.id in self._calls:
            self._hub.later(self._unit.mute(participant.id, SOUND, participant.silenced))

    def describe(self, participant: Participant) -> None:
        """Tell the unit what somebody's second picture and sound are: by that it gives them places, and an order."""
        if self._unit is None or participant.id not in self._calls:
            return
        sound = "auscultation" if participant.auscultation else participant.aux  # a shared tab brings its sound
        for source, content in (("aux-video", participant.aux), ("aux-audio", "" if sound == "camera" else sound)):
            if self._told.get((participant.id, source), "") != content:
                self._told[participant.id, source] = content
                self._hub.later(self._unit.describe(participant.id, source, content))

    def begin(self, line: Line, me: Participant, offer: str | None) -> Callable[[], None]:
        """Before `joined` is written: onto the unit with the offer of the lobby, which it reads meanwhile.

        Answers how to say a refusal, to be called after `joined`.
        """
        if offer is not None and self._hub.routes.of(me.call) is Route.UNIT:
            try:
                self.publish(line, me, offer, 0)
            except TeledossierError as refusal:
                return partial(self._hub.refuse, line, refusal, "publish")
        return lambda: None

    def welcome(self, me: Participant, *, resumed: bool, offered: bool) -> None:
        """After `joined`: what the others know of the call; who has `offered` nothing is told what became of them."""
        hub = self._hub
        self.describe(me)
        if hub.routes.of(me.call) is not Route.UNIT:
            return
        if resumed and not offered:
            if me.id in self._slots:
                hub.tell(me.id, {"t": "slots", "slots": wire.slots(self._slots[me.id])})
            elif me.id not in self._calls and self._unit is not None and self._unit.is_up:
                hub.tell(me.id, {"t": "unpublished", "reason": "relay"})
        for other in hub.others(me):
            if other.id in self._levels:
                hub.tell(me.id, {"t": "quality", "id": other.id, "level": self._levels[other.id]})
        if me.call in self._speakers:
            hub.tell(me.id, {"t": "speaker", "id": self._speakers[me.call]})

    # -- what the unit says

    def heard(self, event: UnitEvent) -> None:
        """One event of the unit, on the loop."""
        match event:
            case UnitUp(peers):
                self._reached(peers)
                self._is_known_now()
            case UnitDown():
                self._slots.clear()
                self._told.clear()
                self._is_known_now()
            case SlotsChanged(peer, slots):
                if peer in self._calls:
                    self._slots[peer] = slots
                    self._hub.tell(peer, {"t": "slots", "slots": wire.slots(slots)})
            case PeerGone(peer, reason) if reason not in OUR_DOING:
                self._lost(peer, reason)
            case SpeakerChanged(call, peer):
                self._spoke(call, peer)
            case QualityChanged(peer, level):
                if peer in self._calls:
                    self._levels[peer] = level
                    self._tell_call(self._calls[peer], {"t": "quality", "id": peer, "level": level})

    def _unit_is_silent(self) -> None:
        log.warning("relay.unknown")
        self._is_known_now()

    def _is_known_now(self) -> None:
        if self._silent is not None:
            self._silent.cancel()
            self._silent = None
            self._hub.hear_held()

    def _reached(self, peers: tuple[UnitPeer, ...]) -> None:
        hub = self._hub
        self._calls = {peer.peer: peer.room for peer in peers}
        self._told = {(peer.peer, source): content for peer in peers for source, content in peer.described.items()}
        self._levels.clear()
        self._speakers.clear()
        if not self._all_back:
            for call in dict.fromkeys(self._calls.values()):
                self.changed(hub.routes.found(call, list(self._calls.values()).count(call)))
        for peer in peers:
            if peer.slots is not None:
                self.heard(SlotsChanged(peer.peer, peer.slots))
            known = hub.presence.find(peer.peer)
            if known is not None and known.silenced != (SOUND in peer.muted):
                self.mute(known)
            if known is not None:
                self.describe(known)
        for participant in hub.presence.everybody():
            if participant.id not in self._calls and hub.routes.of(participant.call) is Route.UNIT:
                self._tell_lost(participant.id, "relay")
        if self._all_back:
            self._remove_strangers()

    def _remove_strangers(self) -> None:
        """Nobody who is not in a room of ours is forwarded; calls that nobody came back to are over."""
        for peer in list(self._calls):
            if self._hub.presence.find(peer) is None:
                self.leave(peer)
        living = {p.call for p in self._hub.presence.everybody()}
        for call in self._hub.routes.calls():
            if call not in living:
                self._hub.routes.forget(call)

    def _lost(self, peer: str, reason: str) -> None:
        self._slots.pop(peer, None)
        self._levels.pop(peer, None)
        if self._calls.pop(peer, None) is not None:
            self._tell_lost(peer, reason)

    def _tell_lost(self, peer: str, reason: str) -> None:
        self._hub.tell(peer, {"t": "unpublished", "reason": reason})
        if (participant := self._hub.presence.find(peer)) is not None:
            self._hub.parts.each(lambda part: part.off_unit(participant, reason))

    def _spoke(self, call: str, peer: str | None) -> None:
        if peer is None:
            self._speakers.pop(call, None)
        else:
            self._speakers[call] = peer
        self._tell_call(call, {"t": "speaker", "id": peer})

    def _tell_call(self, call: str, message: wire.Answer) -> None:
        for participant in self._people(call):
            self._hub.tell(participant.id, message)

    def _people(self, call: str) -> list[Participant]:
        return [p for p in self._hub.presence.people(room_of(call)) if p.call == call]
