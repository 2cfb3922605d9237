"""A laboratory report typed by hand: what is taken, what is refused beside its field, what is only asked about."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any

import pytest

from app.documents.laboratory_catalogue import USUAL, usual_of
from app.documents.laboratory_dossier import is_loinc
from app.documents.laboratory_entry import MOST_ROWS, Checked, check, proposed_bounds, tidy
from app.documents.laboratory_results import Value, unit

NOW = datetime(2026, 11, 24, 9, 12, tzinfo=UTC)  # 10:12 in Paris
BORN = date(1938, 3, 14)


def form(
    *rows: dict[str, str], day: str = "2026-11-20", at: str = "08:15", laboratory: str = "Orne Bio"
) -> dict[str, Any]:
    numbered = [{"id": f"r{number}", **row} for number, row in enumerate(rows, 1)]
    return {"day": day, "time": at, "laboratory": laboratory, "rows": numbered}


def row(analysis: str = "Potassium", value: str = "4,2", unit: str = "mmol/L", **more: str) -> dict[str, str]:
    return {"analysis": analysis, "value": value, "unit": unit, **more}


def checked(*rows: dict[str, str], **head: str) -> Checked:
    return check(tidy(form(*rows, **head)), NOW, BORN)


# ---- taken


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("4,2", Value("", 4.2, "mmol/L")),
        ("4.2", Value("", 4.2, "mmol/L")),
        ("< 5", Value("<", 5, "mmol/L")),
        (">12", Value(">", 12, "mmol/L")),
        ("≤ 0,5", Value("<", 0.5, "mmol/L")),
    ],
)
def test_a_value_is_written_as_on_paper(text: str, value: Value) -> None:
    report = checked(row(value=text)).report
    assert report is not None
    assert report.rows[0].value == value


@pytest.mark.parametrize("name", ["Potassium", "potassium", "KALIÉMIE", " kaliemie ", "K"])
def test_an_analysis_is_known_by_each_of_its_names_and_gets_its_code(name: str) -> None:
    report = checked(row(name)).report
    assert report is not None
    assert (report.rows[0].analysis, report.rows[0].loinc) == ("Potassium", "2823-3")


def test_the_code_goes_with_the_unit() -> None:
    report = checked(row("Glycémie", "1,05", "g/l"), row("Créatinine", "80", "umol/l")).report
    assert report is not None
    assert [(one.loinc, one.value.unit) for one in report.rows] == [("2345-7", "g/L"), ("14682-9", "µmol/L")]


def test_an_analysis_that_is_not_in_the_list_is_taken_under_its_own_name() -> None:
    found = checked(row("Zinc", "12", "µmol/L", low="11", high="18", comment="à jeun"))
    assert found.report is not None
    (zinc,) = found.report.rows
    assert (zinc.analysis, zinc.loinc, zinc.low, zinc.high, zinc.comment) == ("Zinc", "", 11, 18, "à jeun")
    assert found.questions == {}


def test_the_hour_may_be_unknown_and_empty_rows_do_not_count() -> None:
    report = checked({}, row(), {}, at="").report
    assert report is not None
    assert (report.taken_on, report.taken_at, len(report.rows)) == (date(2026, 11, 20), None, 1)
    known = checked(row()).report
    assert known is not None
    assert known.taken_at == time(8, 15)


# ---- refused, beside the field

MISTAKES: dict[str, tuple[tuple[dict[str, str], ...], dict[str, str], str, str]] = {
    "no day": ((row(),), {"day": ""}, "day", "date du prélèvement"),
    "no such day": ((row(),), {"day": "2026-02-30"}, "day", "n'existe pas"),
    "a day to come": ((row(),), {"day": "2026-11-25"}, "day", "à venir"),
    "before birth": ((row(),), {"day": "1938-03-13"}, "day", "naissance"),
    "no such hour": ((row(),), {"at": "25:00"}, "time", "n'existe pas"),
    "an hour to come": ((row(),), {"day": "2026-11-24", "at": "10:13"}, "time", "à venir"),
    "nothing": ((), {}, "rows", "au moins une analyse"),
    "no analysis": ((row(""),), {}, "r1.analysis", "Choisissez"),
    "no value": ((row(value=""),), {}, "r1.value", "Saisissez la valeur"),
    "a word": ((row(value="positif"),), {}, "r1.value", "pas un nombre"),
    "two numbers": ((row(value="4,2 5"),), {}, "r1.value", "pas un nombre"),
    "huge": ((row(value="999999999999"),), {}, "r1.value", "pas un nombre"),
    "a bound in words": ((row(low="bas"),), {}, "r1.low", "pas un nombre"),
    "a bound with a sign": ((row(high="< 5"),), {}, "r1.high", "pas un nombre"),
    "bounds the wrong way": ((row(low="5", high="3"),), {}, "r1.high", "plus petite"),
    "twice": ((row(), row("Kaliémie", "4,4")), {}, "r2.analysis", "Déjà saisie à la ligne 1"),
    "twice by one name": ((row("Zinc"), row("ZINC")), {}, "r2.analysis", "Déjà saisie à la ligne 1"),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_what_is_wrong_is_said_in_french_beside_its_field(case: str) -> None:
    rows, head, name, words = MISTAKES[case]
    found = checked(*rows, **head)
    assert found.report is None
    assert list(found.errors) == [name]
    assert words in found.errors[name]


def test_every_mistake_is_said_at_once() -> None:
    found = checked(row("", "x"), row("Sodium", "", low="9", high="1"), day="")
    assert set(found.errors) == {"day", "r1.analysis", "r1.value", "r2.value", "r2.high"}


# ---- asked about, never refused


@pytest.mark.parametrize(
    ("typed", "name", "words"),
    [
        (row("Potassium", "142"), "r1.value", "142\u00a0mmol/L de potassium\u00a0?"),
        (row("Hémoglobine", "121", "g/dL"), "r1.value", "121\u00a0g/dL d'hémoglobine\u00a0?"),
        (row("Sodium", "13,8"), "r1.value", "D'habitude entre 90 et 200\u00a0mmol/L"),
        (row("INR", "24", ""), "r1.value", "24 d'INR"),
        (row("Potassium", "4,2", "g/L"), "r1.unit", "« g/L » ? D'habitude : « mmol/L »"),
        (row("Potassium", "4,2", ""), "r1.unit", "Sans unité ?"),
        (row("Zinc", "12", ""), "r1.unit", "sans unité ?"),
        (row("Potassium", "4,2", low="35", high="50"), "r1.low", "35\u00a0?"),
    ],
)
def test_what_is_unusual_is_asked_about_and_keeps_nobody_back(typed: dict[str, str], name: str, words: str) -> None:
    found = checked(typed)
    assert found.report is not None
    assert words in found.questions[name]


def test_an_old_sample_is_asked_about() -> None:
    found = checked(row(), day="2025-11-20")
    assert found.report is not None
    assert list(found.questions) == ["day"]


def test_ordinary_values_are_not_asked_about() -> None:
    found = checked(row(low="3,6", high="4,6"), row("CRP", "< 5", "mg/L"), row("INR", "2,4", ""))
    assert found.questions == {}


# ---- what a browser may send


@pytest.mark.parametrize(
    "sent", [None, [], "form", {"rows": "all"}, {"rows": [1, None, []]}, {"day": ["2026"], "rows": {}}]
)
def test_whatever_comes_is_a_form_of_texts(sent: object) -> None:
    assert tidy(sent) == {"day": "", "time": "", "laboratory": "", "rows": []}


def test_rows_names_and_texts_are_bounded() -> None:
    sent = form(*[row("x" * 500, "1" * 500, "u" * 500, comment="c" * 5000)] * 100, laboratory="l" * 500)
    sent["rows"][1]["id"] = sent["rows"][0]["id"]
    sent["rows"][2]["id"] = "<script>"
    kept = tidy(sent)
    assert len(kept["rows"]) == MOST_ROWS - 2
    assert {name: len(text) for name, text in kept["rows"][0].items() if name != "id"} == {
        "analysis": 80, "value": 40, "unit": 20, "low": 0, "high": 0, "comment": 200,
    }  # fmt: skip
    assert len(kept["laboratory"]) == 80


def test_texts_are_one_line_without_invisible_letters() -> None:
    kept = tidy(form(row("Zi\nnc\u202e", comment="a\x00b\r\nc")))
    assert (kept["rows"][0]["analysis"], kept["rows"][0]["comment"]) == ("Zi nc", "a b c")


# ---- the list


def test_every_code_of_the_list_is_a_loinc_code_and_every_unit_reads_back_as_it_is_written() -> None:
    for usual in USUAL:
        for measure in usual.measures:
            assert is_loinc(measure.loinc), usual.name
            assert unit(measure.ucum) == measure.unit == unit(measure.unit), usual.name


def test_no_two_analyses_share_a_name_or_a_code() -> None:
    names = [name for usual in USUAL for name in (usual.name, *usual.other_names)]
    assert all(usual_of(name) is usual for usual in USUAL for name in (usual.name, *usual.other_names))
    assert len(names) == len({name.casefold() for name in names})
    codes = [code for usual in USUAL for code in {measure.loinc for measure in usual.measures}]
    assert len(codes) == len(set(codes))


def test_proposed_bounds_lie_within_what_is_plausible() -> None:
    for usual in USUAL:
        for measure in usual.measures:
            for sex in "FM":
                span, source = proposed_bounds(usual, sex, measure.unit)
                assert bool(source) == (span != (None, None))
                assert all(measure.plausible[0] <= end <= measure.plausible[1] for end in span if end is not None)


def test_bounds_depend_on_sex_and_nobody_s_is_guessed() -> None:
    creatinine = usual_of("Créatinine")
    assert creatinine is not None
    assert proposed_bounds(creatinine, "F", "µmol/L") == ((50, 90), "NORIP 2004")
    assert proposed_bounds(creatinine, "M", "µmol/L") == ((60, 100), "NORIP 2004")
    assert proposed_bounds(creatinine, "I", "µmol/L") == ((None, None), "")
    assert proposed_bounds(creatinine, "F", "mg/L") == ((None, None), "")
