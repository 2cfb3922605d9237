"""Is this image of this patient? The identity that a file carries, compared with the dossier's.

Imaging devices write names without accents, in capitals, sometimes cut or with the used name: what counts is whether
they can be the same person's. Nothing of the file's identity is kept; the journal says which traits differ, not how.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum

from app.documents.imaging_model import FileIdentity
from app.dossiers.service import IdentityTraits
from app.french import folded, numeric_date

ANONYMOUS = re.compile(r"anon|pseudo|^(x+|inconnu|unknown|no name|nom inconnu|patient)$")


class Likeness(StrEnum):
    """How an image's identity stands to the patient's."""

    SAME = "same"
    ABSENT = "absent"  # the image says nothing of who it shows
    DOUBTFUL = "doubtful"  # one trait differs
    OTHER = "other"  # another number, or several traits differ


@dataclass(frozen=True)
class IdentityCheck:
    """The comparison: `differing` names the traits (« nom », « date de naissance », « sexe », « INS »)."""

    likeness: Likeness
    differing: tuple[str, ...] = ()
    identity: FileIdentity = field(default_factory=FileIdentity)

    @property
    def warning(self) -> str:
        """What the reader must be told; empty when nothing contradicts the dossier."""
        if self.likeness in (Likeness.SAME, Likeness.ABSENT):
            return ""
        who = self.identity.name or "illisible"
        if self.identity.birth_date:
            who += f", né(e) le {numeric_date(self.identity.birth_date)}"
        differing = " et ".join(self.differing)
        return f"Le nom dans l'image est « {who} » : vérifiez que c'est le bon patient ({differing} : autre que dans le dossier)."


def compare(identity: FileIdentity, patient: IdentityTraits) -> IdentityCheck:
    """Compare what an image says with the dossier's patient."""
    name = _words(f"{identity.family} {identity.given}")
    if not name or ANONYMOUS.search(folded(f"{identity.family} {identity.given}".strip())):
        name = frozenset()
    differing = []
    told = [number for number in identity.numbers if re.fullmatch(r"[1-478]\d{4}(?:\d\d|2[AB])\d{8}", number)]
    same_number = bool(patient.ins) and patient.ins in told
    if patient.ins and told and not same_number:
        differing.append("INS")
    if name and not same_number and not _same_name(identity, patient):
        differing.append("nom")
    if identity.birth_date and identity.birth_date != patient.birth_date:
        differing.append("date de naissance")
    if identity.sex in ("M", "F") and identity.sex != patient.sex:
        differing.append("sexe")
    if not differing:
        known = same_number or bool(name) or identity.birth_date is not None
        return IdentityCheck(Likeness.SAME if known else Likeness.ABSENT, (), identity)
    other = "INS" in differing or {"nom", "date de naissance"} <= set(differing)
    return IdentityCheck(Likeness.OTHER if other else Likeness.DOUBTFUL, tuple(differing), identity)


def _same_name(identity: FileIdentity, patient: IdentityTraits) -> bool:
    """A family name of the patient's (birth or used) in whole, and one first name where the file gives any."""
    family, whole = _words(identity.family), _words(f"{identity.family} {identity.given}")
    birth, used, first = _words(patient.birth_name), _words(patient.used_name), _words(patient.first_names)
    named = any(wanted and wanted <= whole for wanted in (birth, used)) or bool(family and family <= birth | used)
    others = whole - birth - used
    return named and (not others or bool(others & first) or any(_begins(word, first) for word in others))


def _begins(word: str, names: frozenset[str]) -> bool:
    """« J » or « JEAN » for Jeanne: names are cut to what fits."""
    return any(name.startswith(word) for name in names)


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"[a-z0-9]+", folded(text)))
