"""What `bench documents` stands on: files that are what they say, and a screen that is read right."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from app.bench import documents_files as files
from app.bench.documents_load import share
from app.bench.documents_saved_again import saved_again
from app.bench.documents_shown import FRAME, differ, has
from app.bench.figures import Report
from app.documents import gate, rendering_tasks
from app.documents.models import DocumentKind


def screen(*bands: tuple[tuple[int, int, int], tuple[int, int]]) -> Any:
    """A screen as Chromium tells it: half its size, as JPEG, with bands of a colour and a size."""
    image = Image.new("RGB", FRAME, "white")
    for number, (colour, (width, height)) in enumerate(bands):
        ImageDraw.Draw(image).rectangle((20, 20 + 90 * number, 20 + width, 20 + 90 * number + height), fill=colour)
    kept = io.BytesIO()
    image.save(kept, "JPEG", quality=60)
    return np.asarray(Image.open(kept).convert("RGB"), "i2")


def test_a_page_is_shown_when_its_band_is_there_in_the_size_of_a_page() -> None:
    assert has(screen((files.FIRST, (300, 25))), files.FIRST)
    assert not has(screen((files.FIRST, (300, 25))), files.FAR)
    assert not has(screen((files.FIRST, (60, 5))), files.FIRST), "a thumbnail is no page"
    assert not has(screen(), files.FIRST)


def test_a_change_of_the_middle_of_the_screen_is_seen_and_a_blinking_cursor_is_not() -> None:
    plain = screen()
    assert differ(plain, 255 - plain)
    assert not differ(plain, screen(((0, 0, 0), (2, 12))))


def test_the_files_pass_the_gate_and_wear_their_bands() -> None:
    text = files.text(files.FAR_PAGE)
    assert gate.inspect(text, "a.pdf").detail == {"pages": files.FAR_PAGE, "text": True, "signed": False}
    for page, colour in ((1, files.FIRST), (files.FAR_PAGE, files.FAR)):
        drawn = rendering_tasks.run("pdf_page", "bench", text, {"page": page, "width": 760})
        with Image.open(io.BytesIO(drawn)) as image:
            assert has(np.asarray(image.convert("RGB"), "i2"), colour)
    found = rendering_tasks.run("pdf_search", "bench", text, {"text": files.SOUGHT})
    places, following = found["places"], found["next"]
    while following is not None:
        found = rendering_tasks.run("pdf_search", "bench", text, {"text": files.SOUGHT, "first": following})
        places, following = places + found["places"], found["next"]
    assert len(places) == files.FAR_PAGE // files.SOUGHT_EVERY
    assert gate.inspect(files.scan(3), "b.pdf").detail["text"] is False
    assert gate.inspect(files.tomography(), "c.dcm").kind is DocumentKind.IMAGING


def test_a_scan_is_as_heavy_as_a_scanner_makes_it_each_page_of_its_own() -> None:
    assert len(files.scan(8)) > 6 * len(files.scan(1)) * 0.9


def test_saving_again_keeps_the_pages() -> None:
    import pymupdf

    with pymupdf.open(stream=saved_again(files.scan(3)), filetype="pdf") as document:
        assert document.page_count == 3


def test_a_share_of_times() -> None:
    assert share([float(each) for each in range(1, 101)], 0.99) == 100
    assert share([3.0, 1.0, 2.0], 0.5) == 2.0


@pytest.mark.parametrize(("value", "kept"), [(50, True), (51, False)])
def test_a_report_tells_whether_every_promise_was_kept(value: float, kept: bool) -> None:
    report = Report()
    report.target("another session p99 ms", value, 50)
    assert report.kept is kept
