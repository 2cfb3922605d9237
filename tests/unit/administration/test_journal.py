"""Searching, verifying and exporting the journal."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import date

import pytest
import sqlalchemy as sa
from sqlmodel import select

from app.administration import journal, people
from app.administration.drafts import PersonDraft
from app.administration.journal import JournalQuery
from app.audit import service as audit
from app.audit import wording
from app.audit.models import AuditEntry
from app.dossiers import service as dossiers
from app.errors import InvalidInput
from app.identity import service as identity
from app.identity.ways import Visitor, Way
from tests.support.people import World, small_world

NUMBER = "TLM-2026-0001"


@pytest.fixture
def world() -> World:
    """A day of work on 24 November, another on the 25th."""
    world = small_world()
    dossiers.open_dossier(world.platform, world.dr_martin, NUMBER)
    dossiers.open_dossier(world.platform, world.ide_dubois, "TLM-2026-0002")
    world.clock.pass_by(days=1)
    identity.journal_refusal(world.platform, Way.CARD, "revoked", Visitor("192.0.2.7"), world.dr_martin)
    people.create_person(world.platform, world.admin, PersonDraft("z.etoile", "", "Zoé", "Étoile"))
    return world


def found(world: World, **query: object) -> list[tuple[str, str]]:
    page = journal.search_journal(world.platform, world.admin, JournalQuery(**query))  # type: ignore[arg-type]
    return [(row.who, row.action) for row in page.rows]


MADE = ("opinion.signed", "dossier.step")  # how the small world begins
OPENED = ("Dr Claire MARTIN", "dossier.opened")
REFUSED = ("Dr Claire MARTIN", "login.refused")
NURSE = ("Nadia DUBOIS", "dossier.opened")
CREATED = ("Alix RENARD", "person.created")


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ({"person": "claire martin"}, [REFUSED, OPENED]),
        ({"person": "dr.martin", "action": "dossier.opened"}, [OPENED]),
        ({"person": "etoile"}, [CREATED]),
        ({"action": "dossier.opened"}, [NURSE, OPENED]),
        ({"dossier": "tlm-2026-0002 "}, [NURSE]),
        ({"dossier": "TLM-2026-9999"}, []),
        ({"first_day": date(2026, 11, 25)}, [CREATED, REFUSED]),
        ({"first_day": date(2026, 11, 25), "last_day": date(2026, 11, 24)}, []),
        ({"text": "192.0.2.7"}, [REFUSED]),
        ({"text": "ouvert télédossier dubois"}, [NURSE]),
        ({"text": "OUVERT TELEDOSSIER DUBOIS"}, [NURSE]),
        ({"text": "z.etoile"}, [CREATED]),
        ({"text": "%"}, []),
        ({"text": "_revoked"}, []),
        ({"text": "' OR 1=1 --"}, []),
    ],
)
def test_the_journal_is_searched(world: World, query: dict[str, object], rows: list[tuple[str, str]]) -> None:
    assert [row for row in found(world, **query) if row[1] not in MADE] == rows


def test_days_are_those_of_paris(world: World) -> None:
    world.clock.at = world.clock.at.replace(day=25, hour=23, minute=30)  # half past midnight on the 26th
    dossiers.open_dossier(world.platform, world.dr_martin, NUMBER)
    assert found(world, first_day=date(2026, 11, 26), last_day=date(2026, 11, 26)) == [OPENED]


def test_rows_are_said_in_french_with_the_dossier_number_and_nothing_of_a_patient(world: World) -> None:
    page = journal.search_journal(world.platform, world.admin, JournalQuery(action="dossier.opened", person="martin"))
    [row] = page.rows
    assert (row.said, row.dossier) == ("a ouvert le télédossier", NUMBER)
    [refused] = journal.search_journal(world.platform, world.admin, JournalQuery(action="login.refused")).rows
    assert refused.more == "Carte professionnelle, revoked, 192.0.2.7"


def test_pages_are_newest_first_and_never_out_of_reach(world: World) -> None:
    for _ in range(journal.SHOWN):
        dossiers.open_dossier(world.platform, world.dr_martin, NUMBER)
    everything = JournalQuery()
    first = journal.search_journal(world.platform, world.admin, everything)
    last = journal.search_journal(world.platform, world.admin, everything, 999)
    assert (first.page, first.pages, last.page) == (1, 2, 2)
    assert len(first.rows) == journal.SHOWN
    assert len(first.rows) + len(last.rows) == first.total
    assert first.rows[0].id > first.rows[-1].id > last.rows[0].id


def test_every_action_has_words(world: World) -> None:
    for action in ("person.suspended", "structure.ways", "room.closed", "people.imported", "journal.exported", "login"):
        assert action in wording.WORDS
    assert "" not in journal.actions(world.platform, world.admin).values()


def test_a_whole_journal_is_said_to_be_whole_and_the_check_is_journalled(world: World) -> None:
    with world.platform.reading() as session:
        rows = len(list(session.exec(select(AuditEntry))))
    checked = journal.verify_journal(world.platform, world.admin)
    assert checked == journal.Verification(rows, None, complete=True)
    assert checked.said == f"Journal intact : {rows} lignes vérifiées"
    assert found(world)[0] == ("Alix RENARD", "journal.verified")


def tamper(world: World, statement: str) -> None:
    with world.platform.engine.begin() as connection:
        for trigger in ("audit_entry_keeps", "audit_entry_stays"):
            connection.execute(sa.text(f"DROP TRIGGER IF EXISTS {trigger}"))
        connection.execute(sa.text(statement))


@pytest.mark.parametrize(
    ("statement", "broken"),
    [
        ("UPDATE audit_entry SET actor_name = 'X' WHERE id = 2", 2),
        ("UPDATE audit_entry SET detail = '[]' WHERE id = 3", 3),
        ("DELETE FROM audit_entry WHERE id = 2", 3),
    ],
)
def test_a_row_changed_or_removed_is_named(world: World, statement: str, broken: int) -> None:
    tamper(world, statement)
    checked = journal.verify_journal(world.platform, world.admin)
    assert checked.broken == broken
    assert f"Journal altéré à la ligne {broken}" in checked.said


def test_a_check_ends_in_time_and_says_how_far_it_came(world: World) -> None:
    checked = journal.verify_journal(world.platform, world.admin, seconds=0)
    assert not checked.complete
    assert "interrompue" in checked.said


def test_the_chain_is_followed_in_pieces(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "VERIFIED_AT_ONCE", 2)
    assert journal.verify_journal(world.platform, world.admin).broken is None


def test_two_checks_do_not_run_at_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    follow: Callable[..., audit.Chain] = audit.follow_chain

    def meanwhile(*arguments: object) -> audit.Chain:
        with pytest.raises(InvalidInput, match="déjà en cours"):
            journal.verify_journal(world.platform, world.admin)
        return follow(*arguments)

    monkeypatch.setattr(audit, "follow_chain", meanwhile)
    assert journal.verify_journal(world.platform, world.admin).complete


def exported(world: World, **query: object) -> list[list[str]]:
    pieces = journal.export_journal(world.platform, world.admin, JournalQuery(**query))  # type: ignore[arg-type]
    text = b"".join(pieces).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=";"))


def test_the_export_holds_what_was_searched_oldest_first_and_is_journalled(world: World) -> None:
    head, *rows = exported(world, person="martin")
    assert head[:5] == ["Ligne", "Date", "Heure", "Qui", "Action"]
    rows = [row for row in rows if row[5] not in MADE]
    assert [row[5] for row in rows] == ["dossier.opened", "login.refused"]
    assert rows[0][1:3] == ["24/11/2026", "10:12:00"]
    assert rows[0][6] == NUMBER
    assert found(world)[0] == ("Alix RENARD", "journal.exported")


def test_the_export_comes_in_pieces_without_rows_written_meanwhile(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "EXPORTED_AT_ONCE", 2)
    whole = len(exported(world)) - 1
    pieces = journal.export_journal(world.platform, world.admin, JournalQuery())
    next(pieces)
    dossiers.open_dossier(world.platform, world.dr_martin, NUMBER)
    assert sum(piece.count(b"\r\n") for piece in pieces) == whole + 1  # the first export's own row


def test_no_name_runs_as_a_formula_in_a_spreadsheet(world: World) -> None:
    with world.platform.transaction() as session:
        audit.record(session, world.clock.now(), audit.SYSTEM, "guest.entered", subject='=HYPERLINK("x")')
    assert exported(world, action="guest.entered")[1][7] == '\'=HYPERLINK("x")'
