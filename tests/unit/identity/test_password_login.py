"""Rules of « Identifiant et mot de passe »."""

from __future__ import annotations

import pytest
from sqlmodel import select

from app.audit.models import AuditEntry
from app.demo.people import PASSWORD
from app.errors import AccessDenied, TooManyAttempts, WrongCredentials
from app.identity import login_sessions, passwords, service
from app.identity.models import LoginSession, LoginThrottle
from app.identity.ways import Visitor
from tests.support.people import World, small_world


@pytest.fixture
def world() -> World:
    return small_world()


def log_in(world: World, login: str = "dr.martin", password: str = PASSWORD) -> str:
    return service.log_in_by_password(world.platform, login, password, Visitor("192.0.2.7", "a browser"))


def test_the_right_password_opens_a_login_session(world: World) -> None:
    found = login_sessions.find(world.platform, log_in(world))
    assert found is not None
    assert found.login == "dr.martin"


def test_the_login_is_not_a_matter_of_capitals_or_spaces(world: World) -> None:
    assert log_in(world, "  Dr.Martin ")


def test_an_unknown_login_gets_the_answer_of_a_wrong_password(world: World) -> None:
    with pytest.raises(WrongCredentials) as unknown:
        log_in(world, "nobody", "x")
    with pytest.raises(WrongCredentials) as wrong:
        log_in(world, "dr.martin", "x")
    assert unknown.value.message == wrong.value.message


def test_an_unknown_login_costs_a_password_check_too(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    checked = []
    monkeypatch.setattr(passwords, "is_right", lambda known, given: checked.append(known) or False)
    for login in ("nobody", "dr.martin"):
        with pytest.raises(WrongCredentials):
            log_in(world, login, "x")
    assert len(checked) == 2


def test_after_five_failures_one_has_to_wait_longer_each_time(world: World) -> None:
    for login in ("dr.martin", "nobody"):
        for _ in range(5):
            with pytest.raises(WrongCredentials):
                log_in(world, login, "x")
        with pytest.raises(TooManyAttempts) as refused:
            log_in(world, login, "x")
        assert refused.value.seconds <= 3
        world.clock.pass_by(seconds=3)
        with pytest.raises(WrongCredentials):
            log_in(world, login, "x")
        with pytest.raises(TooManyAttempts) as refused:
            log_in(world, login, PASSWORD)
        assert refused.value.seconds >= 4


def test_a_good_login_forgets_the_failures(world: World) -> None:
    for _ in range(4):
        with pytest.raises(WrongCredentials):
            log_in(world, password="x")
    log_in(world)
    for _ in range(4):
        with pytest.raises(WrongCredentials):
            log_in(world, password="x")
    assert log_in(world)


def test_a_stranger_s_failures_lock_nobody_out_where_they_usually_log_in(world: World) -> None:
    log_in(world)
    stranger = Visitor("198.51.100.9")
    for _ in range(5):
        with pytest.raises(WrongCredentials):
            service.log_in_by_password(world.platform, "dr.martin", "x", stranger)
    with pytest.raises(TooManyAttempts):
        service.log_in_by_password(world.platform, "dr.martin", PASSWORD, stranger)
    assert log_in(world)
    with pytest.raises(TooManyAttempts):  # who comes in elsewhere forgives the stranger nothing
        service.log_in_by_password(world.platform, "dr.martin", PASSWORD, stranger)


def test_forgotten_failures_leave_no_row(world: World) -> None:
    for login in ("nobody", "no.one"):
        with pytest.raises(WrongCredentials):
            log_in(world, login, "x")
        world.clock.pass_by(hours=25)
    with world.platform.reading() as session:
        assert len(session.exec(select(LoginThrottle)).all()) == 1


def test_failures_count_where_one_usually_logs_in_too(world: World) -> None:
    log_in(world)
    for _ in range(5):
        with pytest.raises(WrongCredentials):
            log_in(world, password="x")
    with pytest.raises(TooManyAttempts):
        log_in(world)


def test_a_suspended_person_does_not_get_in_nor_stay_in(world: World) -> None:
    secret = log_in(world)
    with world.platform.transaction() as session:
        person = session.merge(world.dr_martin)
        person.suspended = True
        session.add(person)
    assert login_sessions.find(world.platform, secret) is None
    with pytest.raises(WrongCredentials):
        log_in(world)


def test_passwords_can_be_switched_off() -> None:
    with pytest.raises(AccessDenied):
        log_in(small_world(password_login=False))


def test_a_login_session_ends_when_idle_and_in_any_case_after_eight_hours(world: World) -> None:
    secret = log_in(world)
    world.clock.pass_by(minutes=14)
    assert login_sessions.find(world.platform, secret)
    world.clock.pass_by(minutes=14)
    assert login_sessions.find(world.platform, secret)
    world.clock.pass_by(minutes=16)
    assert login_sessions.find(world.platform, secret) is None
    busy = log_in(world)
    for _ in range(47):
        world.clock.pass_by(minutes=10)
        assert login_sessions.find(world.platform, busy)
    world.clock.pass_by(minutes=10)
    assert login_sessions.find(world.platform, busy) is None


def test_logging_out_ends_the_session_and_tells_every_page(world: World) -> None:
    heard: list[dict[str, object]] = []
    world.platform.bus.subscribe("logout", heard.append)
    secret = log_in(world)
    login_sessions.end(world.platform, secret)
    assert login_sessions.find(world.platform, secret) is None
    assert heard[0]["professional"] == world.dr_martin.id


def test_a_stolen_database_opens_no_session(world: World) -> None:
    secret = log_in(world)
    with world.platform.reading() as session:
        kept = session.exec(select(LoginSession)).one()
    assert secret not in kept.model_dump_json()
    assert login_sessions.find(world.platform, kept.secret_hash) is None


def test_logins_and_refusals_are_journalled(world: World) -> None:
    log_in(world)
    with pytest.raises(WrongCredentials):
        log_in(world, password="x")
    with world.platform.reading() as session:
        actions = [entry.action for entry in session.exec(select(AuditEntry))]
    assert actions[-2:] == ["login", "login.refused"]
