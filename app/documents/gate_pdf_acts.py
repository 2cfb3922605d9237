"""What a PDF could do by itself or to whoever saves it: every object is read, those in object streams too.

Refused wherever they stand: programs, other files, media, forms that send or fetch (ISO 32000-2, 7.11.4, 12.6.4, 13).
A plain link to a web page, an e-mail or a telephone number stays: our viewer draws pictures of pages and follows none,
and whoever saves the file sees the link. The same link that fires by itself when the file or a page is opened is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from app.documents.pdf_syntax import Name, Ref, dictionaries, parse
from app.errors import FileRefused

INSTEAD = "Ajoutez-le en images, ou imprimez-le en PDF et ajoutez la copie."
PROGRAM = "il contient un programme (JavaScript)"
FILES = "il contient d'autres fichiers"
MEDIA = "il contient un média actif (son, vidéo ou 3D)"
FETCHES = "il va chercher des données ailleurs"
CALLS = "il ouvre de lui-même une adresse Internet"
STRANGE_LINK = "il contient un lien vers un fichier ou un programme de l'ordinateur"
ACTIVE = {
    "JavaScript": PROGRAM,
    "JS": PROGRAM,
    "Launch": "il lance un autre programme",
    "EmbeddedFile": FILES,
    "EmbeddedFiles": FILES,
    "EF": FILES,
    "FileAttachment": FILES,
    "GoToE": FILES,
    "GoToR": "il ouvre un autre fichier",
    "Rendition": MEDIA,
    "RichMedia": MEDIA,
    "RichMediaContent": MEDIA,
    "RichMediaExecute": MEDIA,
    "RichMediaSettings": MEDIA,
    "Movie": MEDIA,
    "Sound": MEDIA,
    "3D": MEDIA,
    "GoTo3DView": MEDIA,
    "XFA": "c'est un formulaire actif (XFA)",
    "SubmitForm": "il envoie ce qu'on y saisit à une adresse",
    "ImportData": FETCHES,
    "FFilter": FETCHES,
}
NAMES = re.compile(r"/(" + "|".join(sorted(ACTIVE, key=len, reverse=True)) + r")(?![^\s()<>\[\]{}/%])")
TEXT_STRING = re.compile(r"\((?:\\.|[^\\()])*\)", re.DOTALL)  # « (…/JavaScript…) » is a word, not a name
LOOKED_INTO = re.compile(r"/(?:URI|OpenAction|AA)(?![^\s()<>\[\]{}/%])")
OUTSIDE = re.compile(r"/(?:F|Ref)(?=\s*[(<\d])")  # of a stream: its content, or what it shows, is in another file
AUTOMATIC = ("OpenAction", "AA")
HARMLESS = ("http", "https", "mailto", "tel", "")
SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
LONGEST_CHAIN = 200  # actions that follow each other


def refuse_active(document: Any) -> None:
    """Raises: FileRefused, which may be flattened."""
    for number in range(1, document.xref_length()):
        source = source_of(document, number)
        bare = TEXT_STRING.sub("()", source)
        if found := NAMES.search(bare):
            _refuse(ACTIVE[found[1]])
        if LOOKED_INTO.search(bare):
            _look_into(document, parse(source))
        if OUTSIDE.search(source) and is_stream(document, number):
            _refuse_outside(parse(source))


def source_of(document: Any, number: int) -> str:
    """An object as MuPDF prints it; a broken one is none."""
    try:
        source: str = document.xref_object(number, compressed=True)
    except MemoryError:
        raise
    except Exception:
        return ""
    return source


def is_stream(document: Any, number: int) -> bool:
    """Whether an object has a stream; a broken one has none."""
    try:
        return bool(document.xref_is_stream(number))
    except MemoryError:
        raise
    except Exception:
        return False


def _look_into(document: Any, value: Any) -> None:
    for one in dictionaries(value):
        if one.get("S") == "URI" or "URI" in one:
            _refuse_strange(_text(document, one.get("URI")))
        for key in AUTOMATIC:
            if key in one and any(action.get("S") == "URI" for action in _actions(document, one[key])):
                _refuse(CALLS)


def _actions(document: Any, value: Any) -> Iterator[dict[str, Any]]:
    """The actions that a trigger sets off: the value's own, those it names, those that follow (`Next`)."""
    waiting, seen = [value], set[int]()
    while waiting and len(seen) < LONGEST_CHAIN:
        one = waiting.pop()
        if isinstance(one, Ref):
            if one.number not in seen:
                seen.add(one.number)
                waiting.append(_resolved(document, one))
        elif isinstance(one, list):
            waiting.extend(inner for inner in one if isinstance(inner, (dict, list, Ref)))
        elif isinstance(one, dict):
            if isinstance(one.get("S"), Name):
                yield one
                waiting.append(one.get("Next"))
            elif "Type" not in one:  # additional actions: an action per trigger
                waiting.extend(one.values())


def _text(document: Any, value: Any) -> str:
    if isinstance(value, Ref):
        value = _resolved(document, value)
    return value if isinstance(value, str) and not isinstance(value, Name) else ""


def _resolved(document: Any, reference: Ref) -> Any:
    return parse(source_of(document, reference.number)) if 0 < reference.number < document.xref_length() else None


def _refuse_strange(address: str) -> None:
    """A link's scheme must be one that opens no file and no program; `java\\nscript:` is `javascript:` to some readers."""
    address = re.sub(r"[\x00-\x20\x7f-\xa0\u200b-\u200f\u2028-\u202e\ufeff]", "", address)
    found = SCHEME.match(address)
    if address.startswith(("\\\\", "//")) or (found[1].casefold() if found else "") not in HARMLESS:
        _refuse(STRANGE_LINK)


def _refuse_outside(value: Any) -> None:
    if not isinstance(value, dict):
        return
    file = value.get("F")
    reference = value.get("Ref")
    if (file is not None and value.get("Type") != "EmbeddedFile") or (
        value.get("Subtype") == "Form" and reference is not None
    ):
        _refuse(FETCHES)


def _refuse(reason: str) -> None:
    raise FileRefused(f"{reason}. {INSTEAD}", flattenable=True)
