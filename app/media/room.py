"""Who is shown where: each person's slots are filled with what the others of the room publish."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.media.peer import Peer
    from app.media.slot import Slot
    from app.media.streams import Source


class Room:
    def __init__(self, name: str) -> None:
        self.name = name
        self.peers: list[Peer] = []

    def seat(self) -> list[Peer]:
        """Give a place to everything that has none, and free those of what is gone. Answers whose seats changed."""
        changed = []
        for viewer in self.peers:
            shown = {slot.source for slot in viewer.slots if slot.source}
            moved = False
            for slot in viewer.slots:
                if slot.source and (slot.source.peer.closed or not slot.source.live):
                    slot.hide()
                    moved = True
            for peer in self.peers:
                if peer is viewer:
                    continue
                for source in peer.sources:
                    if source.live and source not in shown:
                        moved |= _give(viewer, source)
            if moved:
                changed.append(viewer)
        return changed


def _give(viewer: Peer, source: Source) -> bool:
    slot = place(viewer, source)
    if slot is None:
        return False
    active = source.active(time.monotonic())
    slot.show(source, active[-1] if active else source.ladder[0])
    return True


def place(viewer: Peer, source: Source) -> Slot | None:
    """The free slot in which a source belongs; None when all are taken.

    The microphone and the camera of one person sit at the same index, which a client plays together; second sounds
    and pictures fill up from the end.
    """
    free = {slot.index: slot for slot in viewer.slots if slot.kind == source.kind and slot.source is None}
    if not free:
        return None
    if source.name.startswith("aux"):
        return free[max(free)]
    partner = next(
        (slot.index for slot in viewer.slots if slot.source and slot.source.peer is source.peer and slot.source.live
         and slot.source.name in ("mic", "cam")),
        None,
    )  # fmt: skip
    if partner in free:
        return free[partner]
    others = {slot.index for slot in viewer.slots if slot.kind != source.kind and slot.source is None}
    both = sorted(set(free) & others)
    return free[both[0] if both else min(free)]
