"""Asks publishers again for what was lost on the way in (generic NACK, RFC 4585, 6.2.1).

A gap is asked for at once: waiting for a timer costs more than the few needless requests of a network that reorders.
Then again after each round trip, until the packet comes or is too old to be of use.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from app.media import rtcp
from app.media.wire import Wire

if TYPE_CHECKING:
    from app.media.streams import Layer

EVERY = 0.02  # seconds between two looks, while anything is missing
MOST_TIMES = 8
WORTH = {True: 1.0, False: 0.4}  # seconds that a lost packet of video, of sound is still of use
MOST_MISSING = 200  # of one layer; beyond that only a key frame helps
PLI_EVERY = 0.4  # seconds, when a viewer asks
PLI_AT_ONCE = 0.05  # when somebody takes a slot


class Repair:
    def __init__(self, wire: Wire, loop: asyncio.AbstractEventLoop) -> None:
        self._wire, self._loop = wire, loop
        self._layers: set[Layer] = set()
        self._timer: asyncio.TimerHandle | None = None

    def gap(self, layer: Layer, newest: int, step: int) -> None:
        """`step` - 1 packets after `newest` did not come."""
        missing = layer.missing
        if step + len(missing) > MOST_MISSING:
            missing.clear()
            self.key_frame(layer, PLI_EVERY)
            return
        now = time.monotonic()
        again = now + max(EVERY, layer.peer.rtt * 1.2)
        lost = [(newest + ahead) & 0xFFFF for ahead in range(1, step)]
        for number in lost:
            missing[number] = (now, 1, again)
        self._ask(layer, lost)
        self._layers.add(layer)
        if self._timer is None:
            self._timer = self._loop.call_later(EVERY, self._look)

    def key_frame(self, layer: Layer, at_most_every: float) -> None:
        """Ask for a key frame (PLI), if the last request is not too young."""
        now = time.monotonic()
        if layer.video and layer.ssrc and layer.peer.sent is not None and now - layer.pli_at >= at_most_every:
            layer.pli_at = now
            self._wire.totals.plis_out += 1
            self._wire.rtcp(layer.peer.sent, layer.peer.address, rtcp.make_pli(layer.ssrc))

    def close(self) -> None:
        if self._timer:
            self._timer.cancel()

    def _look(self) -> None:
        now, self._timer = time.monotonic(), None
        for layer in list(self._layers):
            due: list[int] = []
            for number, (since, times, again) in list(layer.missing.items()):
                if now - since > WORTH[layer.video] or times >= MOST_TIMES:
                    del layer.missing[number]
                elif now >= again:
                    layer.missing[number] = (since, times + 1, now + max(EVERY, layer.peer.rtt * 1.2))
                    due.append(number)
            if due:
                self._ask(layer, due)
            if not layer.missing or layer.peer.closed:
                self._layers.discard(layer)
        if self._layers:
            self._timer = self._loop.call_later(EVERY, self._look)

    def _ask(self, layer: Layer, numbers: list[int]) -> None:
        self._wire.totals.nacks_out += len(numbers)
        self._wire.rtcp(layer.peer.sent, layer.peer.address, rtcp.make_nack(layer.ssrc, numbers))
