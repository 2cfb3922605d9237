"""Tables of a dossier as CSV: its laboratory results, who has read its documents, its journal. Each export is journalled."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from datetime import datetime

from tornado.web import HTTPError

from app.administration import csv_writing
from app.documents import laboratory_dossier, tracing
from app.documents.laboratory_dossier import Sourced
from app.documents.laboratory_typing import is_typed
from app.documents.tracing import Trace
from app.french import folded, local, numeric_date
from app.web.base import Handler
from app.web.files import disposition

CSV = "text/csv; charset=utf-8"
FLAGS = {"H": "haut", "L": "bas", "HH": "critique, haut", "LL": "critique, bas"}


class _Table(Handler):
    def prepare(self) -> None:
        super().prepare()
        if self.request.headers.get("Sec-Fetch-Site") == "cross-site":  # a link elsewhere must not export anything
            raise HTTPError(403)

    def send_table(self, name: str, number: str, table: bytes) -> None:
        self.set_header("Content-Type", CSV)
        filename = f"{number}-{name}-{local(self.platform.now()):%Y-%m-%d-%H%M}.csv"
        self.set_header("Content-Disposition", disposition("attachment", filename))
        self.finish(csv_writing.BYTE_ORDER_MARK.encode() + table)


class Results(_Table):
    """`GET /api/dossiers/<number>/biologies.csv?document=<ref>`: all laboratory results, or those of one report."""

    async def get(self, number: str) -> None:
        reference = self.argument_matching("document", r"([0-9a-f]{32})?")
        found = await laboratory_dossier.results_of(self.platform, self.actor, number, reference)
        laboratory_dossier.journal_export(self.platform, self.actor, number)
        self.send_table("biologies", number, await asyncio.to_thread(csv_writing.lines, _results(found.results)))


class Readings(_Table):
    """`GET /api/dossiers/<number>/tracabilite.csv`: a row per document and person."""

    async def get(self, number: str) -> None:
        trace = tracing.trace_of(self.platform, self.actor, number)
        tracing.journal_export(self.platform, self.actor, number)
        self.send_table("tracabilite", number, await asyncio.to_thread(csv_writing.lines, _readings(trace)))


class Journal(_Table):
    """`GET /api/dossiers/<number>/journal.csv`: the journal in words, newest first."""

    async def get(self, number: str) -> None:
        lines = tracing.journal_of(self.platform, self.actor, number)
        tracing.journal_export(self.platform, self.actor, number)
        rows = [("Date", "Heure", "Qui", "Quoi", "Refusé")]
        rows += [(*_moment(line.at), line.who, line.what, "oui" if line.refused else "") for line in lines]
        self.send_table("journal", number, await asyncio.to_thread(csv_writing.lines, rows))


def _results(results: Sequence[Sourced]) -> Iterator[tuple[str, ...]]:
    yield (
        "Analyse", "Code", "Date", "Heure", "Valeur", "Unité", "Borne basse", "Borne haute", "Interprétation",
        "Remarque", "Saisi à la main", "Source",
    )  # fmt: skip
    for one in sorted(results, key=lambda one: (folded(one.result.name), one.result.unit, one.result.at)):
        result = one.result
        day, hour = _moment(result.at)
        yield (
            result.name,
            result.code,
            day,
            "" if hour == "00:00:00" else hour,
            f"{result.comparator} {_number(result.value)}".strip(),
            result.unit,
            _number(result.low),
            _number(result.high),
            FLAGS.get(result.flag, ""),
            result.comment,
            "oui" if is_typed(one.report.detail) else "",
            laboratory_dossier.source_of(one),
        )


def _readings(trace: Trace) -> Iterator[tuple[str, ...]]:
    yield (
        "Document", "Genre", "Déposé par", "Déposé le", "À", "Personne", "Vu le", "Vu à", "Téléchargé le",
        "Téléchargé à", "État",
    )  # fmt: skip
    for document in trace.documents:
        for cell in document.cells:
            yield (
                document.title,
                document.kind.label,
                document.author,
                *_moment(document.created_at),
                cell.reader.name,
                *_moment(cell.seen_at),
                *_moment(cell.downloaded_at),
                "" if document.holds else "retiré" if document.state.withdrawn else "remplacé",
            )


def _moment(at: datetime | None) -> tuple[str, str]:
    return (numeric_date(local(at).date()), f"{local(at):%H:%M:%S}") if at else ("", "")


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.10g}".replace(".", ",")
