"""Where a zip is written that is made while it is sent."""

from __future__ import annotations

import io
from typing import Any


class ZipSink(io.RawIOBase):
    """Where zipfile writes; it can't seek, so that sizes follow each file (APPNOTE 4.3.9)."""

    def __init__(self) -> None:
        self._written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, content: Any) -> int:
        self._written += content
        return len(content)

    def take(self) -> bytes:
        taken = bytes(self._written)
        self._written.clear()
        return taken
