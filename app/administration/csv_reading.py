"""A CSV file of people as it comes out of a French spreadsheet: its encoding, its separator, its columns by name.

Nothing is asked of the database here: bytes in, lines out, each with its number in the file.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

from app.errors import InvalidInput
from app.french import folded

LARGEST = 1_000_000  # bytes
MOST_LINES = 2000
SEPARATORS = (";", ",", "\t")

# Name of the column, and other names people give it; compared without accents, capitals or punctuation.
COLUMNS: dict[str, tuple[str, ...]] = {
    "identifiant": ("login",),
    "civilite": ("titre",),
    "prenom": (),
    "nom": ("nomdefamille",),
    "profession": (),
    "qualite": ("qualification", "fonction"),
    "specialite": (),
    "rpps": ("numerorpps", "nrpps"),
    "courriel": ("email", "mail", "adressemail", "adressecourriel"),
    "mobile": ("telephonemobile", "portable", "telephone"),
    "etablissement": ("structure", "finess", "etablissementfinessounom"),
    "requerant": (),
    "requis": ("expert",),
    "administrateur": (),
}
TEMPLATE = (
    "Identifiant", "Civilité", "Prénom", "Nom", "Profession", "Qualité", "Spécialité", "RPPS", "Courriel", "Mobile",
    "Établissement", "Requérant", "Requis", "Administrateur",
)  # fmt: skip
REQUIRED = ("identifiant", "prenom", "nom", "profession")

_NAMES = {other: name for name, others in COLUMNS.items() for other in (name, *others)}


@dataclass(frozen=True)
class Line:
    """One line of the file: its number (the header is line 1) and its cells by column; `fault` when it has no sense."""

    number: int
    cells: dict[str, str]
    fault: str = ""


@dataclass(frozen=True)
class PeopleFile:
    """A file that could be read. `ignored` are columns whose name says nothing to us."""

    lines: tuple[Line, ...]
    ignored: tuple[str, ...]


def read(content: bytes) -> PeopleFile:
    """Read a file of people.

    Raises: InvalidInput (too large, not text, no header, a column twice or missing, no line, too many lines).
    """
    return parse(decoded(content))


def parse(text: str) -> PeopleFile:
    """The same for what was decoded already. Raises: InvalidInput."""
    first, _, _ = text.partition("\n")
    records = _records(text, _separator(first))
    header, fault = next(((cells, fault) for _, cells, fault in records), ([], ""))
    if fault or not any(header):
        raise InvalidInput("Fichier vide ou illisible : la première ligne porte le nom des colonnes.")
    names = [_NAMES.get(re.sub(r"[^a-z0-9]", "", folded(cell))) for cell in header]
    _check_header(names)
    lines: list[Line] = []
    for number, cells, fault in records:
        if not fault and not any(cell.strip() for cell in cells):
            continue
        if len(lines) == MOST_LINES:
            raise InvalidInput(f"Trop de lignes : {MOST_LINES} personnes au plus par fichier.")
        lines.append(_line(number, names, cells, fault))
    if not lines:
        raise InvalidInput("Le fichier ne contient aucune personne sous la ligne des colonnes.")
    ignored = tuple(
        cell.strip()[:40] for cell, name in zip(header, names, strict=True) if name is None and cell.strip()
    )
    return PeopleFile(tuple(lines), ignored)


def decoded(content: bytes) -> str:
    """UTF-8, with or without its mark, else Windows-1252: the two that French spreadsheets write.

    Raises: InvalidInput (too large, not text).
    """
    if len(content) > LARGEST:
        raise InvalidInput("Fichier trop gros : 1 Mo au plus. Coupez-le en plusieurs fichiers.")
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:  # UTF-16, or no text at all
            return text
    raise InvalidInput("Ce fichier n'est pas du texte CSV. Enregistrez-le en « CSV UTF-8 », puis recommencez.")


def _separator(header: str) -> str:
    outside_quotes = re.sub(r'"[^"]*"', "", header)
    return max(SEPARATORS, key=outside_quotes.count)


def _records(text: str, separator: str) -> Iterator[tuple[int, list[str], str]]:
    """Number of the line a record begins on, its cells, and what keeps it from being read.

    After a quote that nobody closes nothing can be told apart any more: that is the last record.
    """
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    while True:
        number = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield number, [], "guillemets mal fermés ; la suite du fichier n'est pas lue"
            return
        yield number, cells, ""


def _check_header(names: list[str | None]) -> None:
    known = [name for name in names if name]
    twice = sorted({name for name in known if known.count(name) > 1})
    if twice:
        raise InvalidInput(f"La colonne « {_label(twice[0])} » est présente deux fois.")
    missing = [_label(name) for name in REQUIRED if name not in known]
    if missing:
        named = ", ".join(f"« {name} »" for name in missing)
        raise InvalidInput(f"Il manque des colonnes : {named}. Partez du modèle.")


def _label(name: str) -> str:
    return TEMPLATE[list(COLUMNS).index(name)]


def _line(number: int, names: list[str | None], cells: list[str], fault: str) -> Line:
    if not fault and len(cells) > len(names) and any(cell.strip() for cell in cells[len(names) :]):
        fault = "plus de cellules que de colonnes"
    return Line(number, {name: cell.strip() for name, cell in zip(names, cells, strict=False) if name}, fault)
