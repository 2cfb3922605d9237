"""How the media benches reckon: what stops the adding of rooms, what counts as lost, what is compared."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from app.bench import processes, rooms
from app.bench.rooms import Carried
from app.bench.windows import Window


def window(**seen: float) -> Window:
    """Two seconds of an engine at 20 %, bots at 30 %, 1000 packets delivered a second; `seen` changes it."""
    made = Window(seconds=2.0, cpu=0.4, generator=0.6, packets=2000)
    for name, value in seen.items():
        setattr(made, name, value)
    return made


@pytest.mark.parametrize(
    ("seen", "reason"),
    [
        ({}, ""),
        ({"cpu": 1.3}, "engine"),
        ({"generator": 1.7}, "generator"),
        ({"missed": 1}, "generator"),
        ({"packets": 1700}, "generator"),
        ({"lost": 5}, "loss"),
    ],
)
def test_adding_rooms_stops_for_the_reason_seen(seen: dict[str, float], reason: str) -> None:
    assert rooms._stopped(window(**seen), full=1000) == reason


def test_rooms_are_added_by_the_room_that_is_left_and_never_fewer_than_one() -> None:
    assert rooms._more(2, window(cpu=0.2, generator=0.2)) == 7  # 70 % of five times as many, less those there
    assert rooms._more(6, window(cpu=1.19)) == 1


def test_cpu_per_packet_does_not_depend_on_how_much_held_up_bots_sent() -> None:
    full, held_up = Carried(2, window()), Carried(2, window(cpu=0.2, packets=1000))
    assert full.percent_per_packet == pytest.approx(held_up.percent_per_packet)


def test_windows_of_the_same_load_add_up() -> None:
    both = Window()
    both.add(window())
    both.add(window(cpu=0.8, lost=4))
    assert both.cpu_percent == pytest.approx(30.0)
    assert both.rate == pytest.approx(1000)
    assert both.loss == pytest.approx(4 / 4004)


def test_a_window_without_stamped_packets_has_no_delay() -> None:
    assert window().delay(50) != window().delay(50), "not a number"


def test_a_process_that_ends_at_once_is_reported_with_its_words(tmp_path: Path) -> None:
    log = tmp_path / "words"
    command = [sys.executable, "-c", "raise SystemExit('no room left')"]
    with (
        processes.running(command, log) as process,
        pytest.raises(RuntimeError, match="no room left"),
    ):
        processes.wait_until(lambda: False, process, log)
    assert isinstance(process, subprocess.Popen)
