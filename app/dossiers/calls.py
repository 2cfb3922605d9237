"""When a dossier's people met by video, as the journal tells it.

A teleconsultation is held while two people or more are in the same room; who waits alone has held none. Somebody who
was never written out (the server was killed) is out when the dossier leaves the step « En téléconsultation ».
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from app.audit.models import AuditEntry
from app.dossiers.models import Step

ENTERED, LEFT, GUEST_ENTERED, GUEST_LEFT = "room.entered", "room.left", "guest.entered", "guest.left"
STEP_CHANGED = "dossier.step"
_ACTIONS = (ENTERED, LEFT, GUEST_ENTERED, GUEST_LEFT, STEP_CHANGED)


@dataclass(frozen=True)
class Held:
    """From the first moment at which two were together to the last; `until` is None while they still are.

    Several meetings of one dossier (somebody came back later in the day) count from the first to the last.
    """

    since: datetime
    until: datetime | None


def held(session: Session, dossier_id: int) -> Held | None:
    """When this dossier's teleconsultation was held; None when nobody ever met."""
    wanted = (
        select(AuditEntry)
        .where(AuditEntry.dossier_id == dossier_id, col(AuditEntry.action).in_(_ACTIONS))
        .order_by(col(AuditEntry.id))
    )
    return meeting(session.exec(wanted))


def meeting(entries: Iterable[AuditEntry]) -> Held | None:
    """The same from a dossier's rows of the journal, oldest first."""
    inside: dict[str, str] = {}  # who -> room
    since = until = None
    together = False
    for entry in entries:
        detail = json.loads(entry.detail)
        if entry.action == STEP_CHANGED:
            if detail.get("to") != Step.IN_CALL.value:
                inside.clear()
        elif entry.action in (ENTERED, GUEST_ENTERED):
            inside[_who(entry, detail)] = detail["room"]
        else:
            inside.pop(_who(entry, detail), None)
        rooms = list(inside.values())
        met = len(rooms) > len(set(rooms))
        if met and not together:
            since = since or entry.at
        if met != together:
            together, until = met, (None if met else entry.at)
    return Held(since, until) if since else None


def _who(entry: AuditEntry, detail: dict[str, object]) -> str:
    """A professional by account, a guest by invitation."""
    return f"guest {detail['invitation']}" if entry.action in (GUEST_ENTERED, GUEST_LEFT) else f"{entry.actor_id}"
