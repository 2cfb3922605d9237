"""An archive from an imaging department: a zip of DICOM files, of a CD with its DICOMDIR and its viewer, or of folders.

Runs in a rendering process. Nothing is written under a name from the archive. The directory is looked at first, whole
(`outline`); files are then inflated one at a time, each counted while it comes out, so that what the directory says of
sizes is checked and not believed. Files are found by their content: the DICOMDIR names them too, but many archives
have lost theirs, or hold one that does not fit.
"""

from __future__ import annotations

import io
import re
import stat
import warnings
import zipfile
from collections import Counter
from typing import Any

import numpy as np

from app.documents import imaging, imaging_series, imaging_values
from app.documents import imaging_tags as tags
from app.documents.imaging_model import ArchiveOutline, ArchivePart, FoundImage, Scale
from app.errors import FileRefused

MOST_ENTRIES = 3000
LARGEST_ENTRY = 256 << 20  # bytes, inflated
LARGEST_WHOLE = 640 << 20
DEEPEST = 12  # folders in folders
HIGHEST_RATIO = 200  # inflated to compressed; deflate reaches 1032, images of nothing but zeros as well
RATIO_COUNTS_FROM = 4 << 20  # bytes: a black slice is no bomb
PIECE = 1 << 20
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
ENCRYPTED = 0x1

TOO_MANY = f"cette archive contient plus de {MOST_ENTRIES} fichiers. Ajoutez les séries en plusieurs fois."
TOO_LARGE = "cette archive dépasse 640 Mo une fois ouverte. Ajoutez les séries en plusieurs fois."
BOMB = "cette archive se déploie démesurément : c'est une archive piégée ou abîmée."
SECRET = "cette archive est protégée par un mot de passe. Demandez-la sans mot de passe, ou ouvrez-la d'abord."
ESCAPE = "cette archive contient des chemins interdits (« .. », chemin absolu) : elle est piégée ou abîmée."
LINK = "cette archive contient un lien vers un autre fichier : elle est piégée ou abîmée."
DEEP = f"cette archive empile plus de {DEEPEST} dossiers. Ajoutez les séries elles-mêmes."
NESTED = "cette archive en contient une autre. Ouvrez-la, puis ajoutez les séries elles-mêmes."
METHOD = "cette archive est compressée d'une façon qui ne se lit pas ici. Refaites-en un zip ordinaire."
DAMAGED = "cette archive est abîmée ou incomplète. Demandez au service d'imagerie de l'exporter de nouveau."
NOTHING = "cette archive ne contient aucune image DICOM qui puisse être montrée."

# Why a file of the archive is left out: for people, after « laissés de côté ».
PROGRAM = "logiciel de visualisation du CD"
NO_PICTURE = "DICOM sans image (compte rendu, mesures)"
UNREADABLE = "DICOM illisible ou trop grand"
OTHER = "autres fichiers"
TWICE = "images en double"

PROGRAMS = re.compile(
    r"\.(exe|dll|com|bat|cmd|scr|msi|inf|ini|ico|jar|war|class|js|css|html?|xhtml|xml|xsl|php|swf|app|so|dylib|sh|ps1|vbs|lnk|chm|hlp|cfg|conf|properties|manifest|cab|ocx|sys|tlb)$",
    re.IGNORECASE,
)  # fmt: skip
ARCHIVES = (b"PK\x03\x04", b"Rar!\x1a", b"7z\xbc\xaf\x27\x1c", b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0", b"MSCF")


def outline(content: bytes) -> ArchiveOutline | None:
    """Look at the directory of a zip; None when nothing in it is DICOM. Raises: FileRefused."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            if not _holds_dicom(archive, entries):
                if any(entry.flag_bits & ENCRYPTED for entry in entries[:MOST_ENTRIES]):
                    raise FileRefused(SECRET)  # what it holds cannot be known, and this says what to do
                return None
            _check(entries, len(content))
            return ArchiveOutline(len(entries))
    except zipfile.BadZipFile:
        return None
    except (NotImplementedError, RuntimeError, EOFError, ValueError) as error:
        raise FileRefused(DAMAGED) from error


def part(content: bytes, start: int, count: int) -> ArchivePart:
    """What some of the archive's files are, `count` from `start` on. Raises: FileRefused, for the whole archive."""
    images: list[FoundImage] = []
    left_out: Counter[str] = Counter()
    with _opened(content) as archive:
        entries = archive.infolist()
        _check(entries, len(content))
        for number in range(start, min(start + count, len(entries))):
            entry = entries[number]
            if entry.is_dir() or _is_index(entry):
                continue
            found = _look(archive, entry, number)
            if isinstance(found, FoundImage):
                images.append(found)
            else:
                left_out[found] += 1
    return ArchivePart(tuple(images), tuple(sorted(left_out.items())))


def series(content: bytes, entries: tuple[int, ...], frames: tuple[int, ...], gain: float, offset: float) -> bytes:
    """The chosen files as one document, in this order; a single one stays a plain DICOM file.

    The middle image is decoded, to know that it can be shown. Raises: FileRefused.
    """
    with _opened(content) as archive:
        known = archive.infolist()
        instances = (_inflated(archive, known[number]) for number in entries)
        if len(entries) == 1:
            made = imaging_series.cleared(next(instances))
        else:
            made = imaging_series.pack(instances, frames, Scale(gain, offset))
    imaging.read_study(made)
    return made


def _opened(content: bytes) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise FileRefused(DAMAGED) from error


def _holds_dicom(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> bool:
    """By name where it says so (a sealed archive shows no more), else by the first bytes of files."""
    for entry in entries[:MOST_ENTRIES]:
        if _is_index(entry) or entry.filename.lower().endswith(".dcm"):
            return True
        if entry.is_dir() or entry.flag_bits & ENCRYPTED or entry.compress_type not in METHODS:
            continue
        try:
            with archive.open(entry) as file:
                if file.read(132)[128:] == b"DICM":
                    return True
        except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError):
            continue
        except Exception:  # zlib.error and its like: this file is damaged, another may tell
            continue
    return False


def _check(entries: list[zipfile.ZipInfo], length: int) -> None:
    """Every limit that the directory alone can break. Raises: FileRefused."""
    if len(entries) > MOST_ENTRIES:
        raise FileRefused(TOO_MANY)
    for entry in entries:
        _check_path(entry)
        if entry.flag_bits & ENCRYPTED:
            raise FileRefused(SECRET)
        if entry.compress_type not in METHODS:
            raise FileRefused(METHOD)
        if entry.file_size > RATIO_COUNTS_FROM and entry.file_size > HIGHEST_RATIO * max(entry.compress_size, 1):
            raise FileRefused(BOMB)
    if sum(entry.compress_size for entry in entries) > length:
        raise FileRefused(BOMB)  # files that share their bytes: a few kilobytes become terabytes
    if sum(entry.file_size for entry in entries) > LARGEST_WHOLE or any(e.file_size > LARGEST_ENTRY for e in entries):
        raise FileRefused(TOO_LARGE)


def _check_path(entry: zipfile.ZipInfo) -> None:
    """Nothing is ever written under these names; who sends such ones means harm all the same."""
    path = entry.filename.replace("\\", "/")
    parts = [step for step in path.split("/") if step]
    if path.startswith("/") or ".." in parts or re.match(r"[A-Za-z]:", path) or "\0" in entry.orig_filename:
        raise FileRefused(ESCAPE)
    if len(parts) > DEEPEST + 1:
        raise FileRefused(DEEP)
    mode = stat.S_IFMT(entry.external_attr >> 16)
    if mode and mode not in (stat.S_IFREG, stat.S_IFDIR):
        raise FileRefused(LINK)


def _look(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, number: int) -> FoundImage | str:
    """An image, or why the file is left out. Raises: FileRefused, for the whole archive."""
    content = _inflated(archive, entry)
    if content[128:132] != b"DICM":
        if PROGRAMS.search(entry.filename) or content.startswith((b"MZ", b"\x7fELF")):
            return PROGRAM
        if content.startswith(ARCHIVES):
            raise FileRefused(NESTED)
        return OTHER
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            source, frames = imaging.checked(content)
            return _image(source, frames, number, len(content))
        except FileRefused as refusal:
            return NO_PICTURE if refusal.reason == imaging.NO_PICTURE else UNREADABLE
        except Exception:
            return UNREADABLE


def _image(source: Any, frames: int, number: int, size: int) -> FoundImage:
    description = tags.described(source, "SeriesDescription", 80) or tags.described(source, "StudyDescription", 80)
    taken = tags.moment(source)
    instance = tags.clean(source.get("InstanceNumber"), 12)
    return FoundImage(
        entry=number,
        instance_uid=tags.text(source, "SOPInstanceUID", 64),
        series_uid=tags.text(source, "SeriesInstanceUID", 64),
        modality=tags.text(source, "Modality", 16),
        description=description,
        taken_on=taken.date() if taken else None,
        frames=frames,
        rows=int(source.Rows),
        columns=int(source.Columns),
        size=size,
        photometric=tags.text(source, "PhotometricInterpretation", 32),
        position=_position(source),
        number=int(instance) if re.fullmatch(r"-?\d{1,9}", instance) else None,
        values=imaging_values.values_of(source, frames),
        identity=tags.identity(source),
    )


def _position(source: Any) -> float | None:
    """Millimetres along the normal of the slices, which orders them whatever their numbers (PS3.3 C.7.6.2.1.1)."""
    axes = tags.orientation(source)
    corner = [float(part) for part in tags.several(source.get("ImagePositionPatient"))]
    if not axes or len(corner) != 3 or not np.isfinite(corner).all():
        return None
    return round(float(np.dot(np.cross(axes[:3], axes[3:]), corner)), 3)


def _is_index(entry: zipfile.ZipInfo) -> bool:
    return entry.filename.replace("\\", "/").rsplit("/", 1)[-1].upper() in ("DICOMDIR", imaging_series.TABLE.upper())


def _inflated(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """A file of the archive, never more than its directory says. Raises: FileRefused."""
    whole = io.BytesIO()
    try:
        with archive.open(entry) as file:
            while piece := file.read(PIECE):
                whole.write(piece)
                if whole.tell() > entry.file_size:
                    raise FileRefused(BOMB)
    except FileRefused:
        raise
    except Exception as error:  # a wrong checksum, a header that contradicts the directory, a broken stream
        raise FileRefused(DAMAGED) from error
    if whole.tell() != entry.file_size:
        raise FileRefused(DAMAGED)
    return whole.getvalue()
