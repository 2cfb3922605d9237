"""The technical facts of each call, for the dossier and the report's annex: who was there from when to when, by which way,
how good the lines were, what went wrong. One row per call in which two people met (`app.dossiers.call_facts`).

Pages say `facts` every 30 s; what they say is only ever about their own line. The row is written when two meet, at each
departure and once a minute, so that a killed server loses a minute at most; whoever takes a place back after a restart
goes on with the same row. Rows of calls that nobody came back to are ended where they were last seen.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlmodel import Session, col, select

from app.audit import service as audit
from app.dossiers.call_facts import (
    KINDS,
    MOST_INCIDENTS,
    MOST_PEOPLE,
    MOST_ROUTES,
    MOST_SPANS,
    CallFacts,
    Present,
    Record,
    read,
    written,
)
from app.platform import Platform
from app.teleconsultation import service
from app.teleconsultation.asking import place
from app.teleconsultation.lines import Line
from app.teleconsultation.parts import Part, part
from app.teleconsultation.presence import Participant
from app.teleconsultation.protocol import Pace, register
from app.teleconsultation.returning import LINE_LOST
from app.teleconsultation.routes import Change
from app.teleconsultation.schema import MessageRefused, Schema, number

if TYPE_CHECKING:
    from app.teleconsultation.hub import Hub

KEPT = "call.facts"  # in the journal, with the digest of the row
EVERY = timedelta(minutes=1)  # between two writings of a call that goes on
ABANDONED = timedelta(minutes=2)  # after our start, before a call nobody came back to is ended
WORTH_TELLING = 3  # seconds of a line that was away
POOR = 80  # thousandths lost, from which a page's half minute is an incident
RARELY = Pace("facts", 1 / 10, 4)  # pages speak every 30 s, and once more when their way changes


@dataclass(frozen=True)
class Facts:
    """A page's own line since it last said so: thousandths lost on the way here, round trip in ms, kind of path."""

    lost: int
    rtt: int
    kind: str


@dataclass
class _Going:
    """A call that goes on. `since`: two met; `together`: two are there now; `last`: when two were last there."""

    key: str
    dossier_id: int
    room: str
    record: Record = field(default_factory=Record)
    since: datetime | None = None
    last: datetime | None = None
    together: bool = False
    away: dict[str, datetime] = field(default_factory=dict)  # participant -> since when their line is away
    written_at: datetime | None = None

    def present(self, person: Participant) -> Present | None:
        """Their entry, made when there is none; None when there are too many."""
        found = next((each for each in self.record.people if each.key == person.person.key), None)
        if found is None and len(self.record.people) < MOST_PEOPLE:
            found = Present(person.person.key, person.person.label)
            self.record.people.append(found)
        return found

    def incident(self, at: datetime, kind: str, who: str = "", seconds: int | None = None) -> None:
        if len(self.record.incidents) < MOST_INCIDENTS:
            self.record.incidents.append((at, kind, who, seconds))
        else:
            self.record.more += 1

    def went(self, at: datetime, route: str, reason: str) -> None:
        if len(self.record.routes) < MOST_ROUTES:
            self.record.routes.append((at, route, reason))


@part
class CallRecorder(Part):
    """Writes down what happens in the calls of this process."""

    def __init__(self, hub: Hub) -> None:
        super().__init__(hub)
        self._going: dict[str, _Going] = {}  # call -> what is known of it
        self._tidy_at = hub.platform.now() + ABANDONED
        self._is_tidy = False

    def entered(self, me: Participant, *, resumed: bool) -> None:
        now = self.hub.platform.now()
        call = self._going.get(me.call)
        if call is None:
            call = self._going[me.call] = self._begin(me, resumed, now)
        present = call.present(me)
        lost_since = call.away.pop(me.id, None)
        if lost_since is not None:
            self._told_away(call, me, lost_since, now)
        elif present and (not present.spans or present.spans[-1][1] is not None) and len(present.spans) < MOST_SPANS:
            present.spans.append((now, None))
        self._count(call, me, now)

    def gone(self, participant: Participant, reason: str) -> None:
        call = self._going.get(participant.call)
        if call is None:
            return
        now = self.hub.platform.now()
        call.away.pop(participant.id, None)
        if reason == LINE_LOST and call.together:
            call.incident(participant.lost_at or now, "gone", participant.person.label)
        still = any(p.person.key == participant.person.key for p in self._people(participant))
        present = call.present(participant)
        if present and not still and present.spans and present.spans[-1][1] is None:
            present.spans[-1] = (present.spans[-1][0], now)
        self._count(call, participant, now)

    def rerouted(self, change: Change) -> None:
        if call := self._going.get(change.call):
            call.went(self.hub.platform.now(), change.route.value, change.reason)

    def off_unit(self, participant: Participant, reason: str) -> None:
        if call := self._going.get(participant.call):
            call.incident(self.hub.platform.now(), "unit", participant.person.label)

    def tick(self, now: datetime) -> None:
        for person in self.hub.presence.everybody():
            call = self._going.get(person.call)
            if call is not None and person.lost_at is not None and person.id not in call.away:
                call.away[person.id] = person.lost_at
        for call in self._going.values():
            if call.together and call.written_at is not None and now - call.written_at >= EVERY:
                self._write(call, now)
        if not self._is_tidy and now >= self._tidy_at:
            self._is_tidy = True
            living = frozenset(call.key for call in self._going.values())
            self.hub.later(self.hub.desk.run(end_abandoned, living))

    def heard(self, me: Participant, facts: Facts) -> None:
        """A page speaks of its own line."""
        call = self._going.get(me.call)
        present = call.present(me) if call else None
        if call is None or present is None:
            return
        present.samples += 1
        present.lost_sum += facts.lost
        present.lost_most = max(present.lost_most, facts.lost)
        present.rtt_most = max(present.rtt_most, facts.rtt)
        if facts.kind and facts.kind not in present.kinds:
            present.kinds.append(facts.kind)
        if facts.lost >= POOR:
            call.incident(self.hub.platform.now(), "poor", me.person.label)

    def _begin(self, me: Participant, resumed: bool, now: datetime) -> _Going:
        """A new call; after a restart of ours, the one that is open goes on."""
        call = _Going(secrets.token_hex(8), me.dossier_id, me.room)
        with self.hub.platform.reading() as session:
            row = _open_row(session, me.dossier_id, me.room) if resumed else None
        if row is None:
            call.went(now, self.hub.routes.of(me.call).value, "")
            return call
        call.key, call.since, call.last, call.record = row.key, row.started_at, row.seen_at, read(row.detail)
        call.incident(row.seen_at, "restart", "", max(0, round((now - row.seen_at).total_seconds())))
        return call

    def _told_away(self, call: _Going, me: Participant, since: datetime, now: datetime) -> None:
        seconds = round((now - since).total_seconds())
        if seconds >= WORTH_TELLING and call.together:
            call.incident(since, "line", me.person.label, seconds)

    def _count(self, call: _Going, about: Participant, now: datetime) -> None:
        """Whether two are together; the row follows."""
        people = self._people(about)
        before, call.together = call.together, len({p.person.key for p in people}) > 1
        if call.together:
            call.since = call.since or now
        if before or call.together:
            call.last = now
        if not people:
            del self._going[about.call]
            for present in call.record.people:  # who never came back after a restart
                present.spans = [(since, until or call.last or now) for since, until in present.spans]
        if call.since is not None:
            self._write(call, now, ended=not people)

    def _people(self, about: Participant) -> list[Participant]:
        return [p for p in self.hub.presence.people(about.room) if p.dossier_id == about.dossier_id]

    def _write(self, call: _Going, now: datetime, *, ended: bool = False) -> None:
        assert call.since is not None
        call.written_at = now
        row = CallFacts(
            key=call.key,
            dossier_id=call.dossier_id,
            room=call.room,
            room_name="",
            started_at=call.since,
            seen_at=now,
            ended_at=(call.last or now) if ended else None,
            detail=written(call.record),
        )
        self.hub.later(self.hub.desk.run(keep, row))


def keep(platform: Platform, row: CallFacts) -> None:
    """Write a call's row; at the end of the call its digest joins the journal. Raises: NotFound (room)."""
    with platform.transaction() as session:
        known = session.exec(select(CallFacts).where(CallFacts.key == row.key)).first()
        if known is None:
            known = row
            known.room_name = service.room_called(session, row.room).name
        known.seen_at, known.ended_at, known.detail = row.seen_at, row.ended_at, row.detail
        session.add(known)
        if row.ended_at is not None:
            _journal(session, known, platform.now())


def end_abandoned(platform: Platform, living: frozenset[str]) -> int:
    """End the calls that nobody came back to after the server was down; answers how many."""
    with platform.transaction() as session:
        rows = session.exec(select(CallFacts).where(col(CallFacts.ended_at).is_(None)))
        abandoned = [row for row in rows if row.key not in living]
        for row in abandoned:
            row.ended_at = row.seen_at
            session.add(row)
            _journal(session, row, platform.now())
    return len(abandoned)


def _journal(session: Session, row: CallFacts, at: datetime) -> None:
    digest = hashlib.sha256(row.detail.encode()).hexdigest()
    detail = {"call": row.key, "sha256": digest}
    audit.record(session, at, audit.SYSTEM, KEPT, dossier_id=row.dossier_id, subject=row.room_name, detail=detail)


def _open_row(session: Session, dossier_id: int, room: str) -> CallFacts | None:
    wanted = select(CallFacts).where(
        CallFacts.dossier_id == dossier_id, CallFacts.room == room, col(CallFacts.ended_at).is_(None)
    )
    return session.exec(wanted.order_by(col(CallFacts.id).desc())).first()


def _kind(value: object) -> str:
    if not isinstance(value, str) or (value and value not in KINDS):
        raise MessageRefused
    return value


def _say(hub: Hub, line: Line, message: Facts) -> None:
    hub.parts.of(CallRecorder).heard(place(hub, line), message)


register("facts", Schema(Facts, {"lost": number(1000), "rtt": number(60_000), "kind": _kind}), RARELY, _say)
