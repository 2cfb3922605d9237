"""The data channel « room »: what one person writes reaches everybody else of the room (RFC 8831), bounded."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from app.media.limits import CHAT_BYTES

if TYPE_CHECKING:
    from app.media.peer import Peer
    from app.media.room import Room

MOST_BUFFERED = 262_144  # bytes waiting for one slow person; beyond that it misses what is written


def attach(peer: Peer, room: Room, channel: Any) -> None:
    """Take the channel that `peer` opened; a second one is closed."""
    if peer.channel is not None:
        channel.close()
        return
    peer.channel = channel
    channel.on("message", lambda text: relay(peer, room, text))


def relay(peer: Peer, room: Room, text: str | bytes) -> None:
    """Text only, of CHAT_BYTES at most; what comes too fast or too long is dropped."""
    if peer.closed or not isinstance(text, str):
        return
    size = len(text.encode("utf-8", "replace"))
    if size > CHAT_BYTES or not peer.chat.take(time.monotonic(), 1 + size // 1024):
        return
    message = json.dumps({"from": peer.name, "text": text}, ensure_ascii=False)
    for other in room.peers:
        channel = other.channel
        if other is not peer and channel and channel.readyState == "open" and channel.bufferedAmount < MOST_BUFFERED:
            channel.send(message)
