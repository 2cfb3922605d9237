"""The gate for PDF: opens, is whole, holds nothing that acts, and its first page can be drawn.

Every object is read, those in object streams too: `/JavaScript` in one of them is invisible to a search in the bytes.
"""

from __future__ import annotations

import re
from typing import Any

from app.errors import FileRefused

MOST_PAGES = 2000
MOST_OBJECTS = 300_000
LARGEST_SIDE = 14_400  # points: the limit of PDF itself (ISO 32000-1, annex C)
TAIL = 66_000  # bytes: a zip's end record and its longest comment
# Names of features that act on the reader's machine or carry other files (ISO 32000-2, 7.11.4, 12.6.4, 13).
ACTIVE = {
    "JavaScript": "il contient un programme (JavaScript)",
    "JS": "il contient un programme (JavaScript)",
    "Rendition": "il contient un média actif",
    "RichMedia": "il contient un média actif",
    "Launch": "il lance un autre programme",
    "EmbeddedFile": "il contient d'autres fichiers",
    "EmbeddedFiles": "il contient d'autres fichiers",
    "GoToE": "il contient d'autres fichiers",
    "XFA": "c'est un formulaire actif (XFA)",
    "SubmitForm": "il envoie ce qu'on y saisit à une adresse",
    "ImportData": "il va chercher des données ailleurs",
}
NAMES = re.compile(r"/(" + "|".join(sorted(ACTIVE, key=len, reverse=True)) + r")(?![A-Za-z0-9_.#-])")
TEXT_STRING = re.compile(r"\((?:\\.|[^\\()])*\)", re.DOTALL)  # « (…/JavaScript…) » is a word, not a name


def examine(content: bytes) -> dict[str, Any]:
    """Pages, whether there is text, whether it is signed. Raises: FileRefused(reason)."""
    import pymupdf

    pymupdf.TOOLS.mupdf_display_errors(False)
    pymupdf.TOOLS.mupdf_display_warnings(False)
    end = content.rfind(b"%%EOF", -TAIL)
    if end < 0:
        raise FileRefused("ce PDF est incomplet : sa fin manque. Enregistrez-le de nouveau, puis ajoutez-le.")
    if b"PK\x05\x06" in content[end:]:
        raise FileRefused("une archive est cachée dans ce PDF. Imprimez-le en PDF, puis ajoutez la copie.")
    try:
        document = pymupdf.open(stream=content, filetype="pdf")
    except MemoryError:
        raise
    except Exception as error:
        raise _damaged() from error
    with document:
        return _examine(document)


def _examine(document: Any) -> dict[str, Any]:
    if document.needs_pass:
        raise FileRefused("il est protégé par un mot de passe. Enregistrez-le sans mot de passe, puis ajoutez-le.")
    if not document.is_pdf:
        raise _damaged()
    try:
        pages = document.page_count
    except Exception as error:
        raise _damaged() from error
    if pages == 0:
        raise FileRefused("ce PDF ne contient aucune page. Enregistrez-le de nouveau, puis ajoutez-le.")
    if pages > MOST_PAGES:
        raise FileRefused(f"il a plus de {MOST_PAGES} pages. Séparez-le en plusieurs fichiers.")
    _refuse_active(document)
    try:
        first = document[0]
        size = max(first.rect.width, first.rect.height)
        zoom = min(1.0, 600 / max(size, 1))
        first.get_pixmap(matrix=_matrix(zoom), alpha=False)
        text = any(document[number].get_text().strip() for number in range(min(3, pages)))
    except MemoryError:
        raise
    except Exception as error:
        raise FileRefused(
            "ce PDF est abîmé : sa première page ne s'affiche pas. Enregistrez-le de nouveau, puis ajoutez-le."
        ) from error
    if size > LARGEST_SIDE:
        raise FileRefused("sa page est plus grande que ce qu'un PDF permet.")
    return {"pages": pages, "text": text, "signed": document.get_sigflags() == 3}


def _matrix(zoom: float) -> Any:
    import pymupdf

    return pymupdf.Matrix(zoom, zoom)


def _refuse_active(document: Any) -> None:
    if document.embfile_count():
        raise FileRefused("il contient d'autres fichiers. Enregistrez-le sans pièces jointes, puis ajoutez-le.")
    if document.xref_length() > MOST_OBJECTS:
        raise FileRefused("sa structure est anormalement grande. Imprimez-le en PDF, puis ajoutez la copie.")
    for number in range(1, document.xref_length()):
        try:
            source = document.xref_object(number, compressed=True)
        except MemoryError:
            raise
        except Exception:  # a broken object is not an active one
            continue
        if found := NAMES.search(TEXT_STRING.sub("()", source)):
            raise FileRefused(f"{ACTIVE[found[1]]}. Imprimez-le en PDF, puis ajoutez la copie.", flattenable=True)


def _damaged() -> FileRefused:
    return FileRefused("ce PDF est abîmé et ne s'ouvre pas. Enregistrez-le de nouveau, puis ajoutez-le.")
