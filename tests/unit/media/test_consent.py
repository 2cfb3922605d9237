"""Media go to another address only when the client has shown that it is there; a forged one gets a few questions."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Iterator

import pytest

from app.media import stun
from app.media.consent import ASKED_FOR, Consent
from app.media.limits import MAX_ADDRESSES, QUESTIONS
from app.media.peer import Credentials
from app.media.port import STALE
from tests.unit.media import test_port

HERE, THERE = ("192.0.2.1", 1), ("192.0.2.2", 2)


class Rig(test_port.Rig):
    """A client that is reached at `client_socket`, its line up."""

    def __init__(self) -> None:
        super().__init__()
        self.client_socket, self.other = self.socket(), self.socket("127.0.0.2")
        assert self.send(self.client_socket, self.request())
        self.peer.sent = object()

    @property
    def is_moved(self) -> bool:
        return self.peer.address == self.other.getsockname()


@pytest.fixture
def rig() -> Iterator[Rig]:
    rig = Rig()
    yield rig
    rig.close()
    assert rig.totals.errors == 0


def test_the_first_address_is_asked_nothing(rig: Rig) -> None:
    """The handshake shows that the client is there."""
    assert rig.questions == []


def test_media_stay_where_they_go_until_the_client_answers_from_elsewhere(rig: Rig) -> None:
    assert rig.send(rig.other, rig.request())
    (question,) = rig.questions
    assert not rig.is_moved
    rig.send(rig.other, test_port.answer(question, rig.other))
    assert rig.is_moved


@pytest.mark.parametrize("wrong", ["password", "number", "address", "cut"])
def test_an_answer_that_is_none_moves_nothing(rig: Rig, wrong: str) -> None:
    assert rig.send(rig.other, rig.request())
    (question,) = rig.questions
    data = test_port.answer(question, rig.other, "0" * 32 if wrong == "password" else test_port.PASSWORD)
    if wrong == "number":
        data = stun.success(os.urandom(12), rig.other.getsockname(), test_port.PASSWORD.encode())
    dropped = rig.totals.dropped
    rig.send(rig.client_socket if wrong == "address" else rig.other, data[:40] if wrong == "cut" else data)
    assert (rig.is_moved, rig.totals.dropped) == (False, dropped + 1)


def test_an_answer_counts_once(rig: Rig) -> None:
    assert rig.send(rig.other, rig.request())
    captured = test_port.answer(rig.questions[0], rig.other)
    rig.send(rig.other, captured)
    rig.move(rig.client_socket)
    assert rig.send(rig.other, rig.request())
    rig.send(rig.other, captured)
    assert not rig.is_moved


def test_during_the_handshake_the_client_is_followed_at_once_and_asked(rig: Rig) -> None:
    rig.peer.sent = None
    assert rig.send(rig.other, rig.request())
    assert rig.is_moved
    assert len(rig.questions) == 1
    assert not rig.peer.consent.covers(rig.peer.address)
    rig.send(rig.other, test_port.answer(rig.questions[0], rig.other))
    assert rig.peer.consent.covers(rig.peer.address)


def test_a_client_that_asks_to_be_reached_where_it_was_is_asked_no_more(rig: Rig) -> None:
    assert rig.send(rig.other, rig.request())
    (question,) = rig.questions
    assert rig.send(rig.client_socket, rig.request())
    rig.send(rig.other, test_port.answer(question, rig.other))
    assert not rig.is_moved


def test_a_client_whose_way_is_dead_is_found_by_its_answer(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    rig.send(rig.other, rig.request(nominated=False))
    assert rig.questions == []
    now = rig.peer.heard + STALE + 1
    monkeypatch.setattr("app.media.port.time.monotonic", lambda: now)
    rig.send(rig.other, rig.request(nominated=False))
    rig.send(rig.other, test_port.answer(rig.questions[0], rig.other))
    assert rig.is_moved


def heard(sender: socket.socket) -> int:
    count = 0
    while True:
        try:
            sender.recv(2048)
        except BlockingIOError:
            return count
        count += 1


def test_a_question_is_repeated_a_few_times_and_no_more(rig: Rig) -> None:
    assert rig.send(rig.other, rig.request())
    start = rig.peer.heard
    for step in range(200):  # twenty seconds
        rig.port.ask_again(rig.peer, start + step / 10)
    assert 2 < heard(rig.other) <= QUESTIONS * (ASKED_FOR + 1)


def test_many_addresses_are_asked_no_more_often_than_one(rig: Rig) -> None:
    others = [rig.socket(f"127.0.0.{number}") for number in range(3, 30)]
    for other in others:
        assert rig.send(other, rig.request())
        for _ in range(10):
            rig.port.ask_again(rig.peer, rig.peer.heard)
    assert sum(map(heard, others)) <= QUESTIONS + 1
    assert len(rig.peer.consent._asked) <= MAX_ADDRESSES


def test_a_handshake_shows_where_a_client_is_when_all_of_it_went_there() -> None:
    consent = Consent()
    assert not consent.covers(None)
    consent.greeted.add(HERE)
    assert consent.covers(HERE)
    assert not consent.covers(THERE)
    consent.greeted.add(THERE)
    assert not consent.covers(HERE)
    assert not consent.covers(THERE)


def test_a_question_after_a_restart_is_another() -> None:
    consent, before = Consent(), Credentials("before", remote_password="x" * 22)
    first = consent.question(HERE, before, 1.0)
    assert consent.question(HERE, before, 2.0) == first
    assert consent.question(HERE, Credentials("after", remote_password="y" * 22), 2.0)[8:20] != first[8:20]


async def test_nobody_waits_for_the_answer_of_a_client_that_is_gone() -> None:
    consent = Consent()
    waiting = asyncio.create_task(consent.is_given(lambda: HERE))
    await asyncio.sleep(0)
    consent.end()
    assert not await waiting


async def test_a_handshake_in_one_place_is_waited_for_no_longer() -> None:
    consent = Consent()
    consent.greeted.add(HERE)
    assert await consent.is_given(lambda: HERE)
