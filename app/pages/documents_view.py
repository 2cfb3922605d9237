"""« Documents » (guide 2.1): the list, and what is chosen beside it, each kind in its own viewer."""

from __future__ import annotations

import asyncio
import html
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any

import panel as pn
import structlog

from app.documents import imaging_viewing, laboratory_typing, service, tracing
from app.documents.entries import DocumentView
from app.documents.models import DocumentKind
from app.dossiers.service import DossierView
from app.errors import NotFound, TeledossierError
from app.pages import arrivals_view
from app.pages.biology_entry_view import BiologyEntryView
from app.pages.biology_view import ALL, BiologyView
from app.pages.context import PageContext
from app.pages.document_rows import listed
from app.pages.pacs_view import TITLE, PacsImport
from app.pages.picture_view import picture_view
from components.document_list import DocumentList
from components.document_viewer import DocumentViewer
from components.lab_entry import LabEntry

log = structlog.get_logger(__name__)

_LOOK = (Path(__file__).parent / "biology_view.css").read_text(encoding="utf-8")

# Beside a call of a laptop 720 px are left: list and document stay side by side. On a telephone they follow each other.
_STACKED = "@container (max-width: 640px) { :host { flex: 1 1 100% !important; } }"
_LIST = ":host { flex: 0 1 clamp(216px, 34%, 392px) !important; min-width: 0; } " + _STACKED
_BESIDE = ":host { flex: 1 1 400px !important; min-width: 0; } " + _STACKED

PLACEHOLDER = "Choisissez un document dans la liste."
TYPE, ALL_RESULTS, PACS = "biology", "all-results", "pacs"  # names of the list's actions


class DocumentsView(pn.viewable.Viewer):
    """The documents of a dossier. The first one is open when the tab opens."""

    def __init__(self, context: PageContext, dossier: DossierView, may_add: bool, **params: Any) -> None:
        super().__init__(**params)
        self._context, self._dossier, self._may_add = context, dossier, may_add
        self._opening: asyncio.Task[None] | None = None
        self._read: tuple[str, Any] | None = None  # the document that was shown last, by reference, and its view
        self._pacs: Any = None  # the dialog, where there is a PACS and something may be added
        number, settings = dossier.number, context.platform.settings
        self._list = DocumentList(
            upload_url=f"/api/dossiers/{number}/documents" if may_add else "",
            archive_url=f"/api/dossiers/{number}/archive.zip",
            limit_megabytes=settings.upload_megabytes,
            on_select=self._choose,
            on_added=lambda reference: self.refresh(open_reference=reference),
            on_action=self._act,
            on_arrival=self._act_on_arrival,
            sizing_mode="stretch_width",
            margin=0,
        )
        self._beside = pn.Column(
            sizing_mode="stretch_width",
            margin=0,
            css_classes=["document-beside"],
            styles={"background": "var(--surface-2)", "min-height": "560px"},
            stylesheets=[_BESIDE],
        )
        self._notice = pn.pane.HTML("", visible=False, margin=0, sizing_mode="stretch_width", stylesheets=[_LOOK])
        columns = pn.Row(
            pn.Column(
                self._notice,
                self._list,
                margin=0,
                sizing_mode="stretch_width",
                styles={"border-right": "1px solid var(--line)"},
                stylesheets=[_LIST],
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

    def refresh(self, open_reference: str = "") -> None:
        """List again; open `open_reference` when it is given, but never in the place of a biology being typed."""
        try:
            platform, actor, number = self._context.platform, self._context.actor, self._dossier.number
            documents = service.documents_of(platform, actor, number)
            states = laboratory_typing.states_of(platform, actor, number)
            readers = tracing.readers_by_document(platform, actor, number)
            arrivals = arrivals_view.listed(self._context, number)
        except TeledossierError as refusal:
            self._refuse(refusal)
            return
        now = self._context.platform.now()
        self._list.fill(
            [
                listed(document, now, states.get(document.reference), readers.get(document.reference, []))
                for document in documents
            ],
            arrivals,
        )
        results = sum(document.kind is DocumentKind.LABORATORY for document in documents)
        self._list.actions = [
            *([{"name": TYPE, "label": "Saisir une biologie"}] if self._may_add else []),
            *([{"name": PACS, "label": TITLE}] if self._pacs is not None else []),
            *([{"name": ALL_RESULTS, "label": ALL}] if results > 1 else []),
        ]
        if open_reference and not self._is_typing():
            self._open(open_reference)

    def _is_typing(self) -> bool:
        # Whether or not anything is typed yet: a browser tells only when its person pauses.
        return any(isinstance(shown, LabEntry) for shown in self._beside)

    def tell_damaged(self, references: Sequence[str]) -> None:
        """Say which documents « Tout télécharger » had to leave out; nothing where all came."""
        titles = {document["reference"]: document["title"] for document in self._list.documents}
        names = ", ".join(f"« {titles[reference]} »" for reference in references if reference in titles)
        several = names.count("«") > 1
        missing = "sont endommagés et manquent" if several else "est endommagé et manque"
        rest = "dans l'archive téléchargée. Les autres documents y sont, intacts. Appelez l'assistance."
        self._notify(f"{names} {missing} {rest}" if names else "")

    def _notify(self, text: str) -> None:
        """Above the list, until the next one; empty to take it back."""
        self._notice.object = f'<p class="damaged" role="alert">{html.escape(text)}</p>'
        self._notice.visible = bool(text)

    def _refuse(self, refusal: TeledossierError) -> None:
        """What was asked of the list is refused: beside it, but never in the place of a biology being typed."""
        if self._is_typing():
            self._notify(refusal.message)
        else:
            self._say(refusal.message)

    def _act_on_arrival(self, action: str, reference: str) -> None:
        self._notify("")
        try:
            arrivals_view.act(self._context, action, reference)
        except NotFound:  # a colleague was quicker: the list tells
            pass
        except TeledossierError as refusal:
            self._refuse(refusal)
        self.refresh()

    def _choose(self, reference: str) -> None:
        """Open what was chosen in the list; what is being read stays as it is when it is chosen again."""
        if self._read is None or self._read[0] != reference or self._beside.objects != [self._read[1]]:
            self._open(reference)

    def _open(self, reference: str) -> None:
        self._list.selected = reference
        self._begin(self._show(reference))

    def _begin(self, showing: Coroutine[Any, Any, None]) -> None:
        """Show something beside the list instead of what is being opened."""
        if self._opening is not None:
            self._opening.cancel()
        self._opening = asyncio.ensure_future(showing)
        self._opening.add_done_callback(self._report_failure)

    def _act(self, name: str) -> None:
        if name == ALL_RESULTS:
            self._show_all_results()
        elif name == PACS and self._pacs is not None:
            self._pacs.open()
        elif name == TYPE and self._may_add:
            self._begin(self._type())

    def _show_all_results(self) -> None:
        self._list.selected = ""
        self._begin(self._show_results(None))

    async def _show_results(self, document: DocumentView | None) -> None:
        view = BiologyView(
            self._context,
            self._dossier,
            self._may_add,
            on_open=self._open,
            on_all=self._show_all_results,
            on_correct=lambda reference: self._begin(self._type(reference)),
        )
        try:
            await view.fill(document)
        except TeledossierError as refusal:
            self._say(refusal.message)
            return
        self._beside[:] = [view]
        self.refresh()

    async def _type(self, replaces: str = "") -> None:
        """The form of a new report, or of the one that is to be corrected."""
        platform, actor = self._context.platform, self._context.actor
        try:
            form = await laboratory_typing.form_to_correct(platform, actor, replaces) if replaces else None
            view = BiologyEntryView(
                self._context,
                self._dossier,
                on_saved=self._show_saved,
                on_left=lambda: self._open(replaces) if replaces else self._say(PLACEHOLDER),
                replaces=replaces,
                form=form,
            )
        except TeledossierError as refusal:
            self._say(refusal.message)
            return
        self._list.selected = replaces
        self._beside[:] = [view]

    def _show_saved(self, reference: str) -> None:
        """The form has done its work: what it made takes its place."""
        self.refresh()
        self._open(reference)

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
                await self._show_results(document)
                return
            elif document.kind is DocumentKind.PICTURE:
                view = picture_view(document, service.documents_of(platform, actor, self._dossier.number))
            else:
                view = DocumentViewer(
                    source=f"/api/documents/{reference}",
                    title=document.title,
                    sizing_mode="stretch_width",
                    min_height=560,
                    margin=0,
                )
        except TeledossierError as refusal:
            self._say(refusal.message)
            return
        self._read = (reference, view)
        self._beside[:] = [view]
        self.refresh()

    def _say(self, text: str) -> None:
        style = {
            "font": "400 14px/1.5 var(--font)",
            "color": "var(--ink-600)",
            "padding": "48px 24px",
            "text-align": "center",
        }
        self._beside[:] = [pn.pane.Str(text, styles=style, sizing_mode="stretch_width")]
