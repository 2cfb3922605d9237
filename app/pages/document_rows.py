"""A row of « Documents »: what is known of a document, who has read it, what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from app.documents.entries import DocumentView
from app.documents.laboratory_typing import TypedState, is_typed
from app.documents.models import DocumentKind
from app.documents.readings import Read
from app.french import NO_BREAK_SPACE, brief, file_size, full, local, numeric_date
from components.document_list import ListedDocument


def listed(document: DocumentView, now: datetime, typed: TypedState | None, readers: Sequence[Read]) -> ListedDocument:
    """A document as its row of the list tells of it."""
    if document.downloaded_at:
        state, label = "downloaded", "Téléchargé"
    elif document.seen_at:
        state, label = "seen", "Vu"
    else:
        state, label = "new", "Nouveau"
    return ListedDocument(
        reference=document.reference,
        title=document.title,
        kind=document.kind.value,
        kind_label=document.kind.label,
        facts=" · ".join([*_facts(document), *_typed_facts(document, typed)]),
        origin=f"{document.author_name} · {brief(document.created_at, now)}",
        state=state,
        state_label=label,
        state_detail=_read_by(readers, now),
    )


def _read_by(readers: Sequence[Read], now: datetime) -> str:
    """« Vu par Nadia DUBOIS aujourd'hui à 10:12 ; téléchargé par … », a line per person."""
    lines = []
    for read in readers:
        parts = []
        if read.seen_at:
            parts.append(f"vu {full(read.seen_at, now)}")
        if read.downloaded_at:
            parts.append(f"téléchargé {full(read.downloaded_at, now)}")
        if parts:
            lines.append(f"{read.reader.name} : {', '.join(parts)}")
    return "\n".join(lines) or "Personne ne l'a encore ouvert."


def _typed_facts(document: DocumentView, state: TypedState | None) -> list[str]:
    facts = ["saisi à la main"] if is_typed(document.detail) else []
    if state is None:
        return facts
    day = numeric_date(local(state.at).date()) if state.at else ""
    if state.withdrawn:
        return [*facts, f"retiré le {day} : {state.reason}"]
    if state.replaced_by:
        return [*facts, f"remplacé le {day}"]
    return [*facts, "corrigé"] if state.replaces else facts


def _facts(document: DocumentView) -> list[str]:
    """What is known of a document; last, that it was examined (our own reports need no examination)."""
    detail, size = document.detail, file_size(document.size)
    state = [] if document.is_report else ["Sain"]
    if detail.get("signed"):
        state = ["signé", *state]
    match document.kind:
        case DocumentKind.PDF:
            pages = int(detail.get("pages", 0))
            return ["PDF", f"{pages}{NO_BREAK_SPACE}{'pages' if pages > 1 else 'page'}", size, *state]
        case DocumentKind.PICTURE:
            form = str(detail.get("format", "Image"))
            return [form, f"{detail.get('width')} × {detail.get('height')}", size, *state]
        case DocumentKind.IMAGING:
            frames = int(detail.get("frames", 1))
            word = "coupe" if detail.get("modality") in ("CT", "MR", "PT") else "image"
            return ["DICOM", f"{frames}{NO_BREAK_SPACE}{word}{'s' if frames > 1 else ''}", size, *state]
        case _:
            return [_count(detail.get("analyses"), "analyse"), _count(detail.get("dates"), "date"), size, *state]


def _count(number: object, word: str) -> str:
    count = number if isinstance(number, int) else 0
    return f"{count}{NO_BREAK_SPACE}{word}{'s' if count > 1 else ''}"
