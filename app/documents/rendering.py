"""Rendering processes: what parses files from outside, away from the web process, with limits on memory and time.

MuPDF is not thread-safe and a scanned page costs hundreds of milliseconds: each process does one job at a time, in the
order of `rendering_turns`. A job that crashes or outlasts its time takes only itself down; the process is replaced.
Files that nobody has looked at yet go to processes of their own, so that a hostile one delays no reader.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import structlog

from app.documents import rendering_frames, rendering_tasks
from app.documents.rendering_turns import Job, Turns
from app.errors import FileRefused
from app.platform import NOBODY, Turn

log = structlog.get_logger(__name__)

JOB_SECONDS = 20.0
EXAMINATION_SECONDS = 16.0  # of an unknown file: whoever adds one hears of it within 20 s, its sending not counted
START_SECONDS = 30.0  # imports included, on a loaded machine
JOBS_PER_PROCESS = 2000  # then it is replaced: native libraries leak
KEPT_ANSWERS = 64 << 20  # bytes of pages drawn, kept in the web process
# Tasks whose answers depend on nothing but the content: kept, and drawn once for all who ask at the same time.
SHARED_TASKS = ("pdf_info", "pdf_page", "pdf_words_json", "picture", "picture_tile", "imaging_frame")
UNKNOWN_FILES = ("inspect", "flat_page", "imaging_part", "imaging_series")
GATE_PROCESSES = 2
# The web process answers everybody and comes first, then who reads, then what nobody has seen yet.
READERS_NICE, GATE_NICE = 4, 10
ROOT = Path(__file__).parents[2]

Content = bytes | Iterable[bytes]
_locks_said: dict[str, bool] = {}


class RendererPool:
    """Rendering processes, started when first needed. Implements `platform.PageRenderer`; used on one event loop.

    `processes` draw what is in a dossier, two more look at files that arrive (the second only while the first is kept
    busy by somebody else). Whose turn it is, `rendering_turns.Turns` says: a slow document of one person takes at most
    all processes but one.
    """

    def __init__(self, processes: int = 1, job_seconds: float = JOB_SECONDS) -> None:
        self._readers = _Lane([_Worker(f"render-{number}", job_seconds, READERS_NICE) for number in range(processes)])
        examination = min(job_seconds, EXAMINATION_SECONDS)
        self._gate = _Lane([_Worker(f"gate-{number}", examination, GATE_NICE) for number in range(GATE_PROCESSES)])
        self._answers = _Answers(KEPT_ANSWERS)

    async def run(
        self, task: str, key: str, load: Callable[[], Content], *, turn: Turn = NOBODY, **arguments: Any
    ) -> Any:
        """See `platform.PageRenderer`; `load` runs in a thread and may answer the content piece by piece."""
        if task in UNKNOWN_FILES:
            return await self._gate.run(Job(task, key, load, arguments), turn)
        if task not in SHARED_TASKS:
            return await self._readers.run(Job(task, key, load, arguments), turn)
        name = (task, key, tuple(sorted(arguments.items())))
        if (answer := self._answers.get(name)) is not None:
            return answer
        answer = await self._readers.run(Job(task, key, load, arguments, name=name), turn)
        self._answers.put(name, answer)
        return answer

    async def start(self) -> None:
        """Start the processes now (1 to 2 s, their imports) rather than for the first reader."""
        workers = (*self._readers.workers, self._gate.workers[0])
        await asyncio.gather(*(asyncio.to_thread(worker.start) for worker in workers))

    async def close(self) -> None:
        """End the processes; the next job starts new ones."""
        workers = (*self._readers.workers, *self._gate.workers)
        await asyncio.gather(*(asyncio.to_thread(worker.stop) for worker in workers))


class _Lane:
    """Processes that do the same kind of work, and the jobs that wait for them."""

    def __init__(self, workers: Sequence[_Worker]) -> None:
        self.workers = workers
        others = max(1, len(workers) - 1)
        self._turns = Turns(most_each=others, most_patient=others)
        self._idle = list(workers)
        self._shared: dict[Hashable, Job] = {}  # waiting or under way
        self._under_way: set[asyncio.Task[None]] = set()

    async def run(self, job: Job, turn: Turn) -> Any:
        """Do a job in its turn; whoever asks meanwhile for the same gets the same answer."""
        known = self._shared.get(job.name) if job.name is not None else None
        if known is None:
            job.answer = asyncio.get_running_loop().create_future()
            job.turns.append(turn)
            self._turns.add(job)
            if job.name is not None:
                self._shared[job.name] = job
            self._hand_out()
        else:
            job = known
            job.turns.append(turn)
            self._hand_out()  # it may be allowed now
        try:
            # A reader who goes away takes a job with them that has not begun; one that has is left to its end.
            return await asyncio.shield(job.answer)
        finally:
            job.turns.remove(turn)
            if not job.turns and self._turns.remove(job):
                self._forget(job)

    def _hand_out(self) -> None:
        while self._idle and (job := self._turns.take()) is not None:
            # Where the document was opened before, else where the fewest are.
            worker = min(self._idle, key=lambda each: (job.key not in each.known, len(each.known)))
            self._idle.remove(worker)
            doing = asyncio.create_task(self._do(worker, job))
            self._under_way.add(doing)
            doing.add_done_callback(self._under_way.discard)

    async def _do(self, worker: _Worker, job: Job) -> None:
        try:
            answer = await worker.run(job.task, job.key, job.load, job.arguments)
        except Exception as error:
            if job.turns:  # else nobody is left to hear of it
                job.answer.set_exception(error)
        else:
            job.answer.set_result(answer)
        finally:
            job.answer.cancel()  # nothing, unless this process is closing
            self._forget(job)
            self._turns.done(job)
            self._idle.append(worker)
            self._hand_out()

    def _forget(self, job: Job) -> None:
        if self._shared.get(job.name) is job:
            del self._shared[job.name]


class InProcessRenderer:
    """The same tasks in a thread of this process, one at a time: for tests and notebooks, not for unknown files."""

    _one_at_a_time = threading.Lock()

    async def run(
        self, task: str, key: str, load: Callable[[], Content], *, turn: Turn = NOBODY, **arguments: Any
    ) -> Any:
        def work() -> Any:
            with self._one_at_a_time:
                content = load()
                whole = content if isinstance(content, bytes) else b"".join(content)
                return rendering_tasks.run(task, key, whole, arguments)

        return await asyncio.to_thread(work)


class _Worker:
    """One rendering process, seen from the web process, and the one thread that speaks with it."""

    def __init__(self, name: str, job_seconds: float, nice: int) -> None:
        self._name, self._job_seconds, self._nice = name, job_seconds, nice
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._process: subprocess.Popen[bytes] | None = None
        self._jobs = 0
        self.known: OrderedDict[str, None] = OrderedDict()

    async def run(self, task: str, key: str, load: Callable[[], Content], arguments: dict[str, Any]) -> Any:
        return await asyncio.wrap_future(self._thread.submit(self._work, task, key, load, arguments))

    def start(self) -> None:
        self._thread.submit(self._started).result()

    def stop(self) -> None:
        self._thread.submit(self._end).result()

    def _work(self, task: str, key: str, load: Callable[[], Content], arguments: dict[str, Any]) -> Any:
        process = self._started()
        self._jobs += 1
        try:
            kind, value = self._exchange(process, task, key, load, arguments)
        except (EOFError, BrokenPipeError, ConnectionError, rendering_frames.NotOurs) as error:
            self._end()
            log.warning("rendering.lost", task=task, worker=self._name, reason=type(error).__name__)
            raise FileRefused(
                "il demande trop de travail pour être ouvert. Imprimez-le en PDF, ou enregistrez-le plus simplement."
            ) from error
        except _NoContent as broken:  # the process goes on: it has been told
            raise broken.reason from None
        except BaseException:  # the line is out of step
            self._end()
            raise
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
        waiting = partial(_no_longer_than, self._job_seconds, process)
        with waiting():
            rendering_frames.send_order(process.stdin, task, key, arguments)
            kind, value = rendering_frames.receive_answer(process.stdout)
        if kind == "content?":
            # Reading the content takes its own time, of a disk or a bucket: only the process is waited for in vain.
            rendering_frames.send_content(process.stdin, _told_apart(load), waiting)
            with waiting():
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
            with contextlib.suppress(OSError):  # it has ended already: said below
                ours = os.getpriority(os.PRIO_PROCESS, 0)
                os.setpriority(os.PRIO_PROCESS, self._process.pid, min(19, ours + self._nice))
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


class _NoContent(Exception):
    """The content could not be read; `reason` is the store's own error."""

    def __init__(self, reason: BaseException) -> None:
        super().__init__()
        self.reason = reason


def _told_apart(load: Callable[[], Content]) -> Iterator[bytes]:
    """The content piece by piece; what breaks in its source is not taken for a broken line."""
    try:
        content = load()
        yield from (content,) if isinstance(content, bytes) else content
    except Exception as error:
        raise _NoContent(error) from error


@contextlib.contextmanager
def _no_longer_than(seconds: float, process: subprocess.Popen[bytes]) -> Iterator[None]:
    watch = threading.Timer(seconds, process.kill)
    watch.daemon = True
    watch.start()
    try:
        yield
    finally:
        watch.cancel()


def _say_locks(locks: Any) -> None:
    """Write into the log, when it changes, what a rendering process found it can no longer do (`sandbox.prove`)."""
    global _locks_said
    told = {name: held is True for name, held in locks.items()} if isinstance(locks, dict) else {}
    if told != _locks_said:
        _locks_said = told
        say = log.info if told and all(told.values()) else log.warning
        say("rendering.sandbox", **{name: "held" if held else "OPEN" for name, held in told.items()})


class _Answers:
    """Answers given lately, up to so many bytes."""

    def __init__(self, limit: int) -> None:
        self._limit, self._size = limit, 0
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()

    def get(self, key: Hashable) -> Any:
        if key not in self._kept:
            return None
        self._kept.move_to_end(key)
        return self._kept[key]

    def put(self, key: Hashable, answer: Any) -> None:
        if key in self._kept:
            return
        self._kept[key] = answer
        self._size += _weight(answer)
        while self._size > self._limit:
            self._size -= _weight(self._kept.popitem(last=False)[1])


def _weight(answer: Any) -> int:
    """About so many bytes; what is not bytes is small, but for the list of all pages (`pdf_info`)."""
    if isinstance(answer, bytes):
        return len(answer)
    return 1000 + (120 * len(answer.get("pages", ())) if isinstance(answer, dict) else 0)
