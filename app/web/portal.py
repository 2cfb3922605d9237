"""`/portail`: the kiosk of services, one tile for each that the person has a right to (guide 1.2)."""

from __future__ import annotations

from datetime import datetime, timedelta

from app.dossiers.listing import DossierFilter, DossierRow, Selection, my_dossiers
from app.dossiers.models import Step
from app.french import full, hour, local, long_date
from app.identity import login_sessions, passkeys
from app.identity.ways import Way
from app.web.person import PersonPage


class Portal(PersonPage):
    """The kiosk. Its main tile already shows the next appointment; a service without a right to it has no tile."""

    here = "/portail"

    def get(self) -> None:
        platform, actor, now = self.platform, self.actor, self.platform.now()
        with platform.reading() as session:
            before = login_sessions.last_login_before(session, actor)
        sessions = login_sessions.open_of(platform, actor, self.login_secret)
        has_dossiers = actor.is_requester or actor.is_expert
        dossiers = my_dossiers(platform, actor, DossierFilter(selection=Selection.WAITING)) if has_dossiers else None
        coming = [row for row in dossiers.today if _is_coming(row, now)] if dossiers else []
        self.page(
            "portail.html",
            today=long_date(local(now).date()).capitalize(),
            dossiers=dossiers,
            waiting=dossiers.counts[Selection.WAITING] if dossiers else 0,
            opinions=dossiers.counts[Selection.OPINION_DUE] if dossiers else 0,
            coming=len(coming),
            next=_next(coming[0], now) if coming else None,
            administrates=actor.is_administrator,
            keys=len(passkeys.mine(platform, actor)),
            others=[each.device for each in sessions if not each.is_this],
            last_login=f"{full(before.created_at, now)}, {Way(before.method).label.lower()}" if before else "",
        )


def _is_coming(row: DossierRow, now: datetime) -> bool:
    return (
        row.step in (Step.PLANNED, Step.IN_CALL)
        and row.planned_at is not None
        and now < row.planned_at + timedelta(minutes=row.planned_minutes)
    )


def _next(row: DossierRow, now: datetime) -> dict[str, object]:
    assert row.planned_at is not None
    return {
        "hour": hour(row.planned_at),
        "soon": soon(row.planned_at, now),
        "patient": f"{row.family_name} {row.first_name}",
        "place": row.structure,
        "urgent": row.urgent,
        "number": row.number,
    }


def soon(at: datetime, now: datetime) -> str:
    """« dans 18 min », « dans 3 h », « maintenant »."""
    minutes = round((at - now).total_seconds() / 60)
    if minutes <= 0:
        return "maintenant"
    return f"dans {minutes} min" if minutes < 90 else f"dans {round(minutes / 60)} h"
