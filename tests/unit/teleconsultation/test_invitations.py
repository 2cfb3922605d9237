"""Invitations: what is sent, what the link opens, and when it opens nothing any more."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlmodel import select

from app.dossiers.models import Dossier, Step
from app.errors import AccessDenied, InvalidInput, InvitationInvalid, NotFound, WrongStep
from app.messaging.models import OutboxMessage, OutboxState
from app.teleconsultation import door, guest_sessions, invitations, renewing, sending, service
from app.teleconsultation.messages import Invite
from app.teleconsultation.models import GuestRole, Invitation
from tests.support.people import World, small_world

NUMBER, CLOSED, DRAFT = "TLM-2026-0001", "TLM-2026-0003", "TLM-2026-0008"
BLUE = "salle-bleue"
PHONE = "02 61 91 00 20"  # of the care home
EVERYBODY = ["dr.martin", "dr.leroy", "ide.dubois", "dr.petit", "ide.moreau", "admin"]
OF_THE_DOSSIER = {"dr.martin", "ide.dubois", "dr.petit"}


@pytest.fixture
def world() -> World:
    return small_world(public_url="https://tele.example")


@pytest.fixture(scope="module")
def shared() -> World:
    """One world for a whole table."""
    return small_world()


def wish(key: str = "wish-1", address: str = "paul@example.org", channel: str = "email") -> Invite:
    return Invite(channel, address, "Paul MERCIER", GuestRole.CAREGIVER, key)


def invite(world: World, key: str = "wish-1") -> tuple[Invitation, str]:
    """An invitation and its link's secret, read from the letter as its receiver would."""
    invitation = invitations.invite(world.platform, world.ide_dubois, NUMBER, BLUE, wish(key))
    secret = re.search(r"/invitation/(\S+)", letter(world, invitation).body)
    assert secret is not None
    return invitation, secret[1]


def letter(world: World, invitation: Invitation) -> OutboxMessage:
    with world.platform.reading() as session:
        return session.exec(select(OutboxMessage).where(OutboxMessage.topic_id == invitation.id)).one()


def state(world: World, places: dict[int, str] | None = None) -> tuple[str, str]:
    [view] = invitations.invitations_of(world.platform, world.dr_martin, NUMBER, places)
    return view.state, view.message


# -- sending


def test_the_letter_says_who_invites_when_and_what_to_do(world: World) -> None:
    invitation, _secret = invite(world)
    sent = letter(world, invitation)
    assert sent.recipient == "paul@example.org"
    for words in (
        "Paul MERCIER",
        "Nadia DUBOIS",
        "le Dr Claire MARTIN",
        "mardi 24 novembre 2026 à 10\u00a0h\u00a030",
        PHONE,
    ):
        assert words in sent.body
    assert "https://tele.example/invitation/" in sent.body


def test_the_letter_says_nothing_about_health_and_no_patient_s_name(world: World) -> None:
    invitation, _secret = invite(world)
    sent = letter(world, invitation)
    for word in ("Jeanne", "comportement", "gériat", NUMBER):
        assert word.casefold() not in (sent.subject + sent.body).casefold()


def test_the_database_never_holds_the_link_but_in_the_letter_still_to_send(world: World) -> None:
    invitation, secret = invite(world)
    assert secret not in repr(invitation.model_dump())
    assert len(secret) >= 43  # 256 bits


def test_the_same_wish_twice_invites_once(world: World) -> None:
    first, _secret = invite(world)
    again = invitations.invite(world.platform, world.ide_dubois, NUMBER, BLUE, wish())
    assert again.id == first.id
    assert len(invitations.invitations_of(world.platform, world.dr_martin, NUMBER)) == 1


def test_a_wish_s_key_of_somebody_else_is_refused(world: World) -> None:
    invite(world)
    with pytest.raises(InvalidInput):
        invitations.invite(world.platform, world.dr_petit, NUMBER, BLUE, wish())


@pytest.mark.parametrize(
    "address",
    ["paul", "paul@", "@example.org", "paul@example", "pa ul@example.org", "paul@exa_mple.org", "a..b@example.org",
     "paul@example.org, b@c.fr", "é@example.org", "x" * 65 + "@example.org", "paul@-example.org"],
)  # fmt: skip
def test_an_address_that_can_be_none_is_refused(shared: World, address: str) -> None:
    with pytest.raises(InvalidInput, match="adresse"):
        invitations.invite(shared.platform, shared.ide_dubois, NUMBER, BLUE, wish(address, address))


@pytest.mark.parametrize("address", ["a@b.fr", "prenom.nom+tag@sous.domaine.example", "o'hara@mss.example"])
def test_an_ordinary_address_is_taken(shared: World, address: str) -> None:
    assert (
        invitations.invite(shared.platform, shared.ide_dubois, NUMBER, BLUE, wish(address, address)).address == address
    )


def test_no_more_than_twenty_invitations_leave_per_dossier_and_hour(world: World) -> None:
    for number in range(20):
        invitations.invite(world.platform, world.ide_dubois, NUMBER, BLUE, wish(f"wish-{number}"))
    with pytest.raises(InvalidInput, match="une heure"):
        invitations.invite(world.platform, world.ide_dubois, NUMBER, BLUE, wish("wish-20"))
    world.clock.pass_by(hours=1)
    invitations.invite(world.platform, world.ide_dubois, NUMBER, BLUE, wish("wish-20"))


@pytest.mark.parametrize("number", [CLOSED, DRAFT])
def test_nobody_is_invited_to_a_call_that_cannot_be(world: World, number: str) -> None:
    with pytest.raises(WrongStep):
        invitations.invite(world.platform, world.ide_dubois, number, BLUE, wish())


@pytest.mark.parametrize("login", EVERYBODY)
@pytest.mark.parametrize(
    "use_case",
    [
        lambda platform, actor, guest: invitations.withdraw(platform, actor, NUMBER, guest),
        lambda platform, actor, guest: invitations.admit(platform, actor, NUMBER, BLUE, guest),
        lambda platform, actor, guest: invitations.refuse(platform, actor, NUMBER, guest),
    ],
    ids=["withdraw", "admit", "refuse"],
)
def test_who_may(shared: World, login: str, use_case: object) -> None:
    shared.clock.pass_by(hours=1)  # none too many
    wanted = wish(f"{login}-{shared.clock.now()}")
    invitation = invitations.invite(shared.platform, shared.ide_dubois, NUMBER, BLUE, wanted)
    if login in OF_THE_DOSSIER:
        use_case(shared.platform, shared.people[login], invitation.id)  # type: ignore[operator]
    else:
        with pytest.raises((NotFound, AccessDenied)):
            use_case(shared.platform, shared.people[login], invitation.id)  # type: ignore[operator]


def test_an_invitation_to_another_dossier_is_unknown(world: World) -> None:
    invitation, _secret = invite(world)
    with pytest.raises(NotFound):
        invitations.admit(world.platform, world.dr_martin, "TLM-2026-0005", BLUE, invitation.id or 0)


# -- opening


def test_the_link_opens_and_the_professional_sees_it(world: World) -> None:
    invitation, secret = invite(world)
    assert state(world)[0] == "sending"
    assert guest_sessions.exchange(world.platform, secret, None).invitation.id == invitation.id
    assert state(world)[0] == "opened"


def invalid(world: World, secret: str) -> str:
    with pytest.raises(InvitationInvalid) as refused:
        guest_sessions.exchange(world.platform, secret, None)
    return refused.value.message


def test_a_link_is_good_until_a_day_after_the_appointment(world: World) -> None:
    _invitation, secret = invite(world)
    with world.platform.reading() as session:
        planned = session.exec(select(Dossier.planned_at).where(Dossier.number == NUMBER)).one()
    assert planned is not None
    world.clock.at = planned + timedelta(hours=24, seconds=-1)
    guest_sessions.look(world.platform, secret, None)
    world.clock.pass_by(seconds=1)
    assert PHONE in invalid(world, secret)
    assert state(world)[0] == "expired"


def test_a_link_without_appointment_ahead_is_good_for_a_day(world: World) -> None:
    world.clock.pass_by(days=30)
    invitation, _secret = invite(world)
    assert invitation.expires_at == world.clock.now() + timedelta(hours=24)


@pytest.mark.parametrize("altered", ["", "x", "A" * 43, "A" * 44, "é" * 43])
def test_an_altered_link_opens_nothing_and_says_whom_to_call(world: World, altered: str) -> None:
    invite(world)
    assert world.platform.settings.assistance_phone in invalid(world, altered)


def test_a_withdrawn_link_opens_nothing_and_its_letter_never_leaves(world: World) -> None:
    invitation, secret = invite(world)
    invitations.withdraw(world.platform, world.dr_martin, NUMBER, invitation.id or 0)
    assert PHONE in invalid(world, secret)
    assert state(world)[0] == "withdrawn"
    assert (letter(world, invitation).state, letter(world, invitation).body) == (OutboxState.FAILED, "")


def test_a_refused_guest_cannot_come_back_with_the_same_link(world: World) -> None:
    invitation, secret = invite(world)
    invitations.refuse(world.platform, world.dr_martin, NUMBER, invitation.id or 0)
    assert PHONE in invalid(world, secret)
    with pytest.raises(InvitationInvalid):
        invitations.admit(world.platform, world.dr_martin, NUMBER, BLUE, invitation.id or 0)


def test_a_link_to_a_closed_dossier_opens_nothing(world: World) -> None:
    _invitation, secret = invite(world)
    with world.platform.transaction() as session:
        dossier = session.exec(select(Dossier).where(Dossier.number == NUMBER)).one()
        dossier.step, dossier.closed_at = Step.CLOSED, world.clock.now()
        session.add(dossier)
    assert "terminée" in invalid(world, secret)


def test_whom_to_call_is_known_even_for_a_link_that_is_no_longer_good(world: World) -> None:
    invitation, secret = invite(world)
    invitations.withdraw(world.platform, world.dr_martin, NUMBER, invitation.id or 0)
    assert door.contact_of(world.platform, secret) == door.Contact("EHPAD Les Tilleuls", PHONE)
    assert door.contact_of(world.platform, secret).dialled == "+33261910020"
    assert door.contact_of(world.platform, "x").phone == world.platform.settings.assistance_phone


def test_a_guest_s_page_knows_the_appointment_and_nothing_of_the_patient(world: World) -> None:
    invitation, _secret = invite(world)
    context = invitations.guest_context(world.platform, invitation)
    assert (context.greeting, context.doctor, context.phone) == ("Bonjour Paul MERCIER", "Dr Claire MARTIN", PHONE)
    assert "Jeanne" not in repr(context)


# -- letting in


def test_who_left_or_whose_call_is_over_must_be_let_in_anew(world: World) -> None:
    invitation, _secret = invite(world)
    for end in (
        lambda guest: invitations.guest_left(world.platform, guest),
        lambda _guest: service.leave(world.platform, world.dr_martin, NUMBER, BLUE, over=True),
    ):
        world.clock.pass_by(seconds=1)
        guest = invitations.admit(world.platform, world.dr_martin, NUMBER, BLUE, invitation.id or 0)
        assert guest.is_admitted
        world.clock.pass_by(seconds=1)
        end(guest)
        with world.platform.reading() as session:
            assert not session.get_one(Invitation, invitation.id).is_admitted
        assert state(world)[0] == "left"


def test_a_guest_still_inside_when_the_professional_reloads_the_page_stays_admitted(world: World) -> None:
    invitation, _secret = invite(world)
    invitations.admit(world.platform, world.dr_martin, NUMBER, BLUE, invitation.id or 0)
    world.clock.pass_by(seconds=1)
    service.leave(world.platform, world.dr_martin, NUMBER, BLUE, over=True, staying=[invitation.id or 0])
    with world.platform.reading() as session:
        assert session.get_one(Invitation, invitation.id).is_admitted


@pytest.mark.parametrize("place", ["waiting", "inside"])
def test_where_a_guest_is_now_goes_before_what_was_sent(world: World, place: str) -> None:
    invitation, _secret = invite(world)
    assert state(world, {invitation.id or 0: place})[0] == place


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [(OutboxState.WAITING, "sending"), (OutboxState.SENT, "sent"), (OutboxState.FAILED, "failed")],
)
def test_before_it_is_opened_an_invitation_follows_its_letter(
    world: World, outcome: OutboxState, expected: str
) -> None:
    invitation, _secret = invite(world)
    with world.platform.transaction() as session:
        sent = session.exec(select(OutboxMessage).where(OutboxMessage.topic_id == invitation.id)).one()
        sent.state, sent.error = outcome, "Adresse refusée." if outcome is OutboxState.FAILED else ""
        session.add(sent)
    assert state(world) == (expected, "Adresse refusée." if expected == "failed" else "")


# -- by SMS, by its link


def by(channel: str, address: str, key: str = "wish-2") -> Invite:
    return Invite(channel, address, "Paul MERCIER", GuestRole.CAREGIVER, key)


@pytest.mark.parametrize("typed", ["06 99 00 00 77", "+33699000077", "0033 6.99.00.00.77", "+33 (0)6 99 00 00 77"])
def test_an_invitation_by_sms_goes_to_a_mobile_and_says_who_when_and_where(world: World, typed: str) -> None:
    invitation = invitations.invite(world.platform, world.ide_dubois, NUMBER, BLUE, by("sms", typed))
    sent = letter(world, invitation)
    assert (sent.channel, sent.recipient) == ("sms", "+33699000077")
    for words in ("Nadia DUBOIS", "24/11 à 10h30", "https://tele.example/invitation/", PHONE):
        assert words in sent.body
    for word in ("Jeanne", "MERCIER", "comportement", "gériat", NUMBER):
        assert word.casefold() not in sent.body.casefold()
    [view] = invitations.invitations_of(world.platform, world.dr_martin, NUMBER)
    assert (view.channel, view.address) == ("sms", "06 99 00 00 77")


@pytest.mark.parametrize("typed", ["02 61 91 00 20", "0699", "06 99 00 00 7x", "paul@example.org", ""])
def test_a_landline_or_what_is_no_number_gets_no_sms(world: World, typed: str) -> None:
    with pytest.raises(InvalidInput, match="mobile"):
        invitations.invite(world.platform, world.ide_dubois, NUMBER, BLUE, by("sms", typed))
    with world.platform.reading() as session:
        assert session.exec(select(OutboxMessage)).all() == []


def test_an_invitation_by_its_link_alone_sends_nothing_and_says_so(world: World) -> None:
    invitation, secret = invitations.invite_with_link(
        world.platform, world.ide_dubois, NUMBER, BLUE, by("link", "ignored")
    )
    assert secret is not None
    with world.platform.reading() as session:
        assert session.exec(select(OutboxMessage)).all() == []
    assert (invitation.address, state(world)[0]) == ("", "handed")
    assert guest_sessions.look(world.platform, secret, None).invitation.id == invitation.id


# -- sent anew, prolonged


def test_an_invitation_sent_anew_has_a_new_link_and_the_former_opens_nothing(world: World) -> None:
    invitation, former = invite(world)
    world.clock.pass_by(days=3)
    again, secret = renewing.resend(world.platform, world.dr_martin, NUMBER, invitation.id or 0)
    assert again.expires_at == world.clock.now() + sending.VALID_FOR
    assert world.platform.settings.assistance_phone in invalid(world, former)
    assert guest_sessions.look(world.platform, secret, None).invitation.id == invitation.id


def test_a_double_click_sends_an_invitation_anew_once(world: World) -> None:
    invitation, _secret = invite(world)
    with pytest.raises(InvalidInput, match="vient de partir"):
        renewing.resend(world.platform, world.dr_martin, NUMBER, invitation.id or 0)


def test_sending_anew_counts_among_the_twenty_of_an_hour(world: World) -> None:
    invitation, _secret = invite(world)
    for _ in range(19):
        world.clock.pass_by(seconds=31)
        renewing.resend(world.platform, world.dr_martin, NUMBER, invitation.id or 0)
    world.clock.pass_by(seconds=31)
    with pytest.raises(InvalidInput, match="une heure"):
        renewing.resend(world.platform, world.dr_martin, NUMBER, invitation.id or 0)


def test_an_expired_link_that_is_prolonged_opens_again(world: World) -> None:
    invitation, secret = invite(world)
    world.clock.pass_by(days=3)
    assert PHONE in invalid(world, secret)
    renewing.extend(world.platform, world.dr_martin, NUMBER, invitation.id or 0)
    assert guest_sessions.look(world.platform, secret, None).invitation.id == invitation.id


@pytest.mark.parametrize("renew", [renewing.resend, renewing.extend])
@pytest.mark.parametrize("end", [invitations.withdraw, invitations.refuse])
def test_what_was_withdrawn_or_refused_is_not_brought_back(world: World, renew: object, end: object) -> None:
    invitation, secret = invite(world)
    end(world.platform, world.dr_martin, NUMBER, invitation.id or 0)  # type: ignore[operator]
    world.clock.pass_by(minutes=1)
    with pytest.raises(InvitationInvalid):
        renew(world.platform, world.dr_martin, NUMBER, invitation.id or 0)  # type: ignore[operator]
    assert PHONE in invalid(world, secret)


@pytest.mark.parametrize("renew", [renewing.resend, renewing.extend])
@pytest.mark.parametrize("login", ["ide.moreau", "dr.leroy", "admin"])
def test_nobody_else_renews_an_invitation(world: World, login: str, renew: object) -> None:
    invitation, _secret = invite(world)
    world.clock.pass_by(minutes=1)
    with pytest.raises((NotFound, AccessDenied)):
        renew(world.platform, world.people[login], NUMBER, invitation.id or 0)  # type: ignore[operator]
