"""Structures (administration): who they are, and which ways to log in they leave open to their people."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass

from sqlalchemy import func
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from app.administration import rights, values
from app.administration.drafts import Collector
from app.audit import service as audit
from app.db import key
from app.errors import InvalidInput, NotFound, Outdated
from app.french import folded
from app.identity import ways
from app.identity.models import Professional, Structure
from app.identity.ways import Way
from app.platform import Platform

TAKEN = "Un établissement de ce nom existe déjà. Rien n'a été enregistré."


@dataclass(frozen=True)
class StructureDraft:
    """What may be typed about a structure."""

    name: str = ""
    town: str = ""
    finess: str = ""
    phone: str = ""


@dataclass(frozen=True)
class WaysDraft:
    """Which ways its people may use, which comes first (empty: the first one open), and from where a password is good."""

    open: tuple[str, ...] = ()
    first: str = ""
    password_networks: str = ""


@dataclass(frozen=True)
class StructureView:
    """A structure in the list and in its forms; hand `version` back with a change."""

    id: int
    draft: StructureDraft
    ways: WaysDraft
    people: int
    version: str


def list_structures(platform: Platform, actor: Professional) -> list[StructureView]:
    """Every structure, by name. Raises: AccessDenied."""
    with rights.looking(platform, actor, "structures.list") as session:
        counted = select(Professional.structure_id, func.count()).group_by(col(Professional.structure_id))
        people = dict(session.exec(counted).all())
        found = [_view(platform, each, people.get(each.id, 0)) for each in session.exec(select(Structure))]
    return sorted(found, key=lambda each: folded(each.draft.name))


def read_structure(platform: Platform, actor: Professional, structure_id: int) -> StructureView:
    """A structure, to be changed. Raises: AccessDenied, NotFound."""
    with rights.looking(platform, actor, "structure.read") as session:
        return _view(platform, _structure(session, structure_id))


def create_structure(platform: Platform, actor: Professional, draft: StructureDraft) -> StructureView:
    """Add a structure; all ways to log in are open to it. Raises: AccessDenied, Faults, InvalidInput."""
    try:
        with rights.changing(platform, actor, "structure.create") as session:
            structure = Structure(**asdict(_checked(session, draft)))
            session.add(structure)
            session.flush()
            audit.record(session, platform.now(), actor, "structure.created", subject=structure.name)
            view = _view(platform, structure)
    except IntegrityError as taken:
        raise InvalidInput(TAKEN) from taken
    rights.tell(platform, "structures")
    return view


def change_structure(
    platform: Platform, actor: Professional, structure_id: int, draft: StructureDraft, version: str
) -> StructureView:
    """Change who a structure is. Raises: AccessDenied, NotFound, Outdated, Faults, InvalidInput."""
    try:
        with rights.changing(platform, actor, "structure.change") as session:
            structure = _structure(session, structure_id, lock=True)
            _check_version(structure, version)
            wanted = asdict(_checked(session, draft, structure))
            _write(session, platform, actor, structure, wanted, "structure.changed")
            session.flush()
            view = _view(platform, structure)
    except IntegrityError as taken:
        raise InvalidInput(TAKEN) from taken
    rights.tell(platform, "structures")
    return view


def change_ways(
    platform: Platform, actor: Professional, structure_id: int, draft: WaysDraft, version: str
) -> StructureView:
    """Change how a structure's people may log in: one way at least stays open, and the first one is among them.

    Logins that are open go on until they end.

    Raises: AccessDenied, NotFound, Outdated, InvalidInput (no way left, a first way that is closed, a network).
    """
    with rights.changing(platform, actor, "structure.ways") as session:
        structure = _structure(session, structure_id, lock=True)
        _check_version(structure, version)
        offered = ways.offered(platform.settings)
        wanted = {
            "login_ways": values.open_ways(list(draft.open), offered),
            "first_way": draft.first,
            "password_networks": values.networks(draft.password_networks),
        }
        if draft.first and (draft.first not in draft.open or draft.first not in offered):
            raise InvalidInput("Le moyen proposé en premier doit être ouvert.")
        _write(session, platform, actor, structure, wanted, "structure.ways")
        view = _view(platform, structure)
    rights.tell(platform, "structures")
    return view


def version_of(structure: Structure) -> str:
    """Changes when anything about the structure does."""
    seen = structure.model_dump(mode="json")
    return hashlib.sha256(json.dumps(seen, sort_keys=True).encode()).hexdigest()[:16]


def _write(
    session: Session, platform: Platform, actor: Professional, structure: Structure, wanted: dict[str, str], action: str
) -> None:
    changed = [name for name, value in wanted.items() if getattr(structure, name) != value]
    for name in changed:
        setattr(structure, name, wanted[name])
    if changed:
        session.add(structure)
        detail: dict[str, object] = {"fields": changed}
        if action == "structure.ways":
            detail |= wanted
        audit.record(session, platform.now(), actor, action, subject=structure.name, detail=detail)


def _checked(session: Session, draft: StructureDraft, kept: Structure | None = None) -> StructureDraft:
    faults = Collector()
    unchanged = kept is not None and kept.finess == draft.finess.strip()
    found = StructureDraft(
        name=faults.of(lambda: values.name(draft.name, "Nom", longest=120)),
        town=faults.of(lambda: values.name(draft.town, "Commune")),
        finess=draft.finess.strip() if unchanged else faults.of(lambda: values.finess(draft.finess)),
        phone=faults.of(lambda: values.phone(draft.phone)),
    )
    own = kept.id if kept else None
    for other in session.exec(select(Structure).where(col(Structure.id) != (own or 0))):
        if found.name and folded(other.name) == folded(found.name):
            faults.add(TAKEN)
        if found.finess and other.finess == found.finess:
            faults.add(f"Ce FINESS est déjà celui de {other.name}.")
    faults.check()
    return found


def _check_version(structure: Structure, version: str) -> None:
    if version_of(structure) != version:
        raise Outdated


def _structure(session: Session, structure_id: int, *, lock: bool = False) -> Structure:
    structure = session.get(Structure, structure_id, with_for_update=lock)
    if structure is None:
        raise NotFound("Cet établissement n'existe pas.")
    return structure


def _view(platform: Platform, structure: Structure, people: int = 0) -> StructureView:
    open_now = ways.of_structure(platform.settings, structure)
    first = structure.first_way if structure.first_way in open_now else ""
    return StructureView(
        id=key(structure),
        draft=StructureDraft(structure.name, structure.town, structure.finess, structure.phone),
        ways=WaysDraft(tuple(way.value for way in open_now), first, structure.password_networks),
        people=people,
        version=version_of(structure),
    )


def way_labels(names: tuple[str, ...]) -> list[str]:
    """« Carte professionnelle », … for names of ways."""
    return [Way(name).label for name in names]
