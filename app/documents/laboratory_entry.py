"""A laboratory report typed by hand: from what stands in the fields to values that are sure, or errors beside fields.

Pure functions. A form is what the browser sends: `day` (« 2026-11-20 »), `time` (« 08:15 » or nothing), `laboratory`,
and `rows` of texts under `id`, `analysis`, `value`, `unit`, `low`, `high`, `comment`. Fields are named as in it, those
of a row behind the row's id: « r2.value ».
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from app.documents.laboratory_catalogue import NO_SPAN, Measure, Span, Usual, usual_of, written_unit
from app.documents.laboratory_results import (
    LARGEST_VALUE,
    LONGEST_CODE,
    LONGEST_COMMENT,
    LONGEST_NAME,
    LONGEST_UNIT,
    Value,
    line,
)
from app.documents.laboratory_results import measured as measured_text
from app.french import NO_BREAK_SPACE, folded, local

MOST_ROWS = 60
LONGEST_LABORATORY, LONGEST_TYPED = 80, 40
ROW_FIELDS = ("analysis", "value", "unit", "low", "high", "comment")
ROW_ID = re.compile(r"r\d{1,4}")
LONG_AGO = timedelta(days=366)

Form = Mapping[str, Any]
Words = dict[str, str]


@dataclass(frozen=True)
class TypedRow:
    """One value. `loinc` and `ucum` are empty for an analysis or a unit that is not in the list."""

    analysis: str
    value: Value
    loinc: str = ""
    ucum: str = ""
    low: float | None = None
    high: float | None = None
    comment: str = ""

    @property
    def code(self) -> str:
        """What makes it the same analysis at the same time: two of them would hide one another."""
        return self.loinc or folded(self.analysis)[:LONGEST_CODE]


@dataclass(frozen=True)
class TypedReport:
    """A whole report; `taken_at` is the hour in Paris, nothing where it is not known."""

    taken_on: date
    taken_at: time | None
    laboratory: str
    rows: tuple[TypedRow, ...]


@dataclass(frozen=True)
class Checked:
    """What a form comes to: a report, or errors by field. `questions` are doubts by field, which keep nobody back."""

    report: TypedReport | None
    errors: Words = field(default_factory=dict)
    questions: Words = field(default_factory=dict)


def tidy(form: object) -> dict[str, Any]:
    """A form of bounded size out of whatever came: known fields only, all of them texts, rows with ids of their own."""
    given = form if isinstance(form, Mapping) else {}
    rows, ids = [], set()
    for row in _sequence(given.get("rows"))[:MOST_ROWS]:
        row_id = row.get("id") if isinstance(row, Mapping) else None
        if isinstance(row_id, str) and ROW_ID.fullmatch(row_id) and row_id not in ids:
            ids.add(row_id)
            rows.append({"id": row_id, **{name: _text(row.get(name), _longest(name)) for name in ROW_FIELDS}})
    return {
        "day": _text(given.get("day"), LONGEST_TYPED),
        "time": _text(given.get("time"), LONGEST_TYPED),
        "laboratory": _text(given.get("laboratory"), LONGEST_LABORATORY),
        "rows": rows,
    }


def check(form: Form, now: datetime, birth_date: date) -> Checked:
    """Read a tidied form. Rows in which nothing is written do not count."""
    errors: Words = {}
    questions: Words = {}
    taken_on = _day(form["day"], now, birth_date, errors, questions)
    taken_at = _time(form["time"], taken_on, now, errors)
    rows: list[TypedRow] = []
    seen: dict[str, int] = {}
    for position, row in enumerate(form["rows"], 1):
        if not any(row[name] for name in ROW_FIELDS):
            continue
        found = _row(row, errors, questions)
        if found is None:
            continue
        if found.code in seen:
            errors[f"{row['id']}.analysis"] = f"Déjà saisie à la ligne {seen[found.code]}, pour le même prélèvement."
            continue
        seen[found.code] = position
        rows.append(found)
    if not rows and not errors:
        errors["rows"] = "Saisissez au moins une analyse et sa valeur."
    if errors or taken_on is None:
        return Checked(None, errors, questions)
    return Checked(TypedReport(taken_on, taken_at, form["laboratory"], tuple(rows)), {}, questions)


def empty(row_count: int) -> dict[str, Any]:
    """A form to begin with."""
    rows = [{"id": f"r{number}", **dict.fromkeys(ROW_FIELDS, "")} for number in range(1, row_count + 1)]
    return {"day": "", "time": "", "laboratory": "", "rows": rows}


def written(number: float | None) -> str:
    """A number as it is typed: « 4,2 »."""
    return "" if number is None else f"{number:.10g}".replace(".", ",")


def _day(text: str, now: datetime, birth_date: date, errors: Words, questions: Words) -> date | None:
    today = local(now).date()
    if not text:
        errors["day"] = "Indiquez la date du prélèvement."
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        errors["day"] = "Ce jour n'existe pas. Écrivez-le ainsi : 20/11/2026."
        return None
    if day > today:
        errors["day"] = "Cette date est à venir."
    elif day < birth_date:
        errors["day"] = "Cette date précède la naissance du patient."
    elif today - day > LONG_AGO:
        questions["day"] = "Ce prélèvement a plus d'un an. Vérifiez l'année."
    return day


def _time(text: str, day: date | None, now: datetime, errors: Words) -> time | None:
    if not text:
        return None
    try:
        at = time.fromisoformat(text).replace(second=0, microsecond=0, tzinfo=None)
    except ValueError:
        errors["time"] = "Cette heure n'existe pas. Écrivez-la ainsi : 08:15."
        return None
    today = local(now)
    if day == today.date() and at > today.time():
        errors["time"] = "Cette heure est à venir."
    return at


def _row(row: Mapping[str, str], errors: Words, questions: Words) -> TypedRow | None:
    row_id, mistakes = row["id"], len(errors)
    if not row["analysis"]:
        errors[f"{row_id}.analysis"] = "Choisissez l'analyse, ou écrivez son nom."
    value = _value(row, errors)
    unit = written_unit(row["unit"])
    low, high = (_bound(row, name, errors) for name in ("low", "high"))
    if low is not None and high is not None and low > high:
        errors[f"{row_id}.high"] = "La borne haute est plus petite que la borne basse."
    if len(errors) > mistakes or value is None:
        return None
    usual = usual_of(row["analysis"])
    measure = usual.measure(unit) if usual else None
    _ask(row_id, Value(value.comparator, value.number, unit), (low, high), usual, measure, questions)
    return TypedRow(
        analysis=usual.name if usual else row["analysis"],
        value=Value(value.comparator, value.number, unit),
        loinc=measure.loinc if measure else "",
        ucum=measure.ucum if measure else "",
        low=low,
        high=high,
        comment=row["comment"],
    )


def _value(row: Mapping[str, str], errors: Words) -> Value | None:
    found = measured_text(row["value"]) if row["value"] else None
    if found is None:
        errors[f"{row['id']}.value"] = (
            "Ce n'est pas un nombre. Écrivez par exemple 4,2 ou < 5." if row["value"] else "Saisissez la valeur."
        )
    elif abs(found.number) >= LARGEST_VALUE:
        errors[f"{row['id']}.value"] = "Cette valeur est trop grande."
        return None
    return found


def _bound(row: Mapping[str, str], name: str, errors: Words) -> float | None:
    if not row[name]:
        return None
    found = measured_text(row[name])
    if found is None or found.comparator or abs(found.number) >= LARGEST_VALUE:
        errors[f"{row['id']}.{name}"] = "Ce n'est pas un nombre. Écrivez par exemple 3,5."
        return None
    return found.number


def _ask(row_id: str, value: Value, span: Span, usual: Usual | None, measure: Measure | None, questions: Words) -> None:
    """What is unusual, as questions: an unknown unit, a value or a bound beyond what a person can have."""
    if usual is None:
        if not value.unit:
            questions[f"{row_id}.unit"] = "Cette valeur est-elle sans unité ?"
        return
    if measure is None:
        units = " ou ".join(f"« {one.unit} »" if one.unit else "sans unité" for one in usual.measures)
        unit = f"« {value.unit} »" if value.unit else "Sans unité"
        questions[f"{row_id}.unit"] = (
            f"{unit} ? D'habitude : {units}. Ainsi, la valeur ne rejoindra pas la courbe habituelle."
        )
        return
    low, high = measure.plausible
    plausible = f"D'habitude entre {written(low)} et {_with_unit(written(high), measure.unit)}."
    if not low <= value.number <= high:
        told = _with_unit(f"{value.comparator} {written(value.number)}".strip(), measure.unit)
        questions[f"{row_id}.value"] = (
            f"{told} {_of(usual.name)}{NO_BREAK_SPACE}? {plausible} Vérifiez la virgule et l'unité."
        )
    for name, bound in zip(("low", "high"), span, strict=True):
        if bound is not None and bound != 0 and not low <= bound <= high:
            questions[f"{row_id}.{name}"] = f"{written(bound)}{NO_BREAK_SPACE}? {plausible}"


def proposed_bounds(usual: Usual, sex: str, unit: str) -> tuple[Span, str]:
    """Usual bounds of an analysis in a unit, and their source; none where no source gives them."""
    measure = usual.measure(unit)
    if measure is None or measure.bounds is None:
        return NO_SPAN, ""
    span = measure.bounds.of(sex)
    return span, measure.bounds.source if span != NO_SPAN else ""


def _of(name: str) -> str:
    """« de potassium », « d'hémoglobine », « de TSH »."""
    word = name if name[:2].isupper() or name[1:2].isdigit() else name[:1].lower() + name[1:]
    return f"d'{word}" if folded(word)[:1] in "aeiouh" else f"de {word}"


def _with_unit(number: str, unit: str) -> str:
    return f"{number}{NO_BREAK_SPACE}{unit}" if unit else number


def _longest(name: str) -> int:
    return {"analysis": LONGEST_NAME, "unit": LONGEST_UNIT, "comment": LONGEST_COMMENT}.get(name, LONGEST_TYPED)


def _text(value: object, longest: int) -> str:
    return line(value)[:longest].strip() if isinstance(value, str) else ""


def _sequence(value: object) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else ()
