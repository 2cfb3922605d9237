"""When a teleconsultation was held: while two were together, by the journal."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from app.audit.models import AuditEntry
from app.dossiers.calls import Held, meeting

NINE = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def at(minutes: int) -> datetime:
    return NINE + timedelta(minutes=minutes)


def row(minutes: int, action: str, who: int, room: str = "bleue", **detail: object) -> AuditEntry:
    guest = action.startswith("guest")
    kept = {"room": room, **({"invitation": who} if guest else {}), **detail}
    return AuditEntry(
        at=at(minutes), actor_id=None if guest else who, actor_name="", action=action, detail=json.dumps(kept),
        previous_hash="", hash="",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "held"),
    [
        ([], None),
        ([row(0, "room.entered", 1), row(9, "room.left", 1)], None),  # waited alone
        ([row(0, "room.entered", 1), row(1, "room.entered", 2, "verte"), row(9, "room.left", 1)], None),
        (
            [row(0, "room.entered", 1), row(4, "room.entered", 2), row(30, "room.left", 2), row(35, "room.left", 1)],
            Held(at(4), at(30)),
        ),
        ([row(0, "room.entered", 1), row(4, "room.entered", 2)], Held(at(4), None)),  # they still are together
        ([row(0, "room.entered", 1), row(4, "guest.entered", 1), row(9, "guest.left", 1)], Held(at(4), at(9))),
        (  # a line that broke, and a page loaded anew
            [
                row(0, "room.entered", 1), row(2, "room.entered", 2), row(5, "room.left", 2, reason="line-lost"),
                row(6, "room.entered", 2), row(7, "room.entered", 2), row(20, "room.left", 1), row(21, "room.left", 2),
            ],
            Held(at(2), at(20)),
        ),
        (  # the server was killed, nobody came back
            [
                row(0, "room.entered", 1), row(2, "room.entered", 2),
                row(50, "dossier.step", 0, **{"from": "in_call", "to": "opinion_due"}), row(60, "room.entered", 1),
                row(70, "room.left", 1),
            ],
            Held(at(2), at(50)),
        ),
        (  # three of whom one goes
            [
                row(0, "room.entered", 1), row(2, "room.entered", 2), row(3, "room.entered", 3),
                row(9, "room.left", 3), row(20, "room.left", 2),
            ],
            Held(at(2), at(20)),
        ),
    ],
)  # fmt: skip
def test_it_is_held_from_the_first_moment_together_to_the_last(rows: list[AuditEntry], held: Held | None) -> None:
    assert meeting(rows) == held
