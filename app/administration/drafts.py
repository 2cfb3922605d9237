"""A person as an administrator typed them, and as they may be kept: every fault is told, not only the first."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, replace

from sqlmodel import Session, col, select

from app.administration import values
from app.errors import InvalidInput
from app.identity.models import Profession, Professional, Structure
from app.platform import Platform

TITLES = ("", "Dr", "Pr")
PROFESSIONS = {
    Profession.PHYSICIAN: "Médecin",
    Profession.NURSE: "Infirmier",
    Profession.ADMINISTRATOR: "Personnel administratif",
}


@dataclass(frozen=True)
class PersonDraft:
    """What may be typed about somebody; `profession` is a code of `Profession`."""

    login: str = ""
    title: str = ""
    given_name: str = ""
    family_name: str = ""
    profession: str = Profession.NURSE.value
    qualification: str = ""
    specialty: str = ""
    rpps: str = ""
    email: str = ""
    mobile: str = ""
    structure_id: int | None = None
    is_requester: bool = False
    is_expert: bool = False
    is_administrator: bool = False


LABELS = {
    "login": "Identifiant",
    "title": "Civilité",
    "given_name": "Prénom",
    "family_name": "Nom",
    "profession": "Profession",
    "qualification": "Qualité",
    "specialty": "Spécialité",
    "rpps": "RPPS",
    "email": "Courriel",
    "mobile": "Mobile",
    "structure_id": "Établissement",
    "is_requester": "Requérant",
    "is_expert": "Requis",
    "is_administrator": "Administrateur",
}
FIELDS = tuple(field.name for field in fields(PersonDraft))


class Faults(InvalidInput):
    """Everything that is wrong with a draft, a sentence each."""

    def __init__(self, sentences: list[str]) -> None:
        super().__init__(" ".join(sentences))
        self.sentences = sentences


def draft_of(person: Professional) -> PersonDraft:
    """Somebody as a form shows them."""
    found = {name: getattr(person, name) for name in FIELDS}
    return PersonDraft(**found | {"rpps": person.rpps or "", "profession": person.profession.value})


def version_of(person: Professional) -> str:
    """Changes when anything in the form does, whoever changed it: two people must not overwrite each other."""
    seen = asdict(draft_of(person)) | {"suspended": person.suspended}
    return hashlib.sha256(json.dumps(seen, sort_keys=True).encode()).hexdigest()[:16]


def checked(session: Session, platform: Platform, draft: PersonDraft, kept: Professional | None = None) -> PersonDraft:
    """The draft with every value regular. `kept` is who is being changed: what they have already is let stand.

    Raises: Faults, with a sentence for each fault.
    """
    faults = Collector()
    unchanged_rpps = kept is not None and (kept.rpps or "") == draft.rpps.strip()
    found = replace(
        draft,
        login=faults.of(lambda: values.login(draft.login)),
        title=draft.title if draft.title in TITLES else faults.add("Civilité incorrecte : Dr, Pr ou rien."),
        given_name=faults.of(lambda: values.name(draft.given_name, "Prénom")),
        family_name=faults.of(lambda: values.name(draft.family_name, "Nom")),
        qualification=faults.of(lambda: values.words(draft.qualification, "Qualité")),
        specialty=faults.of(lambda: values.words(draft.specialty, "Spécialité")),
        rpps=draft.rpps.strip() if unchanged_rpps else faults.of(lambda: values.rpps(draft.rpps, platform.settings) or ""),
        email=faults.of(lambda: values.email(draft.email)),
        mobile=faults.of(lambda: values.mobile(draft.mobile)),
    )  # fmt: skip
    if draft.profession not in PROFESSIONS:
        faults.add("Profession incorrecte.")
    if draft.structure_id is not None and session.get(Structure, draft.structure_id) is None:
        faults.add("Établissement inconnu.")
    if draft.is_requester and draft.structure_id is None:
        faults.add("Un requérant a besoin d'un établissement.")
    if draft.is_expert and draft.profession != Profession.PHYSICIAN:
        faults.add("Un requis est un médecin.")
    _check_unique(session, found, kept, faults)
    faults.check()
    return found


def apply(person: Professional, draft: PersonDraft) -> list[str]:
    """Write a checked draft into somebody; answers the names of the fields that changed."""
    wanted = asdict(draft) | {"rpps": draft.rpps or None, "profession": Profession(draft.profession)}
    changed = [name for name in FIELDS if getattr(person, name, None) != wanted[name]]
    for name in FIELDS:
        setattr(person, name, wanted[name])
    return changed


def _check_unique(session: Session, draft: PersonDraft, kept: Professional | None, faults: Collector) -> None:
    own = kept.id if kept else None
    if draft.login:
        other = session.exec(select(Professional.id).where(Professional.login == draft.login)).first()
        if other is not None and other != own:
            faults.add(f"L'identifiant « {draft.login} » est déjà pris.")
    if draft.rpps:
        holder = session.exec(select(Professional).where(col(Professional.rpps) == draft.rpps)).first()
        if holder is not None and holder.id != own:
            faults.add(f"Ce RPPS est déjà celui de {holder.full_name} ({holder.login}).")


class Collector:
    """Runs checks and keeps what they complain about."""

    def __init__(self) -> None:
        self.sentences: list[str] = []

    def of(self, check: Callable[[], str]) -> str:
        try:
            return check()
        except InvalidInput as wrong:
            return self.add(wrong.message)

    def add(self, sentence: str) -> str:
        self.sentences.append(sentence)
        return ""

    def check(self) -> None:
        """Raises: Faults, when there were any."""
        if self.sentences:
            raise Faults(self.sentences)
