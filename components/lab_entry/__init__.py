"""A laboratory report typed by hand."""

from components.lab_entry.component import LABELS, LabEntry
from components.lab_entry.contract import EntryAnalysis, EntryUnit

__all__ = ["LABELS", "EntryAnalysis", "EntryUnit", "LabEntry"]
