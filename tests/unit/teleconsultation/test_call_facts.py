"""What a call leaves behind: one row when two met, true times, ways and incidents; what pages say only about themselves."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator
from datetime import timedelta

import pymupdf
import pytest
from sqlmodel import select

from app.documents.models import Document
from app.documents.reporting import make_draft_report
from app.dossiers.call_facts import (
    MOST_INCIDENTS,
    CallFacts,
    LineCheck,
    annex,
    calls_of,
    checked,
    describe,
    facts_of,
    read,
    written,
)
from app.dossiers.calls import held
from app.errors import NotFound
from app.teleconsultation.facts import CallRecorder, Facts
from tests.support.talk import NUMBER, Salon, open_salon

CHECK = {"delay": 24, "udp": True, "relay_udp": True, "relay_tls": False, "rate": 8200, "camera": True,
         "microphone": True, "missing": [], "browser": "Firefox 153"}  # fmt: skip


@pytest.fixture
async def salon() -> AsyncIterator[Salon]:
    async with open_salon() as salon:
        yield salon


def rows(salon: Salon) -> list[CallFacts]:
    with salon.world.platform.reading() as session:
        return list(session.exec(select(CallFacts)))


async def test_a_call_of_two_leaves_one_row_with_times_ways_and_loss(salon: Salon) -> None:
    nurse, doctor = salon.page_of("ide.dubois"), salon.page_of("dr.martin")
    await nurse.join()
    begun = salon.world.platform.now()
    await salon.pass_by(minutes=1)
    await doctor.join()
    met = salon.world.platform.now()
    await doctor.say("facts", lost=0, rtt=40, kind="udp")
    await salon.pass_by(seconds=30)
    await doctor.say("facts", lost=100, rtt=90, kind="relay-tls")
    await nurse.say("blocked", to=doctor.id)
    await salon.pass_by(minutes=5)
    await doctor.say("leave")
    apart = salon.world.platform.now()
    await salon.pass_by(minutes=2)
    await nurse.say("leave")
    [row] = rows(salon)
    assert (row.started_at, row.ended_at) == (met, apart)
    record = read(row.detail)
    assert [(each.name, each.spans[0][0]) for each in record.people] == [("N. DUBOIS", begun), ("Dr MARTIN", met)]
    assert record.people[1].spans == [(met, apart)]
    assert [(route, reason) for _at, route, reason in record.routes] == [("direct", ""), ("unit", "blocked")]
    doctors = record.people[1]
    assert (doctors.samples, doctors.lost_sum, doctors.lost_most, doctors.rtt_most) == (2, 100, 100, 90)
    assert doctors.kinds == ["udp", "relay-tls"]
    assert [(kind, who) for _at, kind, who, _s in record.incidents] == [("poor", "Dr MARTIN")]
    with salon.world.platform.reading() as session:
        journal = held(session, row.dossier_id)
    assert journal is not None
    assert abs(journal.since - row.started_at) < timedelta(seconds=1)
    assert journal.until is not None
    assert abs(journal.until - apart) < timedelta(seconds=1)
    [entry] = salon.journal("call.facts")
    assert json.loads(entry.detail)["sha256"] == hashlib.sha256(row.detail.encode()).hexdigest()


async def test_who_waits_alone_has_held_no_call(salon: Salon) -> None:
    nurse = salon.page_of("ide.dubois")
    await nurse.join()
    await salon.pass_by(minutes=3)
    await nurse.say("leave")
    assert rows(salon) == []


async def test_a_line_that_was_away_is_an_incident_with_its_length(salon: Salon) -> None:
    nurse, doctor = salon.page_of("ide.dubois"), salon.page_of("dr.martin")
    await nurse.join()
    await doctor.join()
    await doctor.lose_line()
    await salon.pass_by(seconds=1)
    await salon.pass_by(seconds=6)
    again = salon.page_of("dr.martin")
    await again.join(resume=doctor.resume)
    await nurse.lose_line()
    for _ in range(12):
        await salon.pass_by(seconds=1)
    await again.say("leave")
    [row] = rows(salon)
    incidents = [(kind, who, seconds) for _at, kind, who, seconds in read(row.detail).incidents]
    assert incidents == [("line", "Dr MARTIN", 7), ("gone", "N. DUBOIS", None)]


async def test_after_a_restart_the_same_row_goes_on(salon: Salon) -> None:
    nurse, doctor = salon.page_of("ide.dubois"), salon.page_of("dr.martin")
    await nurse.join()
    await doctor.join()
    await salon.pass_by(minutes=2)
    old = (nurse.resume, doctor.resume)
    await salon.restart()
    await salon.pass_by(seconds=5)
    nurse, doctor = salon.page_of("ide.dubois"), salon.page_of("dr.martin")
    await nurse.join(resume=old[0])
    await doctor.join(resume=old[1])
    await doctor.say("leave")
    await nurse.say("leave")
    [row] = rows(salon)
    record = read(row.detail)
    assert [kind for _at, kind, _who, _s in record.incidents] == ["restart"]
    assert all(len(each.spans) == 1 and each.spans[0][1] for each in record.people)


async def test_a_call_that_nobody_came_back_to_is_ended_where_it_was_last_seen(salon: Salon) -> None:
    nurse, doctor = salon.page_of("ide.dubois"), salon.page_of("dr.martin")
    await nurse.join()
    await doctor.join()
    await salon.pass_by(minutes=2)
    await salon.restart()
    [row] = rows(salon)
    assert row.ended_at is None
    await salon.pass_by(minutes=3)
    [row] = rows(salon)
    assert row.ended_at == row.seen_at


async def test_a_row_stays_small_whatever_happens(salon: Salon) -> None:
    nurse, doctor = salon.page_of("ide.dubois"), salon.page_of("dr.martin")
    await nurse.join()
    await doctor.join()
    me = salon.hub.presence.find(doctor.id)
    assert me is not None
    for _ in range(MOST_INCIDENTS + 20):  # past the limit of words, which would hold it long before
        salon.hub.parts.of(CallRecorder).heard(me, Facts(lost=1000, rtt=1, kind=""))
    await doctor.say("leave")
    await nurse.say("leave")
    [row] = rows(salon)
    record = read(row.detail)
    assert len(record.incidents) == MOST_INCIDENTS
    assert record.more == 20
    assert len(row.detail) < 40_000


@pytest.mark.parametrize(
    "fields", [{"lost": 1001}, {"lost": -1}, {"lost": 1.5}, {"rtt": 60_001}, {"kind": "carrier pigeon"}, {"who": "x"}]
)
async def test_facts_that_are_none_are_refused(salon: Salon, fields: dict[str, object]) -> None:
    nurse = salon.page_of("ide.dubois")
    await nurse.join()
    await nurse.say("facts", **{"lost": 1, "rtt": 1, "kind": "udp", **fields})
    assert nurse.last("error")["about"] == "facts"


async def test_who_is_not_inside_has_no_facts_to_tell(salon: Salon) -> None:
    guest = salon.guest()
    await guest.say("facts", lost=1, rtt=1, kind="udp")
    assert guest.last("error")["code"] == "non-admis"


async def test_facts_told_too_often_are_refused(salon: Salon) -> None:
    nurse = salon.page_of("ide.dubois")
    await nurse.join()
    for _ in range(8):
        await nurse.say("facts", lost=1, rtt=1, kind="udp")
    assert nurse.last("error")["about"] == "facts"


async def test_the_last_check_of_each_person_is_kept_and_only_about_themselves(salon: Salon) -> None:
    nurse, guest = salon.page_of("ide.dubois"), salon.guest()
    await nurse.say("check", **CHECK)
    await nurse.say("check", **{**CHECK, "delay": 99})
    await guest.say("check", **{**CHECK, "udp": False, "relay_udp": False})
    with salon.world.platform.reading() as session:
        kept = {row.person.partition(":")[0]: json.loads(row.detail) for row in session.exec(select(LineCheck))}
    assert kept["professional"]["delay"] == 99
    assert kept["invitation"]["udp"] is False
    assert len(kept) == 2
    await guest.say("check", **CHECK, person="professional:1")
    assert guest.last("error")["about"] == "check"


async def test_facts_and_checks_are_read_by_those_of_the_dossier_alone(salon: Salon) -> None:
    nurse = salon.page_of("ide.dubois")
    await nurse.say("check", **CHECK)
    platform = salon.world.platform
    _calls, [check] = facts_of(platform, salon.world.ide_dubois, NUMBER)
    assert checked(check).replace("\u00a0", " ") == (
        "caméra et micro prêts, liaison 24 ms, UDP ouvert, relais joignable en UDP, débit 8,2 Mbit/s, Firefox 153"
    )
    stranger = salon.world.people["dr.leroy"]
    with pytest.raises(NotFound):
        facts_of(platform, stranger, NUMBER)


async def test_the_annex_says_it_in_plain_words(salon: Salon) -> None:
    nurse, doctor = salon.page_of("ide.dubois"), salon.page_of("dr.martin")
    await nurse.join()
    await doctor.join()
    await doctor.say("facts", lost=4, rtt=85, kind="udp")
    await salon.pass_by(minutes=21)
    await doctor.say("leave")
    await nurse.say("leave")
    with salon.world.platform.reading() as session:
        calls = calls_of(session, rows(salon)[0].dossier_id)
    lines = dict(annex(calls))
    assert lines["Appel"].startswith("Salle Bleue, ")
    assert "(21\u00a0min)" in lines["Appel"]
    assert "Dr MARTIN : de " in lines["Personnes présentes"]
    assert lines["Chemin de l'image et du son"].startswith("En direct d'un navigateur à l'autre.")
    assert "pertes 0,4\u00a0% en moyenne" in lines["Qualité de la liaison"]
    assert lines["Incidents techniques"] == "Aucun relevé."
    assert read(written(calls[0].record)) == calls[0].record
    assert describe(calls[0]) == annex(calls)[1:]


async def test_the_report_has_the_annex_of_the_call_that_was_held(salon: Salon) -> None:
    nurse, doctor = salon.page_of("ide.dubois"), salon.page_of("dr.martin")
    await nurse.join()
    await doctor.join()
    await salon.pass_by(minutes=4)
    await doctor.say("leave")
    await nurse.say("leave")
    platform, martin = salon.world.platform, salon.world.people["dr.martin"]
    reference = await make_draft_report(platform, martin, NUMBER)
    with platform.reading() as session:
        kept = session.exec(select(Document).where(Document.reference == reference)).one()
    whole = b"".join(platform.files.read(kept.file_id, kept.wrapped_key))
    with pymupdf.open(stream=whole, filetype="pdf") as pdf:
        text = " ".join(" ".join(page.get_text() for page in pdf).replace("\u00a0", " ").split())
    assert "Annexe technique de la téléconsultation" in text
    assert "Dr MARTIN : de " in text
    assert "Incidents techniques Aucun relevé." in text


async def test_a_line_is_measured_before_a_call_and_not_during_one(salon: Salon) -> None:
    guest, nurse = salon.guest(), salon.page_of("ide.dubois")
    await guest.say("measure")
    assert [frame["left"] for frame in guest.all("measured")] == [5, 4, 3, 2, 1, 0]
    assert len({frame["fill"] for frame in guest.all("measured")}) == 6
    await nurse.join()
    await nurse.say("measure")
    assert (nurse.last("error")["about"], nurse.all("measured")) == ("measure", [])
    for _ in range(4):
        await guest.say("measure")
    assert guest.last("error")["about"] == "measure"
    assert len(guest.all("measured")) == 18
