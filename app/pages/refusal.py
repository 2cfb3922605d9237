"""A refusal, where a page should have been: what happened, and the way out."""

from __future__ import annotations

import html
from pathlib import Path
from typing import Any

import panel as pn

_LOOK = (Path(__file__).parent / "refusal.css").read_text()


class Refusal(pn.viewable.Viewer):
    """Plain words and a way back; `back` is its address and what it says."""

    def __init__(
        self,
        message: str,
        title: str = "Ce télédossier ne peut pas s'ouvrir",
        back: tuple[str, str] = ("/tlm", "Revenir à mes télédossiers"),
        **params: Any,
    ) -> None:
        super().__init__(**params)
        self._pane = pn.pane.HTML(
            f'<div class="refusal"><h1>{html.escape(title)}</h1><p>{html.escape(message)}</p>'
            f'<p><a href="{html.escape(back[0])}">{html.escape(back[1])}</a></p></div>',
            stylesheets=[_LOOK],
            sizing_mode="stretch_width",
            margin=(60, 24),
        )

    def __panel__(self) -> pn.viewable.Viewable:
        return self._pane
