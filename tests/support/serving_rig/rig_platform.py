"""The platform of the rig: a real database and bus, nothing else."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from app import db
from app.bus import LocalBus
from app.platform import Platform
from app.settings import Settings


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


def build(settings: Settings) -> Platform:
    engine = db.connect(settings.sqlalchemy_url())
    absent: Any = None
    return Platform(
        settings=settings,
        engine=engine,
        bus=LocalBus(settings.var / "bus"),
        files=absent,
        mail=absent,
        sms=absent,
        outbox=absent,
        renderer=absent,
        clock=SystemClock(),
    )
