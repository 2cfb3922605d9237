"""The demo's files, made by the product itself, the same for the same day: letters, photographs, a scan, blood tests."""

from __future__ import annotations

from app.demo.blood import blood_tests
from app.demo.letters import letter, treatment
from app.demo.scan import head_scan
from app.demo.wound import wound_photo

__all__ = ["blood_tests", "head_scan", "letter", "treatment", "wound_photo"]
