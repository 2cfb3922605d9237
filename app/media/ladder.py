"""Which layer of each picture a viewer gets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.media.repair import PLI_AT_ONCE, Repair

if TYPE_CHECKING:
    from app.media.peer import Peer


def choose_layers(viewer: Peer, now: float, repair: Repair) -> None:
    """Take the best layer that is being sent."""
    for slot in viewer.slots:
        if slot.source is None or slot.kind != "video":
            continue
        active = slot.source.active(now)
        if active and slot.layer is not active[-1] and slot.wanted is not active[-1]:
            slot.want(active[-1])
            repair.key_frame(active[-1], PLI_AT_ONCE)
