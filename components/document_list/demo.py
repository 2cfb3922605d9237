"""The list alone, with three fictional documents and three files on their way; nothing can be sent from here."""

from __future__ import annotations

from components.document_list.component import DocumentList
from components.document_list.contract import ListedArrival, ListedDocument

DOCUMENTS = (
    ListedDocument("a", "Courrier du Dr PETIT", "pdf", "PDF", "PDF · 2 pages · 148 ko · Sain", "Dr P. PETIT · lun. 23 nov. 14:26", "seen", "Vu"),
    ListedDocument("b", "Scanner cérébral", "imaging", "Imagerie", "DICOM · 32 coupes · 4,2 Mo · Sain", "CH d'Alençon · sam. 21 nov. 11:40", "new", "Nouveau"),
    ListedDocument("c", "Photo du talon droit", "picture", "Photographie", "JPEG · 1 600 × 1 200 · 310 ko · Sain", "N. DUBOIS · lun. 23 nov. 14:31", "downloaded", "Téléchargé"),
)  # fmt: skip
ARRIVALS = (
    ListedArrival("d", "Bilan.pdf", "PDF · 96 ko", "N. DUBOIS · 14:40", "examining", "Analyse en cours"),
    ListedArrival("e", "Formulaire.pdf", "PDF · 210 ko", "N. DUBOIS · 14:38", "refused", "Refusé\u00a0:", "il contient un programme (JavaScript).", actions=("flatten", "dismiss")),
    ListedArrival("f", "Ordonnances.pdf", "PDF · 1,2 Mo", "Dr P. PETIT · 14:35", "flattening", "Mise en images : page 3 sur 12", progress=0.25),
)  # fmt: skip


def demo() -> DocumentList:
    """A list in which a document can be chosen."""
    documents = DocumentList(width=400, height=720, selected="a", on_select=lambda _reference: None)
    documents.fill(DOCUMENTS, ARRIVALS)
    return documents
