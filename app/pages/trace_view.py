"""« Traçabilité »: who has seen and taken each document, what is left to take home, refused attempts, the journal."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import panel as pn
import panel_material_ui as pmui

from app.documents import closing, tracing
from app.documents.closing import Closing, Remaining
from app.documents.models import DocumentKind
from app.documents.tracing import Cell, JournalLine, Trace, TracedDocument, said
from app.errors import TeledossierError
from app.french import NO_BREAK_SPACE, brief, full
from app.pages.context import PageContext

__all__ = ["TraceView", "said"]

_LOOK = (Path(__file__).parent / "trace_view.css").read_text(encoding="utf-8")
_FILTERS = ":host { display: flex; flex-wrap: wrap; gap: 12px; align-items: end; } :host > * { flex: 1 1 190px !important; max-width: 320px; }"
_LINKS = ":host { display: flex; flex-wrap: wrap; gap: 8px 20px; }"
EVERYTHING = "Tout"
STATES: dict[str, Callable[[Cell], bool]] = {
    EVERYTHING: lambda _cell: True,
    "Pas encore vu": lambda cell: cell.concerned and not cell.seen_at and not cell.downloaded_at,
    "Pas encore téléchargé": lambda cell: cell.concerned and not cell.downloaded_at,
    "Vu": lambda cell: cell.seen_at is not None,
    "Téléchargé": lambda cell: cell.downloaded_at is not None,
}


class TraceView(pn.viewable.Viewer):
    """Everything of one dossier, for those who have a right on it; every word is escaped."""

    def __init__(self, context: PageContext, number: str, **params: Any) -> None:
        super().__init__(**params)
        self._context, self._number = context, number
        self._checklist, self._table, self._attempts, self._journal = (_pane() for _ in range(4))
        self._person = _choice("Personne")
        self._kind = _choice("Genre de document")
        self._state = _choice("État", list(STATES))
        for widget in (self._person, self._kind, self._state):
            widget.param.watch(lambda _event: self._draw_table(), "value")
        address = f"/api/dossiers/{number}"
        self._layout = pn.Column(
            self._checklist,
            _title("Qui a vu, qui a téléchargé"),
            pn.Row(
                self._person,
                self._kind,
                self._state,
                sizing_mode="stretch_width",
                margin=(4, 24, 8, 24),
                stylesheets=[_FILTERS],
            ),
            self._table,
            _pane(_link(f"{address}/tracabilite.csv", "Exporter le tableau (CSV)")),
            self._attempts,
            _title("Journal"),
            self._journal,
            _pane(_link(f"{address}/journal.csv", "Exporter le journal (CSV)")),
            sizing_mode="stretch_width",
            margin=(8, 0, 24, 0),
        )
        self._trace = Trace((), frozenset(), (), ())
        self.refresh()

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def refresh(self) -> None:
        """Ask again, and draw; what is chosen in the filters stays."""
        platform, actor = self._context.platform, self._context.actor
        try:
            self._trace = tracing.trace_of(platform, actor, self._number)
            journal = tracing.journal_of(platform, actor, self._number)
        except TeledossierError as refusal:
            self._table.object = _sentence(refusal.message)
            return
        now = platform.now()
        people = {EVERYTHING: ""} | {reader.name: reader.key for reader in self._trace.readers}
        kinds = {EVERYTHING: ""} | {kind.label: kind.value for kind in DocumentKind}
        for widget, options in ((self._person, people), (self._kind, kinds)):
            chosen = widget.value if widget.value in options.values() else ""
            widget.param.update(options=options, value=chosen)
        self._checklist.object = _checklist(closing.left_in(self._trace))
        self._attempts.object = _attempts(self._trace, now)
        self._journal.object = _journal(journal, now)
        self._draw_table()

    def _draw_table(self) -> None:
        wanted = STATES.get(self._state.value or EVERYTHING, STATES[EVERYTHING])
        documents = [
            document for document in self._trace.documents if self._kind.value in ("", None, document.kind.value)
        ]
        now = self._context.platform.now()
        self._table.object = _table(documents, self._trace, self._person.value or "", wanted, now)


def _table(
    documents: Sequence[TracedDocument], trace: Trace, person: str, wanted: Callable[[Cell], bool], now: datetime
) -> str:
    """A row per document, a column per person; rows and columns in which nothing is wanted are left out."""
    if not trace.documents:
        return _sentence("Aucun document : ajoutez-en dans l'onglet « Documents », leur lecture sera suivie ici.")
    places = [
        place
        for place, reader in enumerate(trace.readers)
        if person in ("", reader.key)
        and (wanted is STATES[EVERYTHING] or any(wanted(one.cells[place]) for one in documents))
    ]
    rows = [document for document in documents if any(wanted(document.cells[place]) for place in places)]
    if not rows:
        return _sentence("Rien ne correspond à ces filtres.")
    heads = "".join(
        f'<th scope="col">{_text(trace.readers[place].name)}<small>{_text(trace.readers[place].role)}</small></th>'
        for place in places
    )
    body = "".join(_row(document, [document.cells[place] for place in places], wanted, now) for document in rows)
    return (
        '<div class="scroll" role="region" tabindex="0" aria-label="Documents et personnes"><table class="matrix">'
        '<caption class="vh">Documents vus et téléchargés, par personne</caption><thead><tr><th scope="col">Document</th>'
        f"{heads}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _row(document: TracedDocument, cells: Sequence[Cell], wanted: Callable[[Cell], bool], now: datetime) -> str:
    state = "" if document.holds else "Retiré" if document.state.withdrawn else "Remplacé"
    if document.is_draft:
        state = "Brouillon"
    mark = f' <span class="state">{state}</span>' if state else ""
    origin = f"{document.kind.label} · {document.author} · {brief(document.created_at, now)}"
    drawn = "".join(
        f'<td data-label="{_text(cell.reader.name)}" class="{"" if wanted(cell) else "dim"}">{_cell(cell, now)}</td>'
        for cell in cells
    )
    return f'<tr><th scope="row"><b>{_text(document.title)}</b>{mark}<small>{_text(origin)}</small></th>{drawn}</tr>'


def _cell(cell: Cell, now: datetime) -> str:
    parts = []
    if cell.seen_at:
        parts.append(f'<span title="{_text(full(cell.seen_at, now))}">Vu {brief(cell.seen_at, now)}</span>')
    if cell.downloaded_at:
        when = brief(cell.downloaded_at, now)
        parts.append(f'<span title="{_text(full(cell.downloaded_at, now))}" class="taken">Téléchargé {when}</span>')
    elif cell.own:
        parts.append('<span class="own">Déposé par cette personne</span>')
    elif cell.seen_at and cell.concerned:
        parts.append('<span class="own">Pas encore téléchargé</span>')
    if parts:
        return "".join(parts)
    return '<span class="not">Pas encore vu</span>' if cell.concerned else '<span class="none">Sans accès</span>'


def _checklist(left: Closing) -> str:
    head = "<h2>À emporter avant la purge</h2>"
    if not left.participants:
        return f"{head}{_sentence('Aucun document à emporter pour l’instant.')}"
    lead = (
        "Tout est vu et emporté : rien ne manquera à personne."
        if left.is_done
        else "Les documents quittent Télédossier à la purge du dossier. Chacun garde ce qu'il a téléchargé."
    )
    items = "".join(_remaining(one, left.count) for one in left.participants)
    return f'{head}<p class="lead">{lead}</p><ul class="check">{items}</ul>'


def _remaining(remaining: Remaining, count: int) -> str:
    name = f"<b>{_text(remaining.reader.name)}</b>"
    if remaining.is_done:
        every = f"les {count} documents sont vus et emportés" if count > 1 else "le document est vu et emporté"
        return f'<li class="done"><span aria-hidden="true">✓</span><div>{name} : {every}.</div></li>'
    parts = [
        f"<p>{words}{NO_BREAK_SPACE}: {_titles(documents)}</p>"
        for words, documents in (("À emporter", remaining.not_taken), ("Pas encore vu", remaining.not_seen))
        if documents
    ]
    return f'<li><span aria-hidden="true">○</span><div>{name}{"".join(parts)}</div></li>'


def _titles(documents: Sequence[TracedDocument]) -> str:
    return ", ".join(f"«{NO_BREAK_SPACE}{_text(document.title)}{NO_BREAK_SPACE}»" for document in documents)


def _attempts(trace: Trace, now: datetime) -> str:
    head = "<h2>Tentatives refusées</h2>"
    if not trace.attempts:
        return f"{head}{_sentence('Personne n’a demandé ce dossier sans y avoir droit.')}"
    rows = ((full(one.at, now), one.who, one.what) for one in trace.attempts)
    return head + _list("Tentatives refusées", rows, "refused")


def _journal(lines: Sequence[JournalLine], now: datetime) -> str:
    return _list("Traçabilité", ((full(line.at, now), line.who, line.what) for line in lines), "")


def _list(caption: str, rows: Iterable[tuple[str, str, str]], style: str) -> str:
    body = "".join(f"<tr>{''.join(f'<td>{_text(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return (
        f'<table class="list {style}"><caption class="vh">{_text(caption)}</caption><thead><tr><th scope="col">Quand</th>'
        f'<th scope="col">Qui</th><th scope="col">Quoi</th></tr></thead><tbody>{body}</tbody></table>'
    )


def _choice(label: str, options: Sequence[str] = ()) -> Any:
    names = {name: name for name in options} or {EVERYTHING: ""}
    value = next(iter(names.values()))
    return pmui.Select(label=label, options=names, value=value, size="small", margin=0, sizing_mode="stretch_width")


def _pane(markup: str = "") -> Any:
    return pn.pane.HTML(markup, stylesheets=[_LOOK], sizing_mode="stretch_width", margin=(4, 24))


def _title(text: str) -> Any:
    return _pane(f"<h2>{text}</h2>")


def _link(address: str, label: str) -> str:
    return f'<p><a href="{address}" download>{label}</a></p>'


def _sentence(text: str) -> str:
    return f'<p class="empty" role="status">{_text(text)}</p>'


def _text(value: str) -> str:
    return html.escape(value)
