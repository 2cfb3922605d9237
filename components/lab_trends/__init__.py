"""Laboratory results as curves and as a table."""

from components.lab_trends.component import LabTrends
from components.lab_trends.contract import LabResult
from components.lab_trends.words import LABELS

__all__ = ["LABELS", "LabResult", "LabTrends"]
