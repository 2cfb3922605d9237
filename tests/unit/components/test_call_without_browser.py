"""What a page says while it enters, when things go wrong just then."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.node import came_of

RIG = "call_rig.mjs"


def said(scenario: str) -> list[dict[str, Any]]:
    words: list[dict[str, Any]] = came_of(RIG, scenario)
    return words


def test_what_is_written_before_one_is_in_is_said_as_soon_as_one_is() -> None:
    words = said("written_while_entering")
    assert [word["t"] for word in words] == ["join", "chat"]
    assert words[1]["text"] == "Bonjour"


@pytest.mark.parametrize("scenario", ["line_lost_while_entering", "entering_again_after_a_refusal"])
def test_who_asks_again_to_enter_brings_the_offer_for_the_unit_again(scenario: str) -> None:
    first, second = (word for word in said(scenario) if word["t"] == "join")
    assert first["publish"].startswith("v=0")
    assert second.get("publish") == first["publish"]


def test_who_enters_while_the_line_is_away_is_told_so() -> None:
    entering, up, inside = (word for word in said("line_away_while_entering") if word["t"] != "join")
    assert entering == {"t": "entering", "note": "line.lost"}  # no call goes on yet: nothing is said of one
    assert up == {"t": "up"}
    assert inside["text"] == "line.lost.text"


def test_after_a_refusal_the_chosen_room_is_still_chosen() -> None:
    assert said("lobby_after_a_refusal")[-1] == {"t": "chosen", "room": "green", "checked": True}


def test_a_living_direct_path_survives_the_loss_of_the_others_line_to_the_server() -> None:
    lost, failed = (word for word in said("line_of_the_other_lost") if word["t"] in ("lost", "failed"))
    assert (lost["inside"], lost["linked"]) == (True, True)
    assert (failed["inside"], failed["linked"]) == (False, False)


def test_who_hangs_up_is_gone_whatever_their_path() -> None:
    left = said("hung_up_by_the_other")[-1]
    assert (left["inside"], left["linked"]) == (False, False)


def test_after_a_change_of_network_a_line_that_does_not_answer_in_a_second_is_dialled_anew() -> None:
    assert said("network_changed")[-1] == {"t": "network", "kept": True, "anew": True}


def test_who_comes_back_after_their_path_has_ended_is_called() -> None:
    offer = next(word for word in said("back_after_a_long_sleep") if word["t"] == "sdp")
    assert (offer["to"], offer["description"]["type"]) == ("b.1", "offer")


def test_an_offer_with_other_keys_begins_anew_although_ours_seems_to_live() -> None:
    same, answer, other = (
        word for word in said("called_anew_after_our_own_sleep") if word["t"] in ("same", "sdp", "other")
    )
    assert same["kept"]  # only the caller offers new paths: of two offers that cross, ours holds
    assert (answer["to"], answer["description"]["type"]) == ("b.1", "answer")
    assert not other["kept"]


def test_a_new_path_that_was_asked_of_the_caller_is_asked_again_when_the_line_is_back() -> None:
    asked = [
        word for word in said("network_changed_beside_a_caller") if word["t"] == "ice" and word["candidate"] is None
    ]
    assert len(asked) == 2


def test_a_server_so_far_away_that_a_line_takes_more_than_two_seconds_is_reached_all_the_same() -> None:
    opened = said("server_far_away")[-1]["after"]
    assert opened is not None
    assert opened < 9000  # two tries of 2 s, then a patient one
