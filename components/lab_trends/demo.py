"""Curves alone, over nine analyses and six fictional dates."""

from __future__ import annotations

from datetime import datetime, timedelta

from components.lab_trends.component import LabTrends
from components.lab_trends.contract import LabResult

LAST = datetime(2026, 11, 20, 8, 15)
DAYS_BEFORE = (253, 180, 119, 71, 28, 0)
# name, unit, low, high, values
SERIES = (
    ("Sodium", "mmol/L", 136, 145, (139, 138, 138, 136, 133, 128)),
    ("C-réactive protéine", "mg/L", None, 5, (3, 4, 3, 6, 22, 64)),
    ("Leucocytes", "G/L", 4, 10, (6.8, 7.1, 6.4, 7, 9.4, 12.1)),
    ("Créatinine", "µmol/L", 45, 84, (78, 80, 79, 82, 91, 98)),
    ("DFG estimé", "mL/min", 60, None, (59, 58, 58, 56, 49, 45)),
    ("Albumine", "g/L", 35, 50, (37, 36, 36, 35, 34, 33)),
    ("Potassium", "mmol/L", 3.5, 5.1, (4.2, 4.3, 4.1, 4.4, 4.6, 4.7)),
    ("Calcium", "mmol/L", 2.2, 2.55, (2.31, 2.29, 2.33, 2.28, 2.26, 2.24)),
    ("Hémoglobine", "g/dL", 12, 16, (12.8, 12.6, 12.7, 12.5, 12.2, 12.1)),
)
CRITICAL = {("Sodium", 128): "LL"}


def demo() -> LabTrends:
    """Results whose last sodium is critical."""
    results = tuple(
        LabResult(name, name, LAST - timedelta(days=days), value, unit, low, high, _flag(name, value, low, high))
        for name, unit, low, high, values in SERIES
        for days, value in zip(DAYS_BEFORE, values, strict=True)
    )
    return LabTrends(results=results, title="Biologie du 20/11/2026", detail="Orne Bio")


def _flag(name: str, value: float, low: float | None, high: float | None) -> str:
    if (name, value) in CRITICAL:
        return CRITICAL[name, value]
    if high is not None and value > high:
        return "H"
    return "L" if low is not None and value < low else "N"
