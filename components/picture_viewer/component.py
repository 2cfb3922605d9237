"""A viewer of photographs: the browser gets what is in view, as sharp as the screen, up to every point that was taken."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import param
from panel.custom import JSComponent

from components._shared import ASKING, CONTROLS, DOM, LINE, joined
from components.picture_viewer.contract import MOST_LEVELS, Picture, PictureSource
from components.picture_viewer.words import LABELS

HERE = Path(__file__).parent
WIDEST = 2280  # points of a whole picture
MOST_TILES = 1000  # across or down: more than any picture has
MODULES = (
    "geometry.js",
    "camera.js",
    "tiles.js",
    "sources.js",
    "measures.js",
    "sentences.js",
    "overlay.js",
    "drawing.js",
    "pane.js",
    "panel.js",
    "viewer.js",
)

__all__ = ["LABELS", "PictureViewer"]


class PictureViewer(JSComponent):
    """One photograph, or two of them side by side or one over the other, with light, rotation and measures.

    `picture` and `other` are chosen by their `Picture.id` among `pictures`. What was measured stays in the browser, for
    as long as the page lives. Pictures come from their routes or, without them, from a `PictureSource`.
    """

    pictures = param.List(default=[], doc="What can be looked at and compared: `Picture`s, or their `plain()`.")
    picture = param.String(default="", doc="The one to look at, by its `id`; at first the first one.")
    other = param.String(default="", doc="The one it is compared with, by its `id`; empty: none.")
    layout: Any = param.Selector(default="beside", objects=["beside", "slider"], doc="How two are compared.")
    labels = param.Dict(default=LABELS, doc="Every word the component shows.")

    _esm = joined(HERE, DOM, ASKING, LINE, *MODULES)
    _stylesheets: ClassVar[list[str]] = [CONTROLS, (HERE / "picture_viewer.css").read_text(encoding="utf-8")]

    def __init__(
        self, pictures: Sequence[Picture | dict[str, Any]] = (), source: PictureSource | None = None, **params: Any
    ) -> None:
        plain = [each.plain() if isinstance(each, Picture) else each for each in pictures]
        if plain and not params.get("picture"):
            params["picture"] = plain[0]["id"]
        super().__init__(pictures=plain, **params)
        self._source = source
        self.on_msg(self._receive)

    def _receive(self, event: Any) -> None:
        message = event.data if isinstance(event.data, dict) else {}
        if self._source is None or message.get("t") != "ask" or type(message.get("id")) is not int:
            return
        try:
            answer = {"value": self._answer(self._source, message)}
        except (LookupError, TypeError, ValueError):
            answer = {"message": self.labels["failed"]}
        self._send_msg({"id": message["id"], **answer})

    def _answer(self, source: PictureSource, message: dict[str, Any]) -> bytes:
        picture = message.get("picture")
        if picture not in {each["id"] for each in self.pictures}:
            raise LookupError
        match message.get("what"):
            case "whole":
                return source.whole(str(picture), _between(message.get("width"), 1, WIDEST))
            case "tile":
                level = _between(message.get("level"), 0, MOST_LEVELS - 1)
                column, row = (_between(message.get(name), 0, MOST_TILES) for name in ("column", "row"))
                return source.tile(str(picture), level, column, row)
            case _:
                raise LookupError


def _between(value: Any, least: int, most: int) -> int:
    if type(value) is not int or not least <= value <= most:
        raise ValueError
    return value
