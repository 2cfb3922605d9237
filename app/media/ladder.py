"""Which layer of each picture a viewer gets: what its line carries, as its own reports tell (REMB, loss).

A slow viewer never slows a publisher: it gets smaller layers, then fewer pictures. Where a camera has but one layer,
the viewer keeps it as long as the line carries most of it; below that the slot goes without, so that the voices stay.
Without traffic nobody can tell what a line would carry, so after a while the next step up is simply tried; a try that
fails is repeated ever more rarely.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.media.repair import PLI_AT_ONCE, Repair

if TYPE_CHECKING:
    from app.media.peer import Peer
    from app.media.slot import Slot
    from app.media.streams import Layer

UNKNOWN = 150_000  # bits a second taken for a picture that has not been measured
ENOUGH = 0.7  # share of a single layer that the line must carry
SETTLE = 2.0  # seconds after a change, before its effect is judged
RECENT = 4.0  # seconds that a reduced estimate counts
FRESH = 6.0  # seconds that a report counts
COVERED = 1.0  # seconds of which a report tells
TIGHT = 0.9  # share of what is sent, below which a reduced estimate means too much
LOSSY = 0.12  # share lost, of which repair does not get hold
FELT = 0.02  # share lost that bears out a reduced estimate
HOPELESS = 0.5  # share lost, or missing in a reduced estimate, at which even the smallest pictures are too much
FADES = 0.7  # a look later a loss counts so much of itself: reports are short, some tell of none by chance
UNHEARD = 3.0  # seconds without a report from who has reported: on a flooded line reports drown first
TRY_AFTER, TRY_AT_MOST = 5.0, 60.0  # seconds
OPEN = float("inf")


class Ladder:
    """The line of one viewer."""

    def __init__(self) -> None:
        self.ceiling = OPEN  # bits a second of pictures
        self._pause = TRY_AFTER  # before the next step up is tried
        self._changed = 0.0
        self._trying = False
        self._tight = 0  # looks in a row with too much on the line
        self._lost = 0.0  # share, the worst since the last change
        self._without = 0.0  # when there was last no picture

    def climb(self, viewer: Peer, speaker: str | None, now: float, repair: Repair) -> None:
        """Look at the reports, then put each slot on the layer that fits. Called twice a second."""
        shown = [slot for slot in viewer.slots if slot.kind == "video" and slot.source]
        slots = sorted(shown, key=lambda slot: _rank(slot, speaker))
        self._judge(viewer, slots, now)
        left = self.ceiling
        wanted: dict[Slot, Layer | None] = {}
        active = {slot: slot.source.active(now) for slot in slots if slot.source and not slot.source.muted}
        for slot, layers in active.items():  # everybody small first
            if layers:
                cost = layers[0].bits or UNKNOWN
                wanted[slot] = layers[0] if left >= cost * ENOUGH else None
                left -= cost if wanted[slot] else 0.0
        for slot, layers in active.items():  # then larger, the most important first
            for layer in reversed(layers[1:]):
                more = (layer.bits or UNKNOWN) - (layers[0].bits or UNKNOWN)
                if wanted[slot] and more <= left:
                    wanted[slot] = layer
                    left -= more
                    break
        for slot, target in wanted.items():
            self._put(slot, target, now, repair)
        self._spare_sounds(viewer, wanted)

    def _spare_sounds(self, viewer: Peer, wanted: dict[Slot, Layer | None]) -> None:
        """Beside pictures that are given up, what is no voice, or no more than its repetition."""
        for slot, target in wanted.items():
            if slot.source and slot.source.content == "screen":
                _sound_of(slot, viewer, shown=target is not None)
        if wanted or self.ceiling == OPEN:
            # Redundancy helps against packets that the air loses; here it takes the place of the voice itself.
            starved = bool(wanted) and not any(wanted.values())
            for slot in viewer.slots:
                if slot.kind == "audio":
                    slot.save(starved)

    def _judge(self, viewer: Peer, slots: list[Slot], now: float) -> None:
        """Lower the ceiling when the line is too full, raise it when it has been quiet for long enough."""
        pictures = sum(slot.layer.bits for slot in slots if slot.layer)
        # What the publisher's own line loses leaves gaps that a viewer reports as well: they are not this line's.
        losses = [
            max(0.0, slot.loss - slot.layer.loss)
            for slot in slots
            if slot.layer and slot.layer.bits and max(now - FRESH, self._changed + COVERED) < slot.loss_at
        ]
        loss = max(losses, default=0.0)
        told = viewer.estimate[1] if viewer.estimate else 0
        # A client's estimate starts low and grows for a minute; only one that was taken back speaks of the line.
        reduced = told < TIGHT * pictures and now - viewer.reduced_at < RECENT
        unheard = bool(pictures) and self._is_unheard(slots, now)
        self._lost = lost = max(loss, FADES * self._lost, HOPELESS if unheard else 0.0)
        tight = bool(pictures) and (reduced or lost > LOSSY)
        self._tight = self._tight + 1 if tight else 0
        if not pictures:
            self._without = now
        # Loss alone may be the air's, an estimate alone a busy computer's: smaller pictures, but no fewer of them.
        full = lost >= HOPELESS or (reduced and (lost > FELT or told < HOPELESS * pictures))
        quiet = now - self._changed
        if self._tight >= 2 and quiet > (SETTLE / 2 if full and self._trying else SETTLE):
            carried = min(pictures * (1 - lost), told if reduced else OPEN)
            least = 0.0 if full else sum(small.bits for small in _smallest(slots, now))
            self.ceiling = max(least, min(self.ceiling, 0.95 * carried))
            if self._trying:
                self._pause = min(TRY_AT_MOST, 2 * self._pause)
            self._changed, self._trying, self._tight, self._lost = now, False, 0, 0.0
        elif self._trying and quiet > TRY_AFTER and not tight:
            self._trying, self._pause = False, TRY_AFTER
        elif self.ceiling < OPEN and not tight and quiet > self._pause:
            self.ceiling = self._next_step(slots, now)
            self._changed, self._trying = now, True

    def _is_unheard(self, slots: list[Slot], now: float) -> bool:
        """Whether a client that has reported how pictures arrive no longer does."""
        heard = max((slot.loss_at for slot in slots if slot.layer and slot.layer.bits), default=0.0)
        return heard > 0 and now - max(heard, self._changed, self._without) > UNHEARD

    def _next_step(self, slots: list[Slot], now: float) -> float:
        """The least ceiling that gives one slot more than it has; none when everybody has everything."""
        layers = {slot: slot.source.active(now) for slot in slots if slot.source}
        total = sum(slot.layer.bits or UNKNOWN for slot in slots if slot.layer)
        for slot, found in layers.items():
            if not found or slot.layer is found[-1]:
                continue
            at = found.index(slot.layer) if slot.layer in found else -1
            above = found[at + 1].bits or UNKNOWN
            return max(self.ceiling, total + above - (slot.layer.bits if slot.layer and at >= 0 else 0)) * 1.1
        return OPEN

    def _put(self, slot: Slot, target: Layer | None, now: float, repair: Repair) -> None:
        if target is None:
            if slot.layer or slot.wanted:
                slot.leave()
                slot.want(None)
                self._changed = now
        elif slot.layer is target:
            slot.want(None)
        elif slot.wanted is not target:
            slot.want(target)
            repair.key_frame(target, PLI_AT_ONCE)


def _sound_of(screen: Slot, viewer: Peer, *, shown: bool) -> None:
    """The sound of a screen is as much as two voices: it goes with the picture, and comes back with it."""
    for slot in viewer.slots:
        source = slot.source
        if slot.kind != "audio" or not source or not screen.source or source.content != "screen":
            continue
        if source.peer is not screen.source.peer:
            continue
        if not shown:
            slot.leave()
            slot.want(None)
        elif slot.layer is None:
            slot.want(source.ladder[0])


def _smallest(slots: list[Slot], now: float) -> list[Layer]:
    return [layers[0] for slot in slots if slot.source and (layers := slot.source.active(now))]


def _rank(slot: Slot, speaker: str | None) -> tuple[int, int]:
    """The camera of an examination first, then who speaks, the other faces as they sit, and a screen last.

    In the other order they are given up; the voices are not among them.
    """
    source = slot.source
    if source is None:
        return (4, slot.index)
    if source.name == "aux-video":
        return (0 if source.content == "camera" else 3, slot.index)
    return (1 if source.peer.name == speaker else 2, slot.index)
