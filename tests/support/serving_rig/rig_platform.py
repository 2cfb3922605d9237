"""The platform of the rig: a real database and bus, nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session

from app import db
from app.bus import LocalBus
from app.platform import Platform
from app.settings import Settings


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class RigPlatform(Platform):
    def reading(self) -> AbstractContextManager[Session]:
        return self._reading()

    @contextmanager
    def _reading(self) -> Iterator[Session]:
        with Session(self.engine, expire_on_commit=False) as session:
            yield session


def build(settings: Settings) -> Platform:
    engine = db.connect(settings.sqlalchemy_url())
    absent: Any = None
    return RigPlatform(
        settings=settings,
        engine=engine,
        bus=LocalBus(settings.var / "bus"),
        files=absent,
        mail=absent,
        renderer=absent,
        clock=SystemClock(),
    )
