"""Events between page sessions and processes: « this dossier changed », « this person logged out ».

A topic is a short text, a message a small JSON object; nobody may rely on an event for truth, only as a reason to
look at the database again. `MemoryBus` stays inside one process; `LocalBus` also reaches the other processes of the
machine through Unix datagram sockets in one folder.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

Message = dict[str, Any]
Listener = Callable[[Message], None]

LARGEST = 60_000  # bytes of one datagram, under the usual Unix limit


class Bus(Protocol):
    """What a use case may ask of the bus."""

    def publish(self, topic: str, message: Message) -> None: ...

    def subscribe(self, topic: str, listener: Listener) -> Callable[[], None]:
        """Call `listener` for each message; the answer unsubscribes."""
        ...


class MemoryBus:
    """Listeners of one process, called at once."""

    def __init__(self) -> None:
        self._listeners: dict[str, list[Listener]] = defaultdict(list)

    def publish(self, topic: str, message: Message) -> None:
        for listener in tuple(self._listeners[topic]):
            listener(message)

    def subscribe(self, topic: str, listener: Listener) -> Callable[[], None]:
        self._listeners[topic].append(listener)

        def unsubscribe() -> None:
            with contextlib.suppress(ValueError):
                self._listeners[topic].remove(listener)

        return unsubscribe


class LocalBus(MemoryBus):
    """The processes of one machine: each binds a socket in `folder` and sends to all the others."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._path = folder / f"{os.getpid()}.sock"
        self._path.unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.bind(str(self._path))

    def listen(self) -> None:
        """Receive from the other processes, on the running event loop."""
        asyncio.get_running_loop().add_reader(self._socket.fileno(), self._receive)

    def publish(self, topic: str, message: Message) -> None:
        super().publish(topic, message)
        datagram = json.dumps([topic, message]).encode()
        if len(datagram) > LARGEST:
            raise ValueError(f"an event of {len(datagram)} bytes is too large for the bus")
        for path in self._folder.glob("*.sock"):
            if path != self._path:
                self._send(path, datagram)

    def _send(self, path: Path, datagram: bytes) -> None:
        try:
            self._socket.sendto(datagram, str(path))
        except (ConnectionRefusedError, FileNotFoundError):  # its process has gone
            path.unlink(missing_ok=True)
        except BlockingIOError:  # it is too slow to listen: it will read the database at the next event
            pass

    def _receive(self) -> None:
        while True:
            try:
                topic, message = json.loads(self._socket.recv(LARGEST + 1))
            except BlockingIOError:
                return
            super().publish(topic, message)

    def close(self) -> None:
        self._socket.close()
        self._path.unlink(missing_ok=True)
