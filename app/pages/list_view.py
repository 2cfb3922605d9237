"""« Mes télédossiers » (guide 2): asks the list, puts it into words, moves by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import panel as pn
from sqlmodel import select

from app.bus import Message
from app.documents.counting import counts
from app.dossiers.listing import DossierFilter, DossierList, DossierRow, Selection, my_dossiers
from app.dossiers.models import Step
from app.french import NO_BREAK_SPACE, brief, hour, local, long_date
from app.pages.context import PageContext
from app.pages.live import Subscriptions
from app.teleconsultation.models import Room
from app.teleconsultation.register import GUESTS_ASKED, WAITING
from components.dossier_browser import AgendaItem, BrowserContent, BrowserQuery, BrowserRow, DossierBrowser

STEPS = {step.value: step.label for step in Step}


class ListPage(pn.viewable.Viewer):
    """The list; what waits for the person first, soonest first."""

    def __init__(self, context: PageContext, subscriptions: Subscriptions, **params: Any) -> None:
        super().__init__(**params)
        self._context = context
        self._filter = DossierFilter()
        with context.platform.reading() as session:
            self._rooms = {room.id: room.name for room in session.exec(select(Room))}
        self._browser = DossierBrowser(
            title="Mes télédossiers",
            steps=STEPS,
            query={"selection": Selection.WAITING.value},
            on_query=self._ask,
            on_open=self._open,
            sizing_mode="stretch_width",
            margin=(12, 24, 24, 24),
            css_classes=["list-page"],
        )
        self._at_the_door: dict[int, int] = {}  # dossier -> how many invited persons wait
        self._refresh()
        subscriptions.on("dossier", self._changed)
        subscriptions.on(WAITING, self._somebody_waits)
        subscriptions.on_missed(self._look_again)
        context.platform.bus.publish(GUESTS_ASKED, {"dossier": 0})

    def __panel__(self) -> pn.viewable.Viewable:
        return self._browser

    def _ask(self, query: BrowserQuery) -> None:
        self._filter = filter_from(query)
        self._refresh()

    def _changed(self, _message: Message) -> None:
        self._refresh()

    def _look_again(self) -> None:
        self._refresh()
        self._context.platform.bus.publish(GUESTS_ASKED, {"dossier": 0})

    def _somebody_waits(self, message: Message) -> None:
        waiting = {int(dossier): int(count) for dossier, count in message["waiting"].items()}
        if waiting != self._at_the_door:
            self._at_the_door = waiting
            self._refresh()

    def _open(self, number: str) -> None:
        self._context.navigate(f"?dossier={number}")

    def _refresh(self) -> None:
        platform, actor = self._context.platform, self._context.actor
        found = my_dossiers(platform, actor, self._filter)
        with platform.reading() as session:
            documents = counts(session, [row.dossier_id for row in found.rows])
        self._browser.fill(self._content(found, documents, platform.now()))

    def _content(self, found: DossierList, documents: dict[int, int], now: datetime) -> BrowserContent:
        coming = [row for row in found.today if not _is_past(row, now)]
        return BrowserContent(
            rows=tuple(
                _row(row, documents.get(row.dossier_id, 0), now, self._at_the_door.get(row.dossier_id, 0))
                for row in found.rows
            ),
            counts={kind.value: number for kind, number in found.counts.items()},
            specialties=found.specialties,
            agenda=tuple(self._agenda_item(row, row == coming[0] if coming else False, now) for row in found.today),
            agenda_title=" ".join(long_date(local(now).date()).split()[:3]),
            agenda_detail=f"{hour(now)} · {len(coming)} à venir",
        )

    def _agenda_item(self, row: DossierRow, is_next: bool, now: datetime) -> AgendaItem:
        assert row.planned_at is not None
        past = _is_past(row, now)
        place = " · ".join(part for part in (row.structure, self._rooms.get(row.planned_room_id, "")) if part)
        return AgendaItem(
            hour=hour(row.planned_at),
            length=f"{row.planned_minutes}{NO_BREAK_SPACE}min",
            patient=f"{row.family_name} {row.first_name}",
            place=f"Terminée à {hour(row.closed_at)}" if row.closed_at else place,
            href=f"/tlm?dossier={row.number}",
            state="done" if past else "next" if is_next else "",
            soon=_soon(row.planned_at, now) if is_next else "",
        )


def filter_from(query: BrowserQuery) -> DossierFilter:
    """What the browser asked, each value checked; a value that cannot be is taken as not given."""
    wanted = DossierFilter(text=query.text, specialty=query.specialty, mine_only=query.mine_only)
    if query.step in STEPS:
        wanted = replace(wanted, step=Step(query.step))
    kinds = {kind.value for kind in Selection}
    selection = Selection(query.selection) if query.selection in kinds else Selection.ALL
    return replace(wanted, selection=selection, first_day=_day(query.first_day), last_day=_day(query.last_day))


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 1900 <= day.year <= 2200 else None


def _row(row: DossierRow, documents: int, now: datetime, at_the_door: int = 0) -> BrowserRow:
    planned = brief(row.planned_at, now) if row.planned_at else "à planifier" if row.step is Step.REQUESTED else "—"
    return BrowserRow(
        number=row.number,
        href=f"/tlm?dossier={row.number}",
        family_name=row.family_name,
        first_name=row.first_name,
        traits=f"{row.sex}{NO_BREAK_SPACE}{row.age}{NO_BREAK_SPACE}ans",
        step=row.step.value,
        step_label=row.step.label,
        planned=f"{planned} · {at_the_door} en salle d'attente" if at_the_door else planned,
        planned_today=planned.startswith("auj."),
        specialty=row.specialty,
        structure=f"{row.structure}, {row.town}",
        requester=row.requester,
        expert=row.expert,
        documents=documents,
        urgent=row.urgent,
        waiting=row.waits_for_me,
        over=row.step in (Step.CLOSED, Step.CANCELLED),
    )


def _is_past(row: DossierRow, now: datetime) -> bool:
    if row.step in (Step.CLOSED, Step.CANCELLED, Step.OPINION_DUE):
        return True
    return row.planned_at is not None and now > row.planned_at + timedelta(minutes=row.planned_minutes)


def _soon(at: datetime, now: datetime) -> str:
    minutes = round((at - now).total_seconds() / 60)
    if minutes <= 0:
        return "maintenant"
    return f"dans {minutes} min" if minutes < 90 else f"dans {round(minutes / 60)} h"
