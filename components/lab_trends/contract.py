"""What the curves are drawn from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time


@dataclass(frozen=True)
class LabResult:
    """One measured value. `low` and `high`: reference range; `flag`: N, H, L, HH, LL; `at`: local time, naive.

    `comparator` is « < » or « > » where the laboratory gives only a limit. `analysis` is what makes results one
    analysis (the code where it is empty). `source` says in words which report holds it, `typed` that a person typed
    it, `comment` what the laboratory remarks. Midnight sharp means that only the day is known.
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
    analysis: str = ""
    source: str = ""
    typed: bool = False
    comment: str = ""

    @property
    def is_day_only(self) -> bool:
        return self.at.time() == time.min

    @property
    def is_critical(self) -> bool:
        return self.flag in ("HH", "LL")

    @property
    def is_abnormal(self) -> bool:
        return self.flag in ("H", "L", "HH", "LL")


@dataclass(frozen=True)
class Analysis:
    """All values of one analysis in one unit, oldest first; `other_units` are those of its other curves."""

    name: str
    unit: str
    results: tuple[LabResult, ...]
    other_units: tuple[str, ...] = ()

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
    """Group by analysis and unit, what is critical today first, otherwise in the laboratory's order.

    A unit is never converted nor left out: an analysis in two units makes two curves, each saying that there is another.
    """
    grouped: dict[tuple[str, str], list[LabResult]] = {}
    units: dict[str, list[str]] = {}
    for result in results:
        analysis = result.analysis or result.code
        grouped.setdefault((analysis, result.unit), []).append(result)
        units.setdefault(analysis, [])
        if result.unit not in units[analysis]:
            units[analysis].append(result.unit)
    found = []
    for (analysis, unit), some in grouped.items():
        ordered = tuple(sorted(some, key=lambda result: result.at))
        others = tuple(one for one in units[analysis] if one != unit)
        found.append(Analysis(ordered[-1].name, unit, ordered, others))
    return sorted(found, key=lambda analysis: analysis.rank)
