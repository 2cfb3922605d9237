"""The route of a call: direct or through the unit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from app.teleconsultation.routes import STEADY, Change, Route, Routes, call_name, room_of

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
CALL = call_name("salle-bleue", 1)
MOMENT = timedelta(milliseconds=1)


def routes_with_three() -> Routes:
    routes = Routes()
    for people in (1, 2, 3):
        routes.count(CALL, people, NOW)
    return routes


def test_two_people_see_each_other_directly() -> None:
    routes = Routes()
    assert [routes.count(CALL, people, NOW) for people in (1, 2, 1, 2)] == [None] * 4
    assert routes.of(CALL) is Route.DIRECT


def test_the_third_person_brings_the_unit_and_the_fourth_changes_nothing() -> None:
    routes = Routes()
    routes.count(CALL, 2, NOW)
    assert routes.count(CALL, 3, NOW) == Change(CALL, Route.UNIT, "people")
    assert routes.count(CALL, 4, NOW) is None


def test_who_enters_when_two_are_inside_is_told_beforehand() -> None:
    routes = Routes()
    assert [routes.will_be_on_unit(CALL, people) for people in (0, 1, 2)] == [False, False, True]
    assert routes_with_three().will_be_on_unit(CALL, 1)


def test_only_thirty_seconds_in_a_row_at_two_lead_back() -> None:
    routes = routes_with_three()
    assert routes.count(CALL, 2, NOW) is None
    assert routes.count(CALL, 2, NOW + STEADY - MOMENT) is None
    assert routes.count(CALL, 2, NOW + STEADY) == Change(CALL, Route.DIRECT, "two")


def test_somebody_who_comes_or_goes_in_between_starts_the_thirty_seconds_anew() -> None:
    for people in (1, 3):
        routes = routes_with_three()
        routes.count(CALL, 2, NOW)
        routes.count(CALL, people, NOW + timedelta(seconds=20))
        routes.count(CALL, 2, NOW + timedelta(seconds=21))
        assert routes.count(CALL, 2, NOW + timedelta(seconds=40)) is None
        assert routes.count(CALL, 2, NOW + timedelta(seconds=51)) is not None


def test_a_person_alone_stays_where_they_were() -> None:
    routes = routes_with_three()
    routes.count(CALL, 1, NOW)
    assert routes.count(CALL, 1, NOW + timedelta(hours=1)) is None
    assert routes.of(CALL) is Route.UNIT


def test_a_call_once_blocked_never_goes_direct_again() -> None:
    routes = Routes()
    routes.count(CALL, 2, NOW)
    assert routes.blocked(CALL) == Change(CALL, Route.UNIT, "blocked")
    assert routes.blocked(CALL) is None
    assert routes.count(CALL, 2, NOW + timedelta(hours=1)) is None


def test_blocked_said_while_three_are_on_the_unit_is_remembered() -> None:
    routes = routes_with_three()
    assert routes.blocked(CALL) is None
    routes.count(CALL, 2, NOW)
    assert routes.count(CALL, 2, NOW + timedelta(hours=1)) is None


def test_the_next_call_begins_direct_whatever_the_last_one_was() -> None:
    routes = routes_with_three()
    routes.blocked(CALL)
    assert routes.count(CALL, 0, NOW) is None
    assert routes.of(CALL) is Route.DIRECT
    assert not routes.will_be_on_unit(CALL, 1)


def test_after_a_restart_a_call_with_people_in_the_unit_is_on_the_unit() -> None:
    routes = Routes()
    assert routes.found(CALL, 3) == Change(CALL, Route.UNIT, "restart")
    routes.count(CALL, 2, NOW)
    assert routes.count(CALL, 2, NOW + STEADY) is not None


def test_after_a_restart_two_in_the_unit_stay_there_they_may_have_been_blocked() -> None:
    routes = Routes()
    routes.found(CALL, 2)
    routes.count(CALL, 2, NOW)
    assert routes.count(CALL, 2, NOW + timedelta(hours=1)) is None


def test_calls_of_two_dossiers_in_one_room_are_two_calls() -> None:
    routes = routes_with_three()
    other = call_name("salle-bleue", 2)
    assert routes.of(other) is Route.DIRECT
    assert (room_of(CALL), room_of(other)) == ("salle-bleue", "salle-bleue")
