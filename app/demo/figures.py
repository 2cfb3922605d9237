"""`/demo/mesures`: what the web process holds at this moment, for `teledossier bench`; only in the demo."""

from __future__ import annotations

from app.server import live_sessions
from app.web.base import Handler


class Figures(Handler):
    """« documents 1 »: live Bokeh Documents, after a garbage collection; open page websockets."""

    def get(self) -> None:
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(f"documents {live_sessions.documents_alive()}\npages {live_sessions.open_pages()}\n")
