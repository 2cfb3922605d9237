"""How good a person's line is, as the unit sees it: loss both ways and the way there and back."""

from __future__ import annotations

GOOD, MIDDLING, POOR = 3, 2, 1
LOSS = (0.03, 0.10)  # share: middling from, poor from
RTT = (0.25, 0.50)  # seconds
WEIGHT = 0.5  # of the newest second
BETTER_AFTER = 3  # seconds in a row that a line must be better, before it is called so


class Quality:
    """Smooths one person's line; hand each second to `judge`."""

    def __init__(self) -> None:
        self.level = GOOD
        self.loss = 0.0
        self._better = 0

    def judge(self, loss_in: float, loss_out: float, rtt: float) -> bool:
        """Shares lost from and to this person, and seconds there and back. True when the level changes."""
        self.loss += (max(loss_in, loss_out) - self.loss) * WEIGHT
        level = GOOD - max(_steps(self.loss, LOSS), _steps(rtt, RTT))
        self._better = self._better + 1 if level > self.level else 0
        if level < self.level or self._better >= BETTER_AFTER:
            self.level, self._better = level, 0
            return True
        return False


def _steps(value: float, limits: tuple[float, float]) -> int:
    return (value >= limits[0]) + (value >= limits[1])
