"""Two fictional people in one notebook: open the room on both sides, then « Rejoindre » twice."""

from __future__ import annotations

import panel as pn

from components.video_room.component import VideoRoom
from components.video_room.hub import LocalHub
from components.video_room.places import Visitor

NURSE = Visitor("Nadia DUBOIS", detail="Infirmière · EHPAD Les Tilleuls", label="N. DUBOIS")
EXPERT = Visitor("Dr Claire MARTIN", detail="Gériatre · CH de Caen", label="Dr MARTIN")


def demo() -> pn.viewable.Viewable:
    """Two rooms of one hub, side by side."""
    hub = LocalHub()
    rooms = [VideoRoom(hub=hub, visitor=who, dossier="TLM-2026-0001", width=540, height=760) for who in (NURSE, EXPERT)]
    return pn.FlexBox(*rooms, gap="16px")
