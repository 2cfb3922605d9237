"""What the curves are drawn from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class LabResult:
    """One measured value. `low` and `high`: reference range; `flag`: N, H, L, HH, LL; `at`: local time, naive."""

    code: str
    name: str
    at: datetime
    value: float
    unit: str
    low: float | None = None
    high: float | None = None
    flag: str = "N"

    @property
    def is_critical(self) -> bool:
        return self.flag in ("HH", "LL")

    @property
    def is_abnormal(self) -> bool:
        return self.flag != "N"


@dataclass(frozen=True)
class Analysis:
    """All values of one analysis, oldest first."""

    name: str
    unit: str
    results: tuple[LabResult, ...]

    @property
    def last(self) -> LabResult:
        return self.results[-1]

    @property
    def rank(self) -> int:
        """Critical first, then abnormal, then the rest."""
        return 0 if self.last.is_critical else 1 if self.last.is_abnormal else 2


def analyses_of(results: tuple[LabResult, ...]) -> list[Analysis]:
    """Group by analysis, what is critical today first, otherwise in the laboratory's order."""
    grouped: dict[str, list[LabResult]] = {}
    for result in results:
        grouped.setdefault(result.code, []).append(result)
    found = []
    for some in grouped.values():
        ordered = tuple(sorted(some, key=lambda result: result.at))
        found.append(Analysis(ordered[-1].name, ordered[-1].unit, ordered))
    return sorted(found, key=lambda analysis: analysis.rank)


def number(value: float | None) -> str:
    """« 4,2 » with a decimal comma."""
    return "—" if value is None else f"{value:g}".replace(".", ",")


def reference(low: float | None, high: float | None) -> str:
    """« 136 à 145 », « au plus 5 », « au moins 3 »."""
    if low is not None and high is not None:
        return f"{number(low)} à {number(high)}"
    if high is not None:
        return f"au plus {number(high)}"
    return f"au moins {number(low)}" if low is not None else "—"
