"""Events between page sessions and processes: « this dossier changed », « this person logged out ».

A topic is a short text, a message a small JSON object; nobody may rely on an event for truth, only as a reason to
look at the database again. `MemoryBus` stays inside one process; `LocalBus` also reaches the other processes of the
machine through Unix datagram sockets in one folder. A process that is too busy to listen loses events: it hears
`MISSED` as soon as it listens again, and whoever shows something looks again.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import select
import socket
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

Message = dict[str, Any]
Listener = Callable[[Message], None]

LARGEST = 60_000  # bytes of one datagram, under the usual Unix limit
MISSED = "bus.missed"  # topic: events of any topic were lost on their way to this process; the message is empty
MISSED_EVERY = 5.0  # seconds: to look at everything again is work, during which more may be lost
PATIENCE = 0.5  # seconds that a command waits to tell of a lost event; it has no event loop, and soon ends


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
    """The processes of one machine: each that listens binds a socket in `folder`, all send to all the others.

    The kernel holds few datagrams for a receiver (`net.unix.max_dgram_qlen`, often 10) and few bytes of a sender.
    What finds no room is dropped, and owed: one socket for each receiver, however much it has missed.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__()
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._path = folder / f"{os.getpid()}.sock"
        self._path.unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._owed: dict[Path, socket.socket] = {}  # who is to hear `MISSED`
        self._told: asyncio.TimerHandle | None = None  # `MISSED` was said here a moment ago
        self._missed_more = False

    def listen(self) -> None:
        """Receive from the other processes, on the running event loop."""
        self._socket.bind(str(self._path))
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._socket.fileno(), self._receive)

    def publish(self, topic: str, message: Message) -> None:
        super().publish(topic, message)
        datagram = _datagram(topic, message)
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
        except BlockingIOError:  # it is too slow to listen
            if self._loop is None:
                self._tell_patiently(path)
            elif not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self._owe, path)  # a use case may publish from a thread

    # -- what others have missed of ours

    def _owe(self, path: Path) -> None:
        """Have somebody told, as soon as there is room for it, that they missed something."""
        if path in self._owed or self._socket.fileno() < 0:
            return
        # Of its own, and connected: only then the kernel says when this receiver has room.
        owing = _connected(path)
        if owing is not None and self._loop is not None:
            self._owed[path] = owing
            self._loop.add_writer(owing.fileno(), self._tell_missed, path)

    def _tell_missed(self, path: Path) -> None:
        with contextlib.suppress(OSError):  # it has gone: whoever comes next begins anew
            try:
                self._owed[path].send(_datagram(MISSED, {}))
            except BlockingIOError:
                return  # somebody was quicker: it is still owed
        self._forget(path)

    def _forget(self, path: Path) -> None:
        owing = self._owed.pop(path)
        if self._loop is not None:
            self._loop.remove_writer(owing.fileno())
        owing.close()

    def _tell_patiently(self, path: Path) -> None:
        owing = _connected(path)
        if owing is None:
            return
        with owing, contextlib.suppress(OSError):
            select.select([], [owing], [], PATIENCE)
            owing.send(_datagram(MISSED, {}))

    # -- from the others

    def _receive(self) -> None:
        while True:
            try:
                topic, message = json.loads(self._socket.recv(LARGEST + 1))
            except BlockingIOError:
                return
            if topic == MISSED:
                self._hear_missed()
            else:
                super().publish(topic, message)

    def _hear_missed(self) -> None:
        """Say it here: at once, and then once more for whatever is missed in the next seconds."""
        if self._told is not None:
            self._missed_more = True
            return
        self._missed_more = False
        self._told = asyncio.get_running_loop().call_later(MISSED_EVERY, self._after_a_while)
        super().publish(MISSED, {})

    def _after_a_while(self) -> None:
        self._told = None
        if self._missed_more:
            self._hear_missed()

    def close(self) -> None:
        for path in tuple(self._owed):
            self._forget(path)
        if self._told is not None:
            self._told.cancel()
        self._socket.close()
        self._path.unlink(missing_ok=True)


def _datagram(topic: str, message: Message) -> bytes:
    return json.dumps([topic, message]).encode()


def _connected(path: Path) -> socket.socket | None:
    made = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    made.setblocking(False)
    try:
        made.connect(str(path))
    except OSError:  # its process has gone
        made.close()
        return None
    return made
