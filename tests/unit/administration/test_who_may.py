"""Only an administrator administers: every use case, asked by everybody else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import select

from app.administration import import_csv, journal, people, rights, rooms, structures
from app.administration.drafts import PersonDraft
from app.administration.journal import JournalQuery
from app.administration.structures import StructureDraft, WaysDraft
from app.audit.models import AuditEntry
from app.errors import AccessDenied
from app.identity.models import LoginSession, Professional, Structure
from app.platform import Platform
from app.teleconsultation.models import Room
from tests.support.people import World, small_world

Act = Callable[[Platform, Professional], Any]
ACTS: dict[str, Act] = {
    "list people": lambda p, a: people.list_people(p, a),
    "read a person": lambda p, a: people.read_person(p, a, 1),
    "create a person": lambda p, a: people.create_person(p, a, PersonDraft("x", "", "X", "Y")),
    "change a person": lambda p, a: people.change_person(p, a, 1, PersonDraft(), ""),
    "suspend a person": lambda p, a: people.suspend_person(p, a, 1),
    "restore a person": lambda p, a: people.restore_person(p, a, 1),
    "invite a person": lambda p, a: people.invite_person(p, a, 1),
    "try an import": lambda p, a: import_csv.try_import(p, a, b"identifiant"),
    "import": lambda p, a: import_csv.import_people(p, a, "x"),
    "list structures": lambda p, a: structures.list_structures(p, a),
    "read a structure": lambda p, a: structures.read_structure(p, a, 1),
    "create a structure": lambda p, a: structures.create_structure(p, a, StructureDraft("X", "Y")),
    "change a structure": lambda p, a: structures.change_structure(p, a, 1, StructureDraft(), ""),
    "change ways": lambda p, a: structures.change_ways(p, a, 1, WaysDraft(), ""),
    "list rooms": lambda p, a: rooms.list_rooms(p, a),
    "create a room": lambda p, a: rooms.create_room(p, a, "X"),
    "rename a room": lambda p, a: rooms.rename_room(p, a, 1, "X"),
    "close a room": lambda p, a: rooms.close_room(p, a, 1),
    "search the journal": lambda p, a: journal.search_journal(p, a, JournalQuery()),
    "list actions": lambda p, a: journal.actions(p, a),
    "verify the journal": lambda p, a: journal.verify_journal(p, a),
    "export the journal": lambda p, a: journal.export_journal(p, a, JournalQuery()),
    "check": lambda p, a: rights.check(p, a, "x"),
}
EVERYBODY_ELSE = ("dr.martin", "dr.leroy", "ide.dubois", "dr.petit", "ide.moreau")


@pytest.fixture(scope="module")
def world() -> World:
    return small_world()


def state(world: World) -> list[Any]:
    with world.platform.reading() as session:
        tables = (Professional, Structure, Room, LoginSession)
        return [[row.model_dump() for row in session.exec(select(table))] for table in tables]


@pytest.mark.parametrize("act", ACTS)
def test_nobody_but_an_administrator_may_and_the_try_is_journalled(world: World, act: str) -> None:
    before = state(world)
    for login in EVERYBODY_ELSE:
        with pytest.raises(AccessDenied, match="réservée aux administrateurs"):
            ACTS[act](world.platform, world.people[login])
        with world.platform.reading() as session:
            last = session.exec(select(AuditEntry).order_by(AuditEntry.id.desc())).first()  # type: ignore[union-attr]
        assert last is not None
        assert (last.action, last.actor_id) == ("administration.refused", world.people[login].id)
    assert state(world) == before


def test_every_use_case_is_in_the_table() -> None:
    modules = (people, structures, rooms, journal, import_csv)
    public = {
        f"{module.__name__}.{name}"
        for module in modules
        for name, each in vars(module).items()
        if callable(each)
        and getattr(each, "__module__", "") == module.__name__
        and not name.startswith("_")
        and list(getattr(each, "__annotations__", {}))[:2] == ["platform", "actor"]
    }
    assert len(public) == len(ACTS) - 1  # `check` is the rule itself


@pytest.mark.parametrize("change", [{"is_administrator": False}, {"suspended": True}])
def test_a_right_that_was_taken_away_is_gone_in_pages_that_are_open(change: dict[str, bool]) -> None:
    world = small_world()
    actor = world.admin
    with world.platform.transaction() as session:
        kept = session.get_one(Professional, actor.id)
        for name, value in change.items():
            setattr(kept, name, value)
        session.add(kept)
    assert actor.is_administrator
    with pytest.raises(AccessDenied):
        people.list_people(world.platform, actor)
