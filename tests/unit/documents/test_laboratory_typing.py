"""« Saisir une biologie »: who may, what is kept, how it is corrected and withdrawn, and that nothing is lost."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from sqlmodel import select

from app.audit.models import AuditEntry
from app.audit.service import verify
from app.documents import laboratory_bundle, laboratory_typing, service, viewing
from app.documents.entries import DocumentView
from app.documents.laboratory_dossier import results_of
from app.documents.models import Document, DocumentKind, LaboratoryDraft
from app.dossiers.models import Dossier, Step
from app.errors import AccessDenied, FileRefused, InvalidInput, NotFound, Outdated, TeledossierError, WrongStep
from app.french import PARIS
from tests.support.people import World, small_world
from tests.unit.documents import samples
from tests.unit.documents.laboratory_samples import FHIR

NUMBER, OTHER = "TLM-2026-0001", "TLM-2026-0005"
CLOSED, CANCELLED = "TLM-2026-0003", "TLM-2026-0004"
ROW = {"analysis": "Sodium", "value": "128", "unit": "mmol/L", "low": "137", "high": "145", "comment": ""}
CRP = {"id": "r2", "analysis": "CRP", "value": "< 5", "unit": "mg/L", "high": "5", "comment": "sérum hémolysé"}


@pytest.fixture
def world() -> World:
    return small_world()


def form(**changes: Any) -> dict[str, Any]:
    rows = [{"id": "r1", **ROW}, dict(CRP)]
    return {"day": "2026-11-20", "time": "08:15", "laboratory": "Orne Bio", "rows": rows, **changes}


async def entered(world: World, login: str = "ide.dubois", number: str = NUMBER, replaces: str = "",
                  **changes: Any) -> DocumentView:  # fmt: skip
    return await laboratory_typing.enter(world.platform, world.people[login], number, form(**changes), replaces)


async def bundle_of(world: World, reference: str) -> dict[str, Any]:
    reading = await viewing.read(world.platform, world.dr_martin, reference)
    content: dict[str, Any] = json.loads(b"".join([piece async for piece in reading.chunks]))
    return content


def of_kind(bundle: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [entry["resource"] for entry in bundle["entry"] if entry["resource"]["resourceType"] == kind]


def journal(world: World, start: str = "document.") -> list[str]:
    with world.platform.reading() as session:
        assert verify(session) is None
        rows = session.exec(select(AuditEntry).order_by(AuditEntry.id))  # type: ignore[arg-type]
        return [row.action for row in rows if row.action.startswith(start)]


def documents(world: World) -> int:
    with world.platform.reading() as session:
        return len(session.exec(select(Document)).all())


# ---- typing


async def test_a_typed_report_is_a_document_that_reads_like_a_laboratory_s(world: World) -> None:
    view = await entered(world)
    assert (view.kind, view.title) == (DocumentKind.LABORATORY, "Biologie du 20/11/2026, Orne Bio")
    assert (view.author_name, view.media_type) == ("N. DUBOIS", "application/fhir+json")
    assert view.detail == {"analyses": 2, "dates": 1, "typed": True, "laboratory": "Orne Bio"}
    sodium, crp = await viewing.laboratory_results(world.platform, world.dr_martin, view.reference)
    assert (sodium.code, sodium.value, sodium.unit, sodium.low, sodium.high, sodium.flag) == (
        "2951-2", 128, "mmol/L", 137, 145, "L",
    )  # fmt: skip
    assert sodium.at.astimezone(PARIS).strftime("%d/%m/%Y %H:%M") == "20/11/2026 08:15"
    assert (crp.name, crp.comparator, crp.value, crp.comment) == ("C-réactive protéine", "<", 5, "sérum hémolysé")
    assert journal(world) == ["document.added", "document.seen"]


async def test_the_file_is_fhir_that_says_whose_it_is_and_who_typed_it(world: World) -> None:
    bundle = await bundle_of(world, (await entered(world)).reference)
    assert (bundle["resourceType"], bundle["type"]) == ("Bundle", "collection")
    (patient,), observations, (provenance,) = (
        of_kind(bundle, kind) for kind in ("Patient", "Observation", "Provenance")
    )
    assert (patient["name"][0]["family"], patient["birthDate"], patient["gender"]) == (
        "MERCIER",
        "1938-03-14",
        "female",
    )
    assert patient["identifier"][0]["system"] == "urn:oid:1.2.250.1.213.1.4.10"
    addresses = [entry["fullUrl"] for entry in bundle["entry"]]
    assert len(set(addresses)) == len(addresses)
    assert all(one["subject"]["reference"] == addresses[0] for one in observations)
    assert all(laboratory_bundle.BY_HAND in one["meta"]["tag"] for one in [bundle, *observations])
    assert {one["status"] for one in observations} == {"final"}
    assert observations[0]["performer"] == [{"display": "Orne Bio"}]
    assert provenance["agent"][0]["who"] == {
        "display": "Nadia DUBOIS",
        "identifier": {"system": laboratory_bundle.RPPS, "value": "99700000037"},
    }
    assert [target["reference"] for target in provenance["target"]] == addresses[1:-1]


async def test_a_free_analysis_without_hour_or_laboratory_is_kept_without_a_code(world: World) -> None:
    rows = [{"id": "r1", "analysis": "Zinc", "value": "12", "unit": "µmol par litre"}]
    view = await entered(world, rows=rows, time="", laboratory="")
    assert view.title == "Biologie du 20/11/2026"
    (observation,) = of_kind(await bundle_of(world, view.reference), "Observation")
    assert observation["code"] == {"text": "Zinc"}
    assert observation["effectiveDateTime"] == "2026-11-20"
    assert observation["valueQuantity"] == {"value": 12, "unit": "µmol par litre"}
    (zinc,) = await viewing.laboratory_results(world.platform, world.dr_martin, view.reference)
    assert (zinc.code, zinc.name, zinc.unit) == ("Zinc", "Zinc", "µmol par litre")


async def test_a_form_with_mistakes_adds_nothing(world: World) -> None:
    with pytest.raises(InvalidInput, match="Rien n'est perdu"):
        await entered(world, day="")
    assert (documents(world), journal(world)) == (0, [])


async def test_what_is_typed_goes_through_the_gate(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(laboratory_bundle, "write", lambda *_args: b'{"resourceType":"Patient"}')
    with pytest.raises(FileRefused):
        await entered(world)
    assert documents(world) == 0
    assert world.platform.files.files == {}  # type: ignore[attr-defined]


WHO_MAY: dict[tuple[str, str], type[TeledossierError] | None] = {
    ("ide.dubois", NUMBER): None,
    ("dr.petit", NUMBER): None,
    ("dr.martin", NUMBER): None,
    ("dr.leroy", NUMBER): NotFound,
    ("ide.moreau", NUMBER): NotFound,
    ("admin", NUMBER): NotFound,
    ("ide.dubois", CLOSED): WrongStep,
    ("ide.dubois", CANCELLED): WrongStep,
    ("ide.dubois", "TLM-1999-0001"): NotFound,
}


@pytest.mark.parametrize(("login", "number"), WHO_MAY)
async def test_who_may_type_what_where(world: World, login: str, number: str) -> None:
    error = WHO_MAY[login, number]
    if error is None:
        assert (await entered(world, login, number)).number == number
        return
    with pytest.raises(error):
        await entered(world, login, number)
    with pytest.raises(error):
        laboratory_typing.check(world.platform, world.people[login], number, form())
    with pytest.raises(error):
        laboratory_typing.keep_draft(world.platform, world.people[login], number, form())
    assert documents(world) == 0
    if error is NotFound and number == NUMBER:
        assert set(journal(world, "dossier.refused")) == {"dossier.refused"}


async def test_an_uploaded_copy_of_a_typed_report_is_not_a_typed_one(world: World) -> None:
    typed = await entered(world)
    reading = await viewing.read(world.platform, world.ide_dubois, typed.reference)
    content = b"".join([piece async for piece in reading.chunks])
    copy = await service.add(world.platform, world.ide_dubois, NUMBER, "copie.json", iter([content]))
    assert not laboratory_typing.is_typed(copy.detail)
    with pytest.raises(NotFound):
        await laboratory_typing.form_to_correct(world.platform, world.ide_dubois, copy.reference)


# ---- correcting


async def test_a_correction_takes_the_place_of_what_it_corrects_and_both_stay(world: World) -> None:
    old = await entered(world)
    begun = await laboratory_typing.form_to_correct(world.platform, world.dr_petit, old.reference)
    assert begun["rows"][1] == {
        "id": "r2", "analysis": "C-réactive protéine", "value": "< 5", "unit": "mg/L", "low": "", "high": "5",
        "comment": "sérum hémolysé",
    }  # fmt: skip
    rows = [begun["rows"][0] | {"value": "138"}, {"id": "r9", "analysis": "TSH", "value": "2,1", "unit": "mUI/L"}]
    new = await entered(world, "dr.petit", replaces=old.reference, rows=rows)
    states = laboratory_typing.states_of(world.platform, world.dr_martin, NUMBER)
    assert (states[old.reference].replaced_by, states[old.reference].by) == (new.reference, "Dr P. PETIT")
    assert (states[new.reference].replaces, states[new.reference].holds) == (old.reference, True)
    bundle = await bundle_of(world, new.reference)
    statuses = {one["code"]["text"]: one["status"] for one in of_kind(bundle, "Observation")}
    assert statuses == {"Sodium": "amended", "TSH": "amended", "C-réactive protéine": "entered-in-error"}
    assert of_kind(bundle, "Provenance")[0]["activity"]["coding"][0]["code"] == "UPDATE"
    found = await results_of(world.platform, world.dr_martin, NUMBER)
    assert {(one.result.name, one.result.value) for one in found.results} == {("Sodium", 138), ("TSH", 2.1)}
    (first, _crp) = await viewing.laboratory_results(world.platform, world.dr_martin, old.reference)
    assert first.value == 128  # still there to be read
    assert "document.corrected" in journal(world)


async def test_what_a_correction_leaves_alone_stays_final(world: World) -> None:
    old = await entered(world)
    rows = [{"id": "r1", **ROW}, CRP | {"value": "7"}]
    new = await entered(world, replaces=old.reference, rows=rows)
    statuses = {
        one["code"]["text"]: one["status"] for one in of_kind(await bundle_of(world, new.reference), "Observation")
    }
    assert statuses == {"Sodium": "final", "C-réactive protéine": "amended"}


async def test_another_sampling_time_amends_every_value(world: World) -> None:
    old = await entered(world)
    new = await entered(world, replaces=old.reference, time="09:00")
    observations = of_kind(await bundle_of(world, new.reference), "Observation")
    assert {one["status"] for one in observations} == {"amended"}


async def test_a_version_is_corrected_once_by_whoever_comes_first(world: World) -> None:
    old = await entered(world)
    await entered(world, replaces=old.reference, time="09:00")
    with pytest.raises(Outdated):
        await entered(world, "dr.petit", replaces=old.reference, time="10:00")
    with pytest.raises(Outdated):
        await laboratory_typing.form_to_correct(world.platform, world.dr_petit, old.reference)
    with pytest.raises(Outdated):
        laboratory_typing.withdraw(world.platform, world.dr_petit, old.reference, "trop tard")
    assert documents(world) == 2


async def test_two_corrections_at_once_leave_one_document_and_no_leftover(world: World) -> None:
    old = await entered(world)
    two = (entered(world, login, replaces=old.reference, time="09:00") for login in ("ide.dubois", "dr.petit"))
    answers = await asyncio.gather(*two, return_exceptions=True)
    assert sorted(type(answer) for answer in answers if isinstance(answer, Exception)) == [Outdated]
    assert documents(world) == len(world.platform.files.files) == 2  # type: ignore[attr-defined]


@pytest.mark.parametrize(("login", "error"), [("ide.moreau", NotFound), ("dr.leroy", NotFound), ("admin", NotFound)])
async def test_a_foreign_report_can_be_neither_corrected_nor_withdrawn(
    world: World, login: str, error: type[Exception]
) -> None:
    view = await entered(world)
    actor = world.people[login]
    with pytest.raises(error):
        await laboratory_typing.form_to_correct(world.platform, actor, view.reference)
    with pytest.raises(error):
        laboratory_typing.withdraw(world.platform, actor, view.reference, "motif")
    assert journal(world)[-2:] == ["document.refused", "document.refused"]


async def test_a_report_cannot_be_replaced_from_another_dossier(world: World) -> None:
    view = await entered(world)
    with pytest.raises(NotFound):
        await entered(world, "dr.martin", OTHER, replaces=view.reference)
    assert documents(world) == 1


async def test_a_laboratory_s_own_file_and_other_documents_are_not_corrected_here(world: World) -> None:
    for name, content in (("bilan.json", FHIR), ("lettre.pdf", samples.pdf())):
        view = await service.add(world.platform, world.ide_dubois, NUMBER, name, iter([content]))
        with pytest.raises(NotFound):
            await laboratory_typing.form_to_correct(world.platform, world.ide_dubois, view.reference)
        with pytest.raises(NotFound):
            laboratory_typing.withdraw(world.platform, world.ide_dubois, view.reference, "motif")


async def test_nothing_is_corrected_once_the_dossier_is_over(world: World) -> None:
    view = await entered(world)
    with world.platform.transaction() as session:
        dossier = session.exec(select(Dossier).where(Dossier.number == NUMBER)).one()
        dossier.step = Step.CANCELLED
        session.add(dossier)
    with pytest.raises(WrongStep):
        laboratory_typing.withdraw(world.platform, world.ide_dubois, view.reference, "motif")
    with pytest.raises(WrongStep):
        await laboratory_typing.form_to_correct(world.platform, world.ide_dubois, view.reference)


def test_only_a_bundle_of_ours_is_read_back_as_a_form() -> None:
    for content in (FHIR, b"{}", b"[]", b"null", b"\xff", b'{"meta":{"tag":[]}}', b"[" * 100_000):
        with pytest.raises(FileRefused):
            laboratory_bundle.read_form(content)


# ---- withdrawing


async def test_a_withdrawn_report_stays_listed_with_its_reason_and_leaves_the_curves(world: World) -> None:
    view = await entered(world)
    world.clock.pass_by(minutes=5)
    laboratory_typing.withdraw(world.platform, world.ide_dubois, view.reference, " autre\nrésident ")
    state = laboratory_typing.states_of(world.platform, world.dr_martin, NUMBER)[view.reference]
    assert (state.withdrawn, state.by, state.reason, state.at) == (
        True,
        "N. DUBOIS",
        "autre résident",
        world.clock.now(),
    )
    assert len(service.documents_of(world.platform, world.dr_martin, NUMBER)) == 1
    assert (await results_of(world.platform, world.dr_martin, NUMBER)).results == ()
    assert len((await results_of(world.platform, world.dr_martin, NUMBER, view.reference)).results) == 2
    assert journal(world)[1] == "document.withdrawn"
    with pytest.raises(Outdated):
        laboratory_typing.withdraw(world.platform, world.ide_dubois, view.reference, "encore")


async def test_withdrawing_wants_a_reason_that_the_journal_does_not_hold(world: World) -> None:
    view = await entered(world)
    for empty in ("", "  \n "):
        with pytest.raises(InvalidInput):
            laboratory_typing.withdraw(world.platform, world.ide_dubois, view.reference, empty)
    laboratory_typing.withdraw(world.platform, world.ide_dubois, view.reference, "c'est Mme DURAND")
    with world.platform.reading() as session:
        assert all("DURAND" not in row.subject + row.detail for row in session.exec(select(AuditEntry)))


# ---- drafts


async def test_what_is_being_typed_is_kept_for_its_author_alone_until_it_is_a_document(world: World) -> None:
    platform = world.platform
    laboratory_typing.keep_draft(platform, world.ide_dubois, NUMBER, form(day=""))
    laboratory_typing.keep_draft(platform, world.ide_dubois, NUMBER, form(laboratory="Labo de l'Orne", day=""))
    kept = laboratory_typing.draft_of(platform, world.ide_dubois, NUMBER)
    assert kept is not None
    assert (kept["laboratory"], kept["rows"][0]["value"]) == ("Labo de l'Orne", "128")
    assert laboratory_typing.draft_of(platform, world.dr_petit, NUMBER) is None
    assert laboratory_typing.draft_of(platform, world.ide_dubois, OTHER) is None
    await entered(world)
    assert laboratory_typing.draft_of(platform, world.ide_dubois, NUMBER) is None


async def test_a_refused_report_keeps_its_draft(world: World) -> None:
    laboratory_typing.keep_draft(world.platform, world.ide_dubois, NUMBER, form(day=""))
    with pytest.raises(InvalidInput):
        await entered(world, day="")
    assert laboratory_typing.draft_of(world.platform, world.ide_dubois, NUMBER) is not None


async def test_a_correction_has_a_draft_of_its_own_and_of_a_report_one_may_see(world: World) -> None:
    view = await entered(world)
    laboratory_typing.keep_draft(world.platform, world.dr_petit, NUMBER, form(), view.reference)
    assert laboratory_typing.draft_of(world.platform, world.dr_petit, NUMBER) is None
    laboratory_typing.forget_draft(world.platform, world.dr_petit, NUMBER, view.reference)
    assert laboratory_typing.draft_of(world.platform, world.dr_petit, NUMBER, view.reference) is None
    with pytest.raises(NotFound):
        laboratory_typing.keep_draft(world.platform, world.dr_petit, NUMBER, form(), "0" * 32)
    with world.platform.reading() as session:
        assert session.exec(select(LaboratoryDraft)).all() == []


def test_who_may_not_see_a_dossier_has_no_draft_in_it(world: World) -> None:
    for act in (laboratory_typing.draft_of, laboratory_typing.forget_draft):
        with pytest.raises(NotFound):
            act(world.platform, world.ide_moreau, NUMBER)


def test_the_requis_of_another_dossier_is_refused_like_anybody(world: World) -> None:
    with pytest.raises((NotFound, AccessDenied)):
        laboratory_typing.keep_draft(world.platform, world.dr_leroy, NUMBER, form())
