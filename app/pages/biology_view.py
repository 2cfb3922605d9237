"""Laboratory results beside the list: one report, or « Toutes les biologies »; correcting and withdrawing typed ones."""

from __future__ import annotations

import html
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import panel as pn
import panel_material_ui as pmui

from app.documents import laboratory_dossier, laboratory_typing
from app.documents.entries import DocumentView
from app.documents.laboratory_dossier import DossierResults, Sourced, source_of
from app.documents.laboratory_typing import TypedState, is_typed
from app.dossiers.service import DossierView
from app.errors import TeledossierError
from app.french import PARIS, full
from app.pages.context import PageContext
from components.lab_trends import LabResult, LabTrends

_LOOK = (Path(__file__).parent / "biology_view.css").read_text(encoding="utf-8")
_BAR = ":host { display: flex; flex-wrap: wrap; gap: 8px 12px; align-items: center; }"
ALL = "Toutes les biologies"


class BiologyView(pn.viewable.Viewer):
    """What `fill` was given. `on_open(reference)` opens another report, `on_all()` all of them, `on_correct(reference)`
    the form of a typed one."""

    def __init__(
        self,
        context: PageContext,
        dossier: DossierView,
        may_change: bool,
        on_open: Callable[[str], None],
        on_all: Callable[[], None],
        on_correct: Callable[[str], None],
        **params: Any,
    ) -> None:
        super().__init__(**params)
        self._context, self._dossier, self._may_change = context, dossier, may_change
        self._on_open, self._on_all, self._on_correct = on_open, on_all, on_correct
        self._layout = pn.Column(
            sizing_mode="stretch_width",
            margin=0,
            styles={"background": "var(--surface-0)", "padding": "8px 0 0"},
        )

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    async def fill(self, document: DocumentView | None) -> None:
        """Show one report, or with none all of them. Raises: NotFound, FileRefused, FileDamaged (that one report)."""
        platform, actor, number = self._context.platform, self._context.actor, self._dossier.number
        reference = document.reference if document else ""
        found = await laboratory_dossier.results_of(platform, actor, number, reference)
        reports = laboratory_dossier.reports_of(platform, actor, number)
        state = laboratory_typing.states_of(platform, actor, number).get(reference, TypedState())
        curves = await LabTrends.made(
            results=tuple(_shown(sourced) for sourced in found.results),
            title=document.title if document else ALL,
            detail="" if document else _reports(len(found.reports)),
            csv_url=f"/api/dossiers/{number}/biologies.csv" + (f"?document={reference}" if reference else ""),
        )
        self._layout[:] = [*self._bar(document, len(reports), state), *self._said(document, state, found), curves]

    def _bar(self, document: DocumentView | None, count: int, state: TypedState) -> list[Any]:
        buttons: list[Any] = []
        if document is not None and (count > 1 or not state.holds):
            buttons.append(_button(f"{ALL} ({count})", lambda _event: self._on_all()))
        if document is not None and is_typed(document.detail) and state.holds and self._may_change:
            reference = document.reference
            self._dialog = self._withdrawal(reference)
            buttons += [
                _button("Corriger la saisie", lambda _event: self._on_correct(reference)),
                _button("Retirer (saisie par erreur)", self._ask_to_withdraw),
                self._dialog,
            ]
        return [pn.Row(*buttons, sizing_mode="stretch_width", margin=(4, 16), stylesheets=[_BAR])] if buttons else []

    def _said(self, document: DocumentView | None, state: TypedState, found: DossierResults) -> list[Any]:
        sentences = []
        now = self._context.platform.now()
        if document is not None and is_typed(document.detail):
            when = full(document.created_at, now)
            sentences.append(
                f"Saisi à la main par {document.author_name}, {when}, d'après le compte rendu du laboratoire."
            )
        if state.at is not None and state.withdrawn:
            sentences.append(
                f"Retiré par {state.by}, {full(state.at, now)}, car saisi par erreur : {state.reason}. Ces valeurs ne comptent plus."
            )
        elif state.at is not None:
            sentences.append(
                f"Remplacé par {state.by}, {full(state.at, now)}. Ces valeurs ne comptent plus ; elles restent lisibles ici."
            )
        warm = bool(sentences) and not state.holds
        parts = [_note(" ".join(sentences), warm=warm)] if sentences else []
        if state.replaced_by:
            parts.append(self._link("Ouvrir la version qui la remplace", state.replaced_by))
        if state.replaces:
            parts.append(self._link("Ouvrir la version précédente", state.replaces))
        parts += [_note(f"« {one.title} » : {one.reason}", warm=True) for one in found.unread]
        return parts

    def _link(self, label: str, reference: str) -> Any:
        return pmui.Button(
            label=label, variant="text", size="small", margin=(0, 12), on_click=lambda _event: self._on_open(reference)
        )

    # ---- withdrawing

    def _withdrawal(self, reference: str) -> Any:
        self._reason = pmui.TextInput(label="Motif", max_length=200, sizing_mode="stretch_width", margin=(8, 0))
        self._refusal = pn.pane.HTML("", margin=0, stylesheets=[_LOOK], sizing_mode="stretch_width")
        words = "Elle restera dans le dossier, marquée comme retirée avec ce motif, et quittera les courbes de tous."
        return pmui.Dialog(
            pn.pane.HTML(f"<p>{words}</p>", margin=0, stylesheets=[_LOOK], sizing_mode="stretch_width"),
            self._reason,
            self._refusal,
            pn.Row(
                _button("Annuler", self._close),
                pmui.Button(
                    label="Retirer cette biologie",
                    variant="contained",
                    margin=0,
                    on_click=lambda _event: self._withdraw(reference),
                ),
                margin=(12, 0, 0, 0),
                stylesheets=[_BAR],
            ),
            title="Retirer une biologie saisie par erreur",
            open=False,
            width_option="sm",
            close_on_click=True,
        )

    def _ask_to_withdraw(self, _event: Any) -> None:
        self._refusal.object = ""
        self._dialog.open = True

    def _close(self, _event: Any) -> None:
        self._dialog.open = False

    def _withdraw(self, reference: str) -> None:
        try:
            laboratory_typing.withdraw(
                self._context.platform, self._context.actor, reference, self._reason.value_input or ""
            )
        except TeledossierError as refusal:
            self._refusal.object = f'<p class="note warm" role="alert">{html.escape(refusal.message)}</p>'
            return
        self._dialog.open = False
        self._on_open(reference)


def _shown(sourced: Sourced) -> LabResult:
    result = sourced.result
    return LabResult(
        result.code,
        result.name,
        _wall_clock(result.at),
        result.value,
        result.unit,
        result.low,
        result.high,
        result.flag,
        result.comparator,
        analysis=sourced.analysis,
        source=source_of(sourced),
        typed=is_typed(sourced.report.detail),
        comment=result.comment,
    )


def _wall_clock(at: datetime) -> datetime:
    """The time in Paris without its zone: Bokeh draws instants as if they were in UTC."""
    return at.astimezone(PARIS).replace(tzinfo=None)


def _button(label: str, act: Callable[[Any], None]) -> Any:
    return pmui.Button(label=label, variant="outlined", size="small", margin=0, on_click=act)


def _note(text: str, *, warm: bool = False) -> Any:
    style = "note warm" if warm else "note"
    return pn.pane.HTML(
        f'<p class="{style}">{html.escape(text)}</p>', margin=(0, 16), stylesheets=[_LOOK], sizing_mode="stretch_width"
    )


def _reports(count: int) -> str:
    return f"{count} compte{'s' if count > 1 else ''} rendu{'s' if count > 1 else ''}"
