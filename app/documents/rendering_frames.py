"""What the web process and a rendering process say to each other, over pipes.

Orders and content go out; answers come back from a process that opens hostile files and may have been taken over.
So an answer is unpickled by `_Trusting`, which builds plain values and the few classes named here, nothing else.
"""

from __future__ import annotations

import io
import pickle
import struct
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import IO, Any
from zoneinfo import ZoneInfo

LARGEST_ANSWER = 512 << 20
Waiting = Callable[[], AbstractContextManager[Any]]
ABANDONED = (1 << 64) - 1  # instead of a length: the content can't be read to its end
# Modules of ours whose frozen dataclasses and enumerations an answer may hold, and the names from elsewhere.
OURS = (
    "app.documents.gate",
    "app.documents.models",
    "app.documents.imaging_model",
    "app.documents.laboratory_results",
)
OTHERS = {
    ("app.errors", "FileRefused"),
    ("app.errors", "NotFound"),
    ("datetime", "date"),
    ("datetime", "datetime"),
    ("datetime", "timedelta"),
    ("datetime", "timezone"),
    ("decimal", "Decimal"),
    ("zoneinfo", "ZoneInfo"),
}


class NotOurs(Exception):
    """An answer that no rendering process of ours would give."""


class Abandoned(Exception):
    """The content of an order does not come: its source broke. The line goes on with the next order."""


class _Trusting(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if module in OURS or (module, name) in OTHERS:
            found = super().find_class(module, name)
            if isinstance(found, type) and found.__module__ == module:
                return found
        raise NotOurs(f"{module}.{name}")


class _Plain(pickle.Pickler):
    """Writes time zones as a call of their class; the standard way calls `getattr`, which `_Trusting` does not."""

    def reducer_override(self, value: Any) -> Any:
        return (ZoneInfo, (value.key,)) if isinstance(value, ZoneInfo) else NotImplemented


def send_order(line: IO[bytes], task: str, key: str, arguments: dict[str, Any]) -> None:
    """Ask a rendering process for a task."""
    _send(line, pickle.dumps((task, key, arguments)))


def receive_order(line: IO[bytes]) -> tuple[str, str, dict[str, Any]]:
    """Inside the rendering process. Raises: EOFError, when the web process has gone."""
    order: tuple[str, str, dict[str, Any]] = pickle.loads(_receive(line))  # from the web process
    return order


def send_content(line: IO[bytes], content: bytes | Iterable[bytes], waiting: Waiting = nullcontext) -> None:
    """In pieces, an empty one at the end: nobody has to hold the whole.

    The other side is waited for inside of `waiting()`, the source outside: a bucket may be slow, a rendering process
    that does not take what it asked for may not. Whatever the source raises is told there, and raised.
    """
    pieces = iter((content,)) if isinstance(content, bytes) else iter(content)
    while (piece := _next(line, pieces, waiting)) is not None:
        if piece:
            with waiting():
                _send(line, piece)
    with waiting():
        _send(line, b"")


def _next(line: IO[bytes], pieces: Iterator[bytes], waiting: Waiting) -> bytes | None:
    try:
        return next(pieces, None)
    except BaseException:
        with suppress(OSError), waiting():
            line.write(struct.pack("!Q", ABANDONED))
            line.flush()
        raise


def receive_content(line: IO[bytes]) -> bytes:
    """The content that follows an order, inside the rendering process. Raises: Abandoned."""
    whole = io.BytesIO()
    while piece := _receive(line):
        whole.write(piece)
    return whole.getvalue()


def send_answer(line: IO[bytes], kind: str, value: Any) -> None:
    """`kind`: ready, content?, bytes, value, error. Bytes travel as they are, everything else pickled."""
    _send(line, kind.encode())
    _send(line, value if kind == "bytes" else _pickled(value))


def receive_answer(line: IO[bytes]) -> tuple[str, Any]:
    """Raises: EOFError (the process died), NotOurs."""
    kind = _receive(line, 16)
    content = _receive(line, LARGEST_ANSWER)
    if kind == b"bytes":
        return "bytes", content
    if kind not in (b"ready", b"content?", b"value", b"error"):
        raise NotOurs("kind")
    try:
        value = _Trusting(io.BytesIO(content)).load()
    except NotOurs:
        raise
    except Exception as error:
        raise NotOurs(type(error).__name__) from error
    if kind == b"error" and not isinstance(value, Exception):
        raise NotOurs("error")
    return kind.decode(), value


def _pickled(value: Any) -> bytes:
    target = io.BytesIO()
    _Plain(target).dump(value)
    return target.getvalue()


def _send(line: IO[bytes], content: bytes) -> None:
    line.write(struct.pack("!Q", len(content)))
    line.write(content)
    line.flush()


def _receive(line: IO[bytes], most: int | None = None) -> bytes:
    (length,) = struct.unpack("!Q", _exactly(line, 8))
    if length == ABANDONED:
        raise NotOurs("abandoned") if most is not None else Abandoned
    if most is not None and length > most:
        raise NotOurs("too long")
    return _exactly(line, length)


def _exactly(line: IO[bytes], length: int) -> bytes:
    content = line.read(length)
    if len(content) != length:
        raise EOFError
    return content
