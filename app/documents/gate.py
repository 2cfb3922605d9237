"""The gate: what a file truly is, by its content, and whether it may enter a dossier.

`inspect` runs only inside a rendering process (`rendering_tasks.inspect`), with limits on memory and time: these bytes
come from outside. Everything refused is refused for its own reason, in words that say what to do.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from typing import Any

from app.documents import laboratory
from app.documents.imaging_model import SERIES_TYPE, ArchiveOutline, FileIdentity
from app.documents.models import DocumentKind
from app.errors import FileRefused

LONGEST_NAME = 120
EXTENSIONS = {
    DocumentKind.PDF: ("pdf",),
    DocumentKind.PICTURE: ("jpg", "jpeg", "jpe", "jfif", "png", "webp"),
    DocumentKind.IMAGING: ("dcm", "dicom", "dic"),
    DocumentKind.LABORATORY: ("hl7", "oru", "er7", "txt", "json", "xml", "cda", "fhir"),
}
KIND_OF_EXTENSION = {extension: kind for kind, names in EXTENSIONS.items() for extension in names}
ARTICLES = {
    DocumentKind.PDF: "un PDF",
    DocumentKind.PICTURE: "une image",
    DocumentKind.IMAGING: "une imagerie DICOM",
    DocumentKind.LABORATORY: "des résultats de biologie",
}
HEIC = "le format HEIC des iPhone ne se lit pas ici. Enregistrez la photographie en JPEG, puis ajoutez-la."
PROGRAM = "c'est un programme."
ARCHIVE = "c'est une archive. Ouvrez-la, puis ajoutez ses fichiers un par un."
# What people try to add and what they can do instead: (at, first bytes, reason).
UNWELCOME = (
    (4, b"ftypheic", HEIC),
    (4, b"ftypheix", HEIC),
    (4, b"ftypmif1", HEIC),
    (4, b"ftypavif", "le format AVIF ne se lit pas ici. Enregistrez l'image en JPEG, puis ajoutez-la."),
    (4, b"ftyp", "c'est une vidéo. Ajoutez un PDF, une image, une imagerie DICOM ou une biologie (HL7, FHIR, CDA)."),
    (0, b"GIF8", "le format GIF ne se lit pas ici. Enregistrez l'image en JPEG ou PNG, puis ajoutez-la."),
    (0, b"BM", "le format BMP ne se lit pas ici. Enregistrez l'image en JPEG ou PNG, puis ajoutez-la."),
    (0, b"II*\0", "le format TIFF ne se lit pas ici. Enregistrez l'image en PDF ou JPEG, puis ajoutez-la."),
    (0, b"MM\0*", "le format TIFF ne se lit pas ici. Enregistrez l'image en PDF ou JPEG, puis ajoutez-la."),
    (0, b"\xd0\xcf\x11\xe0", "c'est un document bureautique. Enregistrez-le en PDF, puis ajoutez-le."),
    (0, b"{\\rtf", "c'est un document bureautique. Enregistrez-le en PDF, puis ajoutez-le."),
    (0, b"MZ", PROGRAM),
    (0, b"\x7fELF", PROGRAM),
    (0, b"#!", PROGRAM),
    (0, b"PK\x05\x06", ARCHIVE),
    (0, b"7z\xbc\xaf\x27\x1c", ARCHIVE),
    (0, b"Rar!", ARCHIVE),
    (0, b"\x1f\x8b", ARCHIVE),
    (0, b"BZh", ARCHIVE),
    (0, b"\xfd7zXZ", ARCHIVE),
    (0, b"MSCF", ARCHIVE),
    (257, b"ustar", ARCHIVE),
    (32769, b"CD001", ARCHIVE),
)  # fmt: skip
OFFICE_PARTS = (b"word/", b"xl/", b"ppt/", b"mimetypeapplication/vnd.oasis.opendocument")
INVISIBLE = re.compile("[\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")


@dataclass(frozen=True)
class Inspected:
    """What the gate found. `replacement` is the content to keep instead, when it had to be changed.

    `detail` is shown and kept as JSON; `taken` in it is when a picture was taken, as its camera says (no time zone).
    `identity`: who an image says it shows, to be compared and not kept. `archive`: DICOM files in a zip, which
    `imaging_adding` takes apart into documents.
    """

    kind: DocumentKind
    media_type: str
    detail: dict[str, Any] = field(default_factory=dict)
    replacement: bytes | None = None
    identity: FileIdentity | None = None
    archive: ArchiveOutline | None = None


def display_name(name: str) -> str:
    """A file's name as it is shown: one line, no folder, no control or direction marks, 120 characters at most."""
    name = INVISIBLE.sub("", unicodedata.normalize("NFC", name)).replace("\\", "/").rsplit("/", 1)[-1]
    name = "".join(" " if letter.isspace() else letter for letter in name)
    name = "".join(letter for letter in name if unicodedata.category(letter)[0] != "C")
    name = " ".join(name.split()).lstrip(".")
    if len(name) > LONGEST_NAME:
        stem, dot, extension = name.rpartition(".")
        ending = f"{dot}{extension}" if dot and len(extension) <= 8 else ""
        name = f"{(stem if ending else name)[: LONGEST_NAME - len(ending) - 1].rstrip()}…{ending}"
    return name or "document"


def title_of(filename: str) -> str:
    """What a document is called, from its file's name: without extension, underscores as spaces."""
    stem, _dot, extension = filename.rpartition(".")
    known = extension.casefold() in KIND_OF_EXTENSION
    return " ".join((stem if known and stem else filename).replace("_", " ").split()) or "Document"


def with_extension(filename: str, kind: DocumentKind, media_type: str) -> str:
    """The name under which a document is saved: with an extension of its kind, whatever it came with."""
    extension = filename.rpartition(".")[2].casefold() if "." in filename else ""
    if media_type == SERIES_TYPE:
        return filename if extension == "zip" else f"{filename}.zip"
    if extension in EXTENSIONS[kind]:
        return filename
    usual = {
        "image/jpeg": "jpg",
        "image/png": "png",
        "image/webp": "webp",
        laboratory.Format.FHIR.value: "json",
        laboratory.Format.CDA.value: "xml",
    }
    return f"{filename}.{usual.get(media_type, EXTENSIONS[kind][0])}"


def inspect(content: bytes, filename: str) -> Inspected:
    """What the content is. Raises: FileRefused(reason)."""
    from app.documents import gate_pdf, gate_picture

    if not content:
        raise FileRefused("il est vide.")
    kind = kind_of(content)
    if kind is None and content.startswith(b"PK\x03\x04"):
        from app.documents import imaging_archive

        if outline := imaging_archive.outline(content):
            _check_name(filename, DocumentKind.IMAGING)
            return Inspected(DocumentKind.IMAGING, SERIES_TYPE, archive=outline)
    if kind is None:
        raise FileRefused(_why_not(content))
    _check_name(filename, kind)
    if kind is DocumentKind.PDF:
        return Inspected(kind, "application/pdf", gate_pdf.examine(content))
    if kind is DocumentKind.PICTURE:
        media_type, detail, replacement = gate_picture.examine(content)
        return Inspected(kind, media_type, detail, replacement)
    if kind is DocumentKind.IMAGING:
        from app.documents import imaging

        identity = imaging.read_identity(content)
        return Inspected(kind, "application/dicom", _imaging(content), identity=identity)
    written = laboratory.format_of(content) or laboratory.Format.HL7
    return Inspected(kind, written.value, _laboratory(content))


def kind_of(content: bytes) -> DocumentKind | None:
    """What the content is, by itself and nothing else."""
    if content.startswith(b"%PDF-"):
        return DocumentKind.PDF
    if content.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")) or (content[:4], content[8:12]) == (
        b"RIFF",
        b"WEBP",
    ):
        return DocumentKind.PICTURE
    if content[128:132] == b"DICM":
        return DocumentKind.IMAGING
    return DocumentKind.LABORATORY if laboratory.format_of(content) else None


def _why_not(content: bytes) -> str:
    for at, first, reason in UNWELCOME:
        if content[at : at + len(first)] == first:
            return reason
    if content.startswith(b"PK\x03\x04"):
        if any(part in content[:65536] for part in OFFICE_PARTS):
            return "c'est un document bureautique. Enregistrez-le en PDF, puis ajoutez-le."
        return ARCHIVE
    if b"%PDF-" in content[:1024]:
        return "ce PDF commence par autre chose qu'un PDF. Imprimez-le en PDF, puis ajoutez la copie."
    other = "ce n'est ni un PDF, ni une image JPEG, PNG ou WebP, ni du DICOM, ni de la biologie (HL7, FHIR, CDA)."
    return laboratory.refusal_of(content) or other


def _check_name(filename: str, kind: DocumentKind) -> None:
    """The name must not promise something else: whoever sees « radio.jpg » must not get a program or a text."""
    stem, dot, extension = filename.rpartition(".")
    extension = extension.casefold()
    if not dot or not stem or extension in EXTENSIONS[kind]:
        return
    claimed = KIND_OF_EXTENSION.get(extension)
    if claimed is not None:
        raise FileRefused(
            f"c'est {ARTICLES[kind]}, pas {ARTICLES[claimed]} comme son nom l'annonce. "
            "Vérifiez que c'est le bon fichier, renommez-le, puis ajoutez-le."
        )
    # Imaging devices end names with anything: « 1.2.840.113619 », « IM-0001.MR ».
    if kind is not DocumentKind.IMAGING and re.fullmatch(r"[a-z][a-z0-9]{0,4}", extension):
        raise FileRefused(
            f"c'est {ARTICLES[kind]}, mais son nom finit par « .{extension} ». "
            f"Renommez-le en « .{EXTENSIONS[kind][0]} », puis ajoutez-le."
        )


def _imaging(content: bytes) -> dict[str, Any]:
    from app.documents import gate_imaging, imaging

    study = imaging.read_study(content)
    gate_imaging.refuse_lying(content)
    detail = {"frames": study.frames, "modality": study.modality, "rows": study.rows, "columns": study.columns}
    if study.taken_on:
        detail["taken"] = study.taken_on.isoformat()
    return detail


def _laboratory(content: bytes) -> dict[str, Any]:
    results = laboratory.read_results(content)
    return {"analyses": len({result.code for result in results}), "dates": len({result.at for result in results})}
