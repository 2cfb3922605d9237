"""The list of télédossiers: counters, agenda of the day, filters and a table that becomes cards on a phone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar

import param
from panel.custom import JSComponent

from components._shared import CONTROLS, DOM, joined
from components.dossier_browser.contract import BrowserContent, BrowserQuery

HERE = Path(__file__).parent

LABELS = {
    "search": "Rechercher",
    "search_hint": "Numéro, patient ou motif",
    "step": "Étape",
    "all_steps": "Toutes les étapes",
    "specialty": "Spécialité",
    "all_specialties": "Toutes",
    "first_day": "Du",
    "last_day": "Au",
    "mine_only": "Mes dossiers seulement",
    "filters": "Filtres",
    "counters": "Compteurs",
    "table": "Télédossiers",
    "urgency": "Urgence",
    "number": "N°",
    "patient": "Patient",
    "planned": "Date prévue",
    "structure": "Établissement",
    "requester": "Requérant",
    "expert": "Requis",
    "documents": "Pièces",
    "urgent": "Urgent",
    "waiting_group": "Vous attendent",
    "followed_group": "Suivis, sans action de votre part",
    "agenda": "Agenda",
    "all": "Tous",
    "waiting": "Vous attendent",
    "today": "Aujourd'hui",
    "opinion_due": "Avis à rendre",
    "urgents": "Urgents",
    "nothing_waits": "Rien ne vous attend",
    "nothing_waits_help": "Les demandes et les téléconsultations à venir paraîtront ici d'elles-mêmes.",
    "nothing_found": "Aucun télédossier ne correspond",
    "nothing_found_help": "Élargissez la recherche, ou effacez les filtres.",
    "clear": "Effacer les filtres",
    "show_all": "Voir tous les télédossiers",
}


class DossierBrowser(JSComponent):
    """A reactive list of télédossiers.

    Give `content` (words only); the component answers with a `BrowserQuery` through `on_query` at each change of a
    filter, and with a number through `on_open` when a row is chosen. Works alone, without the application.
    """

    content = param.Dict(default={}, doc="What to show: `BrowserContent.plain()`.")
    query = param.Dict(default={}, doc="Filters as they stand: the fields of `BrowserQuery`.")
    title = param.String(default="", doc="Heading of the page (`h1`), left of the counters; none when empty.")
    steps = param.Dict(default={}, doc="Steps that can be chosen: code to label.")
    labels = param.Dict(default=LABELS, doc="Every word the component shows.")

    _esm = joined(HERE, DOM, "dossier_browser.js")
    _stylesheets: ClassVar[list[str]] = [CONTROLS, (HERE / "dossier_browser.css").read_text()]

    def __init__(
        self,
        on_query: Callable[[BrowserQuery], None] | None = None,
        on_open: Callable[[str], None] | None = None,
        **params: Any,
    ) -> None:
        super().__init__(**params)
        self._on_query = on_query
        self._on_open = on_open
        self.on_msg(self._receive)

    def fill(self, content: BrowserContent) -> None:
        """Show new content; only what changed is drawn again."""
        self.content = content.plain()

    def _receive(self, event: Any) -> None:
        message = event.data if isinstance(event.data, dict) else {}
        if message.get("t") == "query" and isinstance(message.get("query"), dict) and self._on_query:
            query = BrowserQuery.from_message(message["query"])
            self.query = asdict(query)  # a page that is built anew begins with the filters that its rows passed
            self._on_query(query)
        elif message.get("t") == "open" and isinstance(message.get("number"), str) and self._on_open:
            self._on_open(message["number"][:40])
