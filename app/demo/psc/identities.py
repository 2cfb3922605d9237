"""Who has an e-CPS in the demo: the professionals of the demo, and one whom this installation does not know."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from sqlmodel import col, select

from app.identity.models import Profession, Professional, Structure
from app.platform import Platform

REALM = uuid.UUID("550dc1c8-0000-4000-8000-000000000000")  # any: Keycloak writes `f:<realm>:<identifier>`


@dataclass(frozen=True)
class Holder:
    """Somebody with an e-CPS. `places` are (site, mode of practice, FINESS)."""

    rpps: str
    given_name: str
    family_name: str
    profession: str
    physician: bool
    places: tuple[tuple[str, str, str], ...]

    @property
    def name(self) -> str:
        return f"{'Dr ' if self.physician else ''}{self.given_name} {self.family_name.upper()}"

    @property
    def subject(self) -> str:
        """`sub`, as Keycloak federates it."""
        return f"f:{REALM}:8{self.rpps}"


STRANGER = Holder("99700000060", "Anne", "Roux", "10", True, (("Cabinet du Port", "L", ""),))
# A second place of practice, so that the choice between two shows.
ALSO_AT = {"99700000045": ("Cabinet médical des Halles", "L", "")}


def holders(platform: Platform) -> dict[str, Holder]:
    """Everybody with an e-CPS, by RPPS number."""
    with platform.reading() as session:
        rows = session.exec(
            select(Professional, Structure)
            .join(Structure, col(Structure.id) == col(Professional.structure_id), isouter=True)
            .where(col(Professional.rpps).is_not(None))
            .order_by(col(Professional.id))
        ).all()
    found = {holder.rpps: holder for holder in (_holder(person, structure) for person, structure in rows)}
    return found | {STRANGER.rpps: STRANGER}


def traits(holder: Holder) -> dict[str, Any]:
    """The userinfo answer about somebody, with the names of the référentiel PSC."""
    identifier = "8" + holder.rpps
    return {
        "sub": holder.subject,
        "SubjectNameID": identifier,
        "preferred_username": identifier,
        "given_name": holder.given_name,
        "family_name": holder.family_name.upper(),
        "SubjectRole": [f"{holder.profession}^1.2.250.1.213.1.1.5.5"],
        "SubjectOrganization": holder.places[0][0] if holder.places else "",
        "Palier_Authentification": "APPPRIP3^1.2.250.1.213.1.5.1.1.1",
        "PSI_Locale": "1.2.250.1.213.1.3.1.1",
        "UITVersion": "1.0",
        "authMode": "MOBILE",
        "otherIds": [{"identifiant": identifier, "origine": "RPPS", "qualite": 1}],
        "SubjectRefPro": {
            "exercices": [
                {
                    "codeProfession": holder.profession,
                    "codeCategorieProfessionnelle": "C",
                    "codeCiviliteDexercice": "DR" if holder.physician else "",
                    "nomDexercice": holder.family_name.upper(),
                    "prenomDexercice": holder.given_name,
                    "activities": [
                        {"codeModeExercice": mode, "raisonSocialeSite": site, "numeroFinessSite": finess}
                        for site, mode, finess in holder.places
                    ],
                }
            ]
        },
    }


def _holder(person: Professional, structure: Structure | None) -> Holder:
    rpps = str(person.rpps)
    places = [(structure.name, "S", structure.finess)] if structure else []
    if rpps in ALSO_AT:
        places.append(ALSO_AT[rpps])
    physician = person.profession is Profession.PHYSICIAN
    return Holder(rpps, person.given_name, person.family_name, person.profession.value, physician, tuple(places))
