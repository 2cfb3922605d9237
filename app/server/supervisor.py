"""Keeps the processes of one machine alive: web, worker and forwarding unit, each a child, restarted when it dies.

A killed web process is back within two seconds, and the pages of its users within ten (`app/static/page.js`). A child
that dies again and again is restarted ever more slowly. Children die with this process, even when it is killed.
"""

from __future__ import annotations

import asyncio
import ctypes
import errno
import os
import signal
import socket
import sys
import time
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import structlog

from app.errors import TeledossierError
from app.server import command
from app.settings import Settings

log = structlog.get_logger(__name__)

STEADY_AFTER = 20.0  # seconds: a child that lived this long had started well
LONGEST_PAUSE = 30.0
STOP_WITHIN = 8.0  # seconds between SIGTERM and SIGKILL
READY_WITHIN = 60.0
PR_SET_PDEATHSIG = 1  # prctl(2)


class PortTaken(TeledossierError):
    """Another program listens where we should."""

    code = "port-pris"

    def __init__(self, port: int) -> None:
        super().__init__(
            f"Le port {port} est déjà utilisé par un autre programme. "
            f"Arrêtez ce programme, ou choisissez un autre port, par exemple : --port {port + 1}"
        )


@dataclass(frozen=True)
class Child:
    """One process to keep alive; its number is written to `pid_file`."""

    name: str
    arguments: list[str]
    environment: dict[str, str]
    pid_file: Path


def children(settings: Settings, serve: list[str] | None = None, web: int = 1) -> list[Child]:
    """What runs on this machine. `serve` replaces the command of the web process (tests).

    `web` processes on as many ports, one after the other: « web » has the settings' own, « web-2 » the next.
    """
    run, env = settings.var.absolute() / "run", command.environment(settings)
    webs = []
    for number, port in enumerate(ports(settings, web), 1):
        own = settings.model_copy(update={"port": port})
        name = "web" if number == 1 else f"web-{number}"
        webs.append(Child(name, serve or command.serve_command(own), command.environment(own), run / f"{name}.pid"))
    worker, media = ([sys.executable, "-m", "app", name] for name in ("worker", "media"))
    return [*webs, Child("worker", worker, env, run / "worker.pid"), Child("media", media, env, run / "media.pid")]


def ports(settings: Settings, web: int) -> range:
    """Where so many web processes listen."""
    return range(settings.port, settings.port + web)


async def supervise(settings: Settings, kept: list[Child], announce: Callable[[str], None], web: int = 1) -> None:
    """Run `kept`, `web` web processes among them, until SIGINT or SIGTERM; `announce` hears the one line people wait for.

    Raises: PortTaken, before anything is started.
    """
    for port in ports(settings, web):
        check_port(settings.address, port)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    tasks = [asyncio.create_task(_keep(child, stop)) for child in kept]
    tasks.append(asyncio.create_task(_announce_when_ready(settings, stop, announce, web)))
    try:
        await stop.wait()
    finally:
        stop.set()
        await asyncio.gather(*tasks)


def check_port(address: str, port: int) -> None:
    """Raises: PortTaken."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server does: TIME_WAIT is no program
        try:
            probe.bind((address, port))
            probe.listen(1)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise PortTaken(port) from None
            raise


async def _keep(child: Child, stop: asyncio.Event) -> None:
    """Start a child again each time it ends: at once the first time, then after 0.5, 1, 2 … 30 seconds."""
    quick_deaths = 0
    child.pid_file.parent.mkdir(parents=True, exist_ok=True)
    while not stop.is_set():
        started = time.monotonic()
        process = await _start(child)
        ended = await _ended_or_stopped(process, stop)
        child.pid_file.unlink(missing_ok=True)
        if stop.is_set():
            return
        quick_deaths = 0 if time.monotonic() - started > STEADY_AFTER else quick_deaths + 1
        log.error("child.died", child=child.name, status=ended, times=quick_deaths)
        await _pause(pause_after(quick_deaths), stop)


def pause_after(quick_deaths: int) -> float:
    """Seconds to wait before starting a child again that died so many times in a row soon after its start."""
    return 0.0 if quick_deaths < 2 else min(0.5 * 2 ** (quick_deaths - 2), LONGEST_PAUSE)


async def _start(child: Child) -> asyncio.subprocess.Process:
    process = await asyncio.create_subprocess_exec(
        *child.arguments,
        env=child.environment,
        start_new_session=True,  # Ctrl-C in the terminal is ours to pass on, once
        preexec_fn=_die_with(os.getpid()) if sys.platform == "linux" else None,
    )
    written = child.pid_file.with_suffix(".new")
    written.write_text(f"{process.pid}\n")
    written.replace(child.pid_file)  # who reads it meanwhile finds a whole number
    return process


def _die_with(parent: int) -> Callable[[], None]:
    """Run in the child before its program: the kernel ends it when this process ends, however it ends."""
    libc = ctypes.CDLL(None, use_errno=True)

    def ask_the_kernel() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it ended in between
            os._exit(1)

    return ask_the_kernel


async def _ended_or_stopped(process: asyncio.subprocess.Process, stop: asyncio.Event) -> int:
    """Wait for the end of a child; when asked to stop, end it, with force if it does not."""
    end, asked = asyncio.create_task(process.wait()), asyncio.create_task(stop.wait())
    await asyncio.wait({end, asked}, return_when=asyncio.FIRST_COMPLETED)
    asked.cancel()
    if not end.done():
        with suppress(ProcessLookupError):
            process.terminate()
        done, _ = await asyncio.wait({end}, timeout=STOP_WITHIN)
        if not done:
            with suppress(ProcessLookupError):
                process.kill()
    return await end


async def _announce_when_ready(
    settings: Settings, stop: asyncio.Event, announce: Callable[[str], None], web: int
) -> None:
    host = "127.0.0.1" if settings.address in ("0.0.0.0", "::", "") else settings.address
    waited = list(ports(settings, web))
    deadline = time.monotonic() + READY_WITHIN
    while not stop.is_set():
        answered = await asyncio.to_thread(_answers, f"http://{host}:{waited[0]}/sante/pret")
        if answered:
            waited.pop(0)
        if not waited:
            announce("Prêt : " + ", ".join(f"http://localhost:{port}" for port in ports(settings, web)))
            return
        if time.monotonic() > deadline:
            announce("Le serveur ne répond pas encore. Lisez les messages ci-dessus ; les essais continuent.")
            deadline = float("inf")
        if not answered:
            await _pause(0.1, stop)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


async def _pause(seconds: float, stop: asyncio.Event) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
