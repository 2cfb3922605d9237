"""Fictional structures, people and rooms of the demo. RPPS numbers are in the test range (design/screens)."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlmodel import Session

from app.identity import passwords
from app.identity.models import Profession, Professional, Structure
from app.teleconsultation.models import Room

PASSWORD = "Demonstration-2026"
ROOMS = (("salle-bleue", "Salle Bleue"), ("salle-verte", "Salle Verte"), ("salle-orange", "Salle Orange"))


def add_people(session: Session) -> dict[str, Professional]:
    """Add everybody; answers them by login."""
    tilleuls = Structure(name="EHPAD Les Tilleuls", town="Alençon", finess="610000001", phone="02 61 91 00 20")
    seaside = Structure(name="EHPAD Bord de Mer", town="Courseulles", finess="140000001", phone="02 61 91 00 30")
    hospital = Structure(name="CH de Caen", town="Caen", finess="140000002", phone="02 61 91 00 40")
    clinic = Structure(name="CH d'Alençon", town="Alençon", finess="610000002", phone="02 61 91 00 50")
    session.add_all([tilleuls, seaside, hospital, clinic])
    session.add_all(Room(slug=slug, name=name, position=i) for i, (slug, name) in enumerate(ROOMS))
    session.flush()
    physician, nurse = Profession.PHYSICIAN, Profession.NURSE
    people = [
        _person("dr.martin", "Dr", "Claire", "Martin", physician, "gériatre", "99700000011", "11", hospital, "Gériatrie", is_expert=True),
        _person("dr.leroy", "Dr", "Hugo", "Leroy", physician, "dermatologue", "99700000029", "29", clinic, "Dermatologie", is_expert=True),
        _person("ide.dubois", "", "Nadia", "Dubois", nurse, "infirmière", "99700000037", "37", tilleuls, is_requester=True),
        _person("dr.petit", "Dr", "Paul", "Petit", physician, "médecin coordonnateur", "99700000045", "45", tilleuls, is_requester=True),
        _person("ide.moreau", "", "Karim", "Moreau", nurse, "infirmier", "99700000052", "52", seaside, is_requester=True),
        _person("admin", "", "Alix", "Renard", Profession.ADMINISTRATOR, "administration", None, "60", None, is_administrator=True),
    ]  # fmt: skip
    session.add_all(people)
    session.flush()
    return {person.login: person for person in people}


def _person(
    login: str,
    title: str,
    given_name: str,
    family_name: str,
    profession: Profession,
    qualification: str,
    rpps: str | None,
    mobile_end: str,
    structure: Structure | None,
    specialty: str = "",
    **roles: Any,
) -> Professional:
    return Professional(
        login=login,
        password_hash=_password_hash(),
        title=title,
        given_name=given_name,
        family_name=family_name,
        profession=profession,
        qualification=qualification,
        specialty=specialty,
        rpps=rpps,
        mobile=f"+336990000{mobile_end}",
        email=f"{login}@demo.invalid",
        structure_id=structure.id if structure else None,
        **roles,
    )


@cache
def _password_hash() -> str:  # argon2id is slow on purpose; everybody here has the same password anyway
    return passwords.hash_password(PASSWORD)
