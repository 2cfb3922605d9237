"""The documents of a dossier, as a list that takes new ones."""

from components.document_list.component import LABELS, DocumentList
from components.document_list.contract import ListedDocument

__all__ = ["LABELS", "DocumentList", "ListedDocument"]
