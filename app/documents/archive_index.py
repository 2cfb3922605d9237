"""The index of an archive: one page of French HTML that says what is in it, whose it is, and how to check it.

Pure functions. The page is opened from a disk years later: no script, nothing loaded from anywhere, links that stay
inside the archive, every word escaped; it prints on A4.
"""

from __future__ import annotations

import html
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from app.documents import gate
from app.documents.laboratory_typing import TypedState, is_typed
from app.documents.models import Document, DocumentReading
from app.dossiers.service import DossierView
from app.french import NO_BREAK_SPACE, file_size, ins, local, numeric_date
from app.identity.models import Professional

FOLDER = "documents"
LONGEST_NAME = 150  # bytes in UTF-8: with its folders, a path stays below the 260 letters of Windows
FORBIDDEN = str.maketrans({letter: "-" for letter in '<>:"/\\|?*'})  # in Windows' file names
_LOOK = (Path(__file__).parent / "archive_index.css").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Line:
    """One document of the index; `path` is empty for one that is not in the archive. `*_at` are the reader's own."""

    position: int
    path: str
    title: str
    kind: str
    author: str
    created_at: datetime
    dated_at: datetime | None
    size: int
    sha256: str
    seen_at: datetime | None
    downloaded_at: datetime | None
    note: str = ""
    damaged: bool = False


def lines_of(
    documents: Sequence[Document], theirs: Mapping[int, DocumentReading], states: Mapping[str, TypedState]
) -> list[Line]:
    """A line per document, as its reader stands before this archive."""
    positions = {document.reference: position for position, document in enumerate(documents, 1)}
    lines = []
    for position, document in enumerate(documents, 1):
        reading = theirs.get(document.id or 0)
        lines.append(
            Line(
                position=position,
                path=document_path(position, len(documents), document.filename),
                title=document.title,
                kind=document.kind.label,
                author=document.author_name,
                created_at=document.created_at,
                dated_at=document.dated_at,
                size=document.size,
                sha256=document.sha256,
                seen_at=reading.seen_at if reading else None,
                downloaded_at=reading.downloaded_at if reading else None,
                note=_note(document, states.get(document.reference), positions),
            )
        )
    return lines


def document_path(position: int, count: int, filename: str) -> str:
    """« documents/03 Courrier.pdf »: a name that Windows and macOS take, unlike any other whatever their capitals."""
    return f"{FOLDER}/{position:0{max(2, len(str(count)))}} {safe_name(filename)}"


def safe_name(filename: str) -> str:
    """A file's name without what Windows forbids, without direction marks, of bounded length, its extension kept."""
    name = gate.INVISIBLE.sub("", unicodedata.normalize("NFC", filename)).translate(FORBIDDEN)
    name = "".join(letter if unicodedata.category(letter)[0] != "C" else "-" for letter in name)
    name = " ".join(name.split())
    stem, dot, extension = name.rpartition(".")
    if not stem or len(extension) > 8:
        stem, dot, extension = name, "", ""
    room = LONGEST_NAME - len(f"{dot}{extension}".encode())
    stem = stem.encode()[:room].decode(errors="ignore").strip(" .")
    return f"{stem or 'document'}{dot}{extension}".rstrip(" .")


def in_place_of(line: Line) -> str:
    """The text that stands where a damaged document should."""
    return (
        f"Le document n° {line.position}, « {line.title} », est endommagé dans Télédossier :\r\n"
        "il n'a pas pu être mis dans cette archive. Les autres documents sont intacts.\r\n"
        "Appelez l'assistance, ou demandez-le de nouveau à la personne qui l'a déposé :\r\n"
        f"{line.author}, le {_when(line.created_at)}.\r\n"
    )


def head(title: str) -> str:
    """What a page of the archive begins with; it may load and run nothing."""
    return (
        '<!DOCTYPE html>\n<html lang="fr"><head><meta charset="utf-8">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{_text(title)}</title><style>{_LOOK}</style></head>"
    )


def page(dossier: DossierView, reader: Professional, at: datetime, lines: Sequence[Line], results: str = "") -> str:
    """The index as a whole page; `results` is the address of the page of laboratory results, if there is one."""
    number = _text(dossier.number)
    damaged = [line for line in lines if line.damaged]
    here = sum(1 for line in lines if line.path)
    rows = "".join(_row(line) for line in lines) or '<tr><td colspan="7">Ce télédossier n\'a pas de document.</td></tr>'
    return (
        f"{head(f'Télédossier {dossier.number}')}<body>"
        f"<h1>Télédossier {number}</h1>"
        f"{_traits(dossier)}{_alert(damaged)}"
        f"<h2>{_count(here)}</h2>{_results_link(results)}"
        '<table><thead><tr><th scope="col">N°</th><th scope="col">Document</th><th scope="col">Genre</th>'
        '<th scope="col">Déposé par</th><th scope="col">Déposé le</th><th scope="col">Taille</th>'
        f'<th scope="col">Par vous, avant cette archive</th></tr></thead>{rows}</table>'
        f"{_footer(reader, at)}</body></html>\n"
    )


def _traits(dossier: DossierView) -> str:
    patient = dossier.patient
    female = patient.sex == "F"
    sex = {"F": "Féminin", "M": "Masculin"}.get(patient.sex, "Indéterminé")
    facts = [
        ("Nom de naissance", patient.birth_name),
        ("Prénoms", patient.first_names),
        ("Nom utilisé", patient.used_name),
        ("Sexe", sex),
        ("Née le" if female else "Né le", numeric_date(patient.birth_date)),
        ("Lieu de naissance", patient.birth_place),
        ("Matricule INS", f"{ins(patient.ins)} ({patient.status.label.lower()})" if patient.ins else patient.status.label),
        ("Établissement", dossier.structure),
        ("Demande de", dossier.requester.full_name),
        ("Requis", dossier.expert.full_name if dossier.expert else ""),
        ("Étape", dossier.step.label),
    ]  # fmt: skip
    pairs = "".join(f"<div><dt>{label}</dt><dd>{_text(value)}</dd></div>" for label, value in facts if value)
    return f"<dl>{pairs}</dl>"


def _alert(damaged: Sequence[Line]) -> str:
    if not damaged:
        return ""
    names = " ; ".join(f"n° {line.position} « {_text(line.title)} »" for line in damaged)
    what = "Un document manque" if len(damaged) == 1 else f"{len(damaged)} documents manquent"
    return (
        f'<p class="alert"><strong>{what} dans cette archive</strong>, endommagé{"s" if len(damaged) > 1 else ""} '
        f"dans Télédossier : {names}. Les autres sont intacts. Appelez l'assistance.</p>"
    )


def _row(line: Line) -> str:
    title = _text(line.title)
    name = f'<a href="{quote(line.path)}">{title}</a>' if line.path else f"<b>{title}</b>"
    dated = f"<small>Daté du {numeric_date(local(line.dated_at).date())}</small>" if line.dated_at else ""
    note = f'<small class="note">{_text(line.note)}</small>' if line.note else ""
    if line.damaged:
        note += '<small class="note warm">Endommagé : absent de cette archive.</small>'
    digest = f'<small class="sum">SHA-256 <code>{_text(line.sha256)}</code></small>'
    return (
        f"<tbody><tr><td>{line.position}</td><td>{name}{dated}{note}</td><td>{_text(line.kind)}</td>"
        f"<td>{_text(line.author)}</td><td>{_when(line.created_at)}</td><td>{file_size(line.size)}</td>"
        f"<td>{_read(line)}</td></tr>"
        f'<tr class="sums"><td></td><td colspan="6">{digest}</td></tr></tbody>'
    )


def _read(line: Line) -> str:
    seen = f"vu le {_when(line.seen_at)}" if line.seen_at else "jamais ouvert"
    taken = f"téléchargé le {_when(line.downloaded_at)}" if line.downloaded_at else "jamais téléchargé"
    return f"{seen}<br>{taken}"


def _footer(reader: Professional, at: datetime) -> str:
    return (
        f"<footer><p>Archive faite le {_when(at)} pour {_text(reader.full_name)}, depuis Télédossier. "
        "Elle contient des données de santé : gardez-la en lieu sûr, et effacez-la quand elle ne sert plus.</p>"
        "<p>Pour vérifier que rien n'a changé, comparez les empreintes SHA-256 ci-dessus à celles du fichier "
        "<code>SOMME-SHA256.txt</code> (sous Linux et macOS : <code>shasum -a 256 -c SOMME-SHA256.txt</code>).</p></footer>"
    )


def _note(document: Document, state: TypedState | None, positions: Mapping[str, int]) -> str:
    notes = ["Saisi à la main"] if is_typed(document.detail) else []
    if state is not None:
        if state.withdrawn:
            notes.append(f"Retiré le {_when(state.at)} par {state.by}, saisi par erreur : {state.reason}")
        if state.replaced_by:
            notes.append(f"Remplacé par le n° {positions.get(state.replaced_by, '?')}")
        if state.replaces:
            notes.append(f"Remplace le n° {positions.get(state.replaces, '?')}")
    return ". ".join(notes)


def _results_link(address: str) -> str:
    return f'<p><a href="{address}">Lire les résultats de biologie</a></p>' if address else ""


def _count(here: int) -> str:
    return f"{here} document{'s' if here > 1 else ''}"


def _when(at: datetime | None) -> str:
    return f"{local(at):%d/%m/%Y} à{NO_BREAK_SPACE}{local(at):%H:%M}" if at else ""


def _text(value: str) -> str:
    return html.escape(value)
