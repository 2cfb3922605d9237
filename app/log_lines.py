"""The log's lines, whole: web, worker, media and their supervisor write to one stream.

structlog's own writer is `print`, which writes a line and its end apart when Python does not buffer (`PYTHONUNBUFFERED`,
which the children run with): the line of another process then stands in the middle, and « Prêt » is not found by
whoever waits for it at the beginning of a line. One write of less than 4096 bytes is not divided (POSIX, PIPE_BUF).
"""

from __future__ import annotations

import structlog


def keep_whole() -> None:
    """Called once in each process, before its first line."""
    structlog.configure(logger_factory=structlog.WriteLoggerFactory())
