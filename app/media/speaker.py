"""Who speaks: the loudest microphone over a moment, without flicker (levels: RFC 6464)."""

from __future__ import annotations

from app.media.streams import NO_LEVEL

EVERY = 0.1  # seconds between two looks
QUIET = 55  # -dBov: room noise lies below
RISE, FALL = 0.5, 0.15  # weight of a look at a louder, at a quieter moment
AHEAD = 8.0  # decibels that another must be louder
AFTER = 0.4  # seconds that another must stay louder
SILENT_AFTER = 3.0  # seconds of silence, then nobody speaks


class Speaker:
    """Smooths the levels of one room; hand each look to `hear`."""

    def __init__(self) -> None:
        self.current: str | None = None
        self._levels: dict[str, float] = {}  # decibels above the quietest
        self._rival: tuple[str, float] | None = None  # who is louder, and since when
        self._heard_at = 0.0

    def hear(self, levels: dict[str, int], now: float) -> bool:
        """`levels`: loudest level (-dBov) of each microphone since the last look. True when the speaker changes."""
        for name in [name for name in self._levels if name not in levels]:
            del self._levels[name]
        for name, level in levels.items():
            loudness = float(max(0, QUIET - level)) if level < NO_LEVEL else 0.0
            before = self._levels.get(name, 0.0)
            self._levels[name] = before + (loudness - before) * (RISE if loudness > before else FALL)
        return self._choose(now)

    def _choose(self, now: float) -> bool:
        before = self.current
        loudest = max(self._levels, key=self._levels.__getitem__, default=None)
        if self.current is not None and self._levels.get(self.current, 0.0) > 1.0:
            self._heard_at = now
        if self.current is not None and (self.current not in self._levels or now - self._heard_at > SILENT_AFTER):
            self.current = None
        if loudest is None or loudest == self.current or self._levels[loudest] < 3.0:
            self._rival = None
        elif self._levels[loudest] > self._levels.get(self.current or "", 0.0) + (AHEAD if self.current else 0.0):
            if self._rival is None or self._rival[0] != loudest:
                self._rival = (loudest, now)
            if now - self._rival[1] >= (AFTER if self.current else EVERY):
                self.current, self._heard_at, self._rival = loudest, now, None
        else:
            self._rival = None
        return self.current != before
