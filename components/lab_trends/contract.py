"""What the curves are drawn from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class LabResult:
    """One measured value. `low` and `high`: reference range; `flag`: N, H, L, HH, LL; `at`: local time, naive.

    `comparator` is « < » or « > » where the laboratory gives only a limit.
    """

    code: str
    name: str
    at: datetime
    value: float
    unit: str
    low: float | None = None
    high: float | None = None
    flag: str = "N"
    comparator: str = ""

    @property
    def is_critical(self) -> bool:
        return self.flag in ("HH", "LL")

    @property
    def is_abnormal(self) -> bool:
        return self.flag in ("H", "L", "HH", "LL")


@dataclass(frozen=True)
class Analysis:
    """All values of one analysis, oldest first. Values in another unit than the last one's are left out."""

    name: str
    unit: str
    results: tuple[LabResult, ...]

    @property
    def last(self) -> LabResult:
        return self.results[-1]

    @property
    def previous(self) -> LabResult | None:
        return self.results[-2] if len(self.results) > 1 else None

    @property
    def rank(self) -> int:
        """Critical first, then abnormal, then the rest."""
        return 0 if self.last.is_critical else 1 if self.last.is_abnormal else 2


def analyses_of(results: Iterable[LabResult]) -> list[Analysis]:
    """Group by analysis, what is critical today first, otherwise in the laboratory's order."""
    grouped: dict[str, list[LabResult]] = {}
    for result in results:
        grouped.setdefault(result.code, []).append(result)
    found = []
    for some in grouped.values():
        ordered = sorted(some, key=lambda result: result.at)
        last = ordered[-1]
        found.append(Analysis(last.name, last.unit, tuple(result for result in ordered if result.unit == last.unit)))
    return sorted(found, key=lambda analysis: analysis.rank)
