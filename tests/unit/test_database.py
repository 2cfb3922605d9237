"""What the database's own words may tell: never what somebody wrote."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from app.db import connect, transaction

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
