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
from app.documents.service import titles_of
from app.dossiers.models import Step
from app.dossiers.service import read_dossier
from app.french import full
from app.pages.context import PageContext

_LOOK = (Path(__file__).parent / "trace_view.css").read_text()

WORDS = {
    "dossier.opened": "a ouvert le télédossier",
    "dossier.refused": "a demandé ce télédossier sans y avoir droit",
    "dossier.step": "a fait passer le dossier à l'étape",
    "opinion.saved": "a enregistré l'avis",
    "request.saved": "a enregistré la demande",
    "opinion.signed": "a signé l'avis",
    "document.added": "a ajouté un document",
    "document.seen": "a ouvert un document",
    "document.downloaded": "a téléchargé un document",
    "document.reported": "a généré un compte rendu",
    "document.refused": "a demandé un document sans y avoir droit",
    "room.entered": "est entré en salle",
    "room.left": "est sorti de la salle",
    "call.started": "a commencé la téléconsultation",
    "call.ended": "a terminé la téléconsultation",
    "chat.posted": "a écrit dans la discussion",
    "invitation.sent": "a invité une personne",
    "invitation.opened": "a ouvert son invitation",
    "invitation.withdrawn": "a retiré une invitation",
    "guest.admitted": "a fait entrer une personne invitée",
    "guest.refused": "a refusé une personne invitée",
    "guest.entered": "est entré en salle",
    "guest.left": "est sorti de la salle",
    "participant.muted": "a coupé le micro",
    "participant.unmuted": "a rendu le micro",
    "call.route": "a changé le chemin de la vidéo",
}
_ROUTES = {
    "unit": "a fait passer la vidéo par le relais",
    "direct": "a fait passer la vidéo en direct, sans le relais",
}


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
    words = WORDS.get(entry.action, entry.action)
    if entry.action == "dossier.step":
        step = Step(json.loads(entry.detail)["to"])
        return f"{words} « {step.label} »"
    if entry.action == "call.route":
        return _ROUTES[json.loads(entry.detail)["route"]]
    if entry.action.startswith("participant."):
        return f"{words} : {entry.subject}"
    if entry.action.startswith("document."):
        return f"{words} : {titles.get(entry.subject, 'document retiré')}"
    return words


def _text(value: str) -> str:
    return html.escape(value)
