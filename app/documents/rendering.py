"""Rendering processes: what parses files from outside, away from the web process, with limits on memory and time.

MuPDF is not thread-safe and a scanned page costs hundreds of milliseconds: each process does one job at a time. A job
that crashes or outlasts its time takes only itself down; the process is replaced.
"""

from __future__ import annotations

import asyncio
import contextlib
import pickle
import resource
import struct
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, BinaryIO

import structlog

from app.documents import rendering_tasks
from app.errors import FileRefused, TeledossierError

log = structlog.get_logger(__name__)

JOB_SECONDS = 20.0
MEMORY = 1536 << 20  # bytes of address space
KEPT_CONTENTS = 6
LARGEST_KEPT = 64 << 20

Answer = tuple[str, Any]


class RendererPool:
    """Rendering processes, started when first needed. Implements `platform.PageRenderer`."""

    def __init__(self, processes: int = 1) -> None:
        self._free: asyncio.Queue[_Worker] | None = None
        self._processes = processes

    async def run(self, task: str, key: str, load: Callable[[], bytes], **arguments: Any) -> Any:
        if self._free is None:
            self._free = asyncio.Queue()
            for _ in range(self._processes):
                self._free.put_nowait(_Worker())
        worker = await self._free.get()
        try:
            return await worker.run(task, key, load, arguments)
        finally:
            self._free.put_nowait(worker)


class InProcessRenderer:
    """The same tasks in a thread of this process, one at a time: for tests and notebooks, not for unknown files."""

    _one_at_a_time = threading.Lock()

    async def run(self, task: str, key: str, load: Callable[[], bytes], **arguments: Any) -> Any:
        def work() -> Any:
            with self._one_at_a_time:
                return rendering_tasks.run(task, key, load(), arguments)

        return await asyncio.to_thread(work)


class _Worker:
    """One rendering process, seen from the web process."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None

    async def run(self, task: str, key: str, load: Callable[[], bytes], arguments: dict[str, Any]) -> Any:
        try:
            kind, value = await asyncio.wait_for(self._exchange(task, key, load, arguments), JOB_SECONDS)
        except (TimeoutError, asyncio.IncompleteReadError, ConnectionError) as error:
            await self._replace()
            log.warning("rendering.lost", task=task, reason=type(error).__name__)
            raise FileRefused("il demande trop de travail pour être ouvert. Enregistrez-le plus simplement.") from error
        except BaseException:  # the person went away in the middle: the line is out of step
            await self._replace()
            raise
        if kind == "error":
            raise value
        return value

    async def _exchange(self, task: str, key: str, load: Callable[[], bytes], arguments: dict[str, Any]) -> Answer:
        process = await self._started()
        assert process.stdin is not None
        assert process.stdout is not None
        _send_frame(process.stdin, pickle.dumps((task, key, arguments)))
        answer: Answer = pickle.loads(await _frame(process.stdout))  # noqa: S301 - our own process
        if answer[0] == "content?":
            content = await asyncio.to_thread(load)
            _send_frame(process.stdin, content)
            await process.stdin.drain()
            answer = pickle.loads(await _frame(process.stdout))  # noqa: S301
        return answer

    async def _started(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "app.documents.rendering",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
            )
        return self._process

    async def _replace(self) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
            self._process = None


def _send_frame(writer: asyncio.StreamWriter, content: bytes) -> None:
    writer.write(struct.pack("!Q", len(content)))
    writer.write(content)


async def _frame(reader: asyncio.StreamReader) -> bytes:
    (length,) = struct.unpack("!Q", await reader.readexactly(8))
    return await reader.readexactly(length)


# ---- inside the rendering process


def work(source: BinaryIO, target: BinaryIO) -> None:
    """Do jobs until the web process closes the line."""
    contents: OrderedDict[str, bytes] = OrderedDict()
    while (order := _read(source)) is not None:
        task, key, arguments = pickle.loads(order)  # noqa: S301 - from the web process
        if key not in contents:
            _write(target, ("content?", None))
            content = _read(source)
            if content is None:
                return
            if len(content) <= LARGEST_KEPT:
                contents[key] = content
        else:
            content = contents[key]
            contents.move_to_end(key)
        while len(contents) > KEPT_CONTENTS:
            contents.popitem(last=False)
        _write(target, _answer(task, key, content, arguments))


def _answer(task: str, key: str, content: bytes, arguments: dict[str, Any]) -> Answer:
    try:
        return ("value", rendering_tasks.run(task, key, content, arguments))
    except FileRefused as refusal:
        return ("error", FileRefused(refusal.reason))
    except TeledossierError as refusal:
        return ("error", refusal)
    except MemoryError:
        return ("error", FileRefused("il demande trop de mémoire pour être ouvert."))
    except Exception as error:
        return ("error", FileRefused(f"il ne peut pas être lu ({type(error).__name__})."))


def _read(source: BinaryIO) -> bytes | None:
    head = source.read(8)
    return source.read(struct.unpack("!Q", head)[0]) if len(head) == 8 else None


def _write(target: BinaryIO, answer: Answer) -> None:
    frame = pickle.dumps(answer)
    target.write(struct.pack("!Q", len(frame)) + frame)
    target.flush()


def _main() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    import pymupdf  # noqa: F401 - loaded before the first job

    answers = sys.stdout.buffer
    sys.stdout = sys.stderr  # whatever a library says must not get into the answers
    work(sys.stdin.buffer, answers)


if __name__ == "__main__":
    _main()
