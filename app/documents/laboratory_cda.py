"""Laboratory results out of CDA R2 reports. Pure functions over bytes; runs in a rendering process.

The French « CR d'examens biologiques » (volet CR-BIO of the CI-SIS, built on IHE PaLM XD-LAB, volume 3) and the
laboratory sections of other French documents: section, entry, act, organizer, observation. « Auto-présentables » too,
which stand inside a style sheet.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

from app.documents.laboratory_results import (
    LOINC_OID,
    LONGEST_NAME,
    NO_DATE,
    PDF_INSTEAD,
    SEVERAL_PEOPLE,
    Found,
    Result,
    Value,
    line,
    measured,
    ordered,
    range_in,
    result,
    stamp,
)
from app.documents.laboratory_text import text_of
from app.documents.laboratory_xml import tree
from app.errors import FileRefused

TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
# Laboratory reports as a whole: IHE PaLM, and the French one.
REPORT_TEMPLATES = ("1.3.6.1.4.1.19376.1.3.3", "1.2.250.1.213.1.1.1.55")
REPORT_CODE = "11502-2"
# Laboratory sections of other documents: chapter and sub-chapter (IHE PaLM), « Résultats » (LOINC).
SECTION_TEMPLATES = ("1.3.6.1.4.1.19376.1.3.3.2.1", "1.3.6.1.4.1.19376.1.3.3.2.2")
SECTION_CODE = "30954-2"
WITHDRAWN = ("aborted", "cancelled", "nullified", "obsolete", "new", "held", "suspended")
STATEMENTS = ("act", "organizer", "observation")
NUMBERS = ("PQ", "INT", "REAL", "ST", "")  # xsi:type; « IVL_… » beside them

NOT_RESULTS = f"ce document CDA n'est pas un compte rendu de biologie. {PDF_INSTEAD}"
ONLY_A_PICTURE = (
    "ce compte rendu CDA ne contient que sa mise en page (niveau 1), sans résultats à lire. "
    "Ajoutez le compte rendu en PDF."
)


@dataclass(frozen=True)
class _Context:
    """What a statement gets from those around it. Times as they are written.

    `sampled`: when the sample was taken; `at`: when the result was; `previous`: a value of an earlier report.
    """

    sampled: str = ""
    at: str = ""
    code: tuple[str, str] = ("", "")
    previous: bool = False
    provisional: bool = False


def read(content: bytes) -> list[Result]:
    """The results of a report. Raises: FileRefused, ValueError (a day that does not exist)."""
    root = tree(text_of(content))
    document = root if root.tag == "ClinicalDocument" else root.find(".//ClinicalDocument")
    if document is None:
        raise FileRefused(NOT_RESULTS)
    sections = list(_sections(document))
    if not sections:
        is_flat = document.find("component/nonXMLBody") is not None
        raise FileRefused(ONLY_A_PICTURE if is_flat and _is_report(document) else NOT_RESULTS)
    if len(document.findall("recordTarget")) > 1:
        raise FileRefused(SEVERAL_PEOPLE)
    words = {key: _words(node) for node in document.iter() if (key := node.get("ID"))}
    reading = _Reading(words, _header_time(document))
    for section in sections:
        reading.section(section)
    return reading.found.results()


class _Reading:
    """Walks through sections; `words` are the pieces of their narrative by their `ID`."""

    def __init__(self, words: dict[str, str], sampled: str) -> None:
        self.found = Found()
        self._words, self._sampled = words, sampled

    def section(self, section: ET.Element) -> None:
        """A section and those below it, without one that is about somebody or something else."""
        if section.find("subject") is not None:
            return
        for entry in section.findall("entry"):
            self._below(entry, _Context())
        for inner in section.findall("component/section"):
            self.section(inner)

    def _below(self, relation: ET.Element, context: _Context) -> None:
        for statement in relation:
            if statement.tag in STATEMENTS:
                self._statement(statement, context)

    def _statement(self, statement: ET.Element, context: _Context) -> None:
        """An act, an organizer or an observation, unless it was withdrawn, denied, only planned or not the person's."""
        status = _attribute(statement, "statusCode", "code")
        is_event = statement.get("moodCode", "EVN") == "EVN"
        is_denied = statement.get("negationInd") == "true" or bool(statement.get("nullFlavor"))
        if status in WITHDRAWN or not is_event or is_denied or statement.find("subject") is not None:
            return
        context = replace(
            context,
            sampled=_sampled(statement, context.sampled),
            at=_time(statement.find("effectiveTime")) or context.at,
            provisional=context.provisional or status == "active",
        )
        if statement.tag == "observation":
            context = replace(context, code=_code(statement.find("code"), self._words) or context.code)
            self._observation(statement, context)
        for relation in statement:
            if relation.tag == "component" or (
                relation.tag == "entryRelationship" and relation.get("typeCode") != "REFR"
            ):
                self._below(relation, context)
            elif relation.tag == "entryRelationship":  # values of earlier reports, with their own times or none
                self._below(relation, replace(context, sampled="", at="", previous=True, provisional=True))

    def _observation(self, observation: ET.Element, context: _Context) -> None:
        value = next((value for one in observation.findall("value") if (value := _value(one))), None)
        if value is None or not any(context.code):
            return
        written = context.sampled or context.at or ("" if context.previous else self._sampled)
        if not written and context.previous:
            return
        if not written:
            raise FileRefused(NO_DATE)
        told = next((code for one in observation.findall("interpretationCode") if (code := one.get("code"))), "")
        try:
            at = stamp(written)
        except (FileRefused, ValueError):
            if context.previous:  # the errors of an earlier report do not keep this one out
                return
            raise
        one = result(*context.code, at, value, _range(observation, value), told)
        self.found.add(one, provisional=context.provisional)


def _is_report(document: ET.Element) -> bool:
    templates = {one.get("root") for one in document.findall("templateId")}
    return _attribute(document, "code", "code") == REPORT_CODE or not templates.isdisjoint(REPORT_TEMPLATES)


def _sections(document: ET.Element) -> Iterator[ET.Element]:
    """The outermost laboratory sections: all of a laboratory's report, those that say so of another document."""
    is_report = _is_report(document)
    for section in document.findall("component/structuredBody/component/section"):
        templates = {one.get("root") for one in section.findall("templateId")}
        says_so = _attribute(section, "code", "code") == SECTION_CODE or not templates.isdisjoint(SECTION_TEMPLATES)
        if says_so or is_report:
            yield section


def _header_time(document: ET.Element) -> str:
    """When the header says that the sample was taken: the participant who took it (CR-BIO, « préleveur »)."""
    times = {
        _time(one.find("time"))
        for one in document.findall("participant")
        if _attribute(one, "functionCode", "code") == "PRELV"
    } - {""}
    return times.pop() if len(times) == 1 else ""


def _sampled(statement: ET.Element, inherited: str) -> str:
    """When a statement's own sample was taken; where it has several, each result's own time has to do."""
    procedures = [*statement.findall("entryRelationship/procedure"), *statement.findall("component/procedure")]
    times = {_time(procedure.find("effectiveTime")) for procedure in procedures} - {""}
    return inherited if not times else times.pop() if len(times) == 1 else ""


def _time(node: ET.Element | None) -> str:
    """A time as it is written: itself, or the start or end of a span."""
    if node is None:
        return ""
    candidates = (node.get("value"), *(_attribute(node, end, "value") for end in ("low", "high", "center")))
    return next((line(one) for one in candidates if one), "")


def _code(code: ET.Element | None, words: dict[str, str]) -> tuple[str, str] | None:
    """Code and name: LOINC's code before others; the laboratory's words before a terminology's.

    A name that only points into the narrative comes last: what stands there is the value as often as the name.
    """
    if code is None:
        return None
    codes = [code, *code.findall("translation")]
    in_order = sorted(codes, key=lambda one: one.get("codeSystem") != LOINC_OID)
    value = next((text for one in in_order if (text := line(one.get("code", "")))), "")
    original = code.find("originalText")
    own = _words(original) if original is not None else ""
    display = next((text for one in in_order if (text := line(one.get("displayName", "")))), "")
    pointed = (
        words.get(_attribute(original, "reference", "value").removeprefix("#"), "") if original is not None else ""
    )
    name = own or display or pointed
    return (value, name) if value or name else None


def _words(node: ET.Element) -> str:
    """The first words in an element: as many as a name may have."""
    return line(" ".join(piece[:LONGEST_NAME] for piece in islice(node.itertext(), 20)))


def _value(value: ET.Element) -> Value | None:
    """A number; an interval with one end is a limit, as CDA writes « < 5 »."""
    kind = value.get(TYPE, "").rpartition(":")[2]
    if value.get("nullFlavor"):
        return None
    if kind in ("IVL_PQ", "IVL_REAL", "IVL_INT"):
        low, high = _end(value, "low"), _end(value, "high")
        one = high or low
        return Value("<" if high else ">", one.number, one.unit) if one and not (low and high) else None
    if kind not in NUMBERS:
        return None
    return measured(value.text or "" if kind == "ST" else value.get("value", ""), value.get("unit", ""))


def _end(interval: ET.Element, name: str) -> Value | None:
    end = interval.find(name)
    if end is None or end.get("nullFlavor"):
        return None
    return measured(end.get("value", ""), end.get("unit", "") or interval.get("unit", ""))


def _range(observation: ET.Element, value: Value) -> tuple[float | None, float | None]:
    """The normal range, when there is one only: which of several applies to this person is not for us to say."""
    spans = set()
    for one in observation.findall("referenceRange/observationRange"):
        if _attribute(one, "interpretationCode", "code") in ("", "N"):
            spans.add(_span(one, value))
    return spans.pop() if len(spans) == 1 else (None, None)


def _span(one: ET.Element, value: Value) -> tuple[float | None, float | None]:
    interval = one.find("value")
    if interval is not None:
        low, high = _end(interval, "low"), _end(interval, "high")
        if any(end is not None and end.unit not in ("", value.unit) for end in (low, high)):
            return None, None  # in another unit than the value
        span = ordered(low.number if low else None, high.number if high else None)
        if span != (None, None):
            return span
    written = interval.text if interval is not None and (interval.text or "").strip() else one.findtext("text")
    return range_in(line(written or ""), value.unit)


def _attribute(node: ET.Element, child: str, name: str) -> str:
    found = node.find(child)
    return found.get(name, "") if found is not None else ""
