"""A report typed by hand as a file of ours: a FHIR R4 Bundle of Observations (hl7.org/fhir/R4/observation.html).

It holds the patient, one Observation a value, and a Provenance that says who typed it and when. What the laboratory
printed is the source, the person at the keyboard the author: the Bundle and its Observations carry a tag that says so.
A corrected report has its changed values as « amended » and those taken out as « entered-in-error ».

`write` makes the bytes; `read_form` runs in a rendering process and gives the form back, to be corrected.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from app.documents.laboratory_entry import MOST_ROWS, TypedReport, TypedRow, tidy, written
from app.documents.laboratory_fhir import UCUM
from app.documents.laboratory_results import LOINC_URL, MOST_BYTES, UNITS
from app.errors import FileRefused
from app.french import PARIS

ORIGIN = "urn:x-teledossier:origine"
BY_HAND = {"system": ORIGIN, "code": "saisie-manuelle", "display": "Saisi à la main"}
CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
PARTICIPATION = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
DATA_OPERATION = "http://terminology.hl7.org/CodeSystem/v3-DataOperation"
RPPS = "https://rpps.esante.gouv.fr"
NOT_OURS = "ce n'est pas une biologie saisie à la main dans Télédossier : elle ne peut pas être corrigée ici."
GENDERS = {"F": "female", "M": "male"}

Json = dict[str, Any]


@dataclass(frozen=True)
class Subject:
    """Whose results these are. `ins_oid` says which authority gave `ins`; both may be empty."""

    family: str
    given: tuple[str, ...]
    sex: str
    birth_date: date
    ins: str = ""
    ins_oid: str = ""


@dataclass(frozen=True)
class Typist:
    """Who typed them, and when; `rpps` may be empty."""

    name: str
    rpps: str
    at: datetime


def write(report: TypedReport, subject: Subject, typist: Typist, before: TypedReport | None = None) -> bytes:
    """The Bundle as JSON; `before` is what it corrects."""
    patient = _entry(_patient(subject))
    moved = before is not None and _moment(before) != _moment(report)
    old = {row.code: row for row in before.rows} if before else {}
    told = {row.code for row in report.rows}
    observations = [
        _entry(_observation(row, report, patient["fullUrl"], _status(row, before, old, moved))) for row in report.rows
    ]
    observations += [
        _entry(_observation(row, before, patient["fullUrl"], "entered-in-error"))
        for row in (before.rows if before else ())
        if before is not None and row.code not in told
    ]
    provenance = _entry(_provenance(typist, [one["fullUrl"] for one in observations], before is not None))
    bundle = {
        "resourceType": "Bundle",
        "meta": {"tag": [BY_HAND]},
        "identifier": {"system": "urn:ietf:rfc:3986", "value": _address()},
        "type": "collection",
        "timestamp": typist.at.isoformat(timespec="seconds"),
        "entry": [patient, *observations, provenance],
    }
    return json.dumps(bundle, ensure_ascii=False, indent=1).encode()


def read_form(content: bytes) -> Json:
    """The form (`laboratory_entry`) of a Bundle that `write` made. Raises: FileRefused, for anything else."""
    try:
        if len(content) > MOST_BYTES:
            raise ValueError("too large")
        bundle = json.loads(content)
        if BY_HAND not in bundle["meta"]["tag"]:
            raise ValueError("not typed here")
        resources = [entry["resource"] for entry in bundle["entry"]]
        shown = [
            one for one in resources if one["resourceType"] == "Observation" and one["status"] != "entered-in-error"
        ]
        day, _t, rest = shown[0]["effectiveDateTime"].partition("T")
        form = {
            "day": day,
            "time": rest[:5],
            "laboratory": shown[0]["performer"][0]["display"] if "performer" in shown[0] else "",
            "rows": [_form_row(number, one) for number, one in enumerate(shown[:MOST_ROWS], 1)],
        }
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise FileRefused(NOT_OURS) from error
    return tidy(form)


def _form_row(number: int, observation: Json) -> Json:
    quantity, spans = observation["valueQuantity"], observation.get("referenceRange", [{}])
    notes = observation.get("note", [{}])
    return {
        "id": f"r{number}",
        "analysis": observation["code"]["text"],
        "value": f"{quantity.get('comparator', '')} {written(quantity['value'])}".strip(),
        "unit": quantity.get("unit", ""),
        "low": written(spans[0].get("low", {}).get("value")),
        "high": written(spans[0].get("high", {}).get("value")),
        "comment": notes[0].get("text", ""),
    }


def _status(row: TypedRow, before: TypedReport | None, old: dict[str, TypedRow], moved: bool) -> str:
    return "final" if before is None or (not moved and old.get(row.code) == row) else "amended"


def _patient(subject: Subject) -> Json:
    patient: Json = {
        "resourceType": "Patient",
        "name": [{"use": "official", "family": subject.family, "given": list(subject.given)}],
        "gender": GENDERS.get(subject.sex, "unknown"),
        "birthDate": subject.birth_date.isoformat(),
    }
    if subject.ins and subject.ins_oid:
        patient["identifier"] = [{"use": "official", "system": f"urn:oid:{subject.ins_oid}", "value": subject.ins}]
    return patient


def _observation(row: TypedRow, report: TypedReport, patient: str, status: str) -> Json:
    coding = [{"system": LOINC_URL, "code": row.loinc, "display": row.analysis}] if row.loinc else []
    observation: Json = {
        "resourceType": "Observation",
        "meta": {"tag": [BY_HAND]},
        "status": status,
        "category": [{"coding": [{"system": CATEGORY, "code": "laboratory", "display": "Laboratory"}]}],
        "code": {**({"coding": coding} if coding else {}), "text": row.analysis},
        "subject": {"reference": patient},
        "effectiveDateTime": _moment(report),
        "valueQuantity": _quantity(row, row.value.number),
    }
    if report.laboratory:
        observation["performer"] = [{"display": report.laboratory}]
    if row.value.comparator:
        observation["valueQuantity"]["comparator"] = row.value.comparator
    ends = {name: _quantity(row, end) for name, end in (("low", row.low), ("high", row.high)) if end is not None}
    if ends:
        observation["referenceRange"] = [ends]
    if row.comment:
        observation["note"] = [{"text": row.comment}]
    return observation


def _quantity(row: TypedRow, number: float) -> Json:
    quantity: Json = {"value": int(number) if number == int(number) else number}
    if row.value.unit:
        quantity["unit"] = row.value.unit
    # A code only where it is UCUM's: a unit typed freely stays a word.
    if row.ucum and UNITS.get(row.ucum, row.value.unit) == row.value.unit:
        quantity |= {"system": UCUM, "code": row.ucum}
    return quantity


def _moment(report: TypedReport) -> str:
    """With the hour and its offset where the hour is known, otherwise the day alone."""
    if report.taken_at is None:
        return report.taken_on.isoformat()
    return datetime.combine(report.taken_on, report.taken_at, PARIS).isoformat(timespec="seconds")


def _provenance(typist: Typist, targets: Iterable[str], corrects: bool) -> Json:
    who: Json = {"display": typist.name}
    if typist.rpps:
        who["identifier"] = {"system": RPPS, "value": typist.rpps}
    operation = ("UPDATE", "revise") if corrects else ("CREATE", "create")
    return {
        "resourceType": "Provenance",
        "target": [{"reference": target} for target in targets],
        "recorded": typist.at.isoformat(timespec="seconds"),
        "activity": {"coding": [{"system": DATA_OPERATION, "code": operation[0], "display": operation[1]}]},
        "agent": [{"type": {"coding": [{"system": PARTICIPATION, "code": "enterer"}]}, "who": who}],
    }


def _entry(resource: Json) -> Json:
    return {"fullUrl": _address(), "resource": resource}


def _address() -> str:
    return uuid.uuid4().urn
