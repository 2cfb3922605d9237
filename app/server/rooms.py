"""The rooms of this web process: alive from its start, and not from the first page that connects.

After a restart somebody must end the calls nobody came back to, and reach the forwarding unit before the pages do.

One process has all the rooms: who is where is in its memory, and it clears the unit of everybody it does not know. So
the one that holds `var/run/rooms.lock` has them, and opens a door for the others (`rooms_door`). Another hands through
what is for the rooms, and takes over as soon as the first is gone: the kernel frees the lock however a process ends.
Between the two, for a moment, nobody has them: `RoomsElsewhere`.
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
from app.server import rooms_door
from app.teleconsultation.hub import Hub

HUB = "teleconsultation_hub"  # in the application's settings
DOOR = "teleconsultation_door"  # the same
LOCK = Path("run") / "rooms.lock"  # in `var`
TRY_AGAIN = 0.2  # seconds between two attempts to take over; each is two system calls

log = structlog.get_logger(__name__)


def start(application: Application, platform: Platform) -> Hub:
    """Make the hub of this process, once, on the event loop."""
    hub = application.settings.get(HUB)
    if hub is None:
        hub = application.settings[HUB] = Hub(platform)
    return hub


def start_alone(application: Application, platform: Platform) -> None:
    """`start` as soon as no other process of this machine has the rooms; until then, hand through to that one."""
    if _take(application, platform):
        return
    log.info("rooms.elsewhere")
    rooms_door.Elsewhere(application, are_here, platform.settings.rooms_socket).put_first()
    _wait_for_them(application, platform)


def _wait_for_them(application: Application, platform: Platform) -> None:
    if _take(application, platform):
        log.warning("rooms.taken-over")  # somebody died, or was stopped
    else:
        IOLoop.current().call_later(TRY_AGAIN, _wait_for_them, application, platform)


def _take(application: Application, platform: Platform) -> bool:
    """Have the rooms from now on, and open them to the other processes; False when another has them."""
    if HUB in application.settings:
        return True
    if not _lock(platform.settings.var / LOCK):
        return False
    start(application, platform)
    try:
        application.settings[DOOR] = rooms_door.open_door(application, platform.settings.rooms_socket)
    except (OSError, ValueError):
        log.exception("rooms.no-door")  # those who come to this process have their rooms all the same
    return True


async def stop(application: Application) -> None:
    """Close the door and the rooms (tests; a process that ends needs neither)."""
    if (door := application.settings.pop(DOOR, None)) is not None:
        await door.close()
    if (hub := application.settings.pop(HUB, None)) is not None:
        await hub.close()


def hub_of(application: Application) -> Hub:
    """The rooms of this process; a handler that asks for them says `of_rooms = True`. Raises: RoomsElsewhere."""
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
