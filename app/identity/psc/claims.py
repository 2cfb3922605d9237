"""Who Pro Santé Connect says somebody is, read from its userinfo answer (« traits » of the référentiel PSC).

Nothing but an identifier is sure to be there: an identity without professional data has no `SubjectRefPro`, an
identifier may be no RPPS number (`ANS2023…`, `30B0168811/CPET00001`), `otherIds` is also spelt `otherIDs`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

RPPS_PREFIX = "8"  # of a national identifier (PS_IdNat): 8 and the 11 digits of the RPPS number
_RPPS = re.compile(r"8?([0-9]{11})")
_LONGEST = 120  # characters kept of any name: it goes to screens and to the journal

_PROFESSIONS = {"10": "Médecin", "21": "Pharmacien", "40": "Chirurgien-dentiste", "50": "Sage-femme", "60": "Infirmier",
                "70": "Masseur-kinésithérapeute", "80": "Pédicure-podologue"}  # fmt: skip
_MODES = {"L": "libéral", "S": "salarié", "B": "bénévole"}  # TRE_R22


@dataclass(frozen=True)
class Situation:
    """One place and way of practice (« situation d'exercice »): a profession, a site, how one works there."""

    profession: str
    place: str
    mode: str = ""
    finess: str = ""

    @property
    def label(self) -> str:
        """« Médecin · EHPAD Les Tilleuls (salarié) »."""
        name = _PROFESSIONS.get(self.profession, "Professionnel de santé")
        mode = _MODES.get(self.mode, "")
        return f"{name} · {self.place or 'lieu non précisé'}" + (f" ({mode})" if mode else "")


@dataclass(frozen=True)
class Identity:
    """An identified person. `subject` is the national identifier, the key of accounts; `rpps` has 11 digits."""

    subject: str
    rpps: str | None = None
    title: str = ""
    given_name: str = ""
    family_name: str = ""
    profession: str = ""
    situations: tuple[Situation, ...] = ()

    @property
    def full_name(self) -> str:
        return " ".join(part for part in (self.title, self.given_name, self.family_name.upper()) if part)


def read(claims: Mapping[str, Any]) -> Identity | None:
    """The identity in a userinfo answer; None without a national identifier."""
    subject = _text(claims, "SubjectNameID") or _text(claims, "preferred_username")
    if not subject:
        return None
    practices = _practices(claims)
    first = practices[0] if practices else {}
    return Identity(
        subject=subject,
        rpps=_rpps(subject, claims),
        title="Dr" if _text(first, "codeCiviliteDexercice").upper() == "DR" else "",
        given_name=_text(first, "prenomDexercice") or _text(claims, "given_name"),
        family_name=_text(first, "nomDexercice") or _text(claims, "family_name"),
        profession=_text(first, "codeProfession") or _role(claims),
        situations=tuple(_situations(practices)),
    )


def _rpps(subject: str, claims: Mapping[str, Any]) -> str | None:
    """The RPPS number, when the identifier is one or another identifier says so; none when they disagree."""
    found = set()
    if re.fullmatch(r"8[0-9]{11}", subject):
        found.add(subject[1:])
    for other in _mappings(claims.get("otherIds") or claims.get("otherIDs")):
        number = _RPPS.fullmatch(_text(other, "identifiant"))
        if _text(other, "origine").upper() == "RPPS" and number:
            found.add(number[1])
    return found.pop() if len(found) == 1 else None


def _practices(claims: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    reference = claims.get("SubjectRefPro")
    return list(_mappings(reference.get("exercices"))) if isinstance(reference, Mapping) else []


def _situations(practices: list[Mapping[str, Any]]) -> Iterator[Situation]:
    for practice in practices:
        profession = _text(practice, "codeProfession")
        for activity in _mappings(practice.get("activities")):
            place = _text(activity, "raisonSocialeSite") or _text(activity, "enseigneCommercialeSite")
            yield Situation(profession, place, _text(activity, "codeModeExercice"), _text(activity, "numeroFinessSite"))


def _role(claims: Mapping[str, Any]) -> str:
    """« 10 » of « 10^1.2.250.1.213.1.1.5.5 »."""
    roles = claims.get("SubjectRole")
    first = roles[0] if isinstance(roles, list) and roles else roles
    return first.split("^")[0][:8] if isinstance(first, str) else ""


def _text(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name)
    return value.strip()[:_LONGEST] if isinstance(value, str) else ""


def _mappings(values: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(values, list):
        yield from (value for value in values if isinstance(value, Mapping))
