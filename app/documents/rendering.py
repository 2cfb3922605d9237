"""Rendering processes: what parses files from outside, away from the web process, with limits on memory and time.

MuPDF is not thread-safe and a scanned page costs hundreds of milliseconds: each process does one job at a time. A job
that crashes or outlasts its time takes only itself down; the process is replaced. Files that nobody has looked at yet
go to a process of their own, so that a hostile one delays no reader.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import structlog

from app.documents import rendering_frames, rendering_tasks
from app.errors import FileRefused

log = structlog.get_logger(__name__)

JOB_SECONDS = 20.0
EXAMINATION_SECONDS = 16.0  # of an unknown file: whoever adds one hears of it within 20 s, its sending not counted
START_SECONDS = 30.0  # imports included, on a loaded machine
JOBS_PER_PROCESS = 2000  # then it is replaced: native libraries leak
KEPT_ANSWERS = 64 << 20  # bytes of pages drawn, kept in the web process
CACHED_TASKS = ("pdf_page", "picture", "imaging_frame")
UNKNOWN_FILES = ("inspect", "flat_page")
ROOT = Path(__file__).parents[2]

Content = bytes | Iterable[bytes]
_locks_said: dict[str, bool] = {}


class RendererPool:
    """Rendering processes, started when first needed. Implements `platform.PageRenderer`.

    `processes` draw what is in a dossier, one more looks at files that arrive. A document goes where it was opened
    before, unless that process is busier: its second page is not decrypted again.
    """

    def __init__(self, processes: int = 1, job_seconds: float = JOB_SECONDS) -> None:
        self._readers = [_Worker(f"render-{number}", job_seconds) for number in range(processes)]
        self._gate = _Worker("gate", min(job_seconds, EXAMINATION_SECONDS))
        self._answers = _Answers(KEPT_ANSWERS)

    async def run(self, task: str, key: str, load: Callable[[], Content], **arguments: Any) -> Any:
        """See `platform.PageRenderer`; `load` runs in a thread and may answer the content piece by piece."""
        cached = (task, key, tuple(sorted(arguments.items()))) if task in CACHED_TASKS else None
        if cached is not None and (answer := self._answers.get(cached)) is not None:
            return answer
        if task in UNKNOWN_FILES:
            worker = self._gate
        else:
            worker = min(self._readers, key=lambda reader: reader.waiting + (key not in reader.known))
        answer = await worker.run(task, key, load, arguments)
        if cached is not None:
            self._answers.put(cached, answer)
        return answer

    async def start(self) -> None:
        """Start the processes now (1 to 2 s, their imports) rather than for the first reader."""
        await asyncio.gather(*(asyncio.to_thread(worker.start) for worker in (*self._readers, self._gate)))

    async def close(self) -> None:
        """End the processes; the next job starts new ones."""
        await asyncio.gather(*(asyncio.to_thread(worker.stop) for worker in (*self._readers, self._gate)))


class InProcessRenderer:
    """The same tasks in a thread of this process, one at a time: for tests and notebooks, not for unknown files."""

    _one_at_a_time = threading.Lock()

    async def run(self, task: str, key: str, load: Callable[[], Content], **arguments: Any) -> Any:
        def work() -> Any:
            with self._one_at_a_time:
                content = load()
                whole = content if isinstance(content, bytes) else b"".join(content)
                return rendering_tasks.run(task, key, whole, arguments)

        return await asyncio.to_thread(work)


class _Worker:
    """One rendering process, seen from the web process, and the one thread that speaks with it."""

    def __init__(self, name: str, job_seconds: float) -> None:
        self._name, self._job_seconds = name, job_seconds
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._process: subprocess.Popen[bytes] | None = None
        self._jobs = 0
        self.waiting = 0
        self.known: OrderedDict[str, None] = OrderedDict()

    async def run(self, task: str, key: str, load: Callable[[], Content], arguments: dict[str, Any]) -> Any:
        self.waiting += 1
        try:
            # A reader who goes away cancels a job that has not begun; one that has is left to its end.
            return await asyncio.wrap_future(self._thread.submit(self._work, task, key, load, arguments))
        finally:
            self.waiting -= 1

    def start(self) -> None:
        self._thread.submit(self._started).result()

    def stop(self) -> None:
        self._thread.submit(self._end).result()

    def _work(self, task: str, key: str, load: Callable[[], Content], arguments: dict[str, Any]) -> Any:
        process = self._started()
        self._jobs += 1
        watch = threading.Timer(self._job_seconds, process.kill)
        watch.daemon = True
        watch.start()
        try:
            kind, value = self._exchange(process, task, key, load, arguments)
        except (EOFError, BrokenPipeError, ConnectionError, rendering_frames.NotOurs) as error:
            self._end()
            log.warning("rendering.lost", task=task, worker=self._name, reason=type(error).__name__)
            raise FileRefused(
                "il demande trop de travail pour être ouvert. Imprimez-le en PDF, ou enregistrez-le plus simplement."
            ) from error
        except BaseException:  # the content could not be read: the line is out of step
            self._end()
            raise
        finally:
            watch.cancel()
        self._remember(key)
        if kind == "error":
            raise value
        return value

    def _exchange(
        self,
        process: subprocess.Popen[bytes],
        task: str,
        key: str,
        load: Callable[[], Content],
        arguments: dict[str, Any],
    ) -> tuple[str, Any]:
        assert process.stdin is not None
        assert process.stdout is not None
        rendering_frames.send_order(process.stdin, task, key, arguments)
        kind, value = rendering_frames.receive_answer(process.stdout)
        if kind == "content?":
            rendering_frames.send_content(process.stdin, load())
            kind, value = rendering_frames.receive_answer(process.stdout)
        return kind, value

    def _started(self) -> subprocess.Popen[bytes]:
        if self._jobs >= JOBS_PER_PROCESS or (self._process is not None and self._process.poll() is not None):
            self._end()
        if self._process is None:
            # Its own environment: no secret of ours is in a process that opens files from outside.
            environment = {"PATH": os.defpath, "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
            self._process = subprocess.Popen(
                [sys.executable, "-m", "app.documents.rendering_worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=environment,
                cwd="/",
                start_new_session=True,
            )
            assert self._process.stdout is not None
            watch = threading.Timer(START_SECONDS, self._process.kill)
            watch.daemon = True
            watch.start()
            try:
                _say_locks(rendering_frames.receive_answer(self._process.stdout)[1])
            except EOFError as error:
                self._end()
                raise RuntimeError("the rendering process does not start") from error
            finally:
                watch.cancel()
        return self._process

    def _end(self) -> None:
        process, self._process, self._jobs = self._process, None, 0
        self.known.clear()
        if process is None:
            return
        process.kill()
        for line in (process.stdin, process.stdout):
            if line is not None:
                with contextlib.suppress(OSError):
                    line.close()
        process.wait()

    def _remember(self, key: str) -> None:
        self.known[key] = None
        self.known.move_to_end(key)
        while len(self.known) > rendering_tasks.KEPT_DOCUMENTS:
            self.known.popitem(last=False)


def _say_locks(locks: Any) -> None:
    """Write into the log, when it changes, what a rendering process found it can no longer do (`sandbox.prove`)."""
    global _locks_said
    told = {name: held is True for name, held in locks.items()} if isinstance(locks, dict) else {}
    if told != _locks_said:
        _locks_said = told
        say = log.info if told and all(told.values()) else log.warning
        say("rendering.sandbox", **{name: "held" if held else "OPEN" for name, held in told.items()})


class _Answers:
    """Pages drawn lately, up to so many bytes."""

    def __init__(self, limit: int) -> None:
        self._limit, self._size = limit, 0
        self._kept: OrderedDict[Any, bytes] = OrderedDict()

    def get(self, key: Any) -> bytes | None:
        if key not in self._kept:
            return None
        self._kept.move_to_end(key)
        return self._kept[key]

    def put(self, key: Any, answer: Any) -> None:
        if not isinstance(answer, bytes) or key in self._kept:
            return
        self._kept[key] = answer
        self._size += len(answer)
        while self._size > self._limit:
            self._size -= len(self._kept.popitem(last=False)[1])
