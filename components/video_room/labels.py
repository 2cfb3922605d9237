"""Every word that the room shows, in French: the modules of the browser hold none.

`LABELS` is for the professional's room, `GUEST_LABELS` for the page of an invited person, who is spoken to in whole
sentences. `{places}` are filled in by the browser; `key.one` and `key.other` are singular and plural. Both are frozen: a page
that wants other words (or another language) copies them first. A tool has its words in `labels_<tool>.py`; here they are only
put together.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from components.video_room.labels_bar import TOOLS
from components.video_room.labels_call import CALL, END, LOBBY
from components.video_room.labels_capture import CAPTURE, KEEP, STILL
from components.video_room.labels_check import CHECK
from components.video_room.labels_detach import DETACH
from components.video_room.labels_guest import GUEST
from components.video_room.labels_invite import INVITE
from components.video_room.labels_layout import LAYOUT
from components.video_room.labels_line import LINE
from components.video_room.labels_people import PEOPLE
from components.video_room.labels_point import POINT, SHOWN
from components.video_room.labels_share import SHARE
from components.video_room.labels_shared import SHARED
from components.video_room.labels_sources import AUSCULTATION, CAMERA
from components.video_room.labels_transfer import RECEIVED, TRANSFER

LABELS: Mapping[str, str] = MappingProxyType(
    {
        **SHARED,
        **CHECK,
        **LINE,
        **LOBBY,
        **CALL,
        **END,
        **TOOLS,
        **INVITE,
        **PEOPLE,
        **RECEIVED,
        **TRANSFER,
        **STILL,
        **KEEP,
        **CAPTURE,
        **DETACH,
        **SHOWN,
        **POINT,
        **SHARE,
        **CAMERA,
        **AUSCULTATION,
        **LAYOUT,
    }
)
"""The words of the professional's lobby and call."""

GUEST_LABELS: Mapping[str, str] = MappingProxyType(
    {**SHARED, **CHECK, **LINE, **GUEST, **RECEIVED, **STILL, **SHOWN, **SHARE}
)
"""The words of the page of an invited person."""
