"""Curves alone, over four analyses and five fictional dates."""

from __future__ import annotations

from datetime import datetime, timedelta

from components.lab_trends.component import LabTrends
from components.lab_trends.contract import LabResult

SERIES = (
    ("Sodium", "mmol/L", 136, 145, (139, 138, 135, 132, 128), "LL"),
    ("CRP", "mg/L", None, 5, (3, 3, 6, 38, 64), "H"),
    ("Potassium", "mmol/L", 3.5, 5.1, (4.2, 4.1, 4.4, 4.6, 4.8), "N"),
    ("Hémoglobine", "g/dL", 12, 16, (12.9, 12.8, 12.4, 12.1, 11.8), "L"),
)


def demo() -> LabTrends:
    """Results whose last sodium is critical."""
    last = datetime(2026, 11, 21, 8, 15)
    results = [
        LabResult(name, name, last - timedelta(days=30 * (4 - i)), value, unit, low, high, flag if i == 4 else "N")
        for name, unit, low, high, values, flag in SERIES
        for i, value in enumerate(values)
    ]
    return LabTrends(results=tuple(results), title="Biologie de la résidente fictive")
