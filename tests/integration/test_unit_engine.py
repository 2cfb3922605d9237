"""The client of the control channel against a scripted unit: proof, answers, events, and a unit that goes away."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from app.errors import RelayRefused, RelayUnavailable
from app.platform import (
    PeerGone,
    QualityChanged,
    Slot,
    SlotsChanged,
    SpeakerChanged,
    UnitDown,
    UnitEvent,
    UnitPeer,
    UnitUp,
)
from app.teleconsultation import engine
from app.teleconsultation.engine import UnitEngine
from tests.support.control_server import SECRET, ControlServer

SLOT = {"mid": "4", "kind": "audio", "from": "b", "source": "mic"}


class Listening:
    """An engine, and every event it told."""

    def __init__(self, path: Path, secret: str = SECRET) -> None:
        self.engine = UnitEngine(path, secret)
        self.events: list[UnitEvent] = []
        self.engine.start(self.events.append)

    async def until(self, reached: Callable[[], object]) -> None:
        async with asyncio.timeout(60):
            while not reached():
                await asyncio.sleep(0.005)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[ControlServer]:
    server = ControlServer(tmp_path / "media.sock")
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def listening(server: ControlServer) -> AsyncIterator[Listening]:
    listening = Listening(server.path)
    await listening.until(lambda: listening.engine.is_up)
    yield listening
    await listening.engine.close()


async def test_the_welcome_says_who_is_on_the_unit(server: ControlServer) -> None:
    server.peers = [{"peer": "a", "room": "blue.1", "muted": ["audio"], "slots": [SLOT]}]
    listening = Listening(server.path)
    await listening.until(lambda: listening.events)
    assert listening.events == [
        UnitUp((UnitPeer("a", "blue.1", frozenset({"audio"}), (Slot("4", "audio", "b", "mic"),)),))
    ]
    await listening.engine.close()
    assert listening.events[1:] == [UnitDown()]
    assert not listening.engine.is_up


async def test_a_full_unit_is_found_again(server: ControlServer) -> None:
    """400 people in rooms of eight, each with fourteen places taken: the welcome of a restart is long."""
    seat = {"mid": "12", "kind": "video", "from": "0123456789abcdef.19abcdef012", "source": "cam"}
    server.peers = [
        {"peer": f"{number:016x}.19abcdef012", "room": "salle-bleue.1", "muted": [], "slots": [seat] * 14}
        for number in range(400)
    ]
    listening = Listening(server.path)
    await listening.until(lambda: listening.engine.is_up)
    [event] = listening.events
    assert isinstance(event, UnitUp)
    assert len(event.peers) == 400
    await listening.engine.close()


async def test_who_does_not_know_the_secret_is_never_up(server: ControlServer) -> None:
    listening = Listening(server.path, "another")
    await listening.until(lambda: server.refused >= 2)
    assert listening.events == [UnitDown()]
    with pytest.raises(RelayUnavailable):
        await listening.engine.list()
    await listening.engine.close()


async def test_a_unit_that_is_not_there_at_the_start_is_said_to_be_away_once(server: ControlServer) -> None:
    await server.stop()
    listening = Listening(server.path)
    await listening.until(lambda: listening.events)
    await asyncio.sleep(2.5 * engine.FIRST_PAUSE)  # one more try, which is no news
    assert listening.events == [UnitDown()]
    await server.start()
    await listening.until(lambda: listening.engine.is_up)
    assert listening.events == [UnitDown(), UnitUp(())]
    await listening.engine.close()


async def test_requests_carry_numbers_and_answers_find_their_way_in_any_order(
    server: ControlServer, listening: Listening
) -> None:
    server.answer = lambda _request: None
    asking = [asyncio.create_task(listening.engine.join("blue.1", peer, "v=0")) for peer in "ab"]
    await listening.until(lambda: len(server.asked) == 2)
    first, second = server.asked
    assert first == {"t": "join", "id": first["id"], "room": "blue.1", "peer": "a", "offer": "v=0"}
    for request in (second, first):
        server.say({"re": request["id"], "ok": {"answer": f"for {request['peer']}", "slots": [SLOT]}})
    joined = await asyncio.gather(*asking)
    assert [j.answer for j in joined] == ["for a", "for b"]
    assert joined[0].slots == (Slot("4", "audio", "b", "mic"),)


async def test_everything_else_that_is_asked(server: ControlServer, listening: Listening) -> None:
    answers = {"list": {"peers": [{"peer": "a", "room": "blue.1", "muted": []}]}, "stats": {"process": {}}}
    server.answer = lambda request: {"ok": answers.get(request["t"], {})}
    await listening.engine.leave("a")
    await listening.engine.mute("a", "audio", True)
    assert await listening.engine.list() == (UnitPeer("a", "blue.1"),)
    assert await listening.engine.stats() == {"process": {}}
    asked = [{name: value for name, value in request.items() if name != "id"} for request in server.asked]
    assert asked[:2] == [
        {"t": "leave", "peer": "a"},
        {"t": "mute", "peer": "a", "kind": "audio", "muted": True},
    ]


@pytest.mark.parametrize(
    ("code", "refusal"),
    [("offre-refusee", RelayRefused), ("participant-inconnu", RelayRefused), ("relais-plein", RelayUnavailable)],
)
async def test_what_the_unit_refuses_is_told_apart_from_what_may_work_later(
    server: ControlServer, listening: Listening, code: str, refusal: type[Exception]
) -> None:
    server.answer = lambda _request: {"error": {"code": code, "message": "…"}}
    with pytest.raises(refusal):
        await listening.engine.leave("a")


async def test_events_reach_the_listener(server: ControlServer, listening: Listening) -> None:
    for event in (
        {"t": "slots", "peer": "a", "slots": [SLOT]},
        {"t": "connected", "peer": "a"},
        {"t": "gone", "peer": "a", "reason": "silence"},
        {"t": "speaker", "room": "blue.1", "peer": None},
        {"t": "quality", "peer": "a", "level": 2},
    ):
        server.say(event)
    await listening.until(lambda: len(listening.events) == 5)
    assert listening.events[1:] == [
        SlotsChanged("a", (Slot("4", "audio", "b", "mic"),)),
        PeerGone("a", "silence"),
        SpeakerChanged("blue.1", None),
        QualityChanged("a", 2),
    ]


async def test_who_waits_for_an_answer_acts_on_it_before_the_news_that_follow(
    server: ControlServer, listening: Listening
) -> None:
    order: list[str] = []
    server.answer = lambda _request: None

    async def join() -> None:
        await listening.engine.join("blue.1", "a", "v=0")
        order.append("answer")

    asking = asyncio.create_task(join())
    await listening.until(lambda: server.asked)
    listening.engine._listener = lambda _event: order.append("event")
    answer = {"re": server.asked[0]["id"], "ok": {"answer": "v=0", "slots": []}}
    lines = [json.dumps(message).encode() for message in (answer, {"t": "slots", "peer": "a", "slots": [SLOT]})]
    server.say(b"\n".join(lines))  # in one piece
    await asking
    await listening.until(lambda: len(order) == 2)
    assert order == ["answer", "event"]


async def test_a_unit_that_does_not_answer_is_not_waited_for(
    server: ControlServer, listening: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert engine.ANSWERED_WITHIN == 3
    monkeypatch.setattr(engine, "ANSWERED_WITHIN", 0.05)
    server.answer = lambda _request: None
    with pytest.raises(RelayUnavailable):
        await listening.engine.list()
    server.say({"re": server.asked[0]["id"], "ok": {}})  # too late: nobody minds
    server.answer = lambda _request: {"ok": {"peers": []}}
    assert await listening.engine.list() == ()


async def test_when_the_unit_dies_who_waits_learns_it_at_once_and_it_is_found_again(
    server: ControlServer, listening: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "ANSWERED_WITHIN", 60)  # what is learnt is the death, not that no answer came
    server.answer = lambda _request: None
    waiting = asyncio.create_task(listening.engine.list())
    await listening.until(lambda: server.asked)
    started = time.monotonic()
    await server.stop()
    with pytest.raises(RelayUnavailable):
        await waiting
    assert time.monotonic() - started < 10
    with pytest.raises(RelayUnavailable):
        await listening.engine.list()
    await server.start()
    await listening.until(lambda: listening.engine.is_up)
    assert time.monotonic() - started < 10
    assert listening.events == [UnitUp(()), UnitDown(), UnitUp(())]


@pytest.mark.parametrize("line", [b"nonsense", b"[]", b'{"t":"slots"}', b"[" * 50_000, b"x" * 300_000])
async def test_what_is_not_of_the_contract_ends_the_connection_not_the_engine(
    server: ControlServer, listening: Listening, line: bytes
) -> None:
    server.say(line)
    await listening.until(lambda: listening.events[-1:] == [UnitUp(())] and len(listening.events) == 3)
    assert server.connections == 2


async def test_a_fault_in_a_room_does_not_cut_the_others_off(server: ControlServer) -> None:
    unit, heard = UnitEngine(server.path, SECRET), []

    def broken(event: UnitEvent) -> None:
        heard.append(event)
        raise RuntimeError

    unit.start(broken)
    async with asyncio.timeout(60):
        while not unit.is_up:
            await asyncio.sleep(0.005)
        server.say({"t": "quality", "peer": "a", "level": 2})
        while len(heard) < 2:
            await asyncio.sleep(0.005)
    assert unit.is_up
    await unit.close()


async def test_too_many_unanswered_requests_are_refused_at_once(server: ControlServer, listening: Listening) -> None:
    server.answer = lambda _request: None
    asking = [asyncio.create_task(listening.engine.leave(f"p{n}")) for n in range(engine.MOST_WAITING)]
    await listening.until(lambda: len(server.asked) == engine.MOST_WAITING)
    with pytest.raises(RelayUnavailable):
        await listening.engine.leave("one-too-many")
    server.hang_up()
    assert all(
        isinstance(refusal, RelayUnavailable) for refusal in await asyncio.gather(*asking, return_exceptions=True)
    )


async def test_an_offer_too_long_for_a_line_is_refused_here(listening: Listening) -> None:
    with pytest.raises(RelayRefused):
        await listening.engine.join("blue.1", "a", "x" * engine.LONGEST_LINE)


async def test_what_a_second_source_is_reaches_the_unit_and_comes_back_with_its_welcome(server: ControlServer) -> None:
    server.peers = [{"peer": "a", "room": "blue.1", "muted": [], "described": {"aux-video": "screen"}}]
    listening = Listening(server.path)
    await listening.until(lambda: listening.events)
    assert listening.events == [UnitUp((UnitPeer("a", "blue.1", frozenset(), None, {"aux-video": "screen"}),))]
    await listening.engine.describe("a", "aux-video", "camera")
    asked = {name: value for name, value in server.asked[-1].items() if name != "id"}
    assert asked == {"t": "describe", "peer": "a", "source": "aux-video", "content": "camera"}
    await listening.engine.close()


async def test_a_unit_of_before_an_upgrade_is_not_asked_what_it_does_not_know(server: ControlServer) -> None:
    server.version = 1
    listening = Listening(server.path)
    await listening.until(lambda: listening.engine.is_up)
    await listening.engine.describe("a", "aux-video", "camera")
    await listening.engine.stats()
    assert [request["t"] for request in server.asked] == ["stats"]
    await listening.engine.close()
