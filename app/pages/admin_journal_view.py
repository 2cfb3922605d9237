"""« Journal »: search, integrity, export."""

from __future__ import annotations

import asyncio
import re
from datetime import date
from typing import Any
from urllib.parse import urlencode

import panel as pn

from app.administration import journal
from app.administration.journal import JournalQuery, JournalRow
from app.errors import InvalidInput, TeledossierError
from app.french import local, numeric_date
from app.pages.admin_parts import SIDE, Pages, Row, Says, button, choice, field, fields, line, markup, table, text
from app.pages.context import PageContext

EXPORT = "/api/administration/journal.csv"


class JournalView(pn.viewable.Viewer):
    """The journal, newest first; searching reads the whole of it, so it is done beside the event loop."""

    topics = ()

    def __init__(self, context: PageContext, says: Says, **params: Any) -> None:
        super().__init__(**params)
        self._context, self._says = context, says
        actions = {"Toutes": ""}
        actions |= {words: code for code, words in journal.actions(context.platform, context.actor).items()}
        self._first, self._last = field("Du", placeholder="jj/mm/aaaa"), field("Au", placeholder="jj/mm/aaaa")
        self._person, self._dossier = field("Personne"), field("Télédossier", placeholder="TLM-2026-0001")
        self._action = choice("Action", actions, "")
        self._text = field("Rechercher", placeholder="Mots, adresse, établissement…")
        for widget in (self._first, self._last, self._person, self._dossier, self._text):
            widget.param.watch(self._ask, "enter_pressed")
        self._verify = button("Vérifier l'intégrité", self._check)
        self._export, self._count = markup("", margin=0, wide=False), markup("", margin=(6, SIDE))
        self._table, self._pages = markup(""), Pages(self._turn)
        self._layout = pn.Column(
            pn.Spacer(height=10),
            fields(self._first, self._last, self._person, self._action, self._dossier, self._text),
            line(button("Chercher", self._ask, main=True), self._verify, self._export, margin=(8, SIDE)),
            self._count,
            self._table,
            self._pages,
            sizing_mode="stretch_width",
            margin=0,
        )
        self._asked = JournalQuery()
        self._newest = (self._asked, 1)
        self._show(journal.search_journal(context.platform, context.actor, self._asked))

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def refresh(self) -> None:
        """The journal moves at every act: it is asked again by who reads it."""

    async def _ask(self, _event: Any) -> None:
        try:
            self._asked = self._query()
        except InvalidInput as wrong:
            self._says.refused(wrong.message)
            return
        self._says.clear()
        await self._find(1)

    async def _turn(self, page: int) -> None:
        await self._find(page)

    async def _find(self, page: int) -> None:
        """An answer that comes late is left: its rows would stand beside the export of another search."""
        platform, actor = self._context.platform, self._context.actor
        asked = self._newest = (self._asked, page)
        try:
            found = await asyncio.to_thread(journal.search_journal, platform, actor, *asked)
        except TeledossierError as refusal:
            if asked == self._newest:
                self._says.refused(refusal.message)
        else:
            if asked == self._newest:
                self._show(found)

    async def _check(self, _event: Any) -> None:
        self._verify.disabled = True
        self._says.done("Vérification du journal…")
        try:
            found = await asyncio.to_thread(journal.verify_journal, self._context.platform, self._context.actor)
        except TeledossierError as refusal:
            self._says.refused(refusal.message)
        else:
            (self._says.refused if found.broken is not None else self._says.done)(found.said)
        finally:
            self._verify.disabled = False

    def _query(self) -> JournalQuery:
        return JournalQuery(
            first_day=day(self._first.value, "Du"),
            last_day=day(self._last.value, "Au"),
            person=self._person.value,
            action=self._action.value,
            dossier=self._dossier.value,
            text=self._text.value,
        )

    def _show(self, found: journal.JournalPage) -> None:
        count = f"{found.total} ligne{'s' if found.total > 1 else ''}"
        self._count.object = f'<p class="muted" role="status">{count}</p>'
        heads = ("Quand", "Qui", "Quoi", "Télédossier", "Précisions")
        empty = "Aucune ligne ne correspond. Élargissez la période, ou effacez un critère."
        self._table.object = table("Journal", heads, map(_row, found.rows), empty)
        self._pages.place(found.page, found.pages)
        href = f"{EXPORT}?{urlencode(_arguments(self._asked))}"
        self._export.object = f'<a class="download" href="{text(href)}" download>Exporter en CSV</a>'


def day(typed: str, label: str) -> date | None:
    """« 24/11/2026 » or « 2026-11-24 »; nothing typed is no day. Raises: InvalidInput."""
    words = typed.strip()
    if not words:
        return None
    french = re.fullmatch(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})", words)
    try:
        found = date(int(french[3]), int(french[2]), int(french[1])) if french else date.fromisoformat(words)
    except ValueError:
        found = date.min
    if not 1900 <= found.year <= 2200:
        raise InvalidInput(f"« {label} » : écrivez une date comme 24/11/2026.")
    return found


def _arguments(query: JournalQuery) -> dict[str, str]:
    named = {
        "du": query.first_day.isoformat() if query.first_day else "",
        "au": query.last_day.isoformat() if query.last_day else "",
        "personne": query.person,
        "action": query.action,
        "dossier": query.dossier,
        "texte": query.text,
    }
    return {name: value for name, value in named.items() if value}


def _row(row: JournalRow) -> Row:
    moment = local(row.at)
    return Row((f"{numeric_date(moment.date())} {moment:%H:%M:%S}", row.who, row.said, row.dossier, row.more))
