"""What every person may count on, with real rendering processes: nobody's document holds up anybody else's page.

Told by events and by the order of answers: nothing here depends on how fast a machine is.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace

import psutil
import pytest

from app.documents import service, viewing
from app.documents.rendering import RendererPool
from app.platform import Turn, Urgency
from tests.support.people import small_world
from tests.unit.documents import samples

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

LETTER = samples.pdf("Maladie d'Alzheimer", "page deux")
NURSE, DOCTOR = Turn("ide.dubois"), Turn("dr.martin")


@pytest.fixture
async def two() -> AsyncIterator[RendererPool]:
    pool = RendererPool(2)
    yield pool
    await pool.close()


@pytest.fixture
async def one() -> AsyncIterator[RendererPool]:
    pool = RendererPool(1)
    yield pool
    await pool.close()


class Slow:
    """A document whose process is kept busy until `go` is set; `begun` is set when a process has taken it."""

    def __init__(self) -> None:
        self.begun, self.go = threading.Event(), threading.Event()
        self.loads = 0

    def load(self) -> Iterator[bytes]:
        self.loads += 1
        self.begun.set()
        self.go.wait(30)
        yield LETTER


def letter() -> bytes:
    return LETTER


async def has_begun(slow: Slow) -> None:
    assert await asyncio.to_thread(slow.begun.wait, 30)


async def test_a_slow_document_of_one_person_does_not_hold_up_anothers_page(two: RendererPool) -> None:
    slow = Slow()
    # All her pages at once, of two documents: she could fill every process.
    hers = [
        asyncio.create_task(two.run("pdf_page", "slow", slow.load, turn=NURSE, page=page, width=380)) for page in (1, 2)
    ]
    hers += [asyncio.create_task(two.run("pdf_page", "slow too", slow.load, turn=NURSE, page=1, width=380))]
    await has_begun(slow)
    image = await two.run("pdf_page", "letter", letter, turn=DOCTOR, page=1, width=380)
    assert image.startswith(b"RIFF")
    assert not any(task.done() for task in hers)
    slow.go.set()
    await asyncio.gather(*hers)


async def test_a_slow_file_at_the_gate_does_not_hold_up_anothers(two: RendererPool) -> None:
    slow = Slow()
    hers = asyncio.create_task(two.run("inspect", "slow", slow.load, turn=NURSE, filename="a.pdf"))
    await has_begun(slow)
    found = await two.run("inspect", "letter", letter, turn=DOCTOR, filename="b.pdf")
    assert found.detail["pages"] == 2
    assert not hers.done()
    slow.go.set()
    assert (await hers).detail["pages"] == 2


async def test_a_search_lets_others_pages_pass_between_its_slices(
    one: RendererPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = small_world()
    world.platform = replace(world.platform, renderer=one)
    long = samples.pdf(*(f"Page {number} : constante\n" + "mesure du jour\n" * 40 for number in range(1, 301)))
    added = await service.add(world.platform, world.ide_dubois, "TLM-2026-0001", "Long.pdf", iter([long]))
    answered: list[str] = []
    sliced, asked = asyncio.Event(), asyncio.Event()
    run = one.run

    async def watched(task: str, *args: object, **arguments: object) -> object:
        answer = await run(task, *args, **arguments)  # type: ignore[arg-type]
        if task == "pdf_search":
            answered.append("slice")
            sliced.set()
            await asked.wait()
        return answer

    monkeypatch.setattr(one, "run", watched)
    searching = asyncio.create_task(viewing.search(world.platform, world.ide_dubois, added.reference, "absent"))
    await sliced.wait()
    drawing = asyncio.create_task(run("pdf_page", "letter", letter, turn=DOCTOR, page=1, width=380))
    drawing.add_done_callback(lambda _: answered.append("page"))
    asyncio.get_running_loop().call_soon(asked.set)  # as soon as it has been asked for
    await drawing
    assert await searching == []
    assert answered.index("page") < len(answered) - 1, "the page came before the end of the search"


async def test_who_goes_away_takes_a_waiting_job_with_them(one: RendererPool) -> None:
    slow, gone = Slow(), Slow()
    first = asyncio.create_task(one.run("pdf_page", "slow", slow.load, turn=NURSE, page=1, width=380))
    await has_begun(slow)
    waiting = asyncio.create_task(one.run("pdf_page", "gone", gone.load, turn=NURSE, page=1, width=380))
    await asyncio.sleep(0)
    waiting.cancel()
    slow.go.set()
    await first
    await one.run("pdf_page", "letter", letter, turn=NURSE, page=1, width=380)
    assert gone.loads == 0


async def test_those_who_ask_for_the_same_page_get_one_drawing(one: RendererPool) -> None:
    slow = Slow()

    def ask(turn: Turn) -> asyncio.Task[bytes]:
        return asyncio.create_task(one.run("pdf_page", "slow", slow.load, turn=turn, page=1, width=380))

    ahead, hers, his = ask(Turn("ide.dubois", Urgency.AHEAD)), ask(NURSE), ask(DOCTOR)
    await has_begun(slow)
    ahead.cancel()  # the others still want it
    slow.go.set()
    assert await hers == await his
    assert slow.loads == 1


async def test_everybody_hears_of_a_refusal_and_nobody_of_an_earlier_one(one: RendererPool) -> None:
    calls: list[int] = []

    def broken() -> bytes:
        calls.append(1)
        return b"%PDF-1.7 nothing"

    async def ask(load: Callable[[], bytes]) -> object:
        return await one.run("pdf_page", "a", load, turn=NURSE, page=1, width=380)

    refused = await asyncio.gather(ask(broken), ask(broken), return_exceptions=True)
    assert [type(each).__name__ for each in refused] == ["FileRefused", "FileRefused"]
    assert len(calls) == 1


async def test_rendering_processes_stand_behind_the_web_process_and_the_gate_behind_the_readers(
    one: RendererPool,
) -> None:
    before = set(psutil.Process().children())
    await one.run("pdf_info", "letter", letter)
    (reader,) = set(psutil.Process().children()) - before
    await one.run("inspect", "letter", letter, filename="a.pdf")
    (gate,) = set(psutil.Process().children()) - before - {reader}
    ours = psutil.Process().nice()
    assert ours <= reader.nice() <= gate.nice()
    assert ours == 19 or ours < gate.nice()
