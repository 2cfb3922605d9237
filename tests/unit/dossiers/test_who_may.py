"""Who may do what with a télédossier: every role over every right."""

from __future__ import annotations

import pytest
from sqlmodel import select

from app.audit.models import AuditEntry
from app.dossiers import service
from app.dossiers.access import Right, dossier_for
from app.errors import AccessDenied, NotFound
from tests.support.people import World, small_world

EXPERT = {Right.SEE, Right.EDIT_OPINION, Right.SIGN, Right.ADD_DOCUMENT, Right.ENTER_ROOM, Right.INVITE}
REQUESTER = {Right.SEE, Right.EDIT_REQUEST, Right.ADD_DOCUMENT, Right.ENTER_ROOM, Right.INVITE}
WHO_MAY = {
    "dr.martin": EXPERT,
    "dr.leroy": set(),
    "ide.dubois": REQUESTER,
    "dr.petit": REQUESTER,
    "ide.moreau": set(),
    "admin": set(),
}


@pytest.fixture(scope="module")
def world() -> World:
    return small_world()


@pytest.mark.parametrize("login", WHO_MAY)
@pytest.mark.parametrize("right", Right)
def test_who_may(world: World, login: str, right: Right) -> None:
    with world.platform.reading() as session:
        if right in WHO_MAY[login]:
            assert dossier_for(session, world.people[login], "TLM-2026-0001", right).number == "TLM-2026-0001"
        else:
            with pytest.raises((NotFound, AccessDenied)):
                dossier_for(session, world.people[login], "TLM-2026-0001", right)


@pytest.mark.parametrize("login", ["dr.leroy", "ide.moreau", "admin"])
def test_another_structure_s_dossier_is_answered_as_if_it_did_not_exist_and_journalled(
    world: World, login: str
) -> None:
    with pytest.raises(NotFound) as foreign:
        service.open_dossier(world.platform, world.people[login], "TLM-2026-0001")
    with pytest.raises(NotFound) as unknown:
        service.open_dossier(world.platform, world.people[login], "TLM-2026-9999")
    assert foreign.value.message == unknown.value.message
    with world.platform.reading() as session:
        refused = session.exec(select(AuditEntry).where(AuditEntry.action == "dossier.refused")).all()
    assert refused[-1].actor_id == world.people[login].id


def test_an_expert_does_not_see_a_draft(world: World) -> None:
    with pytest.raises(NotFound):
        service.open_dossier(world.platform, world.dr_leroy, "TLM-2026-0008")
    assert service.open_dossier(world.platform, world.ide_dubois, "TLM-2026-0008").number == "TLM-2026-0008"
