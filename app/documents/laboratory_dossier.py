"""« Toutes les biologies »: the results of every laboratory report of a dossier, each with the report it came from.

Analyses are the same when their LOINC code is; where a laboratory has codes of its own only, code and name together.
Units are never converted: the same analysis in two units makes two curves. Versions that were replaced or withdrawn
are left out. Opening all of them counts as having seen each.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from app.audit import service as audit
from app.documents import laboratory_typing, service, viewing
from app.documents.entries import DocumentView
from app.documents.laboratory_results import Result
from app.documents.models import DocumentKind
from app.dossiers.access import dossier_for
from app.errors import FileDamaged, FileRefused, NotFound
from app.french import folded, local, numeric_date
from app.identity.models import Professional
from app.platform import Platform

LOINC = re.compile(r"(\d{1,6})-(\d)")


@dataclass(frozen=True)
class Sourced:
    """A result and the report that says it; `analysis` is the same for all results of one analysis."""

    result: Result
    report: DocumentView
    analysis: str


@dataclass(frozen=True)
class Unread:
    """A report that could not be read, and why; the others are shown."""

    title: str
    reason: str


@dataclass(frozen=True)
class DossierResults:
    """Everything a dossier's laboratory reports say, oldest sample first."""

    reports: tuple[DocumentView, ...]
    results: tuple[Sourced, ...]
    unread: tuple[Unread, ...]


def reports_of(platform: Platform, actor: Professional, number: str) -> list[DocumentView]:
    """The laboratory reports of a dossier that hold, oldest first. Raises: NotFound (journalled when foreign)."""
    documents = service.documents_of(platform, actor, number)
    states = laboratory_typing.states_of(platform, actor, number)
    return [
        document
        for document in documents
        if document.kind is DocumentKind.LABORATORY
        and states.get(document.reference, laboratory_typing.TypedState()).holds
    ]


async def results_of(platform: Platform, actor: Professional, number: str, reference: str = "") -> DossierResults:
    """All results of a dossier, or those of one of its reports (which may be one that holds no longer).

    A report that is damaged or refused is named and left out; none readable is no error.

    Raises: NotFound (journalled when the dossier, or that report, is somebody else's).
    """
    reports = reports_of(platform, actor, number)
    if reference:
        document = service.document_of(platform, actor, reference)
        if document.number != number or document.kind is not DocumentKind.LABORATORY:
            raise NotFound
        reports = [document]
    found: list[Sourced] = []
    unread: list[Unread] = []
    for report in reports:
        try:
            results: Sequence[Result] = await viewing.laboratory_results(platform, actor, report.reference)
        except (FileRefused, FileDamaged) as refusal:
            unread.append(Unread(report.title, refusal.message))
            continue
        found += [Sourced(result, report, analysis_of(result)) for result in results]
    return DossierResults(tuple(reports), tuple(merged(found)), tuple(unread))


def journal_export(platform: Platform, actor: Professional, number: str) -> None:
    """Journal that the results of a dossier left as a table. Raises: NotFound."""
    with platform.transaction() as session:
        dossier = dossier_for(session, actor, number)
        audit.record(session, platform.now(), actor, "laboratory.exported", dossier_id=dossier.id, subject=number)


def analysis_of(result: Result) -> str:
    """What makes results one analysis: their LOINC code, or a laboratory's own code together with the name."""
    return result.code if is_loinc(result.code) else f"{result.code} {folded(result.name)}"


def is_loinc(code: str) -> bool:
    """Whether a code is a LOINC one: digits, a dash, and the check digit that goes with them (mod 10, LOINC guide)."""
    found = LOINC.fullmatch(code)
    if found is None:
        return False
    doubled = [int(digit) * (2 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(found[1]))]
    return (10 - sum(value // 10 + value % 10 for value in doubled) % 10) % 10 == int(found[2])


def source_of(sourced: Sourced) -> str:
    """Where a result comes from, in words: « saisi à la main par N. DUBOIS », « Biologie Orne Bio du 20/11/2026 »."""
    report = sourced.report
    day = numeric_date(local(report.created_at).date())
    if laboratory_typing.is_typed(report.detail):
        laboratory = str(report.detail.get("laboratory", ""))
        return f"saisi à la main par {report.author_name} le {day}" + (f", {laboratory}" if laboratory else "")
    return f"{report.title}, déposé le {day}"


def merged(found: Sequence[Sourced]) -> list[Sourced]:
    """Each measure once: a report sent twice says the same twice, and a laboratory's file counts before a typed one.

    Two different values of one moment both stay: which is right is not for us to say.
    """
    kept: dict[tuple[object, ...], Sourced] = {}
    for one in found:
        result = one.result
        key = (one.analysis, result.unit, result.at, result.value, result.comparator)
        before = kept.get(key)
        if before is None or (
            laboratory_typing.is_typed(before.report.detail) and not laboratory_typing.is_typed(one.report.detail)
        ):
            kept[key] = one
    return sorted(kept.values(), key=lambda one: one.result.at)
