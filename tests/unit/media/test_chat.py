"""What one writes through the unit: bounded, whatever its page does."""

from __future__ import annotations

from app.media import chat
from app.media.limits import CHAT_BYTES
from app.media.room import Room
from tests.unit.media.rig import Rig, slot_video


class Channel:
    readyState, bufferedAmount = "open", 0  # noqa: N815 (aiortc's names)

    def __init__(self) -> None:
        self.sent: list[str] = []

    def send(self, message: str) -> None:
        self.sent.append(message)


def test_long_messages_are_fewer() -> None:
    """Each is cut into a dozen packets for each of the others, in Python: short ones are what pages send."""
    rig, room, channel = Rig(), Room("blue"), Channel()
    viewer = rig.viewer(**slot_video())
    viewer.channel = channel
    room.peers = [rig.publisher, viewer]
    for _ in range(40):
        chat.relay(rig.publisher, room, "x" * CHAT_BYTES)
    assert len(channel.sent) == 2
    rig.publisher.chat.level = 40.0
    for _ in range(60):
        chat.relay(rig.publisher, room, "seen")
    assert 40 <= len(channel.sent) - 2 <= 45
