"""A viewer of grey images: the browser gets numbers (int16) and applies window and level itself, without the server."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any, ClassVar

import param
from panel.custom import JSComponent

from components._shared import CONTROLS
from components.image_viewer.contract import FrameSource

HERE = Path(__file__).parent

LABELS = {
    "window": "Fenêtre",
    "level": "Niveau",
    "frame": "Coupe",
    "presets": "Réglages",
    "default": "D'origine",
    "zoom_in": "Agrandir",
    "zoom_out": "Réduire",
    "fit": "Ajuster à l'écran",
    "measure": "Mesurer",
    "measured": "{mm} mm",
    "measured_points": "{points} points",
    "not_diagnostic": "Non destiné au diagnostic primaire",
    "loading": "Chargement de la coupe…",
    "failed": "La coupe ne s'est pas chargée. Vérifiez la connexion, puis choisissez-la de nouveau.",
    "image": "Image, coupe {frame} sur {frames}",
}


class ImageViewer(JSComponent):
    """Frames come from `<source>/<number>` as raw little-endian int16, or, without `source`, from a `FrameSource`."""

    info = param.Dict(default={}, doc="What is shown: `ImageInfo.plain()`.")
    source = param.String(
        default="", doc="Address under which frames are fetched by their number; empty in a notebook."
    )
    labels = param.Dict(default=LABELS, doc="Every word the component shows.")

    _esm = HERE / "image_viewer.js"
    _stylesheets: ClassVar[list[str]] = [CONTROLS, (HERE / "image_viewer.css").read_text()]

    def __init__(self, frames: FrameSource | None = None, **params: Any) -> None:
        super().__init__(**params)
        self._frames = frames
        self.on_msg(self._receive)

    def _receive(self, event: Any) -> None:
        message = event.data if isinstance(event.data, dict) else {}
        number = message.get("frame")
        if self._frames is None or not isinstance(number, int) or not 0 <= number < self.info.get("frames", 0):
            return
        self._send_msg({"frame": number, "pixels": base64.b64encode(self._frames.frame(number)).decode()})
