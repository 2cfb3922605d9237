"""Laboratory results as curves."""

from components.lab_trends.component import LabTrends
from components.lab_trends.contract import LabResult

__all__ = ["LabResult", "LabTrends"]
