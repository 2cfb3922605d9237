"""A viewer of PDF pages: the browser gets images and words, never the file, so a hostile one harms nobody."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import param
from panel.custom import JSComponent

from components._shared import ASKING, CONTROLS, DOM, LINE, joined
from components.document_viewer.contract import PageSource, plain_places, plain_words
from components.document_viewer.words import LABELS

HERE = Path(__file__).parent
WIDEST = 2280  # pixels
MODULES = (
    "icons.js",
    "sources.js",
    "words.js",
    "thumbs.js",
    "sheets.js",
    "zooming.js",
    "finder.js",
    "printing.js",
    "viewer.js",
)

__all__ = ["LABELS", "DocumentViewer", "joined"]


class DocumentViewer(JSComponent):
    """Pages, zoom, rotation, search, selection and printing of a PDF.

    Content comes from the routes under `source` (`/infos`, `/pages/<n>.webp`, …) or, without them, from a `PageSource`
    through the component's channel. `on_action(name)` tells which of `actions` was pressed.
    """

    source = param.String(default="", doc="Address under which the document's routes are; empty in a notebook.")
    title = param.String(default="", doc="What the document is called.")
    page = param.Integer(default=1, bounds=(1, None), doc="The page in view; setting it goes there.")
    zoom = param.Number(default=1.0, bounds=(0.25, 4.0), doc="Magnification; 1 is the width of the sheet.")
    turn = param.Integer(default=0, bounds=(0, 3), doc="Quarters the pages are turned clockwise, for the view only.")
    actions = param.List(default=[], doc="More buttons at the right: `{'name', 'label', 'primary'}` of each.")
    labels = param.Dict(default=LABELS, doc="Every word the component shows.")

    _esm = joined(HERE, DOM, ASKING, LINE, *MODULES)
    _stylesheets: ClassVar[list[str]] = [CONTROLS, (HERE / "document_viewer.css").read_text(encoding="utf-8")]

    def __init__(
        self, pages: PageSource | None = None, on_action: Callable[[str], None] | None = None, **params: Any
    ) -> None:
        super().__init__(**params)
        self._pages, self._on_action = pages, on_action
        self.on_msg(self._receive)

    def _receive(self, event: Any) -> None:
        message = event.data if isinstance(event.data, dict) else {}
        if message.get("t") == "action" and self._on_action:
            name = message.get("name")
            if name in {action["name"] for action in self.actions}:
                self._on_action(str(name))
        elif message.get("t") == "ask" and self._pages is not None and isinstance(message.get("id"), int):
            try:
                answer = {"value": self._answer(self._pages, message)}
            except (LookupError, TypeError, ValueError):
                answer = {"message": self.labels["page_failed"]}
            self._send_msg({"id": message["id"], **answer})

    def _answer(self, pages: PageSource, message: dict[str, Any]) -> Any:
        match message.get("what"):
            case "info":
                told = pages.information()
                return {"pages": [list(size) for size in told.pages], "text": told.text}
            case "image":
                return pages.image(int(message["page"]), min(max(int(message["width"]), 1), WIDEST))
            case "words":
                return plain_words(pages.words(int(message["page"])))
            case "search":
                return plain_places(pages.search(str(message["text"])[:200]))
            case "content":
                name, media_type, content = pages.content()
                return {"name": name, "type": media_type, "content": content}
            case _:
                raise LookupError
