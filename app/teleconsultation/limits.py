"""How much one page may say: token buckets, refilled by time.

A page within its means never notices. One that floods gets `error` for each message too many, and is cut off when it
doesn't stop.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from app.teleconsultation.protocol import Pace, word_of

REMEMBERED = 60.0  # seconds; the slowest bucket is full again

TOO_FAST = "Trop de messages à la fois : celui-ci n'a pas été transmis. Patientez un instant, puis réessayez."


class Bucket:
    """`burst` at once, then `rate` per second. Instants are seconds of a clock that never jumps."""

    def __init__(self, rate: float, burst: int) -> None:
        self._rate, self._burst = rate, burst
        self._left, self._at = float(burst), 0.0

    def take(self, now: float) -> bool:
        """Whether one more is within the means; if so it is counted."""
        self._left = min(self._burst, self._left + (now - self._at) * self._rate)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


@dataclass
class Limits:
    """The buckets of one connection: one for each pace, and one for its refusals."""

    buckets: dict[Pace, Bucket] = field(default_factory=dict)
    patience: Bucket = field(default_factory=lambda: Bucket(1, 50))  # refusals before being cut off

    def allow(self, message: object, now: float) -> bool:
        """Whether this message may be acted on."""
        pace = word_of(message).pace
        bucket = self.buckets.get(pace)
        if bucket is None:
            bucket = self.buckets[pace] = Bucket(pace.rate, pace.burst)
        return bucket.take(now)

    def is_flood(self, now: float) -> bool:
        """Count one refusal; whether it was one too many."""
        return not self.patience.take(now)


T = TypeVar("T")


class Returning(Generic[T]):
    """Who comes back goes on with the means they left: a new connection is no new allowance.

    By the secret of a login or an invitation; of several pages of one person each has its own. `new` makes those of a
    connection that follows none.
    """

    def __init__(self, new: Callable[[], T]) -> None:
        self._new = new
        self._left: dict[str, list[tuple[float, T]]] = {}

    def leave(self, secret: str, means: T, now: float) -> None:
        """A connection is gone. What is so old that its buckets are full again is forgotten."""
        fresh = {key: [each for each in kept if each[0] > now - REMEMBERED] for key, kept in self._left.items()}
        self._left = {key: kept for key, kept in fresh.items() if kept}
        self._left.setdefault(secret, []).append((now, means))

    def come(self, secret: str) -> T:
        """The means of a new connection: those that were left last, or new ones."""
        kept = self._left.get(secret)
        return kept.pop()[1] if kept else self._new()
