"""A refusal, where a page should have been: what happened, and the way out."""

from __future__ import annotations

import html
from pathlib import Path
from typing import Any

import panel as pn

_LOOK = (Path(__file__).parent / "refusal.css").read_text()


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
