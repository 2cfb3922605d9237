"""Rules of passwords: what a new one must be, changing it, choosing it anew by a link."""

from __future__ import annotations

import asyncio
import json
import re
import unicodedata

import pytest
from sqlmodel import select

from app.audit.models import AuditEntry
from app.demo.people import PASSWORD
from app.errors import AccessDenied, LoginExpired, TooManyAttempts, WrongCredentials
from app.identity import login_sessions, one_time_code, password_change, passwords, service
from app.identity.models import LoginSession, LoginThrottle, Professional, Structure
from app.identity.one_time_code import Channel
from app.identity.password_change import PasswordUnchanged
from app.identity.passwords import WeakPassword
from app.identity.ways import Visitor
from app.messaging import worker
from app.messaging.transports import MemoryMail
from tests.support.people import World, small_world

GOOD = "lampe girafe moulin brouette"
INSIDE, OUTSIDE = Visitor("10.1.2.3"), Visitor("192.0.2.7")
OWN = ("ide.dubois", "Nadia", "Dubois", "ide.dubois@demo.invalid", "EHPAD Les Tilleuls", "Alençon")


@pytest.fixture
def world() -> World:
    return small_world()


def log_in(world: World, password: str = PASSWORD, visitor: Visitor = OUTSIDE, login: str = "ide.dubois") -> str:
    return service.log_in_by_password(world.platform, login, password, visitor)


def letters(world: World) -> list[str]:
    asyncio.run(worker.send_due(world.platform))
    assert isinstance(world.platform.mail, MemoryMail)
    return [mail.body for mail, _ in world.platform.mail.sent]


def link(world: World) -> str:
    """The secret of the newest letter with a link."""
    return re.findall(r"nouveau-mot-de-passe/([\w-]+)", "\n".join(letters(world)))[-1]


# ---- what a new one must be


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("kX9!vv2", "trop court"),
        ("a" * 1025, "dépasse"),
        ("Motdepasse2026!", "courants"),
        ("Soleil-Marseille-2024", "courants"),
        ("Bonjour2024!!", "courants"),
        ("Infirmiere2026!", "courants"),
        ("Les Tilleuls 2026", "votre nom"),
        ("Dubois-Nadia-61", "votre nom"),
        ("Ehpad-Tilleuls-61000!", "votre nom"),
        ("ide.dubois.2026.ide", "votre nom"),
        ("aaaaaaaaaaaaaaaa", "répète"),
        ("azertyuiop12", "se devine"),
        ("123456789012", "se devine"),
    ],
)
def test_a_password_that_would_be_guessed_is_refused_with_advice(password: str, why: str) -> None:
    with pytest.raises(WeakPassword, match=why):
        passwords.check_new(password, OWN)


@pytest.mark.parametrize(
    "password",
    [GOOD, "cheval exact pile agrafe", "hqd7!kz09Lpw", "éléphant vélo tournevis nuage", "🦒 moulin ☂ brouette"],
)
def test_a_long_password_of_any_signs_is_good(password: str) -> None:
    passwords.check_new(password, OWN)


def test_a_password_of_a_thousand_signs_is_good_and_counts_to_its_end() -> None:
    long = (GOOD + " ; ") * 33
    passwords.check_new(long, OWN)
    kept = passwords.hash_password(long)
    assert passwords.is_right(kept, long)
    assert not passwords.is_right(kept, long + "x")
    longest = "ab" * 512
    assert not passwords.is_right(passwords.hash_password(longest), longest + "x")


def test_an_accent_is_the_same_from_every_keyboard() -> None:
    kept = passwords.hash_password(unicodedata.normalize("NFC", "éléphant vélo"))
    assert passwords.is_right(kept, unicodedata.normalize("NFD", "éléphant vélo"))


# ---- changing it


def test_a_changed_password_is_the_one_that_logs_in_and_other_sessions_end(world: World) -> None:
    here, elsewhere = log_in(world), log_in(world)
    password_change.change_password(world.platform, world.ide_dubois, PASSWORD, GOOD, except_secret=here)
    assert login_sessions.find(world.platform, here)
    assert login_sessions.find(world.platform, elsewhere) is None
    with pytest.raises(WrongCredentials):
        log_in(world)
    assert log_in(world, GOOD)
    assert "vient de changer" in letters(world)[-1]


@pytest.mark.parametrize(
    ("old", "new", "refusal"),
    [("x", GOOD, PasswordUnchanged), (PASSWORD, PASSWORD, PasswordUnchanged), (PASSWORD, "court", WeakPassword)],
)
def test_a_password_is_not_changed_without_the_old_one_nor_to_a_weak_one(
    world: World, old: str, new: str, refusal: type[Exception]
) -> None:
    secret = log_in(world)
    with pytest.raises(refusal):
        password_change.change_password(world.platform, world.ide_dubois, old, new)
    assert login_sessions.find(world.platform, secret)
    assert log_in(world)


def test_guessing_the_old_password_while_changing_it_makes_one_wait(world: World) -> None:
    for _ in range(5):
        with pytest.raises(PasswordUnchanged):
            password_change.change_password(world.platform, world.ide_dubois, "x", GOOD)
    with pytest.raises(TooManyAttempts):
        password_change.change_password(world.platform, world.ide_dubois, PASSWORD, GOOD)


# ---- forgotten


def test_a_link_lets_choose_a_password_once_and_ends_every_session(world: World) -> None:
    before = log_in(world)
    password_change.ask_reset(world.platform, " IDE.Dubois ", OUTSIDE)
    secret = link(world)
    assert password_change.check_link(world.platform, secret) == "ide.dubois"
    password_change.reset_password(world.platform, secret, GOOD, OUTSIDE)
    assert login_sessions.find(world.platform, before) is None
    assert log_in(world, GOOD)
    with pytest.raises(LoginExpired, match="nouveau lien"):
        password_change.reset_password(world.platform, secret, GOOD + " encore", OUTSIDE)


def test_a_link_is_good_for_thirty_minutes(world: World) -> None:
    password_change.ask_reset(world.platform, "ide.dubois")
    secret = link(world)
    world.clock.pass_by(minutes=30)
    with pytest.raises(LoginExpired):
        password_change.check_link(world.platform, secret)
    with pytest.raises(LoginExpired):
        password_change.reset_password(world.platform, secret, GOOD)


def test_a_weak_choice_does_not_use_the_link_up(world: World) -> None:
    password_change.ask_reset(world.platform, "ide.dubois")
    secret = link(world)
    with pytest.raises(WeakPassword):
        password_change.reset_password(world.platform, secret, "Les Tilleuls 2026")
    password_change.reset_password(world.platform, secret, GOOD)
    assert log_in(world, GOOD)


@pytest.mark.parametrize("login", ["nobody", "sans.adresse", "suspendue"])
def test_no_letter_leaves_for_who_cannot_have_one_and_nobody_can_tell(world: World, login: str) -> None:
    change(world, "dr.petit", login="sans.adresse", email="")
    change(world, "dr.leroy", login="suspendue", suspended=True)
    password_change.ask_reset(world.platform, login)
    assert letters(world) == []


def test_one_account_gets_three_links_an_hour(world: World) -> None:
    for _ in range(5):
        password_change.ask_reset(world.platform, "ide.dubois")
    assert len(letters(world)) == 3


def test_a_new_password_makes_older_links_and_waiting_codes_useless(world: World) -> None:
    password_change.ask_reset(world.platform, "ide.dubois")
    first = link(world)
    code = one_time_code.ask(world.platform, "ide.dubois", PASSWORD, Channel.EMAIL)
    password_change.ask_reset(world.platform, "ide.dubois")
    password_change.reset_password(world.platform, link(world), GOOD)
    for useless in (
        lambda: password_change.check_link(world.platform, first),
        lambda: one_time_code.waiting(world.platform, code.secret),
    ):
        with pytest.raises(LoginExpired):
            useless()


def test_the_link_of_one_purpose_opens_no_other(world: World) -> None:
    sent = one_time_code.ask(world.platform, "ide.dubois", PASSWORD, Channel.EMAIL)
    with pytest.raises(LoginExpired):
        password_change.reset_password(world.platform, sent.secret, GOOD)


# ---- where a password alone is good


def test_a_password_alone_is_good_from_the_structure_s_networks_only(world: World) -> None:
    networks(world, "10.0.0.0/8 2001:db8::/32")
    assert log_in(world, visitor=INSIDE)
    assert log_in(world, visitor=Visitor("2001:db8::5"))
    for elsewhere in (OUTSIDE, Visitor(""), Visitor("not an address")):
        with pytest.raises(AccessDenied, match="pas bloqué"):
            log_in(world, visitor=elsewhere)


def test_a_password_from_elsewhere_is_journalled_and_counted_and_opens_nothing(world: World) -> None:
    networks(world, "10.0.0.0/8")
    for _ in range(5):
        with pytest.raises(AccessDenied):
            log_in(world)
    with pytest.raises(TooManyAttempts):
        log_in(world)
    with world.platform.reading() as session:
        rows = [json.loads(row.detail) for row in session.exec(select(AuditEntry)) if row.action == "login.refused"]
        assert session.exec(select(LoginSession)).all() == []
        assert session.exec(select(LoginThrottle.failures)).one() == 5
    assert [(row["reason"], row["address"]) for row in rows] == [("network", "192.0.2.7")] * 5


def test_a_structure_may_close_the_password_to_its_people(world: World) -> None:
    with world.platform.transaction() as session:
        structure = session.get_one(Structure, world.ide_dubois.structure_id)
        structure.login_ways = "strong"
        session.add(structure)
    with pytest.raises(AccessDenied, match="pas ouvert"):
        log_in(world)
    assert log_in(world, login="ide.moreau")


def test_a_way_that_is_not_offered_any_more_does_not_open_the_password_it_had_closed(world: World) -> None:
    with world.platform.transaction() as session:
        structure = session.get_one(Structure, world.ide_dubois.structure_id)
        structure.login_ways = "card"  # which this installation does not offer
        session.add(structure)
    with pytest.raises(AccessDenied, match="pas ouvert"):
        log_in(world)
    assert one_time_code.ask(world.platform, "ide.dubois", PASSWORD, Channel.EMAIL)  # nobody is shut out


def test_a_login_from_here_is_remembered_for_turns(world: World) -> None:
    assert not login_sessions.was_here_before(world.platform, "ide.dubois", OUTSIDE.address)
    log_in(world)
    assert login_sessions.was_here_before(world.platform, "ide.dubois", OUTSIDE.address)
    assert not login_sessions.was_here_before(world.platform, "ide.dubois", INSIDE.address)
    assert not login_sessions.was_here_before(world.platform, "dr.martin", OUTSIDE.address)
    world.clock.pass_by(days=91)
    assert not login_sessions.was_here_before(world.platform, "ide.dubois", OUTSIDE.address)


def networks(world: World, text: str) -> None:
    with world.platform.transaction() as session:
        structure = session.get_one(Structure, world.ide_dubois.structure_id)
        structure.password_networks = text
        session.add(structure)


def change(world: World, who: str, **fields: object) -> None:
    with world.platform.transaction() as session:
        person = session.get_one(Professional, world.people[who].id)
        for name, value in fields.items():
            setattr(person, name, value)
        session.add(person)
