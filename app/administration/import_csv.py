"""Import people from a CSV file: first a report per line, then everybody whose line is right, or nobody."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta

from sqlmodel import Session, select

from app.administration import csv_reading, csv_writing, rights
from app.administration.csv_reading import Line
from app.administration.drafts import TITLES, Faults, PersonDraft, checked
from app.administration.people import add_person
from app.audit import service as audit
from app.errors import InvalidInput, LoginExpired
from app.french import folded
from app.identity import pending
from app.identity.models import Profession, Professional, Structure
from app.messaging import service as outbox
from app.platform import Platform

PURPOSE = "import"
REPORT_LIVES = timedelta(minutes=30)
EXPIRED = "Ce rapport a expiré ou a déjà servi. Choisissez le fichier à nouveau : rien n'a été importé deux fois."

PROFESSIONS = {
    "medecin": Profession.PHYSICIAN,
    "docteur": Profession.PHYSICIAN,
    "10": Profession.PHYSICIAN,
    "infirmier": Profession.NURSE,
    "infirmiere": Profession.NURSE,
    "ide": Profession.NURSE,
    "60": Profession.NURSE,
    "administratif": Profession.ADMINISTRATOR,
    "administrative": Profession.ADMINISTRATOR,
    "personnel administratif": Profession.ADMINISTRATOR,
}
YES, NO = ("oui", "o", "x", "1", "vrai"), ("", "non", "n", "0", "faux")
ROLES = {"requerant": "is_requester", "requis": "is_expert", "administrateur": "is_administrator"}


@dataclass(frozen=True)
class LineReport:
    """What becomes of a line of the file; no fault means that it can be imported."""

    number: int
    who: str
    faults: tuple[str, ...]

    @property
    def said(self) -> str:
        """« ligne 12 : RPPS incorrect (clé). »"""
        return f"ligne {self.number} : {' '.join(self.faults)}"


@dataclass(frozen=True)
class ImportReport:
    """The report of a file. `token` imports it, once, within half an hour; empty when no line is right."""

    lines: tuple[LineReport, ...]
    ignored: tuple[str, ...]
    token: str = ""

    @property
    def right(self) -> int:
        return sum(not line.faults for line in self.lines)

    @property
    def wrong(self) -> tuple[LineReport, ...]:
        return tuple(line for line in self.lines if line.faults)


def template() -> bytes:
    """The file to start from: its columns, no line."""
    return csv_writing.BYTE_ORDER_MARK.encode() + csv_writing.lines([csv_reading.TEMPLATE])


def try_import(platform: Platform, actor: Professional, content: bytes) -> ImportReport:
    """Look at a file without creating anybody; the answer says what becomes of each line. Call it in a thread.

    Raises: AccessDenied, InvalidInput (the file as a whole cannot be read).
    """
    rights.check(platform, actor, "people.import")
    text = csv_reading.decoded(content)
    file = csv_reading.parse(text)
    with rights.changing(platform, actor, "people.import") as session:
        reports, drafts = _look(session, platform, file.lines)
        token = ""
        if drafts:
            data = {"content": text, "right": len(drafts)}
            token = pending.begin(session, platform, PURPOSE, data, REPORT_LIVES, professional_id=actor.id)
    return ImportReport(tuple(reports), file.ignored, token)


def import_people(platform: Platform, actor: Professional, token: str) -> int:
    """Create everybody whose line was right in the report, in one transaction; answers how many. Call it in a thread.

    The file is looked at once more: should fewer or more lines be right by now, nobody is created.

    Raises: AccessDenied, InvalidInput (report expired, of somebody else, used; or no longer true).
    """
    rights.check(platform, actor, "people.import")
    kept = _burned(platform, actor, token)
    file = csv_reading.parse(str(kept["content"]))
    with rights.changing(platform, actor, "people.import") as session:
        _, drafts = _look(session, platform, file.lines)
        if len(drafts) != kept["right"]:
            raise InvalidInput(
                "Des comptes ont changé depuis le rapport. Personne n'a été importé : choisissez le fichier à nouveau."
            )
        for draft in drafts:
            add_person(session, platform, actor, draft)
            session.flush()
            session.expunge_all()  # each statement would look at everybody added before
        audit.record(session, platform.now(), actor, "people.imported", detail={"count": len(drafts)})
    outbox.announce(platform)
    rights.tell(platform, "people")
    return len(drafts)


def _burned(platform: Platform, actor: Professional, token: str) -> dict[str, object]:
    """The file behind a report, used up by this very call; the row forgets it."""
    try:
        with platform.transaction() as session:
            row = pending.look(session, platform, PURPOSE, token)
            if row.professional_id != actor.id:
                raise LoginExpired
            row = pending.burn(session, platform, PURPOSE, token)
            kept: dict[str, object] = json.loads(row.data)
            row.data = "{}"
            session.add(row)
    except LoginExpired as expired:
        raise InvalidInput(EXPIRED) from expired
    return kept


def _look(session: Session, platform: Platform, lines: tuple[Line, ...]) -> tuple[list[LineReport], list[PersonDraft]]:
    structures = _structures(session)
    reports, drafts = [], []
    logins: dict[str, int] = {}
    numbers: dict[str, int] = {}
    for line in lines:
        who = " ".join(part for part in (line.cells.get("prenom", ""), line.cells.get("nom", "")) if part)
        try:
            draft = checked(session, platform, _draft(line, structures))
            _check_once(logins, draft.login, line.number, "L'identifiant")
            _check_once(numbers, draft.rpps, line.number, "Le RPPS")
        except Faults as wrong:
            reports.append(LineReport(line.number, who, tuple(wrong.sentences)))
        except InvalidInput as wrong:
            reports.append(LineReport(line.number, who, (wrong.message,)))
        else:
            reports.append(LineReport(line.number, who, ()))
            drafts.append(draft)
    return reports, drafts


def _draft(line: Line, structures: dict[str, int | None]) -> PersonDraft:
    """A line as a draft. Raises: Faults."""
    if line.fault:
        raise Faults([line.fault[:1].upper() + line.fault[1:] + "."])
    cells, faults = line.cells, []
    profession = PROFESSIONS.get(folded(cells.get("profession", "")))
    if profession is None:
        faults.append("Profession incorrecte : médecin, infirmier ou administratif.")
    title = cells.get("civilite", "").removesuffix(".").capitalize()
    if title in ("M", "Mme", "Mlle"):
        title = ""
    if title not in TITLES:
        faults.append("Civilité incorrecte : Dr, Pr ou rien.")
    place = folded(cells.get("etablissement", ""))
    structure_id = structures.get(place) if place else None
    if place and structure_id is None:
        faults.append(f"Établissement inconnu ou ambigu : « {cells['etablissement'][:60]} ».")
    roles: dict[str, bool] = {}
    for column, role in ROLES.items():
        said = folded(cells.get(column, ""))
        if said not in YES + NO:
            faults.append(f"« {column.capitalize()} » : oui ou non.")
        roles[role] = said in YES
    if faults:
        raise Faults(faults)
    assert profession is not None
    return PersonDraft(
        login=cells.get("identifiant", ""),
        title=title,
        given_name=cells.get("prenom", ""),
        family_name=cells.get("nom", ""),
        profession=profession.value,
        qualification=cells.get("qualite", ""),
        specialty=cells.get("specialite", ""),
        rpps=cells.get("rpps", ""),
        email=cells.get("courriel", ""),
        mobile=cells.get("mobile", ""),
        structure_id=structure_id,
        **roles,
    )


def _structures(session: Session) -> dict[str, int | None]:
    """Structures by name and by FINESS; None where one name means two."""
    found: dict[str, int | None] = {}
    for structure in session.exec(select(Structure)):
        for name in {folded(structure.name), folded(structure.finess)} - {""}:
            found[name] = None if name in found else structure.id
    return found


def _check_once(seen: dict[str, int], value: str, number: int, label: str) -> None:
    if value and value in seen:
        raise Faults([f"{label} est déjà à la ligne {seen[value]} de ce fichier."])
    if value:
        seen[value] = number
