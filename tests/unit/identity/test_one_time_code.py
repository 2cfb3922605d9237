"""Rules of « Authentification forte »: what a code opens, and everything it does not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from sqlmodel import select

from app.audit.models import AuditEntry
from app.bootstrap import platform_in_memory
from app.demo.people import PASSWORD, add_people
from app.errors import AccessDenied, LoginExpired, LoginRefused, TooManyAttempts, TooManyCodes, WrongCredentials
from app.identity import login_sessions, one_time_code, ways
from app.identity.models import PendingLogin, Professional, Structure
from app.identity.one_time_code import Channel
from app.identity.ways import Visitor, Way
from app.messaging.models import OutboxMessage, OutboxState
from app.platform import Platform
from tests.support.people import SetClock, World, small_world
from tests.unit.identity.strong import HERE, ask, code_sent, delivered, other_than


@pytest.fixture
def world() -> World:
    return small_world(sms_transport="folder")


def reasons(platform: Platform) -> list[str]:
    """Why logins were refused, as the journal says it."""
    with platform.reading() as session:
        rows = session.exec(select(AuditEntry).where(AuditEntry.action == "login.refused"))
        return [json.loads(row.detail)["reason"] for row in rows]


def answer(world: World, secret: str, code: str) -> str:
    return one_time_code.answer(world.platform, secret, code, HERE)


# ---- what opens


@pytest.mark.parametrize("channel", list(Channel))
def test_a_password_and_the_code_that_was_sent_log_in(world: World, channel: Channel) -> None:
    sent = ask(world.platform, channel=channel)
    login = answer(world, sent.secret, code_sent(world.platform))
    found = login_sessions.find(world.platform, login)
    assert found is not None
    assert found.login == "dr.martin"
    with world.platform.reading() as session:
        assert login_sessions.last_login_before(session, found) is None


def test_a_code_typed_with_a_space_in_its_middle_is_right_too(world: World) -> None:
    sent, code = ask(world.platform), code_sent(world.platform)
    assert answer(world, sent.secret, f" {code[:3]} {code[3:]} ")


def test_this_way_is_always_offered() -> None:
    assert Way.STRONG in ways.offered(small_world(password_login=False).platform.settings)


@pytest.mark.parametrize(
    ("to", "channel", "seen"),
    [
        ("+33699000011", Channel.SMS, "+33 •• •• •• 00 11"),
        ("claire.martin@ch-caen.example", Channel.EMAIL, "c•••@ch-caen.example"),
    ],
)
def test_where_a_code_goes_is_shown_masked(to: str, channel: Channel, seen: str) -> None:
    assert one_time_code.masked(to, channel).replace("\xa0", " ") == seen


# ---- what does not open


def test_a_wrong_code_is_refused_and_says_how_many_tries_are_left(world: World) -> None:
    sent = ask(world.platform)
    with pytest.raises(LoginRefused, match="4 essais") as refused:
        answer(world, sent.secret, other_than(code_sent(world.platform)))
    assert refused.value.reason == "code"
    assert reasons(world.platform) == ["code"]


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "１２３４５６", "\ud83d\ude00"])
def test_what_is_no_code_is_a_wrong_code(world: World, code: str) -> None:
    with pytest.raises(LoginRefused):
        answer(world, ask(world.platform).secret, code)


def test_a_code_is_of_no_use_after_five_minutes(world: World) -> None:
    sent, code = ask(world.platform), code_sent(world.platform)
    world.clock.pass_by(minutes=5)
    with pytest.raises(LoginExpired):
        answer(world, sent.secret, code)


def test_a_code_sent_anew_makes_the_one_before_useless_and_gives_no_try_back(world: World) -> None:
    sent, first = ask(world.platform), code_sent(world.platform)
    with pytest.raises(LoginRefused):
        answer(world, sent.secret, other_than(first))
    world.clock.pass_by(seconds=31)
    assert one_time_code.resend(world.platform, sent.secret, HERE).tries_left == 4
    second = code_sent(world.platform)
    if first != second:
        with pytest.raises(LoginRefused, match="3 essais"):
            answer(world, sent.secret, first)
    assert answer(world, sent.secret, second)


def test_a_new_login_makes_the_code_of_the_one_before_useless(world: World) -> None:
    before, code = ask(world.platform), code_sent(world.platform)
    ask(world.platform)
    with pytest.raises(LoginExpired):
        answer(world, before.secret, code)


def test_five_wrong_codes_and_the_right_one_is_refused_too(world: World) -> None:
    sent, code = ask(world.platform), code_sent(world.platform)
    for _ in range(5):
        with pytest.raises(LoginRefused) as refused:
            answer(world, sent.secret, other_than(code))
    assert refused.value.reason == "locked"
    with pytest.raises(LoginRefused, match="ne sert plus"):
        answer(world, sent.secret, code)


def test_wrong_codes_make_one_wait_as_wrong_passwords_do(world: World) -> None:
    sent, code = ask(world.platform), code_sent(world.platform)
    for _ in range(5):
        with pytest.raises(LoginRefused):
            answer(world, sent.secret, other_than(code))
    with pytest.raises(TooManyAttempts):
        ask(world.platform)


def test_a_right_password_alone_forgets_no_failure(world: World) -> None:
    for _ in range(4):
        with pytest.raises(WrongCredentials):
            one_time_code.ask(world.platform, "dr.martin", "x", Channel.SMS, HERE)
    ask(world.platform)
    with pytest.raises(WrongCredentials):
        one_time_code.ask(world.platform, "dr.martin", "x", Channel.SMS, HERE)
    with pytest.raises(TooManyAttempts):
        ask(world.platform)


def test_a_code_used_twice_is_refused(world: World) -> None:
    sent, code = ask(world.platform), code_sent(world.platform)
    answer(world, sent.secret, code)
    with pytest.raises(LoginExpired):
        answer(world, sent.secret, code)


def test_the_code_of_another_session_opens_nothing(world: World) -> None:
    mine, my_code = ask(world.platform), code_sent(world.platform)
    theirs = ask(world.platform, "dr.leroy")
    if code_sent(world.platform) != my_code:
        with pytest.raises(LoginRefused):
            answer(world, theirs.secret, my_code)
    for secret in ("", "unknown", None):
        with pytest.raises(LoginExpired):
            one_time_code.answer(world.platform, secret, my_code, HERE)
    assert answer(world, mine.secret, my_code)


def test_a_code_may_not_be_asked_anew_before_thirty_seconds(world: World) -> None:
    sent = ask(world.platform)
    world.clock.pass_by(seconds=29)
    with pytest.raises(LoginRefused, match="dans 2 s") as refused:
        one_time_code.resend(world.platform, sent.secret, HERE)
    assert refused.value.reason == "resend-early"
    assert len(delivered(world.platform)) == 1


def test_a_code_may_be_asked_anew_three_times(world: World) -> None:
    sent = ask(world.platform)
    for left in (2, 1, 0):
        world.clock.pass_by(seconds=31)
        assert one_time_code.resend(world.platform, sent.secret, HERE).resends_left == left
        assert len(delivered(world.platform)) == 3 - left
    world.clock.pass_by(seconds=31)
    with pytest.raises(LoginRefused) as refused:
        one_time_code.resend(world.platform, sent.secret, HERE)
    assert refused.value.reason == "resends"
    assert len(delivered(world.platform)) == 3


def test_a_code_that_was_locked_is_not_sent_anew(world: World) -> None:
    sent, code = ask(world.platform), code_sent(world.platform)
    for _ in range(5):
        with pytest.raises(LoginRefused):
            answer(world, sent.secret, other_than(code))
    world.clock.pass_by(seconds=31)
    with pytest.raises(LoginRefused, match="ne sert plus"):
        one_time_code.resend(world.platform, sent.secret, HERE)
    assert len(delivered(world.platform)) == 1


def test_one_account_gets_ten_codes_an_hour(world: World) -> None:
    for _ in range(10):
        ask(world.platform)
    with pytest.raises(TooManyCodes):
        ask(world.platform)
    assert ask(world.platform, "dr.leroy")
    world.clock.pass_by(hours=1, minutes=1)
    assert ask(world.platform)


def test_one_address_gets_so_many_codes_an_hour(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(one_time_code, "SENDS_FROM_ADDRESS", 2)
    ask(world.platform)
    ask(world.platform, "dr.leroy")
    with pytest.raises(TooManyCodes):
        ask(world.platform, "dr.petit")
    assert one_time_code.ask(world.platform, "dr.petit", PASSWORD, Channel.SMS, Visitor("192.0.2.8"))
    assert reasons(world.platform) == ["rate"]


def test_an_unknown_login_and_a_wrong_password_get_the_same_answer_and_no_code(world: World) -> None:
    said = set()
    for login, password in (("nobody", PASSWORD), ("dr.martin", "x")):
        with pytest.raises(WrongCredentials) as refused:
            one_time_code.ask(world.platform, login, password, Channel.SMS, HERE)
        said.add(refused.value.message)
    assert len(said) == 1
    assert delivered(world.platform) == []


@pytest.mark.parametrize(("field", "channel"), [("mobile", Channel.SMS), ("email", Channel.EMAIL)])
def test_who_has_no_number_or_address_is_told_so_after_a_right_password_only(
    world: World, field: str, channel: Channel
) -> None:
    change(world, **{field: ""})
    with pytest.raises(LoginRefused, match="administrateur"):
        ask(world.platform, channel=channel)
    with pytest.raises(WrongCredentials):
        one_time_code.ask(world.platform, "dr.martin", "x", channel, HERE)
    assert reasons(world.platform)[0] == f"no-{channel}"


def test_an_installation_without_an_operator_sends_no_sms() -> None:
    world = small_world(sms_transport="none")
    assert one_time_code.channels(world.platform) == [Channel.EMAIL]
    with pytest.raises(LoginRefused, match="Courriel"):
        ask(world.platform)


def test_a_way_that_the_structure_has_closed_sends_no_code(world: World) -> None:
    with world.platform.transaction() as session:
        structure = session.get_one(Structure, world.dr_martin.structure_id)
        structure.login_ways = "password"
        session.add(structure)
    with pytest.raises(AccessDenied):
        ask(world.platform)
    assert reasons(world.platform) == ["way"]
    assert delivered(world.platform) == []


def test_somebody_suspended_between_password_and_code_does_not_get_in(world: World) -> None:
    sent, code = ask(world.platform), code_sent(world.platform)
    change(world, suspended=True)
    with pytest.raises(AccessDenied):
        answer(world, sent.secret, code)
    assert reasons(world.platform) == ["suspended"]
    change(world, suspended=False)
    with pytest.raises(LoginExpired):
        answer(world, sent.secret, code)


# ---- what is kept


def test_the_database_never_holds_a_code_once_it_was_sent(world: World) -> None:
    ask(world.platform)
    code = code_sent(world.platform)
    with world.platform.reading() as session:
        everything = [row.model_dump_json() for row in session.exec(select(PendingLogin))]
        everything += [row.model_dump_json() for row in session.exec(select(OutboxMessage))]
        everything += [row.model_dump_json() for row in session.exec(select(AuditEntry))]
    assert [row for row in everything if code in row] == []


def test_a_code_that_could_not_leave_in_time_never_leaves(world: World) -> None:
    ask(world.platform)
    world.clock.pass_by(minutes=5)
    assert delivered(world.platform) == []
    with world.platform.reading() as session:
        row = session.exec(select(OutboxMessage)).one()
    assert (row.state, row.body) == (OutboxState.FAILED, "")


def test_a_code_that_was_replaced_before_it_left_never_leaves(world: World) -> None:
    sent = ask(world.platform)
    world.clock.pass_by(seconds=31)
    one_time_code.resend(world.platform, sent.secret, HERE)
    assert len(delivered(world.platform)) == 1


# ---- many at once


@pytest.fixture
def on_disk(tmp_path: Path) -> Iterator[Platform]:
    """SQLite in a file, where sixteen threads meet as sixteen processes would."""
    url = f"sqlite:///{tmp_path / 'teledossier.db'}"
    clock = SetClock()
    platform = replace(platform_in_memory(clock, sms_transport="folder", database_url=url))
    with platform.transaction() as session:
        add_people(session)
    yield platform
    platform.engine.dispose()


def at_once(platform: Platform, secret: str, codes: list[str]) -> list[str]:
    """The login secrets of those who got in."""

    def one(code: str) -> str:
        try:
            return one_time_code.answer(platform, secret, code, HERE)
        except (LoginExpired, LoginRefused):
            return ""

    with ThreadPoolExecutor(len(codes)) as threads:
        return [got for got in threads.map(one, codes) if got]


def test_of_sixteen_right_answers_at_once_one_gets_in(on_disk: Platform) -> None:
    sent, code = ask(on_disk), code_sent(on_disk)
    assert len(at_once(on_disk, sent.secret, [code] * 16)) == 1


def test_sixteen_wrong_answers_at_once_use_up_the_code(on_disk: Platform) -> None:
    sent, code = ask(on_disk), code_sent(on_disk)
    assert at_once(on_disk, sent.secret, [other_than(code)] * 16) == []
    with pytest.raises(LoginRefused, match="ne sert plus"):
        one_time_code.answer(on_disk, sent.secret, code, HERE)
    with on_disk.reading() as session:
        assert session.exec(select(PendingLogin.tries)).one() == 5


def test_one_of_several_asking_anew_at_once_is_served(on_disk: Platform) -> None:
    sent = ask(on_disk)
    clock = on_disk.clock
    assert isinstance(clock, SetClock)
    clock.pass_by(seconds=31)

    def one(_number: int) -> bool:
        try:
            one_time_code.resend(on_disk, sent.secret, HERE)
        except (LoginExpired, LoginRefused):
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(one, range(8))) == 1


def change(world: World, **fields: object) -> None:
    with world.platform.transaction() as session:
        person = session.get_one(Professional, world.dr_martin.id)
        for name, value in fields.items():
            setattr(person, name, value)
        session.add(person)
