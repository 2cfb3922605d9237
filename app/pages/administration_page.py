"""The page `/administration`: people, structures, ways to log in, rooms, journal; one address for each place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import panel as pn
import panel_material_ui as pmui

from app.administration import rights
from app.bus import Message
from app.errors import TeledossierError
from app.pages import addressed
from app.pages.admin_journal_view import JournalView
from app.pages.admin_parts import SIDE, Says, markup
from app.pages.admin_people_view import people_view
from app.pages.admin_structures_view import RoomsView, structures_view, ways_view
from app.pages.context import PageContext
from app.pages.live import Subscriptions
from app.pages.refusal import Refusal

ARGUMENTS = ("onglet", "personne", "etablissement")
TABS = ("Personnes", "Établissements", "Moyens de connexion", "Salles", "Journal")
ADDRESSES = ("personnes", "etablissements", "moyens", "salles", "journal")


class AdministrationPage(pn.viewable.Viewer):
    """Shows what the address says: `search` is « » or « ?onglet=personnes&personne=12 »."""

    def __init__(self, context: PageContext, search: str = "", **params: Any) -> None:
        super().__init__(**params)
        self._context = context
        self._body = pn.Column(sizing_mode="stretch_width", margin=0)
        try:
            rights.check(context.platform, context.actor, "page")
        except TeledossierError as refusal:
            self._body[:] = [Refusal(refusal.message, "Administration", ("/portail", "Revenir à l'accueil"))]
            return
        self._says, self._shown, self._visiting = Says(), None, False
        self._places: list[Any] = [pn.Column(sizing_mode="stretch_width", margin=0) for _ in TABS]
        self._tabs = pmui.Tabs(
            *zip(TABS, self._places, strict=True),
            sizing_mode="stretch_width",
            margin=0,
            styles={"background": "var(--surface-0)"},
        )
        self._tabs.param.watch(self._turned, "active")
        heading = markup("<h1>Administration</h1>", margin=(18, SIDE, 10, SIDE))
        self._body[:] = [heading, self._says, self._tabs]
        self._subscriptions = Subscriptions(context.platform.bus)
        self._subscriptions.on(rights.CHANGED, self._changed)
        self._subscriptions.on_missed(self._look_again)
        self.visit(search)

    def __panel__(self) -> pn.viewable.Viewable:
        return self._body

    def visit(self, search: str) -> None:
        """Go to another place of this page."""
        if not hasattr(self, "_tabs"):  # refused
            return
        named = {name: values[0] for name, values in parse_qs(search.removeprefix("?")).items()}
        tab = named.get("onglet", "")
        index = ADDRESSES.index(tab) if tab in ADDRESSES else 0
        self._visiting = True
        self._tabs.active = index
        self._visiting = False
        self._build(index, named.get("personne", ""), named.get("etablissement", ""))

    def _turned(self, event: Any) -> None:
        if self._visiting:
            return
        self._build(event.new)
        self._context.locate(f"?onglet={ADDRESSES[event.new]}")

    def _build(self, index: int, person: str = "", structure: str = "") -> None:
        context, says = self._context, self._says
        says.clear()
        makers: tuple[Callable[[], Any], ...] = (
            lambda: people_view(context, says, person),
            lambda: structures_view(context, says, structure),
            lambda: ways_view(context, says, structure),
            lambda: RoomsView(context, says),
            lambda: JournalView(context, says),
        )
        try:
            self._shown = makers[index]()
        except TeledossierError as refusal:  # no longer an administrator, or what is not there
            self._shown = None
            says.refused(refusal.message)
        for place, tab in enumerate(self._places):
            tab[:] = [self._shown] if place == index and self._shown is not None else []

    def _changed(self, message: Message) -> None:
        if self._shown is not None and message.get("what") in self._shown.topics:
            self._look_again()

    def _look_again(self) -> None:
        if self._shown is None:
            return
        try:
            self._shown.refresh()
        except TeledossierError as refusal:
            self._says.refused(refusal.message)


def serve() -> None:
    """Build the page of the session that is being made."""
    crumb = [("Administration", "/administration")]
    addressed.serve(AdministrationPage, ARGUMENTS, title="Administration", path="administration", crumb=crumb)
