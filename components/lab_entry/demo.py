"""The form alone, with three analyses; nothing is kept."""

from __future__ import annotations

from components.lab_entry.component import LabEntry
from components.lab_entry.contract import EntryAnalysis, EntryUnit

ANALYSES = (
    EntryAnalysis("Sodium", (EntryUnit("mmol/L", "137", "145", "NORIP 2004"),), ("Natrémie",)),
    EntryAnalysis("Potassium", (EntryUnit("mmol/L", "3,6", "4,6", "NORIP 2004"),), ("Kaliémie",)),
    EntryAnalysis("Glucose", (EntryUnit("mmol/L"), EntryUnit("g/L")), ("Glycémie",)),
)
ROW = {"analysis": "Potassium", "value": "142", "unit": "mmol/L", "low": "3,6", "high": "4,6", "comment": ""}
FORM = {"day": "2026-11-20", "time": "08:15", "laboratory": "Orne Bio", "rows": [{"id": "r1", **ROW}]}


def demo() -> LabEntry:
    """A form whose only value is asked about."""
    entry = LabEntry(form=FORM, width=900)
    entry.propose(ANALYSES)
    entry.answer({}, {"r1.value": "142 mmol/L de potassium ? D'habitude entre 1 et 12 mmol/L."})
    return entry
