"""A refusal, where a page should have been: what happened, and the way out."""

from __future__ import annotations

import html
from typing import Any

import panel as pn


class Refusal(pn.viewable.Viewer):
    """Plain words and a way back to the list."""

    def __init__(self, message: str, **params: Any) -> None:
        super().__init__(**params)
        self._pane = pn.pane.HTML(
            f'<div class="refusal"><h1>Ce télédossier ne peut pas s\'ouvrir</h1><p>{html.escape(message)}</p>'
            '<p><a href="/tlm">Revenir à mes télédossiers</a></p></div>',
            stylesheets=[_LOOK],
            sizing_mode="stretch_width",
            margin=(60, 24),
        )

    def __panel__(self) -> pn.viewable.Viewable:
        return self._pane


_LOOK = """
.refusal { max-width: 560px; margin: 0 auto; font: 400 16px/1.5 var(--font); color: var(--ink-700); }
h1 { font-size: 22px; color: var(--ink-900); font-weight: 600; margin: 0 0 12px; } a { color: var(--teal-700); }
"""
