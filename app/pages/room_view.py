"""The room beside the dossier (guide 3), and the tab « Téléconsultation »: where, when, who was invited, what was said."""

from __future__ import annotations

import html
import json
from typing import Any

import panel as pn

from app.dossiers.service import DossierView
from app.errors import TeledossierError
from app.french import full, hour
from app.pages.context import PageContext
from app.teleconsultation import invitations, service
from components.video_room import LABELS, VideoRoom

NOTHING_YET = "Rien n'a encore été écrit."


class RoomPlace(pn.viewable.Viewer):
    """Where the room stands in the page. The call itself lives in the window, not here: it outlives this place."""

    def __init__(self, context: PageContext, dossier: DossierView, **params: Any) -> None:
        super().__init__(**params)
        actor = context.actor
        self._component = VideoRoom(
            dossier=dossier.number,
            url=f"/api/salle?dossier={dossier.number}",
            labels=LABELS,
            me={"name": actor.full_name, "initials": actor.initials},
            ice_servers=json.loads(context.platform.settings.ice_servers),
            sizing_mode="stretch_both",
            margin=0,
            css_classes=["room-place"],
        )

    def __panel__(self) -> pn.viewable.Viewable:
        return self._component

    def enter(self, _event: Any = None) -> None:
        """« Entrer en salle »."""
        self._component.open()


class TeleconsultationView(pn.viewable.Viewer):
    """The tab « Téléconsultation »."""

    def __init__(self, context: PageContext, dossier: DossierView, **params: Any) -> None:
        super().__init__(**params)
        self._pane = pn.pane.HTML(
            self._markup(context, dossier),
            stylesheets=[_LOOK],
            sizing_mode="stretch_width",
            margin=(16, 24),
            max_width=900,
        )

    def __panel__(self) -> pn.viewable.Viewable:
        return self._pane

    def _markup(self, context: PageContext, dossier: DossierView) -> str:
        platform, actor, now = context.platform, context.actor, context.platform.now()
        when = full(dossier.planned_at, now) if dossier.planned_at else "à planifier"
        try:
            rooms = service.rooms_of(platform, actor, dossier.number)
            guests = invitations.invitations_of(platform, actor, dossier.number)
            lines = service.chat_of(platform, actor, dossier.number)
        except TeledossierError as refusal:
            return f"<p>{html.escape(refusal.message)}</p>"
        place = next((room.name for room in rooms if room.planned), "à choisir en entrant")
        facts = f"<dl><dt>Date prévue</dt><dd>{html.escape(when)}</dd><dt>Salle prévue</dt><dd>{html.escape(place)}</dd></dl>"
        invited = "".join(
            f"<li><b>{html.escape(guest.name)}</b> <span>{html.escape(guest.message or guest.state)}</span></li>"
            for guest in guests
        )
        said = "".join(
            f"<li><b>{html.escape(line.name)}</b> <time>{hour(line.at)}</time><p>{html.escape(line.text)}</p></li>"
            for line in lines
        )
        parts = [f"<h2>Téléconsultation</h2>{facts}"]
        if invited:
            parts.append(f"<h3>Personnes invitées</h3><ul>{invited}</ul>")
        parts.append(
            f"<h3>Discussion</h3><ul class='said'>{said}</ul>" if said else f"<h3>Discussion</h3><p>{NOTHING_YET}</p>"
        )
        return "".join(parts)


_LOOK = """
:host { font: 400 14px/1.5 var(--font); color: var(--ink-700); }
h2 { font-size: 18px; margin: 0 0 12px; } h3 { font-size: 16px; margin: 24px 0 8px; } h2, h3, b { color: var(--ink-900); font-weight: 600; line-height: 1.3; }
dl { display: grid; grid-template-columns: 160px 1fr; margin: 0; } dt, dd { margin: 0; padding: 8px 0; border-top: 1px solid var(--line-soft); } dt { color: var(--ink-600); } dd { color: var(--ink-900); }
ul { list-style: none; margin: 0; padding: 0; } li { padding: 8px 0; border-top: 1px solid var(--line-soft); } li p { margin: 2px 0 0; white-space: pre-wrap; overflow-wrap: anywhere; } time, li span { color: var(--ink-600); font-size: 13px; } p { margin: 0; }
"""
