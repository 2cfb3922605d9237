"""The list alone, on four fictional dossiers: filters work on them in memory."""

from __future__ import annotations

from components.dossier_browser.component import DossierBrowser
from components.dossier_browser.contract import AgendaItem, BrowserContent, BrowserQuery, BrowserRow

STEPS = {"planned": "Téléconsultation planifiée", "opinion_due": "Avis à rendre", "closed": "Dossier clôturé"}


def _row(number: str, family: str, first: str, traits: str, step: str, planned: str, **more: bool) -> BrowserRow:
    return BrowserRow(
        number=number,
        href=f"#{number}",
        family_name=family,
        first_name=first,
        traits=traits,
        step=step,
        step_label=STEPS[step],
        planned=planned,
        planned_today=planned.startswith("auj."),
        specialty="Gériatrie",
        structure="Les Tilleuls, Alençon",
        requester="N. DUBOIS",
        expert="Dr C. MARTIN",
        documents=3,
        urgent=more.get("urgent", False),
        waiting=more.get("waiting", False),
        over=step == "closed",
    )


ROWS = (
    _row("TLM-2026-0001", "MERCIER", "Jeanne", "F 88 ans", "planned", "auj. 10:30", urgent=True, waiting=True),
    _row("TLM-2026-0035", "AUBRY", "Simone", "F 93 ans", "opinion_due", "lun. 23 nov. 16:30", waiting=True),
    _row("TLM-2026-0040", "TURPIN", "Hélène", "F 85 ans", "closed", "auj. 09:00"),
    _row("TLM-2026-0033", "PRIEUR", "Germaine", "F 95 ans", "closed", "ven. 20 nov. 11:00"),
)


def demo() -> DossierBrowser:
    """A working list, without the application."""

    def answer(query: BrowserQuery) -> None:
        browser.fill(content(query))

    browser = DossierBrowser(on_query=answer, steps=STEPS, sizing_mode="stretch_width", min_height=460)
    browser.fill(content(BrowserQuery(selection="all")))
    browser.query = {"selection": "all"}
    return browser


def content(query: BrowserQuery) -> BrowserContent:
    """The rows that fit."""
    rows = [
        row
        for row in ROWS
        if query.text.casefold() in f"{row.number} {row.family_name} {row.first_name}".casefold()
        and (not query.step or row.step == query.step)
        and (query.selection != "waiting" or row.waiting)
        and (query.selection != "urgent" or row.urgent)
    ]
    return BrowserContent(
        rows=tuple(rows),
        counts={"all": 4, "waiting": 2, "today": 2, "opinion_due": 1, "urgent": 1},
        specialties=("Gériatrie",),
        agenda=(
            AgendaItem("10:30", "45 min", "MERCIER Jeanne", "Les Tilleuls · Salle Bleue", "#", "next", "dans 18 min"),
        ),
        agenda_title="Mardi 24 novembre",
        agenda_detail="1 à venir",
    )
