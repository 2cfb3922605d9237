"""The waiting room, and how much one page may say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import app.teleconsultation.features  # noqa: F401
from app.teleconsultation.limits import Bucket, Limits
from app.teleconsultation.lobby import SILENCE, Lobby
from app.teleconsultation.messages import Candidate, Chat, Ice, Ping, State

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


def test_a_guest_silent_for_five_seconds_is_no_longer_at_the_door() -> None:
    lobby = Lobby()
    lobby.wait(7, 1, "Paul MERCIER", "caregiver", NOW)
    lobby.heard(7, NOW + timedelta(seconds=3))
    assert lobby.expire(NOW + timedelta(seconds=3) + SILENCE - timedelta(milliseconds=1)) == []
    assert [guest.invitation_id for guest in lobby.expire(NOW + timedelta(seconds=3) + SILENCE)] == [7]
    assert lobby.of_dossier(1) == []


def test_a_guest_whose_page_comes_back_keeps_the_place_in_the_queue() -> None:
    lobby = Lobby()
    lobby.wait(7, 1, "Paul", "caregiver", NOW)
    lobby.wait(8, 1, "Anne", "patient", NOW + timedelta(seconds=1))
    lobby.wait(7, 1, "Paul", "caregiver", NOW + timedelta(seconds=2))
    assert [(guest.name, guest.since) for guest in lobby.of_dossier(1)] == [
        ("Paul", NOW),
        ("Anne", NOW + timedelta(seconds=1)),
    ]


def test_who_waits_for_one_dossier_is_not_seen_from_another() -> None:
    lobby = Lobby()
    lobby.wait(7, 1, "Paul", "caregiver", NOW)
    assert lobby.of_dossier(2) == []


def test_a_bucket_gives_its_burst_then_its_rate() -> None:
    bucket = Bucket(rate=2, burst=3)
    assert [bucket.take(100.0) for _ in range(4)] == [True, True, True, False]
    assert [bucket.take(100.5), bucket.take(100.5)] == [True, False]
    assert [bucket.take(1000.0) for _ in range(4)] == [True, True, True, False]


def test_a_page_within_its_means_never_notices_the_limits() -> None:
    limits, now = Limits(), 0.0
    for second in range(600):
        now = float(second)
        assert limits.allow(Ping(), now)
        if second % 2 == 0:
            assert limits.allow(Chat("a", "k"), now)
    assert all(limits.allow(Ice("x", Candidate("c")), now) for _ in range(200))


def test_ten_lines_of_discussion_at_once_then_one_a_second() -> None:
    limits = Limits()
    assert [limits.allow(Chat("a", "k"), 0.0) for _ in range(11)] == [True] * 10 + [False]
    assert limits.allow(Chat("a", "k"), 1.0)


def test_only_who_goes_on_after_being_refused_is_a_flood() -> None:
    limits = Limits()
    assert [limits.is_flood(0.0) for _ in range(51)] == [False] * 50 + [True]


def test_words_that_share_a_pace_share_a_bucket_and_others_do_not() -> None:
    limits = Limits()
    assert [limits.allow(Chat("a", "k"), 0.0) for _ in range(11)][-1] is False
    assert all(limits.allow(Ping(), 0.0) for _ in range(30))
    assert all(limits.allow(State(True, True), 0.0) for _ in range(30))
    assert not limits.allow(Ping(), 0.0)  # with State: 60 of both
    assert Limits().allow(Chat("a", "k"), 0.0)  # another connection
