"""The video room: lobby, call, waiting room, discussion and invitations, for pages and for notebooks."""

from components.video_room.component import GUEST_MODULE, LAZY, PAGE_MODULE, VideoRoom, modules_of
from components.video_room.hub import HubRoom, LocalHub
from components.video_room.labels import GUEST_LABELS, LABELS
from components.video_room.places import Line, Visitor

__all__ = [
    "GUEST_LABELS",
    "GUEST_MODULE",
    "LABELS",
    "LAZY",
    "PAGE_MODULE",
    "HubRoom",
    "Line",
    "LocalHub",
    "VideoRoom",
    "Visitor",
    "modules_of",
]
