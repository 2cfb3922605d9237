"""A poor line: what is given up and in which order, whose line it is, when it is said, what the server is told."""

from __future__ import annotations

from typing import Any

from tests.support.node import came_of

RIG = "line_rig.mjs"


def came(scenario: str) -> Any:
    return came_of(RIG, scenario)


def test_the_screen_is_given_up_first_then_size_then_camera_and_nothing_after_it() -> None:
    assert came("order") == ["all", "screen-small", "screen-off", "half", "quarter", "voice"]
    assert came("order_without_screen") == ["all", "half", "quarter", "voice"]


def test_a_narrow_line_is_spared_before_it_loses_anything() -> None:
    assert came("narrow")[:4] == ["all", "half", "quarter", "voice"]


def test_a_line_that_carries_a_face_but_no_screen_keeps_the_face() -> None:
    assert came("narrow_beside_a_screen") == ["all", "screen-small", "screen-off"]


def test_a_line_without_room_for_a_face_loses_the_screen_in_one_step() -> None:
    assert came("no_room_for_a_face_beside_a_screen")[:2] == ["all", "screen-off"]


def test_a_line_on_which_nothing_passes_for_a_moment_is_no_better_for_it() -> None:
    assert came("no_room_is_a_measure_and_never_told_is_none") == [None, 300_000, 0, 90_000, None, False]
    assert came("narrow_with_moments_of_nothing") == "screen-off"


def test_a_line_on_which_reports_drown_is_given_less_although_nothing_bad_is_told() -> None:
    assert came("reports_that_drown") == ["all", "half", "quarter", "voice"]
    assert came("reports_that_drown_beside_a_screen") == ["screen-off"]  # at once: 3 s without any are long enough
    # Never told, none yet; told half a second ago; eight seconds ago; nothing sent since.
    assert came("how_long_unheard") == [0, 0, 500, 8000, 0]


def test_a_line_that_is_wide_again_gets_its_picture_back_although_the_browser_does_not_know_it_yet() -> None:
    assert came("estimate_that_grows_slowly") == ["all", "half", "quarter", "voice", "quarter", "half", "all"]


def test_a_screen_that_floods_the_line_goes_at_once_before_it_tears_the_voice() -> None:
    assert came("flooded") == ["all", "screen-off"]


def test_the_last_word_about_a_picture_that_is_not_sent_any_more_is_not_believed_for_ever() -> None:
    assert came("what_rests_says_nothing") == [0.6, 0.01]


def test_a_stutter_costs_nothing() -> None:
    assert came("stutter") == ["all"]


def test_everything_comes_back_in_the_other_order() -> None:
    assert came("back") == ["voice", "quarter", "half", "screen-off", "screen-small", "all"]


def test_a_step_up_that_fails_is_tried_ever_more_rarely() -> None:
    pauses = came("tries_ever_more_rarely")
    assert len(pauses) >= 3
    assert pauses == sorted(pauses)
    assert pauses[-1] >= 3 * pauses[0]


def test_the_small_layer_of_the_unit_is_the_half_size() -> None:
    everything, screen_off, half, quarter, voice = came("layers")
    assert everything == screen_off
    assert [layer["active"] for layer in half] == [True, False]
    assert (half[0]["scaleResolutionDownBy"], quarter[0]["scaleResolutionDownBy"]) == (2, 4)
    assert quarter[0]["maxBitrate"] == 110_000
    assert [layer["active"] for layer in voice] == [False, False]


def test_the_voices_are_never_given_up() -> None:
    told = came("voices_are_never_touched")
    assert told["given"] == [True, False, False, True]  # voice, face, screen, stethoscope
    assert told["back"] == [True, 1_200_000, True]
    assert told["voice"] == "high"
    assert told["lean"] == [20_000, None]  # a voice needs less where little passes; a heart needs all of it
    assert told["whole"] is None


def test_the_sound_of_a_screen_goes_with_it_and_comes_back_with_it() -> None:
    small, off, voice, all_, again, stethoscope = came("sound_of_a_screen")
    assert small == [True, True, 32_000]
    assert (off[:2], voice[:2]) == ([False, False], [False, False])
    assert all_ == [True, True, None]
    assert again[:2] == [False, False]
    assert stethoscope[1:] == [True, None]  # in its place, and never given up


def test_it_is_said_whose_line_is_poor_and_between_two_only_that_something_is() -> None:
    direct, theirs, ours = came("whose")
    assert direct == {"poor-b.1": "poor.between Dr MARTIN"}
    assert theirs == {"poor-b.1": "poor.theirs Dr MARTIN"}
    assert ours == {"poor-": "poor.ours"}


def test_a_poor_line_is_said_after_four_seconds_and_taken_back_after_eight() -> None:
    assert came("said_late_and_taken_back_late") == [0] * 4 + [1] * 10 + [0] * 6


def test_who_sends_no_picture_any_more_knows_it_and_so_do_the_others() -> None:
    assert came("the_camera_is_given_up_and_said_so") == {"spares": [False, False, True], "note": "given.camera"}


def test_who_has_only_lost_the_server_is_named_until_they_are_gone() -> None:
    assert came("away") == {"shown": "away.title Dr MARTIN", "left": 0}


def test_facts_are_shares_of_what_came_since_the_last_time() -> None:
    first, second, nothing = came("facts")
    assert first == {"lost": 100, "rtt": 85, "kind": "relay-tls"}
    assert second["lost"] == 0
    assert nothing is None


def test_facts_are_told_every_half_minute() -> None:
    assert came("facts_every_half_minute") == ["facts", "facts", "facts"]


def test_the_check_says_what_matters_most() -> None:
    expected = ["good", "relay", "closed", "plain", "slow", "far", "browser", "good", "closed", "closed"]
    assert came("verdicts") == expected


def test_one_late_answer_makes_no_slow_line() -> None:
    assert came("delays") == [24, 30, 900, None]


def test_a_network_without_address_translation_is_not_taken_for_a_closed_one() -> None:
    assert came("gathering") == [True, None, False, True, False, None]


def test_abilities_are_tried_and_not_guessed_from_a_name() -> None:
    assert came("abilities") == [[], ["webrtc", "data"], ["vp8"], ["capture", "screen"]]


def test_a_browser_is_named_for_who_helps_and_never_at_length() -> None:
    assert came("browsers") == ["Firefox 153", "Chrome 156", "Safari 18", "x" * 40]
