"""Laboratory results out of FHIR R4 or R5 in JSON. Pure functions over bytes; runs in a rendering process.

A Bundle, a DiagnosticReport with its observations, or one Observation (hl7.org/fhir/R4/observation.html, R5 alike).
Nothing is taken for granted: any member may be missing or of another type, and is then as if it were not there.
"""

from __future__ import annotations

import json
import math
import re
from datetime import datetime
from typing import Any

from app.documents.laboratory_results import (
    BROKEN,
    LARGEST_VALUE,
    LOINC_OID,
    LOINC_URL,
    MOST_PARTS,
    NO_DATE,
    PDF_INSTEAD,
    SEVERAL_PEOPLE,
    TOO_DEEP,
    TOO_MANY_PARTS,
    Found,
    Result,
    Value,
    line,
    measured,
    moment,
    ordered,
    range_in,
    result,
    unit,
)
from app.documents.laboratory_text import text_of
from app.errors import FileRefused

Json = dict[str, Any]

DEEPEST_BUNDLE = 3
MOST_SPECIMENS = 20
SHOWN = ("", "preliminary", "final", "amended", "corrected")  # of Observation.status
WITHDRAWN_REPORTS = ("cancelled", "entered-in-error")
UCUM = "http://unitsofmeasure.org"
CATEGORIES = "observation-category"
COMPARATORS = {"": "", "<": "<", "<=": "<", ">": ">", ">=": ">"}  # R5's « ad » is no measure
DATE = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.\d{1,9})?)?(Z|([+-])(\d{2}):?(\d{2}))?)?"
)

NOT_RESULTS = f"cette ressource FHIR n'est pas de la biologie (Bundle, DiagnosticReport ou Observation). {PDF_INSTEAD}"
HISTORY = (
    "c'est l'historique d'un serveur FHIR, où d'anciennes valeurs se mêlent aux bonnes. "
    "Demandez au laboratoire les résultats seuls, ou ajoutez le compte rendu en PDF."
)


def read(content: bytes) -> list[Result]:
    """The results of a file. Raises: FileRefused, ValueError."""
    if content.count(b"{") + content.count(b"[") > MOST_PARTS or content.count(b",") > 4 * MOST_PARTS:
        raise FileRefused(TOO_MANY_PARTS)
    try:
        # Every number is a float: a million digits cost nothing, and « NaN » is nothing.
        top = json.loads(text_of(content), parse_int=float, parse_float=float, parse_constant=lambda _name: None)
    except RecursionError as error:
        raise FileRefused(TOO_DEEP) from error
    except ValueError as error:
        raise FileRefused(BROKEN) from error
    if _object(top).get("resourceType") not in ("Bundle", "DiagnosticReport", "Observation"):
        raise FileRefused(NOT_RESULTS)
    file = _File()
    file.gather(top)
    file.relate()
    found, people = Found(), _People()
    for observation, holder in file.observations:
        if file.is_shown(observation, holder):
            people.add(observation, holder, file)
            _add(found, observation, holder, file)
    return found.results()


class _File:
    """The resources of a file: its observations, each with the resource that contains it, and what they refer to."""

    def __init__(self) -> None:
        self.observations: list[tuple[Json, Json]] = []
        self._parents: list[tuple[Json, Json]] = []  # reports and panels
        self._by_address: dict[str, Json] = {}
        self._contained: dict[int, dict[str, Json]] = {}
        self._parent_of: dict[int, Json] = {}
        self._withdrawn: set[int] = set()

    def gather(self, resource: Json, depth: int = 0) -> None:
        """Raises: FileRefused (a history)."""
        if resource.get("resourceType") == "Bundle":
            if resource.get("type") == "history":
                raise FileRefused(HISTORY)
            for entry in _objects(resource.get("entry")) if depth < DEEPEST_BUNDLE else ():
                inner = _object(entry.get("resource"))
                if inner and isinstance(entry.get("fullUrl"), str):
                    self._by_address[entry["fullUrl"]] = inner
                self.gather(inner, depth + 1)
            return
        self._by_address.setdefault(f"{_text(resource.get('resourceType'))}/{_text(resource.get('id'))}", resource)
        contained = _objects(resource.get("contained"))
        self._contained[id(resource)] = {_text(one.get("id")): one for one in contained}
        for one in (resource, *contained):
            kind = one.get("resourceType")
            if kind == "Observation":
                self.observations.append((one, resource))
            if kind in ("Observation", "DiagnosticReport"):
                self._parents.append((one, resource))
        if resource.get("resourceType") == "DiagnosticReport":
            self._parent_of.update((id(one), resource) for one in contained)

    def relate(self) -> None:
        """Find the report or panel of each observation, and what a report has withdrawn."""
        for parent, holder in self._parents:
            is_report = parent.get("resourceType") == "DiagnosticReport"
            for reference in _objects(parent.get("result" if is_report else "hasMember")):
                member = id(self.target(reference, holder))
                if is_report and parent.get("status") in WITHDRAWN_REPORTS:
                    self._withdrawn.add(member)
                if is_report or member not in self._parent_of:
                    self._parent_of[member] = parent

    def target(self, reference: Any, holder: Json) -> Json:
        """What a reference leads to, in the file alone; an empty object where it leads nowhere."""
        address = _text(_object(reference).get("reference")).split("/_history/")[0]
        if address.startswith("#"):
            return self._contained.get(id(holder), {}).get(address[1:], {})
        return self._by_address.get(address) or self._by_address.get("/".join(address.split("/")[-2:])) or {}

    def parent(self, observation: Json) -> Json:
        return self._parent_of.get(id(observation), {})

    def is_shown(self, observation: Json, holder: Json) -> bool:
        """Made, not withdrawn, of a laboratory as far as it says, and of the person whose dossier this is."""
        is_withdrawn = id(observation) in self._withdrawn or holder.get("status") in WITHDRAWN_REPORTS
        if observation.get("status", "") not in SHOWN or is_withdrawn:
            return False
        told = [
            coding.get("code")
            for category in _objects(observation.get("category"))
            for coding in _objects(category.get("coding"))
            if CATEGORIES in _text(coding.get("system"))
        ]
        if told and "laboratory" not in told:
            return False
        subject = _object(observation.get("subject"))
        named = _text(subject.get("reference")).split("/_history/")[0].split("/")
        kind = self.target(subject, holder).get("resourceType") or (named[-2] if len(named) > 1 else "Patient")
        return kind == "Patient" and not observation.get("focus")


class _People:
    """Whose results these are: one person's, whatever ways of naming them a file mixes."""

    def __init__(self) -> None:
        self._by_resource: set[int | str] = set()
        self._by_identifier: set[tuple[str, str]] = set()

    def add(self, observation: Json, holder: Json, file: _File) -> None:
        """Raises: FileRefused, at the second person."""
        subject = _object(observation.get("subject"))
        address = _text(subject.get("reference"))
        if address and not address.startswith("#"):
            patient = file.target(subject, holder)
            self._by_resource.add(id(patient) if patient else address.split("/_history/")[0].rpartition("/")[2])
        elif identifier := _object(subject.get("identifier")):
            self._by_identifier.add((_text(identifier.get("system")), _text(identifier.get("value"))))
        if len(self._by_resource) > 1 or len(self._by_identifier) > 1:
            raise FileRefused(SEVERAL_PEOPLE)


def _add(found: Found, observation: Json, holder: Json, file: _File) -> None:
    """Add an observation and its components, as far as they are numbers."""
    provisional = observation.get("status") == "preliminary"
    for measure in (observation, *_objects(observation.get("component"))):
        value = _value(measure)
        code, name = _code(_object(measure.get("code")))
        if value is not None and (code or name):
            at = _taken(observation, holder, file)
            span, told = _range(measure, value), _interpretation(measure)
            found.add(result(code, name, at, value, span, told, _comment(observation)), provisional=provisional)


def _value(measure: Json) -> Value | None:
    if measure.get("dataAbsentReason"):
        return None
    quantity = _object(measure.get("valueQuantity"))
    if quantity:
        read_value = _number(quantity.get("value"), _unit(quantity))
        written = quantity.get("comparator") or ""
        if read_value is None or not isinstance(written, str) or written not in COMPARATORS:
            return None
        return Value(COMPARATORS[written] or read_value.comparator, read_value.number, read_value.unit)
    return _number(measure.get("valueInteger", measure.get("valueString")), "")


def _number(value: Any, written_unit: str) -> Value | None:
    """A number, also where it is written as a text: « 3,5 », « <5 »."""
    if isinstance(value, str):
        return measured(value, written_unit)
    if isinstance(value, float) and math.isfinite(value) and abs(value) < LARGEST_VALUE:
        return Value("", value, unit(written_unit))
    return None


def _unit(quantity: Json) -> str:
    """The UCUM code, which is the same from laboratory to laboratory; otherwise what is written for people."""
    code, written = _text(quantity.get("code")), _text(quantity.get("unit"))
    return code if code and quantity.get("system") == UCUM else written or code


def _code(concept: Json) -> tuple[str, str]:
    """Code and name: LOINC's code before others, the laboratory's own words before a terminology's."""
    in_order = sorted(_objects(concept.get("coding")), key=lambda coding: not _is_loinc(_text(coding.get("system"))))
    code = next((_text(coding.get("code")) for coding in in_order if _text(coding.get("code"))), "")
    display = next((_text(coding.get("display")) for coding in in_order if _text(coding.get("display"))), "")
    return code, _text(concept.get("text")) or display


def _is_loinc(system: str) -> bool:
    return system.rstrip("/").replace("https://", "http://") == LOINC_URL or system == f"urn:oid:{LOINC_OID}"


def _range(measure: Json, value: Value) -> tuple[float | None, float | None]:
    """The usual range, when there is one only: which of several applies to this person is not for us to say."""
    spans = set()
    for one in _objects(measure.get("referenceRange")):
        kinds = [coding.get("code") for coding in _objects(_object(one.get("type")).get("coding"))]
        if not kinds or "normal" in kinds:
            spans.add(_span(one, value))
    return spans.pop() if len(spans) == 1 else (None, None)


def _span(one: Json, value: Value) -> tuple[float | None, float | None]:
    ends: list[float | None] = []
    for end in (_object(one.get("low")), _object(one.get("high"))):
        read_end = _number(end.get("value"), _unit(end))
        if read_end is not None and read_end.unit not in ("", value.unit):
            return None, None  # in another unit than the value
        ends.append(None if read_end is None else read_end.number)
    low, high = ordered(ends[0], ends[1])
    return (low, high) if (low, high) != (None, None) else range_in(_text(one.get("text")), value.unit)


def _interpretation(measure: Json) -> str:
    for concept in _objects(measure.get("interpretation")):
        for coding in _objects(concept.get("coding")):
            if code := _text(coding.get("code")):
                return code
        return _text(concept.get("text"))
    return ""


def _taken(observation: Json, holder: Json, file: _File) -> datetime:
    """When the sample was taken: its own time, then the observation's, then that of its panel or report.

    Raises: FileRefused (nowhere), ValueError (no such day).
    """
    for source in (observation, file.parent(observation)):
        specimens = [file.target(one, holder) for one in _objects(source.get("specimen"))[:MOST_SPECIMENS]]
        collected = {_first_time(_object(specimen.get("collection")), "collected") for specimen in specimens}
        for written in (collected.pop() if len(collected) == 1 else "", _first_time(source, "effective")):
            if found := DATE.fullmatch(written):
                year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
                offset = (found[8] or "+", int(found[9] or 0), int(found[10] or 0)) if found[7] else None
                return moment(year, month, day, hour, minute, second, offset)
    raise FileRefused(NO_DATE)


def _first_time(holder: Json, name: str) -> str:
    period = _object(holder.get(f"{name}Period"))
    events = _object(holder.get(f"{name}Timing")).get("event")
    candidates = (
        holder.get(f"{name}DateTime"),
        holder.get(f"{name}Instant"),
        period.get("start"),
        period.get("end"),
        events[0] if isinstance(events, list) and events else None,
    )
    return next((_text(one) for one in candidates if _text(one)), "")


def _comment(observation: Json) -> str:
    return " ".join(text for note in _objects(observation.get("note")) if (text := _text(note.get("text"))))


def _object(value: Any) -> Json:
    return value if isinstance(value, dict) else {}


def _objects(value: Any) -> list[Json]:
    """The objects of a list; one that stands alone counts as a list of one."""
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, dict)]


def _text(value: Any) -> str:
    return line(value) if isinstance(value, str) else ""
