"""« Toutes les biologies »: which results of several reports are one analysis, and that nothing is mixed or lost."""

from __future__ import annotations

from typing import Any

import pytest

from app.documents import laboratory_typing, service
from app.documents.laboratory_dossier import Sourced, analysis_of, is_loinc, results_of, source_of
from app.documents.laboratory_results import Value, result
from app.errors import NotFound
from tests.support.people import TUESDAY, World, small_world
from tests.unit.documents import samples
from tests.unit.documents.laboratory_samples import FHIR, HL7, fhir, observation, quantity

NUMBER = "TLM-2026-0001"


@pytest.fixture
def world() -> World:
    return small_world()


async def sent(world: World, content: bytes, name: str = "bilan") -> str:
    return (await service.add(world.platform, world.ide_dubois, NUMBER, name, iter([content]))).reference


async def typed(
    world: World, value: str = "128", unit: str = "mmol/L", analysis: str = "Sodium", day: str = "2026-11-20"
) -> str:
    row = {"id": "r1", "analysis": analysis, "value": value, "unit": unit}
    form = {"day": day, "time": "08:15", "laboratory": "Orne Bio", "rows": [row]}
    return (await laboratory_typing.enter(world.platform, world.ide_dubois, NUMBER, form)).reference


async def results(world: World, **more: Any) -> list[Sourced]:
    return list((await results_of(world.platform, world.dr_martin, NUMBER, **more)).results)


async def test_reports_of_any_format_and_typed_ones_join_by_their_code(world: World) -> None:
    await sent(world, HL7)
    await typed(world, "133", day="2026-11-10")
    sodium = [one for one in await results(world) if one.analysis == "2951-2"]
    assert [one.result.value for one in sodium] == [133, 128]
    assert source_of(sodium[0]) == "saisi à la main par N. DUBOIS le 24/11/2026, Orne Bio"
    assert source_of(sodium[1]) == "bilan, déposé le 24/11/2026"


async def test_what_two_reports_say_alike_counts_once_and_the_laboratory_s_file_is_named(world: World) -> None:
    await typed(world)
    await sent(world, FHIR)
    await sent(world, HL7, "encore")
    sodium = [one for one in await results(world) if one.analysis == "2951-2"]
    assert [(one.result.value, one.report.title) for one in sodium] == [(128, "bilan")]


async def test_two_values_of_one_moment_both_stay(world: World) -> None:
    await sent(world, HL7)
    await typed(world, "138")
    assert sorted(one.result.value for one in await results(world) if one.analysis == "2951-2") == [128, 138]


async def test_units_are_never_converted(world: World) -> None:
    await typed(world, "5,5", "mmol/L", "Glucose")
    await sent(world, fhir(observation("2345-7", "Glucose", valueQuantity=quantity(1.0, "g/L"), referenceRange=None)))
    assert {(one.analysis, one.result.unit, one.result.value) for one in await results(world)} == {
        ("14749-6", "mmol/L", 5.5),
        ("2345-7", "g/L", 1.0),
    }


async def test_a_damaged_report_is_named_and_the_others_are_shown(world: World) -> None:
    reference = await sent(world, FHIR, "abîmé.json")
    file_id = next(iter(world.platform.files.files))  # type: ignore[attr-defined]
    await typed(world, "133", day="2026-11-10")
    sealed = world.platform.files.files[file_id]  # type: ignore[attr-defined]
    world.platform.files.files[file_id] = sealed[:-1] + bytes([sealed[-1] ^ 1])  # type: ignore[attr-defined]
    found = await results_of(world.platform, world.dr_martin, NUMBER)
    assert [one.result.value for one in found.results] == [133]
    assert [(one.title, "endommagé" in one.reason) for one in found.unread] == [("abîmé", True)]
    alone = await results_of(world.platform, world.dr_martin, NUMBER, reference)
    assert (alone.results, len(alone.unread)) == ((), 1)


async def test_all_of_them_seen_is_each_of_them_seen(world: World) -> None:
    await sent(world, HL7)
    await typed(world)
    await results(world)
    listed = service.documents_of(world.platform, world.dr_martin, NUMBER)
    assert all(document.seen_at for document in listed)


@pytest.mark.parametrize("login", ["ide.moreau", "dr.leroy", "admin"])
async def test_foreign_results_do_not_exist(world: World, login: str) -> None:
    reference = await sent(world, HL7)
    for more in ("", reference):
        with pytest.raises(NotFound):
            await results_of(world.platform, world.people[login], NUMBER, more)


async def test_a_report_is_one_of_this_dossier_and_a_laboratory_s(world: World) -> None:
    letter = await sent(world, samples.pdf(), "lettre.pdf")
    with pytest.raises(NotFound):
        await results_of(world.platform, world.dr_martin, NUMBER, letter)
    with pytest.raises(NotFound):
        await results_of(world.platform, world.dr_martin, "TLM-2026-0005", await sent(world, HL7))


@pytest.mark.parametrize(
    ("code", "known"),
    [("2951-2", True), ("14682-9", True), ("2951-3", False), ("NA", False), ("12-1", False), ("", False)],
)
def test_a_loinc_code_is_known_by_its_check_digit(code: str, known: bool) -> None:
    assert is_loinc(code) is known


def test_a_laboratory_s_own_code_counts_with_its_name_only() -> None:
    def of(code: str, name: str) -> str:
        return analysis_of(result(code, name, TUESDAY, Value("", 1)))

    assert of("2951-2", "Sodium") == of("2951-2", "Natrémie")
    assert of("NA", "Sodium") == of("NA", "SODIUM")
    assert of("NA", "Sodium") != of("NA", "Noradrénaline")
