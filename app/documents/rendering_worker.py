"""A rendering process: `python -m app.documents.rendering_worker`, jobs on standard input, answers on standard output.

Limits are set before the first byte from outside is read: address space, processor time of each job, no core dump, no
file of more than a few megabytes, few open files; then `sandbox` takes away network, files and processes. The web process
kills whoever outlasts the clock on the wall.
"""

from __future__ import annotations

import math
import os
import resource
import sys
from collections import OrderedDict
from typing import Any, BinaryIO

from app.documents import rendering_frames, rendering_tasks, sandbox
from app.errors import FileRefused, TeledossierError

MEMORY = 1536 << 20  # bytes of address space
LARGEST_WRITTEN = 64 << 20
OPEN_FILES = 64
PROCESSES = 512  # of this user, threads counted, the web process's too; what makes a process is refused by `sandbox`
JOB_PROCESSOR_SECONDS = 18
LARGEST_KEPT = 256 << 20  # bytes of all contents kept at once
ONCE = ("inspect", "report")  # tasks after which nobody asks about the content again


class Contents:
    """The contents used last, by key."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, bytes] = OrderedDict()

    def get(self, key: str) -> bytes | None:
        if key in self._kept:
            self._kept.move_to_end(key)
        return self._kept.get(key)

    def put(self, key: str, content: bytes) -> None:
        self._kept[key] = content
        while len(self._kept) > rendering_tasks.KEPT_DOCUMENTS or self._size() > LARGEST_KEPT:
            if len(self._kept) == 1:
                return
            self.drop(next(iter(self._kept)))

    def drop(self, key: str) -> None:
        self._kept.pop(key, None)
        rendering_tasks.forget(key)

    def _size(self) -> int:
        return sum(len(content) for content in self._kept.values())


def work(orders: BinaryIO, answers: BinaryIO) -> None:
    """Do jobs until the web process closes the line."""
    contents = Contents()
    while True:
        try:
            task, key, arguments = rendering_frames.receive_order(orders)
        except EOFError:
            return
        content = contents.get(key)
        if content is None:
            rendering_frames.send_answer(answers, "content?", None)
            try:
                content = rendering_frames.receive_content(orders)
            except rendering_frames.Abandoned:  # nobody waits for an answer
                continue
            contents.put(key, content)
        _grant_processor_time()
        kind, value = answer(task, key, content, arguments)
        if task in ONCE:
            contents.drop(key)
        rendering_frames.send_answer(answers, kind, value)


def answer(task: str, key: str, content: bytes, arguments: dict[str, Any]) -> tuple[str, Any]:
    """What a task answers, or the reason why it can't. Reasons never carry anything of the content."""
    try:
        value = rendering_tasks.run(task, key, content, arguments)
    except FileRefused as refusal:
        return "error", FileRefused(refusal.reason, refusal.flattenable)
    except TeledossierError as refusal:
        return "error", type(refusal)()
    except MemoryError:
        return "error", FileRefused("il demande trop de mémoire pour être ouvert.")
    except Exception as error:
        return "error", FileRefused(f"il ne peut pas être lu ({type(error).__name__}).")
    return ("bytes" if isinstance(value, bytes) else "value"), value


def limit_resources() -> None:
    """Bound memory, processor time, files and threads of this process, before it reads anything."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_WRITTEN, LARGEST_WRITTEN))
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, OPEN_FILES))
    resource.setrlimit(resource.RLIMIT_NPROC, (PROCESSES, PROCESSES))


def _grant_processor_time() -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = math.ceil(used.ru_utime + used.ru_stime) + JOB_PROCESSOR_SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))


def main() -> None:
    """Do jobs until the web process closes the line."""
    limit_resources()
    locks = sandbox.enter()
    orders, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library says must not get into the answers
    sys.modules["onnxruntime"] = None  # type: ignore[assignment] # PyMuPDF's page analysis: not ours, and it calls home
    import pymupdf  # noqa: F401 - loaded before the first job
    from PIL import Image  # noqa: F401

    rendering_frames.send_answer(answers, "ready", locks)
    work(orders, answers)


if __name__ == "__main__":
    main()
