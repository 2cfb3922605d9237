"""What the control channel's `stats` answers: figures only, no names of people, no full addresses."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import psutil

if TYPE_CHECKING:
    from app.media.peer import Peer
    from app.media.unit import Unit

_process = psutil.Process()


def collect(unit: Unit) -> dict[str, Any]:
    """`process`: cpu (seconds) and rss (bytes); `totals`: since the start; `peers`: their last second."""
    times = _process.cpu_times()
    now = time.monotonic()
    return {
        "process": {"cpu": times.user + times.system, "rss": _process.memory_info().rss, "port": unit.number},
        "totals": unit.totals.as_dict(),
        "peers": [_peer(peer, now) for peer in unit.peers.values()],
    }


def _peer(peer: Peer, now: float) -> dict[str, Any]:
    loss_in, loss_out = losses(peer)
    return {
        "peer": peer.name,
        "room": peer.room,
        "state": "connected" if peer.sent is not None else "connecting",
        "route": {2: "IPv4", 4: "IPv6"}.get(len(peer.address)) if peer.address else None,
        "in_kbps": round(sum(layer.bits for layer in peer.layers.values()) / 1000),
        "out_kbps": round(sum(slot.layer.bits for slot in peer.slots if slot.layer) / 1000),
        "loss_in": round(loss_in, 3),
        "loss_out": round(loss_out, 3),
        "rtt_ms": round(peer.rtt * 1000) if peer.rtt_known else None,
        "layers": {
            source.name: [layer.rid for layer in source.active(now)] for source in peer.sources if source.active(now)
        },
    }


def losses(peer: Peer) -> tuple[float, float]:
    """Worst share lost of what comes from this peer, and of what goes to it."""
    loss_in = max((layer.loss for layer in peer.layers.values() if layer.bits), default=0.0)
    loss_out = max((slot.loss for slot in peer.slots if slot.layer and slot.layer.bits), default=0.0)
    return loss_in, loss_out
