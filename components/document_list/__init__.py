"""The documents of a dossier, as a list that takes new ones."""

from components.document_list.component import LABELS, DocumentList
from components.document_list.contract import ListedArrival, ListedDocument

__all__ = ["LABELS", "DocumentList", "ListedArrival", "ListedDocument"]
