"""A small world for tests: the demo's people and dossiers, without their documents, on a migrated database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from app.bootstrap import platform_in_memory
from app.demo.cases import add_cases
from app.demo.people import add_people
from app.forms.service import seal_opinion
from app.identity.models import Professional
from app.platform import Platform

TUESDAY = datetime(2026, 11, 24, 9, 12, tzinfo=UTC)


@dataclass
class SetClock:
    """A clock that a test moves."""

    at: datetime = TUESDAY

    def now(self) -> datetime:
        return self.at

    def pass_by(self, **time: float) -> None:
        self.at += timedelta(**time)


@dataclass
class World:
    """A platform, its clock, and everybody by login."""

    platform: Platform
    clock: SetClock
    people: dict[str, Professional]

    def __getattr__(self, login: str) -> Professional:
        return self.people[login.replace("_", ".")]


def small_world(**settings: object) -> World:
    """Everything in memory; ten dossiers, six people."""
    clock = SetClock()
    platform = platform_in_memory(clock, **settings)
    with platform.transaction() as session:
        people = add_people(session)
        add_cases(session, people, clock.now())
        seal_opinion(session, platform, people["dr.martin"], "TLM-2026-0003", 1, clock.now())
    return World(platform, clock, people)
