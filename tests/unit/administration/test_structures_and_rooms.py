"""Rules of structures, their ways to log in, and rooms."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlmodel import select

from app.administration import rooms, structures
from app.administration.drafts import Faults
from app.administration.structures import StructureDraft, WaysDraft
from app.audit.models import AuditEntry
from app.demo.people import PASSWORD
from app.errors import AccessDenied, InvalidInput, NotFound, Outdated
from app.identity import service, ways
from app.identity.models import Structure
from app.identity.ways import Visitor, Way
from app.teleconsultation.service import rooms_of
from tests.support.people import World, small_world

NEW = StructureDraft("EHPAD Les Ormes", "Flers", "140000001", "02 61 91 00 60")


@pytest.fixture
def world() -> World:
    return small_world()


@pytest.fixture
def two_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ways, "offered", lambda _settings: [Way.STRONG, Way.PASSWORD])


def last_action(world: World) -> tuple[str, str]:
    with world.platform.reading() as session:
        entry = session.exec(select(AuditEntry).order_by(AuditEntry.id.desc())).first()  # type: ignore[union-attr]
    assert entry is not None
    return entry.action, entry.subject


def test_a_structure_is_created_with_all_ways_open(world: World) -> None:
    made = structures.create_structure(world.platform, world.admin, replace(NEW, finess=""))
    assert made.ways == WaysDraft(tuple(ways.offered(world.platform.settings)), "", "")
    assert last_action(world) == ("structure.created", "EHPAD Les Ormes")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": ""}, "Nom manquant"),
        ({"town": ""}, "Commune manquant"),
        ({"name": "ehpad les tilleuls"}, "existe déjà"),
        ({"finess": "140000001"}, "déjà celui de EHPAD Bord de Mer"),
        ({"finess": "140000009"}, "clé"),
        ({"phone": "x"}, "Téléphone incorrect"),
    ],
)
def test_a_structure_with_a_fault_is_not_kept(world: World, changes: dict[str, str], words: str) -> None:
    with pytest.raises(Faults, match=words):
        structures.create_structure(world.platform, world.admin, replace(NEW, **({"finess": ""} | changes)))


def test_of_two_who_change_a_structure_the_second_is_told(world: World) -> None:
    seen = structures.read_structure(world.platform, world.admin, 1)
    structures.change_structure(world.platform, world.admin, 1, replace(seen.draft, town="Sées"), seen.version)
    with pytest.raises(Outdated):
        structures.change_structure(world.platform, world.admin, 1, seen.draft, seen.version)
    with pytest.raises(Outdated):
        structures.change_ways(world.platform, world.admin, 1, seen.ways, seen.version)
    with pytest.raises(NotFound):
        structures.read_structure(world.platform, world.admin, 99)


@pytest.mark.usefixtures("two_ways")
def test_one_way_stays_open_and_the_first_one_is_open(world: World) -> None:
    seen = structures.read_structure(world.platform, world.admin, 1)
    for draft, words in (
        (WaysDraft(()), "au moins un moyen"),
        (WaysDraft(("card",)), "au moins un moyen"),
        (WaysDraft(("strong",), "password"), "proposé en premier"),
        (WaysDraft(("strong",), "", "10.0.0.0/99"), "Réseau incorrect"),
    ):
        with pytest.raises(InvalidInput, match=words):
            structures.change_ways(world.platform, world.admin, 1, draft, seen.version)


@pytest.mark.usefixtures("two_ways")
def test_a_way_that_a_structure_closes_is_closed_to_its_people(world: World) -> None:
    seen = structures.read_structure(world.platform, world.admin, 1)
    changed = structures.change_ways(world.platform, world.admin, 1, WaysDraft(("strong",), "strong"), seen.version)
    assert changed.ways == WaysDraft(("strong",), "strong", "")
    assert last_action(world) == ("structure.ways", "EHPAD Les Tilleuls")
    with pytest.raises(AccessDenied, match="n'a pas ouvert"):
        service.log_in_by_password(world.platform, "ide.dubois", PASSWORD)
    opened = WaysDraft(("strong", "password"), "", "192.0.2.0/24")
    structures.change_ways(world.platform, world.admin, 1, opened, changed.version)
    with pytest.raises(AccessDenied, match="postes de votre établissement"):
        service.log_in_by_password(world.platform, "ide.dubois", PASSWORD, Visitor("198.51.100.1"))
    assert service.log_in_by_password(world.platform, "ide.dubois", PASSWORD, Visitor("192.0.2.9"))
    with world.platform.reading() as session:
        assert session.get_one(Structure, 1).login_ways == ""  # all that is offered, also what comes later


def test_a_closed_room_is_not_offered_but_where_it_was_planned(world: World) -> None:
    offered = {room.id for room in rooms_of(world.platform, world.ide_dubois, "TLM-2026-0001")}
    planned = next(r for r in rooms_of(world.platform, world.ide_dubois, "TLM-2026-0001") if r.planned)
    other = next(row for row in rooms.list_rooms(world.platform, world.admin) if row.name != planned.name)
    rooms.close_room(world.platform, world.admin, other.id)
    left = {room.name for room in rooms_of(world.platform, world.ide_dubois, "TLM-2026-0001")}
    assert len(left) == len(offered) - 1
    assert other.name not in left
    rooms.close_room(world.platform, world.admin, other.id, closed=False)
    assert last_action(world) == ("room.opened", other.name)


def test_one_room_stays_open(world: World) -> None:
    first, *others = rooms.list_rooms(world.platform, world.admin)
    for room in others:
        rooms.close_room(world.platform, world.admin, room.id)
    with pytest.raises(InvalidInput, match="dernière salle"):
        rooms.close_room(world.platform, world.admin, first.id)


def test_rooms_have_names_of_their_own(world: World) -> None:
    made = rooms.create_room(world.platform, world.admin, "Salle  Jaune")
    assert (made.name, last_action(world)) == ("Salle Jaune", ("room.created", "Salle Jaune"))
    for name in ("salle bleue", "", "<b>"):
        with pytest.raises(InvalidInput):
            rooms.create_room(world.platform, world.admin, name)
    with pytest.raises(InvalidInput, match="existe déjà"):
        rooms.rename_room(world.platform, world.admin, made.id, "SALLE VERTE")
    assert rooms.rename_room(world.platform, world.admin, made.id, "Salle Dorée").name == "Salle Dorée"
    again = rooms.create_room(world.platform, world.admin, "Salle Jaune")  # its slug of before is still in links
    assert again.id != made.id
    with pytest.raises(NotFound):
        rooms.rename_room(world.platform, world.admin, 99, "Autre")
