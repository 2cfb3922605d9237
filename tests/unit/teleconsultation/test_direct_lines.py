"""The switchboard of direct messages, without a network: how often it speaks, and what it takes from one page."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from app.identity import login_sessions
from app.identity.ways import Way
from app.teleconsultation import direct_lines
from app.teleconsultation.direct_lines import DirectLine, Switchboard
from app.teleconsultation.lines import FLOOD
from tests.support.people import World, small_world


class Socket:
    """A page's side: what it heard, as the bytes that would go over the line."""

    def __init__(self) -> None:
        self.heard: list[dict[str, Any]] = []
        self.closed_with: int | None = None

    def send(self, message: dict[str, Any]) -> None:
        json.dumps(message, ensure_ascii=False).encode()
        self.heard.append(message)

    def close(self, code: int | None = None, reason: str | None = None) -> None:
        self.closed_with = code

    def heard_of(self, kind: str) -> list[dict[str, Any]]:
        return [message for message in self.heard if message["t"] == kind]


class House:
    def __init__(self, world: World) -> None:
        self.world, self.board = world, Switchboard(world.platform)

    def open(self, login: str) -> tuple[Socket, DirectLine]:
        platform, person, socket = self.world.platform, self.world.people[login], Socket()
        with platform.transaction() as session:
            secret = login_sessions.open_session(session, platform, person, Way.PASSWORD)
        return socket, self.board.open(socket, secret, person)

    def number(self, login: str) -> int:
        return self.world.people[login].id or 0


@pytest.fixture
async def house(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    monkeypatch.setattr(direct_lines, "TOGETHER", 0.05, raising=False)
    house = House(small_world())
    yield house
    await house.board.close()


async def until_told(socket: Socket, people: set[int]) -> None:
    """Wait until the page knows that exactly these are there."""
    async with asyncio.timeout(60):
        while not socket.heard or set(socket.heard[-1].get("people", socket.heard[-1].get("here", []))) != people:
            await asyncio.sleep(0.01)


async def test_a_page_that_comes_and_goes_without_end_is_told_to_the_others_once_a_moment(house: House) -> None:
    doctor, _line = house.open("dr.martin")
    me, leroy = house.number("dr.martin"), house.number("dr.leroy")
    said: list[object] = []
    house.world.platform.bus.subscribe(direct_lines.HERE, said.append)
    await until_told(doctor, {me})
    doctor.heard.clear()
    said.clear()
    for _ in range(100):
        _socket, line = house.open("dr.leroy")
        house.board.closed(line)
    house.open("dr.leroy")
    await until_told(doctor, {me, leroy})
    assert len(doctor.heard_of("here")) == 1
    assert len(said) == 1


async def test_a_page_that_was_only_reloaded_is_told_to_nobody(house: House) -> None:
    doctor, _line = house.open("dr.martin")
    _socket, before = house.open("dr.leroy")
    both = {house.number("dr.martin"), house.number("dr.leroy")}
    await until_told(doctor, both)
    doctor.heard.clear()
    house.board.closed(before)
    house.open("dr.leroy")
    house.open("dr.petit")  # the next that there is to tell
    await until_told(doctor, both | {house.number("dr.petit")})
    assert len(doctor.heard_of("here")) == 1


async def test_who_greeted_a_page_in_between_is_corrected(house: House) -> None:
    """A page hears in `hello` of somebody who is gone before anything was told: it must not keep believing it."""
    doctor, _line = house.open("dr.martin")
    me, leroy = house.number("dr.martin"), house.number("dr.leroy")
    await until_told(doctor, {me})
    _socket, passing = house.open("dr.leroy")
    second, _second_line = house.open("dr.martin")
    await until_told(second, {me, leroy})
    house.board.closed(passing)
    await until_told(second, {me})


async def test_a_page_that_beats_as_it_should_is_always_answered(house: House) -> None:
    socket, line = house.open("dr.martin")
    for _ in range(20):
        house.board.receive(line, '{"t":"ping"}')
    assert len(socket.heard_of("pong")) == 20
    assert socket.closed_with is None


async def test_a_flood_of_beats_is_refused_and_then_cut_off(house: House) -> None:
    socket, line = house.open("dr.martin")
    for _ in range(500):
        if line.is_open:
            house.board.receive(line, '{"t":"ping"}')
    assert "Trop de messages" in socket.heard_of("error")[0]["message"]
    assert socket.closed_with == FLOOD


@pytest.mark.parametrize("key", ["\ud800", "a b", "é", "", "k" * 65, 7, None])
async def test_a_key_that_is_none_of_ours_is_refused_and_not_said_back(house: House, key: object) -> None:
    socket, line = house.open("dr.martin")
    house.board.receive(line, json.dumps({"t": "send", "to": 1, "text": "x", "key": key}))
    house.board.receive(line, json.dumps({"t": "send", "key": key}))
    refusals = socket.heard_of("error")
    assert [refusal["code"] for refusal in refusals] == ["saisie"] * 2
    assert all("key" not in refusal for refusal in refusals)
    assert line.is_open


async def test_a_refusal_names_the_message_by_its_key(house: House) -> None:
    socket, line = house.open("dr.martin")
    house.board.receive(line, json.dumps({"t": "send", "to": "nobody", "text": "x", "key": "k-1"}))
    assert socket.heard_of("error")[0]["key"] == "k-1"


async def test_a_page_that_comes_back_goes_on_with_the_means_it_left(house: House) -> None:
    _socket, line = house.open("dr.martin")
    for at in range(11):
        house.board.receive(
            line, json.dumps({"t": "send", "to": house.number("dr.leroy"), "text": "a", "key": f"k-{at}"})
        )
    house.board.closed(line)
    again = Socket()
    house.board.receive(
        house.board.open(again, line.secret, line.actor),
        json.dumps({"t": "send", "to": house.number("dr.leroy"), "text": "a", "key": "k-again"}),
    )
    assert again.heard_of("error")[0]["key"] == "k-again"
