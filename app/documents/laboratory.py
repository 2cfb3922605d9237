"""Laboratory results out of a file: HL7 v2 ORU messages, FHIR resources in JSON, CDA R2 reports, told apart by content.

Pure functions over bytes; `read_results` runs in a rendering process. Whatever a laboratory sends, the same analysis
gives the same `Result` in each format, so that curves go on from one file to the next.
"""

from __future__ import annotations

import re
from enum import StrEnum

from app.documents.laboratory_results import (
    BROKEN,
    MOST_BYTES,
    NOTHING,
    PDF_INSTEAD,
    TOO_LARGE,
    Result,
    reference_range,
)
from app.documents.laboratory_text import opening, root_of
from app.errors import FileRefused

__all__ = ["Format", "Result", "format_of", "read_results", "reference_range", "refusal_of"]

OTHER_JSON = f"ce fichier JSON n'est pas de la biologie FHIR. {PDF_INSTEAD}"
OTHER_XML = f"ce fichier XML n'est pas un compte rendu de biologie CDA. {PDF_INSTEAD}"
FHIR_XML = "c'est du FHIR en XML, qui ne se lit pas ici. Demandez-le en JSON au laboratoire, ou ajoutez le PDF."
WEB_PAGE = "c'est une page web ou un dessin SVG. Imprimez-le en PDF, puis ajoutez la copie."


class Format(StrEnum):
    """How a laboratory writes; the value is the file's media type."""

    HL7 = "application/hl7-v2"
    FHIR = "application/fhir+json"
    CDA = "application/hl7-cda+xml"


def format_of(content: bytes) -> Format | None:
    """Which of the three a content is, by the content alone; whether it can be read is another question."""
    if content[:64].lstrip(b"\xef\xbb\xbf\x0b\r\n ").startswith(b"MSH|"):
        return Format.HL7
    start = opening(content)
    if start.startswith("{"):
        named = '"resourceType"'
        is_fhir = any(named.encode(alphabet) in content for alphabet in ("ascii", "utf-16-le", "utf-16-be"))
        return Format.FHIR if is_fhir else None
    root = root_of(start)
    # A report that shows itself (« auto-présentable ») stands inside its style sheet.
    if root == "ClinicalDocument" or (root == "stylesheet" and "ClinicalDocument" in start):
        return Format.CDA
    return None


def refusal_of(content: bytes) -> str:
    """Why a JSON or XML that is none of the three is refused; nothing for anything else."""
    start = opening(content)
    if re.match(r"\{\s*[\"}]|\[\s*[\[{\"\d\]-]", start):
        return OTHER_JSON
    root = root_of(start)
    if root.casefold() in ("html", "svg"):
        return WEB_PAGE
    if root and re.search(r"xmlns\s*=\s*[\"']http://hl7\.org/fhir[\"']", start):
        return FHIR_XML
    return OTHER_XML if root or start.startswith("<?xml") else ""


def read_results(content: bytes) -> tuple[Result, ...]:
    """The numeric results of a file, oldest first; a corrected value replaces the first one.

    Raises: FileRefused(reason in French), which never holds anything of the content.
    """
    from app.documents import laboratory_cda, laboratory_fhir, laboratory_hl7

    if len(content) > MOST_BYTES:
        raise FileRefused(TOO_LARGE)
    readers = {Format.FHIR: laboratory_fhir.read, Format.CDA: laboratory_cda.read}
    try:
        results = readers.get(format_of(content) or Format.HL7, laboratory_hl7.read)(content)
    except FileRefused:
        raise
    except Exception as error:
        raise FileRefused(BROKEN) from error
    if not results:
        raise FileRefused(NOTHING)
    return tuple(sorted(results, key=lambda result: result.at))
