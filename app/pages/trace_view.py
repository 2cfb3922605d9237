"""« Traçabilité »: who did what in this dossier, newest first."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import panel as pn

from app.audit import service as audit
from app.audit.models import AuditEntry
from app.audit.wording import ROUTES, words_of
from app.documents.service import titles_of
from app.dossiers.models import Step
from app.dossiers.service import read_dossier
from app.french import full
from app.pages.context import PageContext

_LOOK = (Path(__file__).parent / "trace_view.css").read_text()


class TraceView(pn.viewable.Viewer):
    """The journal of a dossier as a table; every word is escaped."""

    def __init__(self, context: PageContext, number: str, **params: Any) -> None:
        super().__init__(**params)
        dossier = read_dossier(context.platform, context.actor, number)
        now = context.platform.now()
        with context.platform.reading() as session:
            entries = audit.entries_of(session, dossier.dossier_id)
            titles = titles_of(session, dossier.dossier_id)
        rows = "".join(
            f"<tr><td>{_text(full(entry.at, now))}</td><td>{_text(entry.actor_name)}</td><td>{_text(said(entry, titles))}</td></tr>"
            for entry in entries
        )
        self._pane = pn.pane.HTML(
            f'<table><caption class="vh">Traçabilité</caption><thead><tr><th scope="col">Quand</th><th scope="col">Qui</th>'
            f'<th scope="col">Quoi</th></tr></thead><tbody>{rows}</tbody></table>',
            stylesheets=[_LOOK],
            sizing_mode="stretch_width",
            margin=(16, 24),
        )

    def __panel__(self) -> pn.viewable.Viewable:
        return self._pane


def said(entry: AuditEntry, titles: Mapping[str, str]) -> str:
    """One row of the journal in words."""
    words = words_of(entry.action)
    if entry.action == "dossier.step":
        step = Step(json.loads(entry.detail)["to"])
        return f"{words} « {step.label} »"
    if entry.action == "call.route":
        return ROUTES[json.loads(entry.detail)["route"]]
    if entry.action.startswith("participant."):
        return f"{words} : {entry.subject}"
    if entry.action.startswith("document."):
        whom = json.loads(entry.detail).get("to", [])
        return f"{words} : {titles.get(entry.subject, 'document retiré')}" + (f", à {', '.join(whom)}" if whom else "")
    if entry.action == "picture.asked":
        return f"{words} : {entry.subject}"
    return words


def _text(value: str) -> str:
    return html.escape(value)
