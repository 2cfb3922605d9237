"""The list of télédossiers, as a component."""

from components.dossier_browser.component import LABELS, DossierBrowser
from components.dossier_browser.contract import AgendaItem, BrowserContent, BrowserQuery, BrowserRow

__all__ = ["LABELS", "AgendaItem", "BrowserContent", "BrowserQuery", "BrowserRow", "DossierBrowser"]
