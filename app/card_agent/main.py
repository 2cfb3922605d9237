"""Runs the agent as a process, until SIGTERM."""

from __future__ import annotations

import asyncio
import contextlib
import signal

import structlog
from tornado.httpserver import HTTPServer

from app.card_agent.counter import Counter
from app.card_agent.key_files import FolderReader, Pluggable
from app.card_agent.readers import Reader
from app.card_agent.server import LARGEST_BODY, Desk, application
from app.errors import InvalidInput
from app.settings import Settings

log = structlog.get_logger(__name__)

ADDRESS = "127.0.0.1"  # and no other: nobody but this machine's own browser


def run(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM. Raises: OSError when the port is taken, InvalidInput without an origin."""
    asyncio.run(_run(settings))


def counter_of(settings: Settings) -> Counter:
    """The counters of this workstation's cards."""
    return Counter(settings.var / "card-agent")


def reader_of(settings: Settings) -> Reader:
    """The PKCS#11 module; in the demo a folder stands for the reader, and for the cards where there is no module."""
    if settings.card_reader is not None and settings.card_module is None:
        return FolderReader(settings.card_reader)
    from app.card_agent.pkcs11_reader import ModuleReader  # a compiled library: only where it serves

    reader = ModuleReader(settings.card_module)
    return Pluggable(settings.card_reader, reader) if settings.card_reader else reader


async def _run(settings: Settings) -> None:
    origins = settings.card_origins
    if not origins:
        raise InvalidInput("Indiquez l'adresse de la plateforme : TD_PUBLIC_URL=https://…")
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows: Ctrl-C raises KeyboardInterrupt
            loop.add_signal_handler(number, stop.set)
    desk = Desk(reader_of(settings), counter_of(settings), origins)
    server = HTTPServer(application(desk), max_body_size=LARGEST_BODY, max_header_size=8192, idle_connection_timeout=60)
    server.listen(settings.card_agent_port, ADDRESS)
    log.info("card.ready", port=settings.card_agent_port, origins=sorted(origins))
    try:
        await stop.wait()
    finally:
        server.stop()
        desk.close()
