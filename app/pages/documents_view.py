"""« Documents » (guide 2.1): the list, and what is chosen beside it, each kind in its own viewer."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any

import panel as pn
import structlog

from app.documents import imaging_viewing, service, viewing
from app.documents.entries import DocumentView
from app.documents.laboratory import Result
from app.documents.models import DocumentKind
from app.dossiers.service import DossierView
from app.errors import TeledossierError
from app.french import NO_BREAK_SPACE, PARIS, brief, file_size
from app.pages.context import PageContext
from app.pages.pacs_view import TITLE, PacsImport
from components.document_list import DocumentList, ListedDocument
from components.document_viewer import DocumentViewer

log = structlog.get_logger(__name__)

PLACEHOLDER = "Choisissez un document dans la liste."


class DocumentsView(pn.viewable.Viewer):
    """The documents of a dossier. The first one is open when the tab opens."""

    def __init__(self, context: PageContext, dossier: DossierView, may_add: bool, **params: Any) -> None:
        super().__init__(**params)
        self._context, self._dossier = context, dossier
        self._opening: asyncio.Task[None] | None = None
        self._pacs: Any = None  # the dialog, where there is a PACS and something may be added
        number, settings = dossier.number, context.platform.settings
        self._list = DocumentList(
            upload_url=f"/api/dossiers/{number}/documents" if may_add else "",
            archive_url=f"/api/dossiers/{number}/archive.zip",
            limit_megabytes=settings.upload_megabytes,
            on_select=self._open,
            on_added=lambda reference: self.refresh(open_reference=reference),
            on_action=self._act,
            actions=[{"name": "pacs", "label": TITLE}] if may_add and settings.pacs_url else [],
            sizing_mode="stretch_width",
            margin=0,
        )
        self._beside = pn.Column(
            sizing_mode="stretch_width",
            margin=0,
            css_classes=["document-beside"],
            styles={"background": "var(--surface-2)", "min-height": "560px"},
            stylesheets=[":host { flex: 1 1 460px !important; min-width: 0; }"],
        )
        columns = pn.Row(
            pn.Column(
                self._list,
                margin=0,
                sizing_mode="stretch_width",
                styles={"border-right": "1px solid var(--line)"},
                stylesheets=[":host { flex: 0 1 392px !important; min-width: min(320px, 100%); }"],
            ),
            self._beside,
            sizing_mode="stretch_width",
            margin=0,
            stylesheets=[":host { flex-wrap: wrap; align-items: stretch; }"],
        )
        self._layout = pn.Column(columns, sizing_mode="stretch_width", margin=0)
        if may_add and settings.pacs_url:
            self._pacs = PacsImport(context, dossier, lambda reference: self.refresh(open_reference=reference))
            self._layout.append(self._pacs)
        self.refresh()
        if self._list.documents:
            self._open(self._list.documents[0]["reference"])
        else:
            self._say(PLACEHOLDER)

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def _act(self, _name: str) -> None:
        if self._pacs is not None:
            self._pacs.open()

    def refresh(self, open_reference: str = "") -> None:
        """List again; open `open_reference` when it is given."""
        try:
            documents = service.documents_of(self._context.platform, self._context.actor, self._dossier.number)
        except TeledossierError as refusal:
            self._say(refusal.message)
            return
        now = self._context.platform.now()
        self._list.fill([_listed(document, now) for document in documents])
        if open_reference:
            self._open(open_reference)

    def _open(self, reference: str) -> None:
        self._list.selected = reference
        if self._opening is not None:
            self._opening.cancel()
        self._opening = asyncio.ensure_future(self._show(reference))
        self._opening.add_done_callback(self._report_failure)

    def _report_failure(self, opening: asyncio.Task[None]) -> None:
        """A fault of ours must not end in a page that does nothing."""
        if not opening.cancelled() and opening.exception() is not None:
            log.error("document not shown", exc_info=opening.exception())
            self._say("Ce document ne s'affiche pas. Les autres restent lisibles ; appelez l'assistance.")

    async def _show(self, reference: str) -> None:
        platform, actor = self._context.platform, self._context.actor
        try:
            document = service.open_document(platform, actor, reference)
            if document.kind is DocumentKind.IMAGING:
                from app.pages.imaging_view import imaging_view  # NumPy and pydicom's words, only where used

                shown = await imaging_viewing.shown(platform, actor, reference)
                view = imaging_view(document, shown, self._dossier.patient)
            elif document.kind is DocumentKind.LABORATORY:
                view = self._laboratory(document, await viewing.laboratory_results(platform, actor, reference))
            else:
                view = DocumentViewer(
                    source=f"/api/documents/{reference}",
                    kind=document.kind.value,
                    title=document.title,
                    sizing_mode="stretch_width",
                    min_height=560,
                    margin=0,
                )
        except TeledossierError as refusal:
            self._say(refusal.message)
            return
        self._beside[:] = [view]
        self.refresh()

    def _laboratory(self, document: DocumentView, results: tuple[Result, ...]) -> Any:
        from components.lab_trends import LabResult, LabTrends

        shown = tuple(
            LabResult(r.code, r.name, _wall_clock(r.at), r.value, r.unit, r.low, r.high, r.flag, r.comparator)
            for r in results
        )
        return pn.Column(
            LabTrends(results=shown, title=document.title),
            sizing_mode="stretch_width",
            margin=0,
            styles={"background": "var(--surface-0)", "padding": "16px 20px"},
        )

    def _say(self, text: str) -> None:
        style = {
            "font": "400 14px/1.5 var(--font)",
            "color": "var(--ink-600)",
            "padding": "48px 24px",
            "text-align": "center",
        }
        self._beside[:] = [pn.pane.Str(text, styles=style, sizing_mode="stretch_width")]


def _wall_clock(at: datetime) -> datetime:
    """The time in Paris without its zone: Bokeh draws instants as if they were in UTC."""
    return at.astimezone(PARIS).replace(tzinfo=None)


def _listed(document: DocumentView, now: datetime) -> ListedDocument:
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
        facts=" · ".join(_facts(document)),
        origin=f"{document.author_name} · {brief(document.created_at, now)}",
        state=state,
        state_label=label,
    )


def _facts(document: DocumentView) -> list[str]:
    detail, size = document.detail, file_size(document.size)
    match document.kind:
        case DocumentKind.PDF:
            pages = int(detail.get("pages", 0))
            return ["PDF", f"{pages}{NO_BREAK_SPACE}{'pages' if pages > 1 else 'page'}", size]
        case DocumentKind.PICTURE:
            return [str(detail.get("format", "Image")), f"{detail.get('width')} × {detail.get('height')}", size]
        case DocumentKind.IMAGING:
            frames = int(detail.get("frames", 1))
            word = "coupe" if detail.get("modality") in ("CT", "MR", "PT") else "image"
            return ["DICOM", f"{frames}{NO_BREAK_SPACE}{word}{'s' if frames > 1 else ''}", size]
        case _:
            return [
                f"{detail.get('analyses')}{NO_BREAK_SPACE}analyses",
                f"{detail.get('dates')}{NO_BREAK_SPACE}dates",
                size,
            ]
