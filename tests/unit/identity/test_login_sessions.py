"""Rules of open login sessions: who sees which, who ends which, and what is told to open pages."""

from __future__ import annotations

import json
import threading
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError
from sqlmodel import select

from app.audit.models import AuditEntry
from app.errors import ConfirmationNeeded, InvalidInput, LoginExpired, NotFound, TooManyAttempts, WrongCredentials
from app.identity import account, contacts, last_use, login_sessions, password_change, service
from app.identity.devices import device_name
from app.identity.models import LoginSession, Professional
from app.identity.ways import Visitor, Way
from app.messaging import service as outbox
from app.messaging.models import OutboxMessage
from tests.support.people import World, small_world

CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0 Safari/537.36"
PASSWORD = "Demonstration-2026"


@pytest.fixture
def world() -> World:
    return small_world()


def open_one(world: World, login: str = "dr.martin", way: Way = Way.CARD) -> str:
    with world.platform.transaction() as session:
        visitor = Visitor("192.0.2.7", CHROME)
        return login_sessions.open_session(session, world.platform, world.people[login], way, visitor)


def alive(world: World, *secrets: str) -> list[bool]:
    return [login_sessions.find(world.platform, secret) is not None for secret in secrets]


def test_one_sees_ones_own_open_sessions_this_one_first(world: World) -> None:
    this = open_one(world)
    world.clock.pass_by(minutes=3)
    open_one(world, way=Way.PASSKEY)
    open_one(world, "dr.leroy")
    ended = open_one(world)
    login_sessions.end(world.platform, ended)
    seen = login_sessions.open_of(world.platform, world.dr_martin, this)
    assert [(each.is_this, each.way) for each in seen] == [(True, "Carte professionnelle"), (False, "Clé d'accès")]
    assert seen[0].device == "Chrome sur Windows"
    assert seen[0].address == "192.0.2.7"
    world.clock.pass_by(minutes=13)
    assert [each.is_this for each in login_sessions.open_of(world.platform, world.dr_martin, this)] == [False]


def test_one_ends_one_of_ones_own_sessions_and_nobody_elses(world: World) -> None:
    this, other = open_one(world), open_one(world)
    number = next(each.id for each in login_sessions.open_of(world.platform, world.dr_martin, this) if not each.is_this)
    with pytest.raises(NotFound):
        login_sessions.end_one(world.platform, world.dr_leroy, number)
    login_sessions.end_one(world.platform, world.dr_martin, number)
    assert alive(world, this, other) == [True, False]
    with pytest.raises(NotFound):
        login_sessions.end_one(world.platform, world.dr_martin, number)


def test_ending_all_may_keep_this_one_and_never_touches_other_people(world: World) -> None:
    heard: list[dict[str, object]] = []
    world.platform.bus.subscribe("logout", heard.append)
    this, other, leroy = open_one(world), open_one(world), open_one(world, "dr.leroy")
    assert login_sessions.end_all(world.platform, world.dr_martin, keep=this) == 1
    assert alive(world, this, other, leroy) == [True, False, True]
    assert login_sessions.end_all(world.platform, world.dr_martin, actor=world.admin) == 1
    assert login_sessions.end_all(world.platform, world.dr_martin) == 0
    assert alive(world, this, leroy) == [False, True]
    assert [event["professional"] for event in heard] == [world.dr_martin.id] * 2
    with world.platform.reading() as session:
        entries = [e for e in session.exec(select(AuditEntry)) if e.action == "logout.everywhere"]
    assert [(e.actor_name, json.loads(e.detail)["count"]) for e in entries] == [
        ("Dr Claire MARTIN", 1),
        ("Alix RENARD", 1),
    ]


def test_looking_whether_a_login_holds_is_not_using_it(world: World) -> None:
    secret, ended = open_one(world), open_one(world)
    login_sessions.end(world.platform, ended)
    assert login_sessions.not_alive(world.platform, [secret, ended, "unknown"]) == {ended, "unknown"}
    world.clock.pass_by(minutes=14)
    assert login_sessions.not_alive(world.platform, [secret]) == set()
    world.clock.pass_by(minutes=1)
    assert login_sessions.not_alive(world.platform, [secret]) == {secret}


@pytest.fixture
def stored(tmp_path: Path) -> World:
    """A world in a file, in which another process may hold the database."""
    return small_world(database_url=f"sqlite:///{tmp_path}/t.db")


class Busy:
    """The thread that writes uses down has something else to do until it is let go."""

    def __enter__(self) -> None:
        self._let_go = threading.Event()
        last_use._writer.submit(self._let_go.wait, 60)

    def __exit__(self, *_: object) -> None:
        self._let_go.set()
        last_use._writer.submit(int).result(60)


def login_of(world: World, secret: str) -> LoginSession:
    with world.platform.reading() as session:
        wanted = select(LoginSession).where(LoginSession.secret_hash == login_sessions.hash_secret(secret))
        return session.exec(wanted).one()


def test_nobody_waits_until_the_use_of_a_login_is_written(stored: World) -> None:
    secret = open_one(stored)
    stored.clock.pass_by(minutes=10)
    used = stored.platform.now()
    with stored.platform.transaction():  # another process writes
        assert alive(stored, secret) == [True]
    last_use._writer.submit(int).result(60)
    assert login_of(stored, secret).last_seen_at == used


def test_a_use_counts_before_it_is_written_and_is_written_as_of_its_own_instant(stored: World) -> None:
    secret = open_one(stored)
    stored.clock.pass_by(minutes=14)
    used = stored.platform.now()
    with Busy():
        assert alive(stored, secret) == [True]
        stored.clock.pass_by(minutes=14)
        assert login_sessions.not_alive(stored.platform, [secret]) == set()
        [seen] = login_sessions.open_of(stored.platform, stored.dr_martin, secret)
        assert (login_of(stored, secret).last_seen_at < used, seen.last_used) == (True, used)
    assert login_of(stored, secret).last_seen_at == used
    stored.clock.pass_by(minutes=1)
    assert alive(stored, secret) == [False]
    assert last_use._unwritten == {}


def test_a_login_that_was_revoked_before_its_use_is_written_stays_revoked(stored: World) -> None:
    secret = open_one(stored)
    opened = stored.platform.now()
    stored.clock.pass_by(minutes=10)
    with Busy():
        assert alive(stored, secret) == [True]
        login_sessions.end_all(stored.platform, stored.dr_martin)
        assert alive(stored, secret) == [False]
    login = login_of(stored, secret)
    assert (login.last_seen_at, login.ended_at) == (opened, stored.platform.now())
    assert alive(stored, secret) == [False]


def test_a_use_that_the_database_does_not_take_at_once_is_written_again(
    stored: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret, write, times = open_one(stored), last_use._write, count(1)

    def locked_once(*asked: Any) -> None:
        if next(times) == 1:
            raise OperationalError("UPDATE", {}, Exception("database is locked"))
        write(*asked)

    monkeypatch.setattr(last_use, "_write", locked_once)
    stored.clock.pass_by(minutes=10)
    assert alive(stored, secret) == [True]
    last_use._writer.submit(int).result(60)
    assert login_of(stored, secret).last_seen_at == stored.platform.now()


def test_the_login_of_somebody_suspended_does_not_hold(world: World) -> None:
    secret = open_one(world)
    with world.platform.transaction() as session:
        person = session.get_one(Professional, world.dr_martin.id)
        person.suspended = True
        session.add(person)
    assert login_sessions.not_alive(world.platform, [secret]) == {secret}


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (CHROME, "Chrome sur Windows"),
        (CHROME + " Edg/156.0", "Edge sur Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0", "Firefox sur Linux"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) AppleWebKit/605.1 (KHTML, like Gecko) Version/26.0 Mobile/1 Safari/604.1",
            "Safari sur iPhone",
        ),
        (
            "Mozilla/5.0 (Linux; Android 16; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0 Mobile Safari/537.36",
            "Chrome sur Android",
        ),
        ("curl/8", "Appareil inconnu"),
        ("", "Appareil inconnu"),
    ],
)
def test_a_device_has_a_name_people_know(agent: str, name: str) -> None:
    assert device_name(agent) == name


# ---- what one changes about oneself


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("06 99 00 00 11", "+33699000011"),
        ("+33 (0)6 99 00 00 11", "+33699000011"),
        ("0033699000011", "+33699000011"),
        ("07.99.00.00.11", "+33799000011"),
        ("+32 470 12 34 56", "+32470123456"),
        ("+32 (0)470 12 34 56", "+32470123456"),
        ("  ", ""),
    ],
)
def test_a_mobile_is_kept_in_international_form(typed: str, kept: str) -> None:
    assert contacts.mobile(typed) == kept


@pytest.mark.parametrize(
    "typed", ["02 61 91 00 12", "06 99", "abc", "+33 1 23 45 67 89", "0" * 300, "+0699000011", "+1٢٣٤٥٦٧٨٩"]
)
def test_what_is_no_mobile_is_refused(typed: str) -> None:
    with pytest.raises(InvalidInput):
        contacts.mobile(typed)


@pytest.mark.parametrize(
    "typed", ["martin", "martin@", "a@b", "a b@c.fr", "a@c.fr\r\nBcc: x@y.fr", "x" * 200 + "@c.fr"]
)
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(InvalidInput):
        contacts.email(typed)


def change(world: World, secret: str, password: str = "", **new: str) -> bool:
    wanted = {"mobile": "06 99 00 00 11", "email": "dr.martin@demo.invalid"} | new
    with world.platform.reading() as session:
        actor = session.get_one(Professional, world.dr_martin.id)
    return account.change_contact(world.platform, actor, secret, password=password, tell=outbox.queue_mail, **wanted)


def test_a_new_address_is_told_to_the_old_one_and_journalled_without_either(world: World) -> None:
    assert change(world, open_one(world), email="claire@exemple.fr", mobile="06 99 00 00 12")
    with world.platform.reading() as session:
        [letter] = session.exec(select(OutboxMessage))
        entry = [e for e in session.exec(select(AuditEntry)) if e.action == "contact.changed"][-1]
        kept = session.get_one(Professional, world.dr_martin.id)
    assert letter.recipient == "dr.martin@demo.invalid"
    assert (kept.email, kept.mobile) == ("claire@exemple.fr", "+33699000012")
    assert json.loads(entry.detail) == {"fields": ["mobile", "email"]}
    assert not change(world, open_one(world), email="claire@exemple.fr", mobile="0699000012")  # nothing new


def test_another_address_voids_a_link_that_went_to_the_former(world: World) -> None:
    password_change.ask_reset(world.platform, "dr.martin")
    with world.platform.reading() as session:
        [letter] = session.exec(select(OutboxMessage))
    link = letter.body.split("/connexion/nouveau-mot-de-passe/")[1].split()[0]
    assert password_change.check_link(world.platform, link) == "dr.martin"
    assert change(world, open_one(world), email="claire@exemple.fr")
    with pytest.raises(LoginExpired):
        password_change.check_link(world.platform, link)


def test_a_login_of_some_time_ago_needs_the_password_for_it(world: World) -> None:
    secret = open_one(world)
    world.clock.pass_by(minutes=10)
    with pytest.raises(ConfirmationNeeded):
        change(world, secret, email="claire@exemple.fr")
    for _ in range(5):
        with pytest.raises(WrongCredentials):
            change(world, secret, "wrong", email="claire@exemple.fr")
    with pytest.raises(TooManyAttempts):  # guessing is as slow as at the login page
        change(world, secret, PASSWORD, email="claire@exemple.fr")
    world.clock.pass_by(seconds=3)
    assert change(world, secret, PASSWORD, email="claire@exemple.fr")


def test_one_cannot_be_left_without_any_way_to_receive_a_code(world: World) -> None:
    with pytest.raises(InvalidInput):
        change(world, open_one(world), mobile="", email="")


def test_a_new_password_ends_the_other_sessions(world: World) -> None:
    this, other = open_one(world), open_one(world)
    new = "cerf-volant bleu sous la pluie"
    password_change.change_password(world.platform, world.dr_martin, PASSWORD, new, except_secret=this)
    assert alive(world, this, other) == [True, False]
    assert service.log_in_by_password(world.platform, "dr.martin", new)
