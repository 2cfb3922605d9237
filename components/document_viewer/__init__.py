"""A document to be read in the page: pages of a PDF with its text and search."""

from components.document_viewer.component import LABELS, DocumentViewer
from components.document_viewer.contract import Information, PageSource, Place, Word, WordsOfPage

__all__ = ["LABELS", "DocumentViewer", "Information", "PageSource", "Place", "Word", "WordsOfPage"]
