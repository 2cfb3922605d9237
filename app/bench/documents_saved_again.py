"""What saving a PDF again with object streams would bring to its first page (decision 0008), without a server.

The same rendering process that the product uses gets the received file and one saved again, in turn; each time as a
document that it has not seen.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from functools import partial
from typing import Any

from app.bench import documents_files as files
from app.bench.figures import Report, median
from app.documents.rendering import RendererPool

PIECE = 1 << 20


def measure(report: Report, times: int) -> None:
    """First page of 200 scans as received and saved again; what saving again costs."""
    received = files.scan(200)
    began = time.perf_counter()
    again = saved_again(received)
    report.figure("saving 200 scans again ms", 1000 * (time.perf_counter() - began))
    report.figure("saved again / received bytes", len(again) / len(received))
    taken = asyncio.run(_drawn({"as received": received, "saved again": again}, times))
    for name, values in taken.items():
        report.figure(f"first page of 200 scans ({name}) ms", median(values))


def saved_again(content: bytes) -> bytes:
    """A PDF with its small objects in compressed streams, as range readers like it."""
    import pymupdf

    with pymupdf.open(stream=content, filetype="pdf") as document:
        return bytes(document.tobytes(garbage=3, use_objstms=1))


async def _drawn(contents: dict[str, bytes], times: int) -> dict[str, list[float]]:
    pool, taken = RendererPool(1), {name: list[float]() for name in contents}
    await pool.start()
    try:
        for turn in range(times + 1):
            for name, content in contents.items():
                began = time.perf_counter()
                await pool.run("pdf_page", f"{name} {turn}", partial(_pieces, content), page=1, width=760)
                if turn:  # the first of each warms the process
                    taken[name].append(1000 * (time.perf_counter() - began))
    finally:
        await pool.close()
    return taken


def _pieces(content: bytes) -> Iterator[Any]:
    view = memoryview(content)
    return (bytes(view[at : at + PIECE]) for at in range(0, len(content), PIECE))
