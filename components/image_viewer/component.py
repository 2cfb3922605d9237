"""A viewer of images made of numbers: the browser applies window and level itself, without asking the server."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import param
from panel.custom import JSComponent

from components._shared import CONTROLS, joined
from components.image_viewer.contract import FrameSource, ImageInfo

HERE = Path(__file__).parent
# In this order: each uses only those before it.
MODULES = (
    "dom.js",
    "plate.js",
    "placement.js",
    "measures.js",
    "frames.js",
    "gestures.js",
    "controls.js",
    "face.js",
    "viewer.js",
)

LABELS = {
    "locale": "fr-FR",
    "tools": "Outils d'image",
    "windowing": "Fenêtrage",
    "pan": "Déplacer",
    "zoom": "Zoom",
    "measure": "Mesurer",
    "angle": "Angle",
    "turn": "Tourner",
    "flip": "Retourner",
    "invert": "Inverser",
    "fit": "Ajuster",
    "actual": "Taille réelle",
    "reset": "Rétablir",
    "facts": "Informations",
    "close": "Fermer",
    "download": "Télécharger",
    "fullscreen": "Plein écran",
    "presets": "Préréglages",
    "default": "D'origine",
    "window": "Fenêtre",
    "level": "Niveau",
    "frame": "Coupe",
    "window_value": "Fenêtre, valeur",
    "level_value": "Niveau, valeur",
    "frame_of": "{frame} / {frames}",
    "short": "F {window} · N {level}",
    "shown_frame": "Coupe {frame} / {frames}",
    "shown_zoom": "Zoom {zoom}",
    "inverted": "· inversé",
    "play": "Lire en ciné",
    "stop": "Arrêter",
    "pace": "Vitesse du ciné",
    "pace_of": "{pace} images/s",
    "pointed": "Point : {value}",
    "pointed_colour": "Point : R {red} V {green} B {blue}",
    "measured": "{mm} mm",
    "measured_detector": "{mm} mm au détecteur, non calibré",
    "measured_angle": "{degrees}°",
    "measured_points": "{points} points (échelle inconnue)",
    "clear": "Effacer les mesures",
    "image": "Image, coupe {frame} sur {frames}",
    "help": (
        "Flèches haut et bas : changer de coupe. Espace : lire en ciné. Plus et moins : zoomer ; 0 : ajuster ; 1 : taille "
        "réelle ; I : inverser. Avec « Mesurer » ou « Angle », les flèches déplacent le viseur et Entrée pose un point."
    ),
    "not_diagnostic": "Non destiné au diagnostic primaire",
    "loading": "Chargement de la coupe {frame}…",
    "failed": "La coupe {frame} ne s'est pas chargée. Vérifiez la connexion, puis réessayez.",
    "retry": "Réessayer",
}


class ImageViewer(JSComponent):
    """Window and level, frames, « ciné », zoom, turning and mirroring, lengths and angles, by mouse, finger or keyboard.

    Frames come from `GET <source>/<number>` as raw little-endian int16, row by row, counted from 0; or, without
    `source`, from the `FrameSource` given as `frames`. The corners are for who the patient is: the caller says it.
    """

    info = param.Dict(default={}, doc="What is shown: `ImageInfo.plain()`.")
    source = param.String(
        default="", doc="Address under which frames are fetched by their number; empty in a notebook."
    )
    frame = param.Integer(default=None, allow_None=True, doc="Frame in view, from 0; none at first: the middle one.")
    level = param.Number(default=None, allow_None=True, doc="Level in view, in values; none: the study's own.")
    window = param.Number(default=None, allow_None=True, doc="Window in view, in values; none: the study's own.")
    labels = param.Dict(default=LABELS, doc="Every word the component shows.")

    _esm = joined(HERE, *MODULES)
    _stylesheets: ClassVar[list[str]] = [CONTROLS, (HERE / "image_viewer.css").read_text(encoding="utf-8")]

    def __init__(self, frames: FrameSource | None = None, **params: Any) -> None:
        if isinstance(params.get("info"), ImageInfo):
            params["info"] = params["info"].plain()
        super().__init__(**params)
        self._frames = frames
        self.on_msg(self._receive)

    def _receive(self, event: Any) -> None:
        message = event.data if isinstance(event.data, dict) else {}
        number = message.get("frame")
        known = isinstance(number, int) and not isinstance(number, bool) and 0 <= number < self.info.get("frames", 0)
        if self._frames is None or not known:
            return
        assert isinstance(number, int)
        pixels = np.ascontiguousarray(self._frames.frame(number), "<i2").tobytes()
        # In base64: a notebook's connection does not carry binary in every front end.
        self._send_msg({"frame": number, "pixels": base64.b64encode(pixels).decode()})
