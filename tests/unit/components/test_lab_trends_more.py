"""Curves of several reports: typed ones told apart, the table that loses nothing, curves drawn on demand."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from components.lab_trends import LABELS, LabResult, LabTrends
from components.lab_trends.contract import analyses_of
from components.lab_trends.curves import figure
from components.lab_trends.words import COLUMNS_SHOWN, card, table

DAY = datetime(2026, 11, 20, 8, 15)


def one(value: float = 4.2, at: datetime = DAY, name: str = "Potassium", **more: Any) -> LabResult:
    return LabResult(name, name, at, value, "mmol/L", 3.5, 5.1, **more)


def test_what_was_typed_says_so_in_the_head_the_table_and_the_pop_up() -> None:
    results = (
        one(4.1, DAY - timedelta(days=3)),
        one(typed=True, source="saisi à la main par N. DUBOIS", comment="hémolysé"),
    )
    (analysis,) = analyses_of(results)
    head = card(analysis, LABELS)
    assert head["typed"]
    assert head["said"].endswith("Saisi à la main.")
    before, last = table([analysis], LABELS)["rows"][0]["cells"]
    assert (before["typed"], last["typed"], last["said"]) == (False, True, "saisi à la main")
    (marks,) = [
        r
        for r in figure(analysis, DAY - timedelta(days=3), DAY, 132, LABELS).renderers
        if "source" in r.data_source.data
    ]
    assert list(marks.data_source.data["source"]) == ["", "Saisi à la main par N. DUBOIS · hémolysé"]


def test_results_are_one_analysis_by_what_their_source_says_it_is() -> None:
    named = (one(name="Kaliémie", analysis="2823-3"), one(4.4, DAY + timedelta(days=1), analysis="2823-3"))
    (analysis,) = analyses_of(named)
    assert (analysis.name, len(analysis.results)) == ("Potassium", 2)


def test_two_values_of_one_moment_stand_in_one_cell_with_the_worse_flag() -> None:
    (analysis,) = analyses_of((one(), one(6.4, flag="HH")))
    (cell,) = table([analysis], LABELS)["rows"][0]["cells"]
    assert (cell["value"], cell["flag"], cell["said"]) == ("4,2 ; 6,4", "HH", "critique, haut")


def test_a_sample_without_hour_shows_its_day_alone() -> None:
    midnight = DAY.replace(hour=0, minute=0)
    (analysis,) = analyses_of((one(at=midnight), one(4.4, DAY)))
    assert table([analysis], LABELS)["heads"] == ["20/11/26", "20/11/26 08:15"]
    (marks,) = [r for r in figure(analysis, midnight, DAY, 132, LABELS).renderers if "day" in r.data_source.data]
    assert list(marks.data_source.data["day"]) == ["20/11/2026", "20/11/2026 08:15"]


def test_columns_that_do_not_fit_are_told_of() -> None:
    results = tuple(one(at=DAY + timedelta(days=number)) for number in range(COLUMNS_SHOWN + 3))
    told = table(analyses_of(results), LABELS)
    assert len(told["heads"]) == COLUMNS_SHOWN
    assert told["more"].startswith(f"Les {COLUMNS_SHOWN} derniers prélèvements sur {COLUMNS_SHOWN + 3}.")
    assert table(analyses_of(results[:2]), LABELS)["more"] == ""


def test_remarks_are_listed_for_those_without_a_mouse() -> None:
    told = table(analyses_of((one(comment="sérum hémolysé"),)), LABELS)
    assert told["comments"] == ["Potassium, 20/11/2026 08:15 : sérum hémolysé"]


async def test_a_long_report_draws_its_first_curves_and_the_others_when_asked() -> None:
    results = tuple(one(name=f"Analyse {number}") for number in range(5))
    view = await LabTrends.made(results=results, drawn=2)
    assert (len(view._sheet.cards), len(view._sheet.plots)) == (5, 2)
    first = view._sheet.plots[0].object
    for message in ("more", {"t": "all"}, {"t": "more"}, {"t": "more"}):
        view._sheet._receive(SimpleNamespace(data=message))
    assert view._more is not None
    await view._more
    assert len(view._sheet.plots) == 5
    assert view._sheet.plots[0].object is not first
    again = view._more
    view._sheet._receive(SimpleNamespace(data={"t": "more"}))  # all are there
    assert view._more is again


async def test_curves_drawn_for_results_that_have_changed_meanwhile_are_not_shown() -> None:
    view = await LabTrends.made(results=tuple(one(name=f"Analyse {number}") for number in range(3)), drawn=1)
    view._sheet._receive(SimpleNamespace(data={"t": "more"}))
    view.results = (one(),)
    assert view._more is not None
    await asyncio.wait_for(view._more, 20)
    assert len(view._sheet.plots) == 1
