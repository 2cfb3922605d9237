"""Laboratory results in words and figures as French readers expect them: what is drawn and what is tabled say the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from components.lab_trends.contract import Analysis, LabResult

NARROW_SPACE, MINUS = "\u202f", "\u2212"
ARROWS = {"H": "▲", "L": "▼", "HH": "▲", "LL": "▼"}
COLUMNS_SHOWN = 12

LABELS = {
    "title": "Biologie",
    "dates_one": "1 date",
    "dates_many": "{count} dates",
    "abnormal": "{abnormal} hors norme sur {count}",
    "only": "Anormaux seulement",
    "none_abnormal": "Aucune analyse hors norme au dernier prélèvement.",
    "empty": "Aucun résultat chiffré",
    "empty_help": "Ajoutez un compte rendu de biologie au format HL7, FHIR ou CDA : ses courbes paraîtront ici.",
    "key_band": "Intervalle de référence",
    "key_normal": "Dans la norme",
    "key_abnormal": "Hors norme",
    "key_critical": "Critique, à traiter",
    "curves": "Évolution des analyses",
    "table": "Résultats en tableau",
    "analysis": "Analyse",
    "unit": "Unité",
    "reference": "Référence",
    "reference_short": "réf. {range}",
    "flag_N": "Normal",
    "flag_H": "Haut",
    "flag_L": "Bas",
    "flag_HH": "Critique",
    "flag_LL": "Critique",
    "state_N": "dans la norme",
    "state_H": "haut",
    "state_L": "bas",
    "state_HH": "critique, haut",
    "state_LL": "critique, bas",
    "no_value": "non dosé",
    "chart": "{name} : {value} {unit} le {day}, {state}, {reference}. {dates}.",
    "no_reference": "sans intervalle de référence",
}

Labels = Mapping[str, str]


def digits_of(results: Sequence[LabResult]) -> int:
    """How many decimals an analysis is given with: the most that one of its values needs, three at most."""
    return max((len(f"{round(result.value, 3):g}".partition(".")[2]) for result in results), default=0)


def number(value: float | None, digits: int | None = None) -> str:
    """« 4,2 » with a decimal comma; `digits` decimals, or as many as it needs."""
    if value is None:
        return "—"
    text = f"{value:,.{digits}f}" if digits is not None else f"{value:,.10g}"
    return text.replace(",", NARROW_SPACE).replace(".", ",").replace("-", MINUS)


def measured(result: LabResult, digits: int) -> str:
    """« 128 », « < 5 »."""
    return f"{result.comparator} {number(result.value, digits)}".strip()


def reference(low: float | None, high: float | None) -> str:
    """« 136 – 145 », « < 5 », « > 60 »; nothing where there is no range."""
    if low is not None and high is not None:
        return f"{number(low)} – {number(high)}"
    if high is not None:
        return f"< {number(high)}"
    return f"> {number(low)}" if low is not None else ""


def change(analysis: Analysis, digits: int) -> str:
    """« +2,7 » since the value before; nothing where one of both is only a limit."""
    last, before = analysis.last, analysis.previous
    if before is None or last.comparator or before.comparator:
        return ""
    difference = round(last.value - before.value, digits)
    return "=" if difference == 0 else f"{'+' if difference > 0 else ''}{number(difference, digits)}"


def card(analysis: Analysis, labels: Labels) -> dict[str, Any]:
    """The head of a curve, and what a screen reader says in place of it."""
    last, digits = analysis.last, digits_of(analysis.results)
    flag = last.flag if last.is_abnormal else "N"
    span = reference(last.low, last.high)
    value = measured(last, digits)
    said_span = f"{labels['reference'].lower()} {span}" if span else labels["no_reference"]
    parts = (change(analysis, digits), labels["reference_short"].format(range=span) if span else "")
    return {
        "name": analysis.name,
        "value": value,
        "unit": analysis.unit,
        "flag": flag,
        "chip": f"{ARROWS.get(flag, '')} {labels[f'flag_{flag}']}".strip(),
        "abnormal": last.is_abnormal,
        "detail": " · ".join(part for part in parts if part),
        "said": labels["chart"].format(
            name=analysis.name,
            value=value,
            unit=analysis.unit,
            day=f"{last.at:%d/%m/%Y}",
            state=labels[f"state_{flag}"],
            reference=said_span,
            dates=dates(len(analysis.results), labels),
        ),
    }


def table(analyses: Sequence[Analysis], labels: Labels) -> dict[str, Any]:
    """The equivalent table: a column a sample, the newest last."""
    moments = sorted({result.at for analysis in analyses for result in analysis.results})[-COLUMNS_SHOWN:]
    days = [moment.date() for moment in moments]
    heads = [f"{moment:%d/%m/%y}" + (f" {moment:%H:%M}" if days.count(moment.date()) > 1 else "") for moment in moments]
    return {"heads": heads, "rows": [_row(analysis, moments, labels) for analysis in analyses]}


def _row(analysis: Analysis, moments: Sequence[datetime], labels: Labels) -> dict[str, Any]:
    digits = digits_of(analysis.results)
    at = {result.at: result for result in analysis.results}
    cells = []
    for moment in moments:
        result = at.get(moment)
        if result is None:
            cells.append({"value": "—", "flag": "", "arrow": "", "said": labels["no_value"]})
            continue
        flag = result.flag if result.is_abnormal else "N"
        said = labels[f"state_{flag}"] if result.is_abnormal else ""
        cells.append({"value": measured(result, digits), "flag": flag, "arrow": ARROWS.get(flag, ""), "said": said})
    return {
        "name": analysis.name,
        "unit": analysis.unit,
        "reference": reference(analysis.last.low, analysis.last.high) or "—",
        "abnormal": analysis.last.is_abnormal,
        "cells": cells,
    }


def dates(count: int, labels: Labels) -> str:
    return labels["dates_one"] if count == 1 else labels["dates_many"].format(count=count)
