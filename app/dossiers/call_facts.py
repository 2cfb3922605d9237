"""Technical facts of a dossier's calls: one row per call, and the last check of each person's line.

The rooms write them (`app.teleconsultation.facts`, `checks`); the report's annex (code de la santé publique, R. 6316-4:
professionals who took part, date and hour of the act, technical incidents) and the dossier's page read them here. *When* a
teleconsultation was held is told by the journal (`calls.held`), which is chained and survives a killed server.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, Session, SQLModel, col, select

from app.db import UtcDateTime
from app.db import key as key_of
from app.dossiers.access import dossier_for
from app.french import NO_BREAK_SPACE, local, long_date, numeric_date
from app.identity.models import Professional
from app.platform import Platform

MOST_PEOPLE, MOST_SPANS, MOST_INCIDENTS, MOST_ROUTES = 64, 20, 100, 50  # of one call: a row stays small

Answers = tuple[tuple[str, str], ...]

ROUTES = {
    "direct": "en direct d'un navigateur à l'autre",
    "unit": "par le relais vidéo du service",
}
REASONS = {
    "people": "plus de deux personnes",
    "blocked": "chemin direct impossible",
    "two": "retour à deux personnes",
    "muted": "micro coupé par un professionnel",
    "restart": "redémarrage du service",
}
KINDS = {
    "udp": "UDP",
    "tcp": "TCP",
    "relay-udp": "relais TURN en UDP",
    "relay-tcp": "relais TURN en TCP",
    "relay-tls": "relais TURN en TLS",
}
INCIDENTS = {
    "line": "liaison de {who} interrompue",
    "gone": "liaison de {who} perdue, sortie de la salle",
    "unit": "relais vidéo perdu pour {who}",
    "poor": "liaison faible pour {who}",
    "restart": "service redémarré pendant l'appel",
}


class CallFacts(SQLModel, table=True):
    """One call in which two people met. `ended_at`: when two were last together; null while it goes on."""

    __tablename__ = "call_facts"

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True, description="Of the call, chosen when it begins")
    dossier_id: int = Field(foreign_key="dossier.id", index=True)
    room: str
    room_name: str
    started_at: datetime = Field(sa_type=UtcDateTime)
    seen_at: datetime = Field(sa_type=UtcDateTime, description="When the row was last written")
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    detail: str = Field(sa_type=sa.Text, description="`Record` as JSON")


class LineCheck(SQLModel, table=True):
    """What somebody's last check of devices and network said, before a call of this dossier."""

    __tablename__ = "line_check"

    dossier_id: int = Field(foreign_key="dossier.id", primary_key=True)
    person: str = Field(primary_key=True, description="professional:12, invitation:34")
    name: str
    at: datetime = Field(sa_type=UtcDateTime)
    detail: str = Field(sa_type=sa.Text)


@dataclass
class Present:
    """Somebody's part in a call. `spans`: from when to when inside; `lost` in thousandths, `rtt` in ms."""

    key: str
    name: str
    spans: list[tuple[datetime, datetime | None]] = field(default_factory=list)
    samples: int = 0
    lost_sum: int = 0
    lost_most: int = 0
    rtt_most: int = 0
    kinds: list[str] = field(default_factory=list)


@dataclass
class Record:
    """What a row's `detail` holds. Incidents: when, what (`INCIDENTS`), who, seconds if known."""

    people: list[Present] = field(default_factory=list)
    routes: list[tuple[datetime, str, str]] = field(default_factory=list)
    incidents: list[tuple[datetime, str, str, int | None]] = field(default_factory=list)
    more: int = 0  # incidents beyond the limit, counted only


@dataclass(frozen=True)
class CheckView:
    """One person's last check; `found` are the fields of the page's message `check`."""

    name: str
    at: datetime
    found: dict[str, Any]


@dataclass(frozen=True)
class CallView:
    """One call to read."""

    room: str
    since: datetime
    until: datetime | None
    record: Record


def written(record: Record) -> str:
    """The record as JSON."""
    return json.dumps(
        {
            "people": [
                {**vars(each), "spans": [[_iso(since), _iso(until)] for since, until in each.spans]}
                for each in record.people
            ],
            "routes": [[_iso(at), route, reason] for at, route, reason in record.routes],
            "incidents": [[_iso(at), *rest] for at, *rest in record.incidents],
            "more": record.more,
        },
        ensure_ascii=False,
        sort_keys=True,
    )


def read(detail: str) -> Record:
    """The record out of its JSON."""
    values: dict[str, Any] = json.loads(detail)
    people = [
        Present(**{**each, "spans": [(_at(since), _at(until) if until else None) for since, until in each["spans"]]})
        for each in values["people"]
    ]
    return Record(
        people=people,
        routes=[(_at(at), route, reason) for at, route, reason in values["routes"]],
        incidents=[(_at(at), kind, who, seconds) for at, kind, who, seconds in values["incidents"]],
        more=values["more"],
    )


def calls_of(session: Session, dossier_id: int) -> list[CallView]:
    """The calls of a dossier that the reader was already checked for, oldest first."""
    rows = session.exec(
        select(CallFacts)
        .where(CallFacts.dossier_id == dossier_id)
        .order_by(col(CallFacts.started_at), col(CallFacts.id))
    )
    return [CallView(row.room_name, row.started_at, row.ended_at, read(row.detail)) for row in rows]


def facts_of(platform: Platform, actor: Professional, number: str) -> tuple[list[CallView], list[CheckView]]:
    """The calls of a dossier and who checked their line, for its page. Raises: NotFound."""
    with platform.reading() as session:
        dossier_id = key_of(dossier_for(session, actor, number))
        rows = session.exec(select(LineCheck).where(LineCheck.dossier_id == dossier_id).order_by(col(LineCheck.at)))
        checks = [CheckView(row.name, row.at, json.loads(row.detail)) for row in rows]
        return calls_of(session, dossier_id), checks


# -- in words


def checked(check: CheckView) -> str:
    """« caméra et micro prêts, liaison 24 ms, UDP ouvert »: what somebody's page found before a call."""
    found = check.found
    ready = [word for word, has in (("caméra", found["camera"]), ("micro", found["microphone"])) if has]
    parts = [f"{' et '.join(ready)} {'prêts' if len(ready) > 1 else 'seul'}" if ready else "ni caméra ni micro"]
    if found["delay"] is not None:
        parts.append(f"liaison {found['delay']}{NO_BREAK_SPACE}ms")
    if found["udp"] is not None:
        parts.append("UDP ouvert" if found["udp"] else "UDP fermé")
    relays = [name for name, key in (("UDP", "relay_udp"), ("TLS", "relay_tls")) if found[key]]
    if relays:
        parts.append(f"relais joignable en {' et '.join(relays)}")
    elif found["relay_udp"] is False and found["relay_tls"] is False:
        parts.append("relais injoignable")
    if found["rate"] is not None:
        parts.append(f"débit {found['rate'] / 1000:.1f}{NO_BREAK_SPACE}Mbit/s".replace(".", ","))
    if found["browser"]:
        parts.append(found["browser"])
    return ", ".join(parts)


def annex(calls: Iterable[CallView]) -> Answers:
    """The report's technical annex: (label, text) for each call; several calls are told apart by their day and hour."""
    calls = list(calls)
    lines: list[tuple[str, str]] = []
    for number, call in enumerate(calls, 1):
        title = "Appel" if len(calls) == 1 else f"Appel {number}"
        lines += [(title, when(call)), *describe(call)]
    return tuple(lines)


def describe(call: CallView) -> Answers:
    """What there is to say of one call, beside when and where."""
    record = call.record
    return (
        ("Personnes présentes", "\n".join(_presence(each) for each in record.people)),
        ("Chemin de l'image et du son", _path(record)),
        ("Qualité de la liaison", _quality(record)),
        ("Incidents techniques", _incidents(record)),
    )


def when(call: CallView) -> str:
    """« Salle Bleue, 24 novembre 2026, de 10:42 à 11:03 (21 min) »."""
    day = long_date(local(call.since).date()).partition(" ")[2]
    if call.until is None:
        return f"{call.room}, {day}, commencé à {_hour(call.since)}"
    minutes = max(1, round((call.until - call.since).total_seconds() / 60))
    other_day = local(call.until).date() != local(call.since).date()
    end = f"{numeric_date(local(call.until).date())} {_hour(call.until)}" if other_day else _hour(call.until)
    return f"{call.room}, {day}, de {_hour(call.since)} à {end} ({minutes}{NO_BREAK_SPACE}min)"


def _presence(present: Present) -> str:
    spans = ", ".join(
        f"de {_hour(since)} à {_hour(until)}" if until else f"depuis {_hour(since)}" for since, until in present.spans
    )
    return f"{present.name} : {spans}"


def _path(record: Record) -> str:
    if not record.routes:
        return "Non relevé."
    _at_first, route, _why = record.routes[0]
    parts = [ROUTES.get(route, route)]
    parts += [
        f"puis {ROUTES.get(route, route)} à {_hour(at)} ({REASONS.get(reason, reason)})"
        for at, route, reason in record.routes[1:]
    ]
    text = ", ".join(parts)
    kinds = sorted({KINDS.get(kind, kind) for each in record.people for kind in each.kinds})
    transport = f" Transport : {', '.join(kinds)}." if kinds else ""
    return f"{text[0].upper()}{text[1:]}. Image et son chiffrés pendant le transport (DTLS-SRTP).{transport}"


def _quality(record: Record) -> str:
    lines = []
    for each in record.people:
        if not each.samples:
            continue
        average = each.lost_sum / each.samples
        lines.append(
            f"{each.name} : pertes {_percent(average)} en moyenne, {_percent(each.lost_most)} au plus ; "
            f"aller-retour {each.rtt_most}{NO_BREAK_SPACE}ms au plus"
        )
    return "\n".join(lines) or "Non relevée."


def _incidents(record: Record) -> str:
    lines = []
    for at, kind, who, seconds in record.incidents:
        text = INCIDENTS.get(kind, kind).format(who=who)
        lines.append(f"{_hour(at)} : {text}" + (f", {seconds}{NO_BREAK_SPACE}s" if seconds is not None else ""))
    if record.more:
        lines.append(f"et {record.more} de plus")
    return "\n".join(lines) or "Aucun relevé."


def _percent(thousandths: float) -> str:
    return f"{thousandths / 10:.1f}{NO_BREAK_SPACE}%".replace(".", ",")


def _hour(instant: datetime) -> str:
    return f"{local(instant):%H:%M}"


def _iso(instant: datetime | None) -> str | None:
    return instant.isoformat() if instant else None


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)
