"""A room on aiortc's MediaRelay, as its examples build one: decodes and encodes each stream for each viewer.

Only a comparator: `python -m app.bench.relay SOCKET` is its process; it takes « join » as the forwarding unit does,
from bots that offer two sendonly lines (microphone, camera), then receive-only slots of each kind.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiortc import RTCBundlePolicy, RTCConfiguration, RTCPeerConnection, RTCRtpTransceiver, RTCSessionDescription
from aiortc.contrib.media import MediaRelay
from aiortc.mediastreams import MediaStreamTrack

LINE_BYTES = 1 << 18


@dataclass
class Person:
    """One participant: the tracks that come from it, and the slots that still show nobody."""

    connection: RTCPeerConnection
    tracks: list[MediaStreamTrack] = field(default_factory=list)
    free: list[RTCRtpTransceiver] = field(default_factory=list)


class Room:
    """Everybody sees everybody."""

    def __init__(self) -> None:
        self.relay = MediaRelay()
        self.people: dict[str, Person] = {}

    async def join(self, name: str, offer: str) -> str:
        """The answer to a bot's offer; those inside and the new one begin to see each other."""
        # MAX_BUNDLE, or a second line of a kind stays on a transport that is never started (aiortc 1.16).
        wishes = RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
        person = Person(RTCPeerConnection(wishes))
        await person.connection.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        for transceiver in person.connection.getTransceivers():
            if transceiver._offerDirection == "sendonly":  # the slot's direction as aiortc turned it for us
                transceiver.direction = "sendonly"
                person.free.append(transceiver)
            else:
                person.tracks.append(transceiver.receiver.track)
        for other in self.people.values():
            self._show(person, other)
            self._show(other, person)
        self.people[name] = person
        await person.connection.setLocalDescription(await person.connection.createAnswer())
        return str(person.connection.localDescription.sdp)

    def _show(self, viewer: Person, shown: Person) -> None:
        for track in shown.tracks:
            slot = next(each for each in viewer.free if each.kind == track.kind)
            viewer.free.remove(slot)
            slot.sender.replaceTrack(self.relay.subscribe(track))

    async def leave(self) -> None:
        """Everybody out."""
        people, self.people = list(self.people.values()), {}
        await asyncio.gather(*(person.connection.close() for person in people))


async def serve(path: Path) -> None:
    """Take requests until SIGTERM."""
    room, stop = Room(), asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            writer.write(json.dumps(await _answer(room, json.loads(line))).encode() + b"\n")
        writer.close()

    server = await asyncio.start_unix_server(take, path, limit=LINE_BYTES)
    await stop.wait()
    server.close()
    await room.leave()


async def _answer(room: Room, words: dict[str, Any]) -> dict[str, Any]:
    if words["t"] == "join":
        return {"re": words["id"], "ok": {"answer": await room.join(words["peer"], words["offer"])}}
    await room.leave()
    return {"re": words["id"], "ok": {}}


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
