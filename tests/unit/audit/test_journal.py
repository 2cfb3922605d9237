"""Rules of the journal."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
import sqlalchemy.exc

from app.audit import service
from tests.support.people import World, small_world


@pytest.fixture
def world() -> World:
    world = small_world()
    with world.platform.transaction() as session:
        for action in ("one", "two", "three"):
            service.record(session, world.platform.now(), world.dr_martin, action)
    return world


def test_a_whole_journal_verifies(world: World) -> None:
    with world.platform.reading() as session:
        assert service.verify(session) is None


def test_the_database_refuses_to_change_or_remove_a_row(world: World) -> None:
    for statement in ("UPDATE audit_entry SET action = 'x'", "DELETE FROM audit_entry"):
        with pytest.raises(sqlalchemy.exc.IntegrityError), world.platform.transaction() as session:
            session.execute(sa.text(statement))


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_entry SET action = 'x' WHERE id = 2", "DELETE FROM audit_entry WHERE id = 2"]
)
def test_a_row_changed_below_the_database_s_guard_shows(world: World, statement: str) -> None:
    with world.platform.transaction() as session:
        session.execute(sa.text("DROP TRIGGER audit_entry_keeps"))
        session.execute(sa.text("DROP TRIGGER audit_entry_stays"))
        session.execute(sa.text(statement))
    with world.platform.reading() as session:
        assert service.verify(session) in (2, 3)


def test_an_act_that_fails_leaves_no_row(world: World) -> None:
    before = rows(world)
    with pytest.raises(RuntimeError), world.platform.transaction() as session:
        service.record(session, world.platform.now(), world.dr_martin, "four")
        raise RuntimeError
    assert rows(world) == before


def rows(world: World) -> int:
    with world.platform.reading() as session:
        return int(session.execute(sa.text("SELECT count(*) FROM audit_entry")).scalar_one())
