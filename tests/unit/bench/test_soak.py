"""The rule by which memory is flat, on made series; the long call itself is `make soak`."""

from __future__ import annotations

import itertools
import random

from app.bench.soak import MORE, SHARE, thirds

random_ = random.Random(7)


def flat(values: list[float]) -> bool:
    middle, last = thirds(values)
    return last <= middle * SHARE + MORE


def test_noise_and_a_start_that_fills_caches_are_flat() -> None:
    noise = [200 + random_.uniform(-3, 3) for _ in range(60)]
    assert flat(noise)
    assert flat([120, 150, 180, 195, 199, *noise])


def test_a_step_that_stays_is_flat_once_and_growth_without_end_is_not() -> None:
    assert flat([100.0] * 10 + [140.0] * 50)
    assert not flat(list(itertools.accumulate([100.0] + [0.5] * 59)))


def test_a_leak_of_every_packet_is_found_and_a_page_of_memory_is_not() -> None:
    """164 packets a second and person, 60 bytes each: 30 kB a second, 200 MB in two hours."""
    assert not flat([90 + 0.03 * 120 * at for at in range(60)])
    assert flat([90 + 0.004 * at for at in range(60)])
