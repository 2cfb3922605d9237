"""The rooms of this web process: alive from its start, and not from the first page that connects.

After a restart somebody must end the calls nobody came back to, and reach the forwarding unit before the pages do.

One process has all the rooms: who is where is in its memory, and it clears the unit of everybody it does not know. So
the one that holds `var/run/rooms.lock` serves them. Another serves everything else, answers the room's sockets with
`RoomsElsewhere`, and takes over as soon as the first is gone: the kernel frees the lock however a process ends.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import structlog
from tornado.ioloop import IOLoop
from tornado.web import Application

from app.errors import RoomsElsewhere
from app.platform import Platform
from app.teleconsultation.hub import Hub

HUB = "teleconsultation_hub"  # in the application's settings
LOCK = Path("run") / "rooms.lock"  # in `var`
TRY_AGAIN = 1.0  # seconds between two attempts to take over

log = structlog.get_logger(__name__)


def start(application: Application, platform: Platform) -> Hub:
    """Make the hub of this process, once, on the event loop."""
    hub = application.settings.get(HUB)
    if hub is None:
        hub = application.settings[HUB] = Hub(platform)
    return hub


def start_alone(application: Application, platform: Platform, *, told: bool = False) -> None:
    """`start` as soon as no other process of this machine has the rooms. `told`: the log says already that one has."""
    if HUB in application.settings or _lock(platform.settings.var / LOCK):
        start(application, platform)
        if told:
            log.info("rooms.taken-over")
        return
    if not told:
        log.warning("rooms.elsewhere")
    IOLoop.current().call_later(TRY_AGAIN, lambda: start_alone(application, platform, told=True))


def hub_of(application: Application) -> Hub:
    """The rooms of this process. Raises: RoomsElsewhere."""
    hub: Hub | None = application.settings.get(HUB)
    if hub is None:
        raise RoomsElsewhere
    return hub


def are_here(application: Application) -> bool:
    """Whether this process has the rooms."""
    return HUB in application.settings


def _lock(path: Path) -> bool:
    """Take the lock for as long as this process lives; False when another has it.

    A record lock (POSIX `fcntl`), which rendering processes forked from this one do not inherit.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return False
    os.ftruncate(descriptor, 0)
    os.write(descriptor, f"{os.getpid()}\n".encode())  # for who looks for it; left open: closing frees the lock
    return True
