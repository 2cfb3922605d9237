"""Rendering processes: what they answer, and that a hostile file harms nobody but itself."""

from __future__ import annotations

import asyncio
import io
import json
import os
import pickle
import struct
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import psutil
import pytest
from PIL import Image
from structlog.testing import capture_logs

from app.documents import rendering, rendering_frames, rendering_tasks
from app.documents.gate import Inspected
from app.documents.models import DocumentKind
from app.documents.rendering import InProcessRenderer, RendererPool
from app.errors import FileDamaged, FileRefused, FileStoreUnavailable, NotFound
from tests.unit.documents import samples

LETTER = samples.pdf("Maladie d'Alzheimer", "Suivi de la défense\nnaturelle, alzheimer")


@pytest.fixture
async def pool() -> AsyncIterator[RendererPool]:
    pool = RendererPool(1, job_seconds=4)
    yield pool
    await pool.close()


def loads(content: bytes, calls: list[int] | None = None) -> Callable[[], Iterator[bytes]]:
    def load() -> Iterator[bytes]:
        if calls is not None:
            calls.append(1)
        yield from (content[at : at + 1000] for at in range(0, len(content), 1000))

    return load


@pytest.fixture(params=[pytest.param("processes", marks=pytest.mark.slow), "thread"])
async def renderer(request: pytest.FixtureRequest) -> AsyncIterator[RendererPool | InProcessRenderer]:
    made = RendererPool() if request.param == "processes" else InProcessRenderer()
    yield made
    if isinstance(made, RendererPool):
        await made.close()


async def test_every_task_answers_the_same_in_a_process_and_in_a_thread(
    renderer: RendererPool | InProcessRenderer,
) -> None:
    assert await renderer.run("pdf_info", "a", loads(LETTER)) == {"pages": [[595.0, 842.0]] * 2, "text": True}
    page = await renderer.run("pdf_page", "a", loads(LETTER), page=1, width=400)
    with Image.open(io.BytesIO(page)) as image:
        assert (image.format, image.size) == ("WEBP", (400, 567))
    words = await renderer.run("pdf_words", "a", loads(LETTER), page=1)
    assert [word[4] for word in words["words"]] == ["Maladie", "d'Alzheimer"]
    places = await renderer.run("pdf_search", "a", loads(LETTER), text="ALZHEIMER")
    assert [place["page"] for place in places["places"]] == [1, 2]
    shown = await renderer.run("picture", "b", loads(samples.photo()), width=200)
    with Image.open(io.BytesIO(shown)) as image:
        assert image.size == (200, 150)
    found = await renderer.run("inspect", "c", loads(samples.photo(placed=True)), filename="photo.jpg")
    assert isinstance(found, Inspected)
    assert found.kind is DocumentKind.PICTURE
    assert found.replacement


async def test_refusals_come_back_as_themselves(renderer: RendererPool | InProcessRenderer) -> None:
    for page in (0, 3, 99999):
        with pytest.raises(NotFound):
            await renderer.run("pdf_page", "a", loads(LETTER), page=page, width=400)
    with pytest.raises(FileRefused, match="est vide"):
        await renderer.run("inspect", "c", loads(b""), filename="a.pdf")


def test_a_search_minds_neither_accents_nor_capitals_nor_line_ends() -> None:
    def places(text: str) -> list[tuple[int, int]]:
        found = rendering_tasks.run("pdf_search", "search", LETTER, {"text": text})["places"]
        return [(place["page"], len(place["boxes"])) for place in found]

    assert places("alzheimer") == [(1, 1), (2, 1)]
    assert places("DEFENSE") == [(2, 1)]
    assert places("défense  naturelle") == [(2, 2)]  # one box per line
    assert places("absent") == []
    assert places("   ") == []


def test_boxes_stand_where_the_words_are_shown_on_a_turned_page() -> None:
    import pymupdf

    with pymupdf.open(stream=samples.pdf("Alzheimer"), filetype="pdf") as document:
        document[0].set_rotation(90)
        turned = document.tobytes()
    size = rendering_tasks.run("pdf_info", "turned", turned, {})["pages"][0]
    (word,) = rendering_tasks.run("pdf_words", "turned", turned, {"page": 1})["words"]
    (place,) = rendering_tasks.run("pdf_search", "turned", turned, {"text": "alzheimer"})["places"]
    assert size == [842.0, 595.0]
    for left, top, right, bottom in (word[:4], place["boxes"][0]):
        assert 700 < left < right <= 842
        assert 0 <= top < bottom < 200
        assert bottom - top > right - left  # upright on a page that lies


@pytest.mark.slow
async def test_the_second_page_does_not_fetch_the_content_again(pool: RendererPool) -> None:
    calls: list[int] = []
    for page in (1, 2, 1):
        await pool.run("pdf_page", "a", loads(LETTER, calls), page=page, width=200)
    assert calls == [1]


@pytest.mark.slow
async def test_a_page_drawn_before_is_not_drawn_again(pool: RendererPool) -> None:
    first = await pool.run("pdf_page", "a", loads(LETTER), page=1, width=200)
    await pool.close()

    def never() -> Iterator[bytes]:
        raise AssertionError

    assert await pool.run("pdf_page", "a", never, page=1, width=200) == first


@pytest.mark.slow
async def test_a_bomb_takes_down_only_its_own_job(pool: RendererPool) -> None:
    await pool.run("pdf_page", "a", loads(LETTER), page=1, width=200)
    bomb = asyncio.create_task(pool.run("inspect", "bomb", loads(samples.pdf_slow()), filename="a.pdf"))
    await asyncio.sleep(0.3)
    slowest = 0.0
    for width in range(220, 320, 20):
        began = time.perf_counter()
        await pool.run("pdf_page", "a", loads(LETTER), page=1, width=width)
        slowest = max(slowest, time.perf_counter() - began)
    assert slowest < 3.5  # nobody waited for the bomb, which holds its process for four seconds
    with pytest.raises(FileRefused, match="trop de travail"):
        await bomb
    found = await pool.run("inspect", "a", loads(LETTER), filename="a.pdf")  # its process was replaced
    assert found.detail["pages"] == 2


@pytest.mark.slow
async def test_processes_can_be_started_before_anybody_needs_them(pool: RendererPool) -> None:
    await pool.start()
    before = rendering_processes()
    assert before
    await pool.run("pdf_info", "a", loads(LETTER))
    assert rendering_processes() == before


@pytest.mark.slow
async def test_a_process_that_dies_is_replaced(pool: RendererPool) -> None:
    await pool.run("pdf_info", "a", loads(LETTER))
    for child in psutil.Process().children():
        if "rendering_worker" in " ".join(child.cmdline()):
            child.kill()
            child.wait()
    assert (await pool.run("pdf_info", "a", loads(LETTER)))["text"] is True


def rendering_processes() -> set[int]:
    return {child.pid for child in psutil.Process().children() if "rendering_worker" in " ".join(child.cmdline())}


@pytest.mark.slow
@pytest.mark.parametrize("error", [FileDamaged, FileStoreUnavailable, ConnectionError, EOFError])
async def test_content_that_cannot_be_read_breaks_nothing_else(pool: RendererPool, error: type[Exception]) -> None:
    """A bucket that is away must not cost every reader a new process (1 to 2 s)."""

    def broken() -> Iterator[bytes]:
        yield b"%PDF"
        raise error

    assert (await pool.run("pdf_info", "a", loads(LETTER)))["text"] is True
    before = rendering_processes()
    for _again in range(2):
        with pytest.raises(error):
            await pool.run("pdf_info", "x", broken)
    assert (await pool.run("pdf_info", "b", loads(LETTER)))["text"] is True
    assert rendering_processes() == before


@pytest.mark.slow
async def test_a_slow_disk_is_not_taken_for_a_document_that_is_too_much_work() -> None:
    pool, waited = RendererPool(1, job_seconds=4), threading.Event()

    def slow() -> Iterator[bytes]:
        yield LETTER[:1000]
        waited.wait(4.5)  # longer than a job may take
        yield LETTER[1000:]

    try:
        assert (await pool.run("pdf_info", "a", slow))["text"] is True
    finally:
        await pool.close()


def test_what_was_abandoned_is_not_taken_for_the_content_and_the_line_goes_on() -> None:
    def broken() -> Iterator[bytes]:
        yield b"%PDF"
        raise FileDamaged

    line = io.BytesIO()
    with pytest.raises(FileDamaged):
        rendering_frames.send_content(line, broken())
    rendering_frames.send_order(line, "pdf_info", "a", {})
    rendering_frames.send_content(line, iter([b"un", b"", b"deux"]))
    line.seek(0)
    with pytest.raises(rendering_frames.Abandoned):
        rendering_frames.receive_content(line)
    assert rendering_frames.receive_order(line) == ("pdf_info", "a", {})
    assert rendering_frames.receive_content(line) == b"undeux"


def test_an_answer_can_t_be_abandoned() -> None:
    line = io.BytesIO(struct.pack("!Q", rendering_frames.ABANDONED))
    with pytest.raises(rendering_frames.NotOurs):
        rendering_frames.receive_answer(line)


@pytest.mark.slow
async def test_the_event_loop_is_never_held(pool: RendererPool) -> None:
    await pool.run("pdf_info", "a", loads(LETTER))
    big = os.urandom(60 << 20)
    longest = used = 0.0

    async def watch() -> None:
        nonlocal longest, used
        while True:
            began, before = time.perf_counter(), time.thread_time()
            await asyncio.sleep(0.001)
            longest = max(longest, time.perf_counter() - began)
            used = max(used, time.thread_time() - before)

    watching = asyncio.create_task(watch())
    await asyncio.sleep(0.5)
    usual, longest, used = longest, 0.0, 0.0  # a busy machine stutters by itself
    with pytest.raises(FileRefused):
        await pool.run("inspect", "big", loads_large(big), filename="a.pdf")
    watching.cancel()
    assert used < 0.1  # of the processor, by the loop itself; so much a busy machine cannot falsify
    assert longest < max(0.5, 3 * usual)


def loads_large(content: bytes) -> Callable[[], Iterator[bytes]]:
    view = memoryview(content)
    return lambda: (bytes(view[at : at + (1 << 20)]) for at in range(0, len(content), 1 << 20))


@pytest.mark.slow
async def test_no_secret_of_ours_is_in_a_rendering_process(pool: RendererPool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TD_FILE_KEY", "secret-de-la-plateforme")
    await pool.run("pdf_info", "a", loads(LETTER))
    found = [child for child in psutil.Process().children() if "rendering_worker" in " ".join(child.cmdline())]
    assert found
    for child in found:
        assert b"secret-de-la-plateforme" not in Path(f"/proc/{child.pid}/environ").read_bytes()


@pytest.mark.slow
async def test_the_log_says_which_locks_hold(pool: RendererPool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendering, "_locks_said", {})
    with capture_logs() as lines:
        await pool.run("pdf_info", "a", loads(LETTER))
        await pool.run("inspect", "b", loads(LETTER), filename="a.pdf")  # another process, the same locks: said once
    (told,) = [line for line in lines if line["event"] == "rendering.sandbox"]
    assert {"network", "files", "processes", "privileges"} <= set(told)
    assert told["network"] == "held"  # by a namespace, or by seccomp


class Hostile:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("touch /tmp/taken-over",)


@pytest.mark.parametrize(
    "frame",
    [
        pickle.dumps(Hostile()),
        b"cbuiltins\neval\n(S'1'\ntR.",
        b"capp.documents.imaging\nio.open\n(S'/etc/passwd'\ntR.",
        b"capp.documents.gate\nre\n.",
        json.dumps({"not": "a pickle"}).encode(),
        b"",
    ],
)
def test_an_answer_can_only_be_plain_values_of_ours(frame: bytes) -> None:
    line = io.BytesIO()
    for part in (b"value", frame):
        line.write(len(part).to_bytes(8, "big") + part)
    line.seek(0)
    with pytest.raises(rendering_frames.NotOurs):
        rendering_frames.receive_answer(line)
