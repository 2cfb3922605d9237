"""A small world for tests: the demo's people and dossiers, without their documents, on a migrated database."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from sqlmodel import select

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
    if "database_url" in settings:
        _fill(platform, clock)
    else:
        with closing(platform.engine.raw_connection()) as only:
            only.driver_connection.deserialize(_filled())  # type: ignore[union-attr]
    with platform.reading() as session:
        people = {person.login: person for person in session.exec(select(Professional))}
    return World(platform, clock, people)


def world_on(platform: Platform) -> World:
    """The same on a platform of the test's making, whose database is migrated; by the machine's clock."""
    clock = SetClock(platform.now())
    _fill(platform, clock)
    with platform.reading() as session:
        people = {person.login: person for person in session.exec(select(Professional))}
    return World(platform, clock, people)


@cache
def _filled() -> bytes:
    """The small world's database, made once per process: every test gets a copy."""
    clock = SetClock()
    platform = platform_in_memory(clock)
    _fill(platform, clock)
    with closing(platform.engine.raw_connection()) as only:
        image: bytes = only.driver_connection.serialize()  # type: ignore[union-attr]
    platform.engine.dispose()
    return image


def _fill(platform: Platform, clock: SetClock) -> None:
    with platform.transaction() as session:
        people = add_people(session)
        add_cases(session, people, clock.now())
        seal_opinion(session, platform, people["dr.martin"], "TLM-2026-0003", 1, clock.now())
