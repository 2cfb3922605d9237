"""The page `/tlm`: the list, or one télédossier, in the same window, so that a call goes on from one to the other."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs

import panel as pn

from app.errors import TeledossierError
from app.identity.service import structure_of
from app.pages import addressed
from app.pages.context import PageContext
from app.pages.dossier_view import DossierPage
from app.pages.list_view import ListPage
from app.pages.live import Subscriptions
from app.pages.refusal import Refusal

ARGUMENTS = ("dossier", "onglet")
NUMBER = re.compile(r"TLM-\d{4}-\d{4,8}")


class TlmPage(pn.viewable.Viewer):
    """Shows what the address says: `search` is « » or « ?dossier=TLM-2026-0001 »."""

    def __init__(self, context: PageContext, search: str = "", **params: Any) -> None:
        super().__init__(**params)
        self._context = context
        self._subscriptions = Subscriptions(context.platform.bus)
        self._body = pn.Column(sizing_mode="stretch_width", margin=0, css_classes=["tlm"])
        self.visit(search)

    def __panel__(self) -> pn.viewable.Viewable:
        return self._body

    def visit(self, search: str) -> None:
        """Go to another place of this page."""
        self._subscriptions.clear()
        number = dossier_in(search)
        try:
            view: Any = (
                DossierPage(self._context, number, self._subscriptions, tab=tab_in(search))
                if number
                else ListPage(self._context, self._subscriptions)
            )
        except TeledossierError as refusal:
            view = Refusal(refusal.message)
        self._body[:] = [view]


def dossier_in(search: str) -> str:
    """The dossier that an address names; empty for none, or for anything that is not a number of ours."""
    named = _argument(search, "dossier")
    return named if NUMBER.fullmatch(named) else ""


def tab_in(search: str) -> str:
    """The tab that an address names (« &onglet=avis »); whoever opens it knows which there are."""
    return _argument(search, "onglet")


def _argument(search: str, name: str) -> str:
    return parse_qs(search.removeprefix("?")).get(name, [""])[0]


def serve() -> None:
    """Build the page of the session that is being made."""
    crumb = [("Mes télédossiers", "/tlm")]
    addressed.serve(TlmPage, ARGUMENTS, title="TLM EHPAD", path="tlm", crumb=crumb, detail=_detail)


def _detail(context: PageContext) -> str:
    """« Gériatre · CH de Caen », under the person's name."""
    with context.platform.reading() as session:
        structure = structure_of(session, context.actor)
    parts = (context.actor.qualification.capitalize(), structure.name if structure else "")
    return " · ".join(part for part in parts if part)
