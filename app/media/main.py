"""Runs the forwarding unit as a process, until SIGTERM."""

from __future__ import annotations

import asyncio
import gc
import signal
from typing import Any

import structlog

from app.media import pins
from app.media.control import Control
from app.media.unit import Unit
from app.media.watchdog import Watchdog
from app.settings import Settings

log = structlog.get_logger(__name__)


def run(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM. Raises: PinBroken, OSError when the port is taken."""
    pins.check()
    asyncio.run(_run(settings))


async def _run(settings: Settings) -> None:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    loop.set_exception_handler(_note)
    control = Control(settings.media_socket, settings.derived_secret("media"))
    public = [address.strip() for address in settings.media_public_address.split(",") if address.strip()]
    if settings.media_address in ("0.0.0.0", "::") and not public:
        log.warning("media.no_public_address")  # no browser can send to a wildcard: TD_MEDIA_PUBLIC_ADDRESS
    unit = Unit(settings.media_address, settings.media_port, public, control.tell)
    # Packets are short-lived and hold no cycles: the collector need not look at them every few milliseconds.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    await control.listen(unit)
    watchdog = Watchdog()
    log.info("media.ready", port=unit.number)
    try:
        await stop.wait()
    finally:
        await unit.close()
        await control.close()
        watchdog.close()
        log.info("media.stopped")


def _note(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """A callback or task of aiortc failed: one client's trouble, never the unit's end."""
    error = context.get("exception")
    log.error("media.loop", what=context.get("message"), error=type(error).__name__ if error else None)
