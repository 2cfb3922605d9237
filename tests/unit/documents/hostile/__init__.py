"""Files that mean harm, made by code, each a case with a name and the motive it has to be refused for."""

from __future__ import annotations

from tests.unit.documents.hostile.other_files import OTHER_FILES
from tests.unit.documents.hostile.pdf_files import FLATTENABLE, PDF_FILES

# name of the file -> (its content, what the refusal says)
HOSTILE = {**FLATTENABLE, **PDF_FILES, **OTHER_FILES}

__all__ = ["FLATTENABLE", "HOSTILE", "OTHER_FILES", "PDF_FILES"]
