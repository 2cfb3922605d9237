"""The room's use cases: who may enter, what it does to the dossier, what is written in it."""

from __future__ import annotations

import pytest
from sqlmodel import col, select

from app.audit import service as audit
from app.audit.models import AuditEntry
from app.dossiers.models import Dossier, Step
from app.errors import AccessDenied, InvalidInput, NotAdmitted, NotFound, TeledossierError, WrongStep
from app.teleconsultation import invitations, service
from app.teleconsultation.messages import Invite
from app.teleconsultation.models import GuestRole, Invitation
from tests.support.people import World, small_world

PLANNED, CLOSED, CANCELLED, OPINION_DUE = "TLM-2026-0001", "TLM-2026-0003", "TLM-2026-0004", "TLM-2026-0005"
REQUESTED, DRAFT = "TLM-2026-0007", "TLM-2026-0008"
BLUE = "salle-bleue"
EVERYBODY = ["dr.martin", "dr.leroy", "ide.dubois", "dr.petit", "ide.moreau", "admin"]
OF_THE_DOSSIER = {"dr.martin", "ide.dubois", "dr.petit"}


@pytest.fixture
def world() -> World:
    return small_world()


@pytest.fixture(scope="module")
def shared() -> World:
    """One world for a whole table of who may do what."""
    return small_world()


def step_of(world: World, number: str) -> Step:
    with world.platform.reading() as session:
        return session.exec(select(Dossier.step).where(Dossier.number == number)).one()


def journal(world: World, number: str) -> list[str]:
    with world.platform.reading() as session:
        dossier = session.exec(select(Dossier).where(Dossier.number == number)).one()
        entries = session.exec(
            select(AuditEntry).where(AuditEntry.dossier_id == dossier.id).order_by(col(AuditEntry.id))
        )
        return [entry.action for entry in entries]


def guest_of(world: World, admitted: bool = True) -> Invitation:
    wish = Invite("email", "paul@example.org", "Paul MERCIER", GuestRole.CAREGIVER, "wish-1")
    invitation = invitations.invite(world.platform, world.ide_dubois, PLANNED, BLUE, wish)
    assert invitation.id is not None
    if admitted:
        invitation = invitations.admit(world.platform, world.dr_martin, PLANNED, BLUE, invitation.id)
    return invitation


@pytest.mark.parametrize("login", EVERYBODY)
@pytest.mark.parametrize(
    "use_case",
    [
        lambda world, actor: service.rooms_of(world.platform, actor, PLANNED),
        lambda world, actor: service.enter(world.platform, actor, PLANNED, BLUE),
        lambda world, actor: service.chat_of(world.platform, actor, PLANNED),
        lambda world, actor: service.post_chat(world.platform, actor, PLANNED, BLUE, "Bonjour", actor.login),
        lambda world, actor: invitations.invitations_of(world.platform, actor, PLANNED),
        lambda world, actor: invitations.invite(
            world.platform, actor, PLANNED, BLUE, Invite("email", "a@b.fr", "Paul", GuestRole.PATIENT, actor.login)
        ),
    ],
    ids=["rooms_of", "enter", "chat_of", "post_chat", "invitations_of", "invite"],
)
def test_who_may(shared: World, login: str, use_case: object) -> None:
    if login in OF_THE_DOSSIER:
        use_case(shared, shared.people[login])  # type: ignore[operator]
    else:
        with pytest.raises((NotFound, AccessDenied)):
            use_case(shared, shared.people[login])  # type: ignore[operator]


def test_the_rooms_come_in_the_house_s_order_with_the_planned_one_marked(world: World) -> None:
    rooms = service.rooms_of(world.platform, world.dr_martin, PLANNED)
    assert [(room.name, room.planned) for room in rooms] == [
        ("Salle Bleue", True),
        ("Salle Verte", False),
        ("Salle Orange", False),
    ]


@pytest.mark.parametrize("number", [PLANNED, REQUESTED, OPINION_DUE])
def test_entering_a_room_puts_the_dossier_in_teleconsultation(world: World, number: str) -> None:
    assert service.enter(world.platform, world.dr_martin, number, BLUE) is Step.IN_CALL
    assert step_of(world, number) is Step.IN_CALL
    assert journal(world, number)[-2:] == ["room.entered", "dossier.step"]


def test_the_second_to_enter_changes_no_step(world: World) -> None:
    service.enter(world.platform, world.dr_martin, PLANNED, BLUE)
    service.enter(world.platform, world.ide_dubois, PLANNED, BLUE)
    assert journal(world, PLANNED)[-1] == "room.entered"


@pytest.mark.parametrize(("number", "login"), [(CLOSED, "dr.martin"), (CANCELLED, "dr.martin"), (DRAFT, "ide.dubois")])
def test_nobody_enters_a_room_for_a_dossier_that_is_closed_cancelled_or_a_draft(
    world: World, number: str, login: str
) -> None:
    before = step_of(world, number), journal(world, number)
    with pytest.raises(WrongStep):
        service.enter(world.platform, world.people[login], number, BLUE)
    assert (step_of(world, number), journal(world, number)) == before


def test_an_unknown_room_is_refused_and_nothing_changes(world: World) -> None:
    with pytest.raises(NotFound):
        service.enter(world.platform, world.dr_martin, PLANNED, "salle-noire")
    assert step_of(world, PLANNED) is Step.PLANNED


def test_the_last_professional_out_leaves_an_opinion_due(world: World) -> None:
    service.enter(world.platform, world.dr_martin, PLANNED, BLUE)
    service.leave(world.platform, world.ide_dubois, PLANNED, BLUE, over=False)
    assert step_of(world, PLANNED) is Step.IN_CALL
    service.leave(world.platform, world.dr_martin, PLANNED, BLUE, over=True)
    assert step_of(world, PLANNED) is Step.OPINION_DUE
    assert journal(world, PLANNED)[-2:] == ["room.left", "dossier.step"]


def test_who_has_lost_the_right_can_still_be_let_out(world: World) -> None:
    service.enter(world.platform, world.dr_martin, PLANNED, BLUE)
    service.leave(world.platform, world.admin, PLANNED, BLUE, over=True)
    assert step_of(world, PLANNED) is Step.OPINION_DUE


def test_a_dossier_closed_during_the_call_stays_closed(world: World) -> None:
    service.enter(world.platform, world.dr_martin, PLANNED, BLUE)
    with world.platform.transaction() as session:
        dossier = session.exec(select(Dossier).where(Dossier.number == PLANNED)).one()
        dossier.step, dossier.closed_at = Step.CLOSED, world.clock.now()
        session.add(dossier)
    service.leave(world.platform, world.dr_martin, PLANNED, BLUE, over=True)
    assert step_of(world, PLANNED) is Step.CLOSED


def test_a_call_nobody_came_back_to_is_ended_others_are_not(world: World) -> None:
    for number in (PLANNED, REQUESTED):
        service.enter(world.platform, world.dr_martin, number, BLUE)
    with world.platform.transaction() as session:
        dossiers = {d.number: d for d in session.exec(select(Dossier))}
        dossiers[OPINION_DUE].step = Step.IN_CALL  # never entered here
        session.add(dossiers[OPINION_DUE])
    assert service.end_abandoned(world.platform, {dossiers[REQUESTED].id or 0}) == 1
    assert [step_of(world, n) for n in (PLANNED, REQUESTED, OPINION_DUE)] == [
        Step.OPINION_DUE,
        Step.IN_CALL,
        Step.IN_CALL,
    ]


def test_every_act_in_the_room_is_in_a_whole_journal(world: World) -> None:
    service.enter(world.platform, world.dr_martin, PLANNED, BLUE)
    service.post_chat(world.platform, world.dr_martin, PLANNED, BLUE, "Bonjour", "k-1")
    guest = guest_of(world)
    invitations.guest_entered(world.platform, guest, BLUE)
    invitations.guest_left(world.platform, guest)
    service.leave(world.platform, world.dr_martin, PLANNED, BLUE, over=True)
    acts = [
        "room.entered",
        "chat.posted",
        "invitation.sent",
        "guest.admitted",
        "guest.entered",
        "guest.left",
        "room.left",
    ]
    assert [action for action in journal(world, PLANNED) if action in acts] == acts
    with world.platform.reading() as session:
        assert audit.verify(session) is None
        assert not [e for e in session.exec(select(AuditEntry)) if "Bonjour" in e.detail + e.subject]


# -- the discussion


def test_a_line_sent_again_with_the_same_key_is_kept_once(world: World) -> None:
    first = service.post_chat(world.platform, world.dr_martin, PLANNED, BLUE, "Bonjour", "k-1")
    world.clock.pass_by(seconds=9)
    again = service.post_chat(world.platform, world.dr_martin, PLANNED, BLUE, "Bonjour !", "k-1")
    assert (again.text, again.at, again.repeated, first.repeated) == ("Bonjour", first.at, True, False)
    assert len(service.chat_of(world.platform, world.dr_martin, PLANNED)) == 1


def test_a_key_of_somebody_else_is_refused(world: World) -> None:
    service.post_chat(world.platform, world.dr_martin, PLANNED, BLUE, "Bonjour", "k-1")
    with pytest.raises(InvalidInput):
        service.post_chat(world.platform, world.ide_dubois, PLANNED, BLUE, "Bonjour", "k-1")


def test_the_discussion_is_read_oldest_first_and_one_s_own_lines_are_marked(world: World) -> None:
    service.post_chat(world.platform, world.dr_martin, PLANNED, BLUE, "Bonjour", "k-1")
    service.post_chat(world.platform, world.ide_dubois, PLANNED, BLUE, "Bonjour docteur", "k-2")
    lines = service.chat_of(world.platform, world.ide_dubois, PLANNED)
    assert [(line.name, line.text, line.mine) for line in lines] == [
        ("Dr MARTIN", "Bonjour", False),
        ("N. DUBOIS", "Bonjour docteur", True),
    ]


def test_a_guest_writes_only_after_being_let_in_and_reads_what_was_written_since(world: World) -> None:
    service.post_chat(world.platform, world.dr_martin, PLANNED, BLUE, "Avant son arrivée", "k-1")
    world.clock.pass_by(seconds=1)
    waiting = guest_of(world, admitted=False)
    with pytest.raises(NotAdmitted):
        service.post_chat(world.platform, waiting, PLANNED, BLUE, "Bonjour", "k-2")
    guest = invitations.admit(world.platform, world.dr_martin, PLANNED, BLUE, waiting.id or 0)
    service.post_chat(world.platform, guest, PLANNED, BLUE, "Bonjour", "k-2")
    assert [line.text for line in service.chat_of(world.platform, guest, PLANNED)] == ["Bonjour"]
    assert [line.name for line in service.chat_of(world.platform, world.dr_martin, PLANNED)] == [
        "Dr MARTIN",
        "Paul MERCIER",
    ]


def test_a_guest_never_reads_another_dossier_s_discussion(world: World) -> None:
    with pytest.raises(TeledossierError):
        service.chat_of(world.platform, guest_of(world), OPINION_DUE)
