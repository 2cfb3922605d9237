"""The list alone, with three fictional documents; nothing can be sent from here."""

from __future__ import annotations

from components.document_list.component import DocumentList
from components.document_list.contract import ListedDocument

DOCUMENTS = (
    ListedDocument("a", "Courrier du Dr PETIT", "pdf", "PDF", "PDF · 2 pages · 148 ko", "Dr P. PETIT · lun. 23 nov. 14:26", "seen", "Vu"),
    ListedDocument("b", "Scanner cérébral", "imaging", "Imagerie", "DICOM · 32 coupes · 4,2 Mo", "CH d'Alençon · sam. 21 nov. 11:40", "new", "Nouveau"),
    ListedDocument("c", "Photo du talon droit", "picture", "Photographie", "JPEG · 1 600 × 1 200 · 310 ko", "N. DUBOIS · lun. 23 nov. 14:31", "downloaded", "Téléchargé"),
)  # fmt: skip


def demo() -> DocumentList:
    """A list in which a document can be chosen."""
    documents = DocumentList(width=400, height=480, selected="a", on_select=lambda _reference: None)
    documents.fill(DOCUMENTS)
    return documents
