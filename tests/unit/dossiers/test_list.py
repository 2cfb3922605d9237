"""Rules of « Mes télédossiers »."""

from __future__ import annotations

from datetime import date

import pytest

from app.dossiers.listing import DossierFilter, Selection, my_dossiers
from app.dossiers.models import Step
from app.identity.models import Professional
from tests.support.people import World, small_world


@pytest.fixture(scope="module")
def world() -> World:
    return small_world()


def numbers(world: World, actor: Professional, **wanted: object) -> list[str]:
    found = my_dossiers(world.platform, actor, DossierFilter(**({"selection": Selection.ALL} | wanted)))  # type: ignore[arg-type]
    return [row.number[-4:] for row in found.rows]


def test_each_sees_only_what_they_have_a_right_to(world: World) -> None:
    assert set(numbers(world, world.dr_martin)) == {"0001", "0003", "0004", "0005", "0006", "0007", "0010"}
    assert set(numbers(world, world.dr_leroy)) == {"0002", "0009"}
    assert set(numbers(world, world.ide_moreau)) == {"0009"}
    assert "0009" not in numbers(world, world.ide_dubois)
    assert numbers(world, world.admin) == []


def test_what_waits_comes_first_and_soonest_first(world: World) -> None:
    assert numbers(world, world.dr_martin)[:5] == ["0005", "0001", "0006", "0010", "0007"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("mercier", {"0001"}), ("0006", {"0006"}), ("Chrétien", {"0008"}), ("chretien", {"0008"}), ("talon", {"0002"}), ("aubin", {"0001"}), ("jeanne mercier", {"0001"}), ("%", set())],
)  # fmt: skip
def test_search_looks_at_number_patient_and_motive_without_accents(world: World, text: str, expected: set[str]) -> None:
    assert set(numbers(world, world.ide_dubois, text=text)) == expected


def test_filters_combine(world: World) -> None:
    assert numbers(world, world.dr_martin, step=Step.PLANNED, last_day=date(2026, 11, 24)) == ["0001", "0006"]
    assert numbers(world, world.ide_dubois, specialty="Dermatologie", mine_only=True) == ["0002", "0008"]
    assert numbers(world, world.dr_martin, first_day=date(2026, 11, 25), last_day=date(2026, 11, 30)) == ["0010"]


def test_counters_are_what_their_filter_shows(world: World) -> None:
    counts = my_dossiers(world.platform, world.dr_martin, DossierFilter()).counts
    for kind in Selection:
        assert counts[kind] == len(numbers(world, world.dr_martin, selection=kind))
    assert counts[Selection.URGENT] == 2
