"""How often one address may begin a login."""

from __future__ import annotations

import pytest

from app.web import pace
from app.web.pace import BURST, PER_SECOND, Pace


class Hand:
    """A clock that a test moves."""

    at = 0.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def clock() -> Hand:
    return Hand()


def test_a_change_of_shift_passes_and_a_flood_waits(clock: Hand) -> None:
    steps = Pace(clock)
    assert [steps.wait("192.0.2.7") for _ in range(BURST)] == [0] * BURST
    assert steps.wait("192.0.2.7") == 1
    assert steps.wait("198.51.100.9") == 0
    clock.at += 1
    assert [steps.wait("192.0.2.7") for _ in range(3)] == [0] * int(PER_SECOND) + [1]


def test_looking_takes_no_step(clock: Hand) -> None:
    steps = Pace(clock)
    assert [steps.wait("192.0.2.7", taking=0) for _ in range(2 * BURST)] == [0] * (2 * BURST)


def test_one_subscriber_of_ipv6_is_one_address(clock: Hand) -> None:
    steps = Pace(clock)
    for number in range(BURST):
        assert steps.wait(f"2001:db8::{number:x}") == 0
    assert steps.wait("2001:db8::ffff") == 1
    assert steps.wait("2001:db8:0:1::1") == 0


def test_memory_does_not_grow_with_addresses(clock: Hand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "MOST_ADDRESSES", 10)
    steps = Pace(clock)
    for number in range(50):
        steps.wait(f"192.0.2.{number}")
    assert len(steps._left) == 10
