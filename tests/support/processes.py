"""Ending what a test started."""

from __future__ import annotations

import subprocess


def end(process: subprocess.Popen[bytes], seconds: float = 10) -> None:
    """Ask it to end; who does not within `seconds` is ended."""
    process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
