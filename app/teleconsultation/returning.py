"""Who may come back without waiting again: a guest whose line broke, into the same call, soon enough.

A telephone changes networks, goes through a lift, is locked for a minute; it is still the person whom a professional
let in. Who left by themselves, was put out, or comes back to another call is let in anew. The journal is what
remembers, so that a restart of the server changes nothing.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from app.audit.models import AuditEntry
from app.dossiers.calls import GUEST_LEFT, STEP_CHANGED
from app.teleconsultation.models import Invitation

COMES_BACK = timedelta(minutes=2)  # after `left` was told; the place itself was kept for 10 s before
LINE_LOST = "line-lost"  # reason of a departure


def may_come_back(session: Session, now: datetime, invitation: Invitation) -> bool:
    """Whether this guest, who was inside, need not be let in anew."""
    if invitation.admitted_at is None or invitation.is_dead:
        return False
    since = now - COMES_BACK
    wanted = (
        select(AuditEntry)
        .where(
            AuditEntry.dossier_id == invitation.dossier_id,
            col(AuditEntry.action).in_((GUEST_LEFT, STEP_CHANGED)),
            col(AuditEntry.at) >= since,
        )
        .order_by(col(AuditEntry.id).desc())
    )
    for entry in session.exec(wanted):
        if entry.action == STEP_CHANGED:
            return False  # that call was over
        detail = json.loads(entry.detail)
        if detail["invitation"] == invitation.id:
            return bool(detail["reason"] == LINE_LOST)
    return False
