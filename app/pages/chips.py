"""The step of a dossier as a chip: a glyph that fills as the dossier advances, and its word."""

from __future__ import annotations

import html

from app.dossiers.models import Step

GLYPHS = {
    Step.DRAFT: "",
    Step.REQUESTED: '<path d="M7 7V3.5A3.5 3.5 0 0 1 10.5 7Z" fill="currentColor"/>',
    Step.PLANNED: '<path d="M7 3.5a3.5 3.5 0 0 1 0 7Z" fill="currentColor"/>',
    Step.IN_CALL: '<circle cx="7" cy="7" r="2.800" fill="currentColor"/>',
    Step.OPINION_DUE: '<path d="M7 7H3.5A3.5 3.5 0 1 0 7 3.5Z" fill="currentColor"/>',
    Step.CLOSED: '<path d="m4.5 7.2 1.8 1.8 3.2-3.6" fill="none" stroke="currentColor" stroke-width="1.5"/>',
    Step.CANCELLED: '<path d="m3.500 10.500 7-7" fill="none" stroke="currentColor" stroke-width="1.500"/>',
}
TOKENS = {
    Step.DRAFT: "brouillon",
    Step.REQUESTED: "demande",
    Step.PLANNED: "planifiee",
    Step.IN_CALL: "encours",
    Step.OPINION_DUE: "avis",
    Step.CLOSED: "cloture",
    Step.CANCELLED: "annule",
}


def step_chip(step: Step) -> str:
    """HTML with its own style: it is shown inside shadow roots."""
    token = TOKENS[step]
    style = (
        f"color:var(--etape-{token}-fg);background:var(--etape-{token}-bg);border:1px solid var(--etape-{token}-bd);"
        "display:inline-flex;align-items:center;gap:6px;height:24px;padding:0 9px 0 7px;border-radius:999px;"
        "font-size:13px;font-weight:500;line-height:1;white-space:nowrap"
    )
    return (
        f'<span style="{style}"><svg width="14" height="14" viewBox="0 0 14 14" aria-hidden="true">'
        f'<circle cx="7" cy="7" r="5.500" fill="none" stroke="currentColor" stroke-width="1.500"/>{GLYPHS[step]}</svg>'
        f"{html.escape(step.label)}</span>"
    )
