"""The database: what its own words may tell, and how threads share the one in memory."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from app.db import connect, reading, transaction

WRITTEN = "Mme DURAND a chuté cette nuit"


def test_a_statement_that_fails_does_not_tell_what_it_was_to_keep() -> None:
    """Whatever nobody expected stands in the log with its words (`log_fault`): a message, a link."""
    engine = connect("sqlite://")
    with transaction(engine) as session:
        session.execute(sa.text("CREATE TABLE said (number INTEGER PRIMARY KEY, words TEXT)"))
        session.execute(sa.text("INSERT INTO said VALUES (1, 'x')"))
    with pytest.raises(IntegrityError) as failed, transaction(engine) as session:
        session.execute(sa.text("INSERT INTO said VALUES (:number, :words)"), {"number": 1, "words": WRITTEN})
    assert "INSERT INTO said" in str(failed.value)
    assert WRITTEN not in str(failed.value)
    engine.dispose()


def test_threads_take_turns_at_a_database_in_memory() -> None:
    engine = connect("sqlite://")
    with transaction(engine) as session:
        session.execute(sa.text("CREATE TABLE counted (number INTEGER)"))
        session.execute(sa.text("INSERT INTO counted VALUES (0)"))

    def count(times: int) -> None:
        for _ in range(times):
            with transaction(engine) as session:
                number = session.execute(sa.text("SELECT number FROM counted")).scalar_one()
                session.execute(sa.text("UPDATE counted SET number = :number"), {"number": number + 1})

    with ThreadPoolExecutor(4) as threads:
        for done in [threads.submit(count, 200) for _ in range(4)]:
            done.result()
    with reading(engine) as session:
        assert session.execute(sa.text("SELECT number FROM counted")).scalar_one() == 800
    engine.dispose()
