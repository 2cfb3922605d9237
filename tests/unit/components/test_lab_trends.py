"""Curves of laboratory results: what comes first, how it is written, and that the table says the same."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import datetime, timedelta
from typing import Any

import pytest

from components.lab_trends import LABELS, LabResult, LabTrends
from components.lab_trends.component import HERE, LabSheet
from components.lab_trends.contract import analyses_of
from components.lab_trends.curves import figure
from components.lab_trends.demo import demo
from components.lab_trends.words import card, change, digits_of, measured, number, reference, table

DAY = datetime(2026, 11, 20, 8, 15)
SCRIPT = (HERE / "lab_trends.js").read_text(encoding="utf-8")


def series(name: str, *values: float, low: float | None = 1, high: float | None = 10, flag: str = "N", **more: Any) -> tuple[LabResult, ...]:  # fmt: skip
    """Values a month apart, the last one today with `flag`."""
    count = len(values)
    return tuple(
        LabResult(name, name, DAY - timedelta(days=30 * (count - 1 - i)), value, more.get("unit", "g/L"), low, high, flag if i == count - 1 else "N")
        for i, value in enumerate(values)
    )  # fmt: skip


def test_what_is_critical_comes_first_then_what_is_out_of_range_then_the_laboratory_s_order() -> None:
    results = series("Normal 1", 5) + series("Haut", 12, flag="H") + series("Normal 2", 5) + series("Critique", 99, flag="HH")  # fmt: skip
    assert [a.name for a in analyses_of(results)] == ["Critique", "Haut", "Normal 1", "Normal 2"]


def test_results_in_any_order_are_drawn_by_date() -> None:
    (analysis,) = analyses_of(reversed(series("Sodium", 139, 133, 128)))
    assert [r.value for r in analysis.results] == [139, 133, 128]


def test_values_in_another_unit_are_not_on_the_same_curve() -> None:
    results = series("Glucose", 1.0, 1.1, unit="g/L") + tuple(
        LabResult("Glucose", "Glucose", DAY + timedelta(days=1 + i), 5.5, "mmol/L") for i in range(2)
    )
    mass, amount = analyses_of(results)
    assert [({r.unit for r in one.results}, one.other_units) for one in (mass, amount)] == [
        ({"g/L"}, ("mmol/L",)),
        ({"mmol/L"}, ("g/L",)),
    ]
    assert card(amount, LABELS)["other_units"] == "aussi rendu en g/L, sur une autre courbe"


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [(4.2, None, "4,2"), (128.0, None, "128"), (4.0, 1, "4,0"), (-5.0, 0, "−5"), (12500.0, 0, "12\u202f500"), (None, None, "—")],
)  # fmt: skip
def test_numbers_have_a_decimal_comma(value: float | None, digits: int | None, text: str) -> None:
    assert number(value, digits) == text


def test_an_analysis_is_written_with_as_many_decimals_as_it_needs() -> None:
    assert digits_of(series("Potassium", 4.0, 4.25)) == 2
    assert digits_of(series("Sodium", 139, 128)) == 0
    assert digits_of(series("Bruit", 0.1 + 0.2)) == 1


@pytest.mark.parametrize(
    ("low", "high", "text"), [(136, 145, "136 – 145"), (None, 5, "< 5"), (60, None, "> 60"), (None, None, "")]
)
def test_a_reference_range_is_written_as_on_paper(low: float | None, high: float | None, text: str) -> None:
    assert reference(low, high) == text


@pytest.mark.parametrize(("values", "text"), [((133, 128), "−5"), ((9.4, 12.1), "+2,7"), ((5, 5), "="), ((5,), "")])
def test_the_change_since_the_value_before_has_its_sign(values: tuple[float, ...], text: str) -> None:
    (analysis,) = analyses_of(series("X", *values))
    assert change(analysis, digits_of(analysis.results)) == text


def test_a_limit_is_written_as_one_and_gives_no_change() -> None:
    results = (*series("CRP", 12), LabResult("CRP", "CRP", DAY + timedelta(days=1), 5, "g/L", None, 5, "N", "<"))
    (analysis,) = analyses_of(results)
    assert measured(analysis.last, 0) == "< 5"
    assert change(analysis, 0) == ""


def test_the_head_has_the_last_value_its_unit_its_arrow_and_its_range() -> None:
    (analysis,) = analyses_of(series("Sodium", 133, 128, low=136, high=145, flag="LL", unit="mmol/L"))
    head = card(analysis, LABELS)
    assert (head["value"], head["unit"], head["chip"]) == ("128", "mmol/L", "▼ Critique")
    assert head["detail"] == "−5 · réf. 136 – 145"
    assert head["said"] == ("Sodium : 128 mmol/L le 20/11/2026, critique, bas, référence 136 – 145. 2 dates.")


def test_the_table_says_what_the_curves_say_in_words_too() -> None:
    analyses = analyses_of(series("Sodium", 139, 128, flag="LL") + series("TSH", 2.1))
    told = table(analyses, LABELS)
    assert told["heads"] == ["21/10/26", "20/11/26"]
    sodium, tsh = told["rows"]
    assert [(c["value"], c["arrow"], c["said"]) for c in sodium["cells"]] == [
        ("139", "", ""),
        ("128", "▼", "critique, bas"),
    ]
    assert [(c["value"], c["said"]) for c in tsh["cells"]] == [("—", "non dosé"), ("2,1", "")]


def test_two_samples_of_one_day_are_told_apart_by_their_hour() -> None:
    results = (*series("Sodium", 139), LabResult("Sodium", "Sodium", DAY.replace(hour=18), 131, "g/L"))
    assert table(analyses_of(results), LABELS)["heads"] == ["20/11/26 08:15", "20/11/26 18:15"]


# ---- the drawing


@pytest.fixture
def drawn() -> Any:
    (analysis,) = analyses_of(series("Sodium", 139, 133, 128, low=136, high=145, flag="LL", unit="mmol/L"))
    return figure(analysis, DAY - timedelta(days=60), DAY, 132, LABELS)


def test_flags_differ_by_shape_and_colour(drawn: Any) -> None:
    (marks,) = [r for r in drawn.renderers if "marker" in r.data_source.data]
    data = marks.data_source.data
    assert list(data["marker"]) == ["circle", "circle", "diamond"]
    assert data["fill"][0] != data["fill"][2]
    assert data["size"][2] > data["size"][0]


def test_ticks_are_the_dates_at_both_ends_and_the_reference_in_french(drawn: Any) -> None:
    assert list(drawn.xaxis[0].major_label_overrides.values()) == ["21/09", "20/11"]
    assert drawn.yaxis[0].major_label_overrides == {136: "136", 145: "145"}
    (other,) = analyses_of(series("Potassium", 4.2, low=3.5, high=5.1))
    shown = figure(other, datetime(2025, 12, 1), datetime(2026, 2, 1), 132, LABELS)
    assert list(shown.xaxis[0].major_label_overrides.values()) == ["01/12/25", "01/02/26"]
    assert list(shown.yaxis[0].major_label_overrides.values()) == ["3,5", "5,1"]


def test_every_analysis_is_drawn_over_the_same_time() -> None:
    view = demo()
    ranges = {(pane.object.x_range.start, pane.object.x_range.end) for pane in view._sheet.plots}
    assert len(view._sheet.plots) == 9
    assert len(ranges) == 1


def test_a_single_value_on_a_single_day_is_drawn() -> None:
    for low, high in ((None, None), (1, None), (None, 0)):
        (analysis,) = analyses_of(series("X", 0, low=low, high=high))
        shown = figure(analysis, DAY, DAY, 132, LABELS)
        assert shown.y_range.start < 0 < shown.y_range.end
        assert shown.x_range.start < shown.x_range.end


def test_nothing_in_a_figure_is_evaluated_in_the_browser(drawn: Any) -> None:
    kinds = {type(model).__name__ for model in drawn.references()}
    assert not kinds & {"CustomJS", "CustomJSTickFormatter", "CustomJSHover", "CustomJSTransform", "CustomJSFilter"}


def test_what_a_laboratory_wrote_is_never_markup() -> None:
    hostile = "<img src=x onerror=alert(1)>"
    view = LabTrends(results=series(hostile, 5, 12, flag="H", unit=hostile), title=hostile, detail=hostile)
    (pane,) = view._sheet.plots
    (hover,) = [tool for tool in pane.object.tools if type(tool).__name__ == "HoverTool"]
    assert hostile not in hover.tooltips
    assert "{safe}" not in hover.tooltips
    assert "innerHTML" not in SCRIPT
    assert view._sheet.cards[0]["name"] == hostile  # as text


# ---- the component


def test_the_view_follows_its_results_and_counts_them() -> None:
    view = LabTrends(results=series("Sodium", 139, 128, flag="LL") + series("TSH", 2.1), detail="Orne Bio")
    assert view._sheet.detail == "Orne Bio · 2 dates · 1 hors norme sur 2"
    view.results = ()
    assert (view._sheet.cards, view._sheet.plots, view._sheet.detail) == ([], [], "Orne Bio")


def test_the_filter_is_shared_with_python() -> None:
    view = LabTrends(results=series("Sodium", 128, flag="LL"), abnormal_only=True)
    assert view._sheet.abnormal_only
    view._sheet.abnormal_only = False
    assert not view.abnormal_only


def test_every_param_says_what_it_is() -> None:
    for cls in (LabTrends, LabSheet):
        own = set(cls.param) - set(cls.__mro__[1].param)  # type: ignore[attr-defined]
        assert own
        assert all(cls.param[name].doc for name in own)


def test_every_label_the_script_asks_for_exists() -> None:
    assert set(re.findall(r"labels\.(\w+)", SCRIPT)) <= set(LABELS)


@pytest.mark.slow
def test_importing_the_curves_imports_neither_the_application_nor_holoviews() -> None:
    code = "import sys, components.lab_trends; sys.exit('app' in sys.modules or 'holoviews' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=HERE.parents[1], check=False).returncode == 0
