"""The gate: what a file truly is, by its content, and whether it may enter a dossier.

Runs only inside a rendering process (`rendering_tasks.inspect`), with limits on memory and time: these bytes come from
outside. Everything refused is refused for its own reason, in words that say what to do.
"""

from __future__ import annotations

import io
import re
import unicodedata
from dataclasses import dataclass, field
from typing import Any

from app.documents.models import DocumentKind
from app.errors import FileRefused

MOST_PAGES = 2000
MOST_PIXELS = 60_000_000
MOST_OBJECTS = 200_000
# Names of PDF features that act on the reader's machine (ISO 32000-2, 12.6.4 and 7.11.4).
ACTIVE = {
    b"/JavaScript": "il contient un programme (JavaScript)",
    b"/JS": "il contient un programme (JavaScript)",
    b"/Launch": "il lance un autre programme",
    b"/EmbeddedFile": "il contient d'autres fichiers",
    b"/RichMedia": "il contient un média actif",
    b"/XFA": "c'est un formulaire actif (XFA)",
}
EXTENSIONS = {
    "pdf": DocumentKind.PDF,
    "jpg": DocumentKind.PICTURE,
    "jpeg": DocumentKind.PICTURE,
    "png": DocumentKind.PICTURE,
    "webp": DocumentKind.PICTURE,
    "dcm": DocumentKind.IMAGING,
    "hl7": DocumentKind.LABORATORY,
    "oru": DocumentKind.LABORATORY,
}
ARTICLES = {
    DocumentKind.PDF: "un PDF",
    DocumentKind.PICTURE: "une image",
    DocumentKind.IMAGING: "une imagerie DICOM",
    DocumentKind.LABORATORY: "des résultats de biologie",
}
INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


@dataclass(frozen=True)
class Inspected:
    """What the gate found. `replacement` is the content to keep instead, when it had to be changed."""

    kind: DocumentKind
    media_type: str
    detail: dict[str, Any] = field(default_factory=dict)
    replacement: bytes | None = None


def display_name(name: str) -> str:
    """A file's name as it is shown: one line, no control or direction marks, 120 characters at most."""
    name = INVISIBLE.sub("", unicodedata.normalize("NFC", name)).replace("\\", "/").rsplit("/", 1)[-1]
    name = "".join(letter for letter in name if unicodedata.category(letter)[0] != "C").strip()
    if len(name) > 120:
        stem, dot, extension = name.rpartition(".")
        name = f"{stem[:110]}…{dot}{extension[:8]}" if dot else name[:120]
    return name or "document"


def inspect(content: bytes, filename: str) -> Inspected:
    """What the content is. Raises: FileRefused(reason)."""
    if not content:
        raise FileRefused("il est vide.")
    kind = _kind_of(content)
    if kind is None:
        raise FileRefused("ce n'est ni un PDF, ni une image JPEG, PNG ou WebP, ni du DICOM, ni de la biologie HL7.")
    claimed = EXTENSIONS.get(filename.rsplit(".", 1)[-1].casefold()) if "." in filename else None
    if claimed not in (None, kind):
        raise FileRefused(
            f"son nom annonce {ARTICLES[claimed]}, mais c'est {ARTICLES[kind]}. Renommez-le, puis ajoutez-le."
        )
    checks = {
        DocumentKind.PDF: _pdf,
        DocumentKind.PICTURE: _picture,
        DocumentKind.IMAGING: _imaging,
        DocumentKind.LABORATORY: _laboratory,
    }
    return checks[kind](content)


def _kind_of(content: bytes) -> DocumentKind | None:
    head = content[:1024]
    if content[128:132] == b"DICM":
        return DocumentKind.IMAGING
    if b"%PDF-" in head[:1024]:
        return DocumentKind.PDF
    if head.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP"):
        return DocumentKind.PICTURE
    if head.lstrip(b"\x0b\r\n ").startswith(b"MSH|"):
        return DocumentKind.LABORATORY
    return None


def _pdf(content: bytes) -> Inspected:
    import pymupdf

    pymupdf.TOOLS.mupdf_display_errors(False)
    try:
        document = pymupdf.open(stream=content, filetype="pdf")
    except Exception as error:
        raise FileRefused("ce PDF est abîmé et ne s'ouvre pas. Enregistrez-le de nouveau, puis ajoutez-le.") from error
    with document:
        if document.needs_pass:
            raise FileRefused("il est protégé par un mot de passe. Enregistrez-le sans mot de passe, puis ajoutez-le.")
        if not document.is_pdf or document.page_count == 0:
            raise FileRefused("ce PDF est abîmé et ne contient aucune page lisible.")
        if document.page_count > MOST_PAGES:
            raise FileRefused(f"il a plus de {MOST_PAGES} pages. Séparez-le en plusieurs fichiers.")
        _refuse_active(document)
        try:
            first = document[0]
            zoom = min(1.0, 600 / max(first.rect.width, first.rect.height, 1))
            first.get_pixmap(matrix=pymupdf.Matrix(zoom, zoom), alpha=False)
            text = any(document[number].get_text().strip() for number in range(min(3, document.page_count)))
        except Exception as error:
            raise FileRefused("ce PDF est abîmé : sa première page ne s'affiche pas.") from error
        return Inspected(DocumentKind.PDF, "application/pdf", {"pages": document.page_count, "text": text})


def _refuse_active(document: Any) -> None:
    if document.embfile_count():
        raise FileRefused("il contient d'autres fichiers. Enregistrez-le sans pièces jointes, puis ajoutez-le.")
    if document.xref_length() > MOST_OBJECTS:
        raise FileRefused("sa structure est anormalement grande.")
    for number in range(1, document.xref_length()):
        try:
            source = document.xref_object(number, compressed=True).encode()
        except Exception:  # a broken object is not an active one
            continue
        for name, reason in ACTIVE.items():
            if re.search(re.escape(name) + rb"(?![A-Za-z])", source):
                raise FileRefused(f"{reason}. Imprimez-le en PDF, puis ajoutez la copie.")


def _picture(content: bytes) -> Inspected:
    from PIL import Image, ImageOps

    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    try:
        with Image.open(io.BytesIO(content)) as image:
            width, height = image.size
            if width * height > MOST_PIXELS:
                raise FileRefused("cette image est trop grande (plus de 60 millions de points).")
            form = image.format or ""
            exif = image.getexif()
            turned, placed = exif.get(0x0112, 1) != 1, 0x8825 in exif
            image.load()
            replacement = None
            if turned or placed:  # upright, and without the place where it was taken
                image = ImageOps.exif_transpose(image)
                target = io.BytesIO()
                image.save(target, form, quality=92)
                replacement, (width, height) = target.getvalue(), image.size
    except FileRefused:
        raise
    except Exception as error:
        raise FileRefused("cette image est abîmée ou incomplète. Reprenez la photographie, puis ajoutez-la.") from error
    detail = {"width": width, "height": height, "format": form}
    return Inspected(DocumentKind.PICTURE, f"image/{form.lower()}", detail, replacement)


def _imaging(content: bytes) -> Inspected:
    from app.documents import imaging

    study = imaging.read_study(content)
    detail = {"frames": study.frames, "modality": study.modality, "rows": study.rows, "columns": study.columns}
    return Inspected(DocumentKind.IMAGING, "application/dicom", detail)


def _laboratory(content: bytes) -> Inspected:
    from app.documents import laboratory

    results = laboratory.read_results(content)
    detail = {"analyses": len({result.code for result in results}), "dates": len({result.at for result in results})}
    return Inspected(DocumentKind.LABORATORY, "application/hl7-v2", detail)
