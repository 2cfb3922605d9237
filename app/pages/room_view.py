"""The room beside the dossier (guide 3), and the tab « Téléconsultation »: when, where, who, what was said."""

from __future__ import annotations

import html
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import panel as pn

from app.dossiers.call_facts import CallView, CheckView, checked, describe, facts_of, when
from app.dossiers.service import DossierView
from app.errors import TeledossierError
from app.french import full, hour
from app.pages.context import PageContext
from app.teleconsultation import invitations, service, turn
from components.video_room import LABELS, VideoRoom

_LOOK = (Path(__file__).parent / "room_view.css").read_text()

NOTHING_YET = "Rien n'a encore été écrit."


def waiting_words(waiting: int) -> str:
    """« 2 personnes attendent en salle d'attente »."""
    return (
        f"{waiting} personnes attendent en salle d'attente" if waiting > 1 else "1 personne attend en salle d'attente"
    )


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
            ice_servers=turn.ice_servers(context.platform.settings, f"account {actor.id}", context.platform.now()),
            margin=0,
        )

    def __panel__(self) -> pn.viewable.Viewable:
        return self._component

    def enter(self, _event: Any = None) -> None:
        """« Entrer en salle »."""
        self._component.open()


class TeleconsultationView(pn.viewable.Viewer):
    """The tab « Téléconsultation ». `places` says where invited persons are now: invitation -> « waiting », « inside »."""

    def __init__(
        self,
        context: PageContext,
        dossier: DossierView,
        places: Mapping[int, str] = MappingProxyType({}),
        **params: Any,
    ) -> None:
        super().__init__(**params)
        self._context, self._dossier = context, dossier
        self._pane = pn.pane.HTML(
            self._markup(places),
            stylesheets=[_LOOK],
            sizing_mode="stretch_width",
            margin=(16, 24),
            max_width=900,
        )

    def __panel__(self) -> pn.viewable.Viewable:
        return self._pane

    def refresh(self, places: Mapping[int, str]) -> None:
        """Draw again what may have changed."""
        self._pane.object = self._markup(places)

    def _markup(self, places: Mapping[int, str]) -> str:
        context, dossier = self._context, self._dossier
        platform, actor, now = context.platform, context.actor, context.platform.now()
        when = full(dossier.planned_at, now) if dossier.planned_at else "à planifier"
        try:
            rooms = service.rooms_of(platform, actor, dossier.number)
            guests = invitations.invitations_of(platform, actor, dossier.number, places)
            lines = service.chat_of(platform, actor, dossier.number)
            calls, checks = facts_of(platform, actor, dossier.number)
        except TeledossierError as refusal:
            return f"<p>{html.escape(refusal.message)}</p>"
        place = next((room.name for room in rooms if room.planned), "à choisir en entrant")
        facts = f"<dl><dt>Date prévue</dt><dd>{html.escape(when)}</dd><dt>Salle prévue</dt><dd>{html.escape(place)}</dd></dl>"
        invited = "".join(
            f"<li><b>{html.escape(guest.name)}</b> <span>{html.escape(_state(guest))}</span></li>" for guest in guests
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
        parts += [_call(call) for call in calls]
        if checks:
            parts.append(f"<h3>Contrôles avant l'appel</h3><ul>{''.join(_check(each) for each in checks)}</ul>")
        return "".join(parts)


def _call(call: CallView) -> str:
    """The technical facts of one call, as the report's annex has them."""
    rows = "".join(
        f"<dt>{html.escape(label)}</dt><dd>{html.escape(text).replace(chr(10), '<br>')}</dd>"
        for label, text in (("Salle et heures", when(call)), *describe(call))
    )
    return f"<h3>Faits techniques de l'appel</h3><dl class='facts'>{rows}</dl>"


def _check(check: CheckView) -> str:
    return f"<li><b>{html.escape(check.name)}</b> <time>{hour(check.at)}</time> <span>{html.escape(checked(check))}</span></li>"


def _state(guest: invitations.InvitationView) -> str:
    """« Échec : adresse inconnue »: the room's word for the state, and what is wrong."""
    word = LABELS[f"invite.state.{guest.state}"]
    return f"{word} : {guest.message}" if guest.message else word
