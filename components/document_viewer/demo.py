"""The viewer alone, on a letter made on the spot: pages come through the component's channel, there are no routes."""

from __future__ import annotations

import html
from collections.abc import Sequence
from functools import cached_property

from components.document_viewer.component import DocumentViewer
from components.document_viewer.contract import Information, Place, Word, WordsOfPage

LETTER = (
    (
        "Dr Paul PETIT, médecin coordonnateur",
        "EHPAD Les Tilleuls, 61000 Alençon",
        "",
        "Objet : avis gériatrique, troubles du comportement d'apparition récente",
        "",
        "Chère consœur,",
        "Je vous remercie de donner votre avis sur Mme MERCIER, 88 ans, résidente depuis mars 2024,",
        "suivie pour une maladie d'Alzheimer diagnostiquée en 2021 (MMSE 17/30 en juin 2026).",
        "Depuis dix jours, l'équipe observe une agitation vespérale et deux épisodes d'opposition.",
        "Le sommeil est fragmenté. L'appétit a diminué (perte de 1,8 kg en trois semaines).",
    ),
    (
        "La biologie du 20 novembre montre une hyponatrémie à 128 mmol/L.",
        "Mes questions portent sur la cause de cette décompensation, la place de l'oxybutynine",
        "dans la maladie d'Alzheimer et la conduite à tenir la nuit.",
        "",
        "Bien confraternellement,",
        "Dr PETIT",
    ),
)


def demo() -> DocumentViewer:
    """A fictional letter of two pages."""
    return DocumentViewer(PdfPages(letter(), "Courrier.pdf"), title="Courrier du Dr PETIT", height=720, width=1040)


def letter() -> bytes:
    """The letter as a PDF."""
    import pymupdf

    with pymupdf.open() as document:
        for lines in LETTER:
            text = "<br>".join(html.escape(line) for line in lines)
            page = document.new_page()
            page.insert_htmlbox(pymupdf.Rect(64, 80, 540, 780), f'<p style="font: 11px/1.8 sans-serif">{text}</p>')
        return bytes(document.tobytes())


class PdfPages:
    """A PDF of one's own as a `PageSource`. MuPDF works in this process: not for files from outside."""

    def __init__(self, content: bytes, name: str) -> None:
        self._content, self._name = content, name

    @cached_property
    def _document(self):  # type: ignore[no-untyped-def]
        import pymupdf

        return pymupdf.open(stream=self._content, filetype="pdf")

    def information(self) -> Information:
        sizes = tuple((page.rect.width, page.rect.height) for page in self._document)
        return Information(sizes, text=any(page.get_text().strip() for page in self._document))

    def image(self, page: int, width: int) -> bytes:
        import pymupdf

        wanted = self._page(page)
        zoom = width / wanted.rect.width
        drawn = wanted.get_pixmap(matrix=pymupdf.Matrix(zoom, zoom), alpha=False)
        return bytes(drawn.tobytes("png"))

    def words(self, page: int) -> WordsOfPage:
        wanted = self._page(page)
        found = tuple(Word(tuple(word[:4]), word[4]) for word in wanted.get_text("words", sort=True))
        return WordsOfPage(wanted.rect.width, found)

    def search(self, text: str) -> Sequence[Place]:
        return [Place(page.number + 1, [tuple(box)]) for page in self._document for box in page.search_for(text)]

    def content(self) -> tuple[str, str, bytes]:
        return self._name, "application/pdf", self._content

    def _page(self, number: int):  # type: ignore[no-untyped-def]
        if not 1 <= number <= self._document.page_count:
            raise LookupError
        return self._document[number - 1]
