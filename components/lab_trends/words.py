"""Laboratory results in words and figures as French readers expect them: what is drawn and what is tabled say the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, time
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
    "empty_help": "Ajoutez un compte rendu de biologie au format HL7, FHIR ou CDA, ou saisissez-le à la main : ses courbes paraîtront ici.",
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
    "no_unit": "sans unité",
    "other_units": "aussi rendu en {units}, sur une autre courbe",
    "search": "Filtrer les analyses",
    "none_found": "Aucune analyse de ce nom.",
    "key_typed": "Saisi à la main",
    "typed": "saisi à la main",
    "csv": "Télécharger le tableau (CSV)",
    "columns_more": "Les {shown} derniers prélèvements sur {count}. Le tableau téléchargé les contient tous.",
    "comments": "Remarques",
    "comment": "{name}, {day} : {comment}",
    "more": "Afficher les autres courbes ({count})",
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
    others = ", ".join(one or labels["no_unit"] for one in analysis.other_units)
    return {
        "name": analysis.name,
        "value": value,
        "unit": analysis.unit,
        "flag": flag,
        "chip": f"{ARROWS.get(flag, '')} {labels[f'flag_{flag}']}".strip(),
        "abnormal": last.is_abnormal,
        "detail": " · ".join(part for part in parts if part),
        "other_units": labels["other_units"].format(units=others) if others else "",
        "typed": last.typed,
        "said": labels["chart"].format(
            name=analysis.name,
            value=value,
            unit=analysis.unit,
            day=f"{last.at:%d/%m/%Y}",
            state=labels[f"state_{flag}"],
            reference=said_span,
            dates=dates(len({result.at for result in analysis.results}), labels),
        )
        + (f" {labels['key_typed']}." if last.typed else ""),
    }


def day(at: datetime, *, hour: bool) -> str:
    """« 20/11/2026 08:15 », or the day alone."""
    return f"{at:%d/%m/%Y %H:%M}" if hour else f"{at:%d/%m/%Y}"


def table(analyses: Sequence[Analysis], labels: Labels) -> dict[str, Any]:
    """The equivalent table: a column a sample, the newest last; what is out of range today first."""
    everything = sorted({result.at for analysis in analyses for result in analysis.results})
    moments = everything[-COLUMNS_SHOWN:]
    days = [moment.date() for moment in moments]
    heads = [
        f"{moment:%d/%m/%y}" + (f" {moment:%H:%M}" if days.count(moment.date()) > 1 and moment.time() != time.min else "")
        for moment in moments
    ]  # fmt: skip
    more = labels["columns_more"].format(shown=len(moments), count=len(everything))
    return {
        "heads": heads,
        "rows": [_row(analysis, moments, labels) for analysis in analyses],
        "more": more if len(moments) < len(everything) else "",
        "comments": [
            labels["comment"].format(
                name=analysis.name, day=day(result.at, hour=not result.is_day_only), comment=result.comment
            )
            for analysis in analyses
            for result in analysis.results
            if result.comment
        ],
    }


def _row(analysis: Analysis, moments: Sequence[datetime], labels: Labels) -> dict[str, Any]:
    digits = digits_of(analysis.results)
    at: dict[datetime, list[LabResult]] = {}
    for result in analysis.results:
        at.setdefault(result.at, []).append(result)
    return {
        "name": analysis.name,
        "unit": analysis.unit,
        "reference": reference(analysis.last.low, analysis.last.high) or "—",
        "abnormal": analysis.last.is_abnormal,
        "cells": [_cell(at.get(moment, []), digits, labels) for moment in moments],
    }


def _cell(results: Sequence[LabResult], digits: int, labels: Labels) -> dict[str, Any]:
    """What an analysis was at one moment; where two reports differ both stand there, the worse one's flag."""
    if not results:
        return {"value": "—", "flag": "", "arrow": "", "said": labels["no_value"], "typed": False}
    worst = min(results, key=lambda result: 0 if result.is_critical else 1 if result.is_abnormal else 2)
    flag = worst.flag if worst.is_abnormal else "N"
    typed = any(result.typed for result in results)
    said = [labels[f"state_{flag}"]] if worst.is_abnormal else []
    return {
        "value": " ; ".join(measured(result, digits) for result in results),
        "flag": flag,
        "arrow": ARROWS.get(flag, ""),
        "said": ", ".join([*said, *([labels["typed"]] if typed else [])]),
        "typed": typed,
    }


def dates(count: int, labels: Labels) -> str:
    return labels["dates_one"] if count == 1 else labels["dates_many"].format(count=count)
