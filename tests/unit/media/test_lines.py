"""Which layer a line carries, how good it is, who speaks, who sits where."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from app.media.ladder import Ladder
from app.media.quality import Quality
from app.media.room import Room
from app.media.sdp_offer import Section
from app.media.speaker import Speaker
from tests.unit.media.rig import HIGH, KEY_FRAME, LOW, Rig, slot_video

SMALL, LARGE = 150_000, 1_000_000


class Line:
    """One viewer of one camera; `after` lets seconds pass in which the client reports."""

    def __init__(self, rids: tuple[str, ...] = ("l", "h")) -> None:
        self.rig, self.now = Rig(rids=rids), 1000.0
        self.viewer = self.rig.viewer(**slot_video())
        self.slot, self.ladder = self.viewer.slots[0], Ladder()
        self.queue, self.waiting = 0.0, 0.0  # seconds of too much that stand in it, before any is lost

    @property
    def shown(self) -> str | None:
        return self.slot.layer.rid or "only" if self.slot.layer else None

    def after(self, seconds: float, carries: float = 1e9, loss: float = 0.0, *, heard: bool = True) -> str | None:
        """`carries`: bits a second that the line takes; a client estimates a little less. `heard`: its reports arrive."""
        layers = self.rig.source.ladder
        for layer, bits in zip(layers, (SMALL, LARGE) if len(layers) > 1 else (LARGE,), strict=True):
            layer.bits = bits
        for _ in range(int(seconds * 2)):
            self.now += 0.5
            for number, layer in enumerate(layers):
                layer.heard = self.now
                mid = b"\x101\x20" + layer.rid.encode() if layer.rid else b""
                self.rig.feed((layer.newest + 1) & 0xFFFF, KEY_FRAME, ssrc=(LOW, HIGH)[number], extension=mid)
            sent = self.slot.layer.bits if self.slot.layer else 0
            if heard:
                known = self.viewer.estimate[1] if self.viewer.estimate else carries
                if sent <= carries:
                    told = min(carries, max(known, 1.5 * sent + 10_000))
                else:  # taken back; far below what is sent it falls on and on
                    told = max(min(0.9 * known, carries), 0.9 * carries if sent < 2 * carries else 0)
                self.viewer.estimated(int(told), self.now)
                self.waiting = self.waiting + 0.5 if sent > carries else 0.0
                over = 1 - carries / sent if self.waiting > self.queue else 0.0
                self.slot.loss, self.slot.loss_at = max(loss, over), self.now
            self.ladder.climb(self.viewer, None, self.now, self.rig.repair)
        return self.shown


def test_a_good_line_gets_the_large_picture_at_once() -> None:
    line = Line()
    line.after(1)
    assert line.after(0.5) == "h"
    assert line.after(30) == "h"


def test_a_slow_line_gets_the_small_picture_within_seconds_and_keeps_it() -> None:
    line = Line()
    line.after(2)
    assert line.after(6, carries=400_000) == "l"
    assert [line.after(1, carries=400_000) for _ in range(120)].count("l") > 100


def test_a_line_that_recovers_gets_the_large_picture_back() -> None:
    line = Line()
    line.after(2)
    line.after(10, carries=400_000)
    assert line.after(20) == "h"


def test_what_the_publisher_loses_on_its_own_way_costs_no_viewer_a_picture() -> None:
    line = Line()
    line.after(2)
    for layer in line.rig.source.ladder:
        layer.loss = 0.6
    assert [line.after(0.5, loss=0.6) for _ in range(20)] == ["h"] * 20


def test_an_estimate_that_is_still_growing_changes_nothing() -> None:
    line = Line()
    line.after(2)
    line.viewer.estimate, line.viewer.reduced_at = None, 0.0
    for bits in range(50_000, 900_000, 10_000):
        line.viewer.estimated(bits, line.now)
        line.ladder.climb(line.viewer, None, line.now, line.rig.repair)
    assert line.shown == "h"


def test_loss_alone_lowers_the_picture_and_a_little_loss_does_not() -> None:
    line = Line()
    line.after(2)
    assert line.after(20, loss=0.05) == "h"
    assert line.after(8, loss=0.3) == "l"
    assert line.after(30, loss=0.3) == "l"


def test_a_picture_with_one_layer_is_kept_until_the_line_carries_too_little_of_it() -> None:
    line = Line(rids=())
    line.after(2)
    assert line.after(30, carries=850_000) == "only"
    assert line.after(6, carries=300_000) is None
    assert line.slot.source is line.rig.source
    assert line.after(70) == "only"


def test_reports_that_tell_of_no_loss_by_chance_do_not_keep_pictures_on_a_flooded_line() -> None:
    line = Line(rids=())
    line.after(2)
    for number in range(10):
        line.after(0.5, loss=0.6 * (number % 2))
    assert line.shown is None


def test_a_client_whose_reports_drown_gets_smaller_pictures_then_none() -> None:
    line = Line()
    line.after(2)
    seen = [line.after(0.5, heard=False) for _ in range(20)]
    assert [seen[at] for at in range(20) if not at or seen[at] != seen[at - 1]] == ["h", "l", None]
    assert line.after(20) == "h"


def test_a_client_that_has_never_reported_keeps_its_pictures() -> None:
    line = Line()
    line.after(2, heard=False)
    assert line.after(60, heard=False) == "h"


def test_a_try_that_fails_is_over_in_two_seconds_and_comes_ever_more_rarely() -> None:
    line = Line(rids=())
    line.queue = 3.0
    line.after(2)
    line.after(8, carries=800_000)
    shown = [line.after(0.5, carries=60_000) is not None for _ in range(400)]
    tries = [at for at in range(1, 400) if shown[at] and not shown[at - 1]]
    assert all(shown[at : at + 5].count(True) <= 4 for at in tries)
    pauses = [after - before for before, after in pairwise(tries)]
    assert pauses == sorted(pauses)
    assert 3 <= len(tries) <= 6


def test_a_layer_that_stops_is_left_for_the_other() -> None:
    line = Line()
    assert line.after(3) == "h"
    low, high = line.rig.source.ladder
    line.now += 2
    low.heard, high.heard = line.now, line.now - 2
    line.ladder.climb(line.viewer, None, line.now, line.rig.repair)
    assert line.slot.wanted is low


def test_a_line_is_called_poor_soon_and_good_again_late() -> None:
    quality = Quality()
    assert not quality.judge(0.0, 0.0, 0.05)
    levels = []
    for loss in [0.2] * 3 + [0.0] * 10:
        quality.judge(loss, 0.0, 0.05)
        levels.append(quality.level)
    assert levels[1] == 1
    assert levels[4] == 1
    assert levels[-1] == 3


@pytest.mark.parametrize(
    ("loss_in", "loss_out", "rtt", "level"), [(0, 0.05, 0, 2), (0.3, 0, 0, 1), (0, 0, 0.3, 2), (0, 0, 0.9, 1)]
)
def test_loss_either_way_and_a_long_way_make_a_line_worse(
    loss_in: float, loss_out: float, rtt: float, level: int
) -> None:
    quality = Quality()
    for _ in range(4):
        quality.judge(loss_in, loss_out, rtt)
    assert quality.level == level


def speaking(speaker: Speaker, seconds: float, **levels: int) -> list[str | None]:
    seen = []
    for _ in range(int(seconds * 10)):
        speaker.clock = getattr(speaker, "clock", 0.0) + 0.1  # type: ignore[attr-defined]
        if speaker.hear(dict(levels), speaker.clock):  # type: ignore[attr-defined]
            seen.append(speaker.current)
    return seen


def test_the_speaker_does_not_flicker() -> None:
    speaker = Speaker()
    assert speaking(speaker, 1, martin=20, legrand=90) == ["martin"]
    assert speaking(speaker, 0.3, martin=90, legrand=20) == []  # a cough
    assert speaking(speaker, 2, martin=20, legrand=60) == []
    assert speaking(speaker, 2, martin=90, legrand=20) == ["legrand"]
    assert speaking(speaker, 2.5, martin=90, legrand=90) == []  # a pause
    assert speaking(speaker, 5, martin=90, legrand=90) == [None]


def test_a_speaker_who_leaves_is_no_speaker() -> None:
    speaker = Speaker()
    speaking(speaker, 1, martin=20)
    assert speaking(speaker, 0.2, legrand=127) == [None]


def person(rig: Rig, name: str, aux: bool = True, slots: int = 3) -> Any:
    def section(kind: str, mid: str, direction: str) -> Section:
        payloads = {"opus": 111} if kind == "audio" else {"vp8": 96}
        return Section(kind, "p", mid=mid, direction=direction, payloads=payloads)

    kinds = ["audio", "video"] * (2 if aux else 1)
    sections = [section(kind, str(at), "sendonly") for at, kind in enumerate(kinds)]
    sections += [section(kind, f"{kind[0]}{at}", "recvonly") for kind in ("audio", "video") for at in range(slots)]
    return rig.peer(name, sections)


def seats(peer: Any) -> dict[str, str]:
    return {seat["mid"]: f"{seat['from']} {seat['source']}" for seat in peer.seats()}


def test_voice_and_face_of_one_person_sit_together() -> None:
    rig, room = Rig(), Room("blue")
    room.peers = people = [person(rig, name) for name in ("ann", "bob", "cyd")]
    assert room.seat() == people
    assert seats(people[0]) == {"a0": "bob mic", "v0": "bob cam", "a1": "cyd mic", "v1": "cyd cam"}
    assert room.seat() == []


def test_a_second_picture_takes_a_place_while_it_is_sent() -> None:
    rig, room = Rig(), Room("blue")
    room.peers = ann, bob = [person(rig, name) for name in ("ann", "bob")]
    room.seat()
    screen = bob.source("aux-video")
    screen.live = True
    assert room.seat() == [ann]
    assert seats(ann)["v2"] == "bob aux-video"
    screen.live = False
    assert room.seat() == [ann]
    assert "v2" not in seats(ann)


def test_a_room_with_more_people_than_slots_seats_those_who_came_first() -> None:
    rig, room = Rig(), Room("blue")
    room.peers = people = [person(rig, name, slots=2) for name in ("ann", "bob", "cyd", "dan")]
    room.seat()
    assert {seat["from"] for seat in people[3].seats()} == {"ann", "bob"}


def test_a_full_room_has_a_place_for_a_stethoscope_and_the_sound_of_a_shared_tab() -> None:
    rig, room = Rig(), Room("blue")
    room.peers = people = [person(rig, name, slots=9) for name in "abcdefgh"]
    for sharer, source in (("a", "aux-audio"), ("b", "aux-audio"), ("a", "aux-video"), ("b", "aux-video")):
        people["abcdefgh".index(sharer)].source(source).live = True
    room.seat()
    listener = [seat["source"] for seat in people[7].seats()]
    assert {name: listener.count(name) for name in set(listener)} == {
        "mic": 7, "cam": 7, "aux-audio": 2, "aux-video": 2,
    }  # fmt: skip


# -- second sources: what they are is told from outside


def described(name: str, content: str, heard: float, at: float = 100.0) -> bool:
    source = person(Rig(), "ann").source(name)
    source.ladder[0].heard = heard
    source.describe(content, at)
    return bool(source.look())


def test_a_second_source_is_there_while_it_is_described_and_has_begun() -> None:
    assert described("aux-video", "screen", heard=100.2)
    assert described("aux-video", "screen", heard=98.0)  # the packets were quicker than the word
    assert not described("aux-audio", "screen", heard=0.0)  # a window without sound takes no place
    assert not described("aux-audio", "screen", heard=60.0)  # the sound of an earlier one
    assert not described("aux-video", "", heard=100.2)  # nobody said what it is


def test_a_still_screen_keeps_its_place_and_loses_it_with_its_description() -> None:
    screen = person(Rig(), "ann").source("aux-video")
    screen.describe("screen", 100.0)
    screen.ladder[0].heard = 100.1
    assert screen.look()
    screen.describe("screen", 1000.0)  # told again after fifteen still minutes
    assert screen.look()
    screen.describe("", 1001.0)
    assert not screen.look()


def test_the_sound_of_a_screen_goes_with_its_picture_and_a_stethoscope_stays() -> None:
    rig, room = Rig(), Room("blue")
    room.peers = viewer, ann, bob = [person(rig, name, slots=9) for name in ("viewer", "ann", "bob")]
    for peer, name, content in (
        (ann, "aux-video", "screen"),
        (ann, "aux-audio", "screen"),
        (bob, "aux-audio", "auscultation"),
    ):
        source = peer.source(name)
        source.live, source.content = True, content
    room.seat()
    for peer in (ann, bob):
        for source in peer.sources:
            source.ladder[0].heard, source.ladder[0].bits = 1000.0, 1_000_000
    ladder = Ladder()

    def heard(carried: float) -> set[str]:
        ladder.ceiling, ladder._changed = carried * 1_000_000, 1000.0
        ladder.climb(viewer, None, 1000.0, rig.repair)
        slots = [slot for slot in viewer.slots if slot.kind == "audio" and slot.source]
        return {f"{slot.source.peer.name} {slot.source.name}" for slot in slots if slot.layer or slot.wanted}

    everything = {"ann mic", "bob mic", "ann aux-audio", "bob aux-audio"}
    assert heard(3.0) == everything
    assert heard(2.0) == everything - {"ann aux-audio"}
    assert heard(0.0) == everything - {"ann aux-audio"}
    assert heard(3.0) == everything


def test_a_line_that_carries_no_picture_gets_each_sound_once() -> None:
    rig, room = Rig(), Room("blue")
    room.peers = viewer, ann = [person(rig, name, slots=9) for name in ("viewer", "ann")]
    room.seat()
    for source in ann.sources:
        source.ladder[0].heard, source.ladder[0].bits = 1000.0, 1_000_000
    slot = next(slot for slot in viewer.slots if slot.kind == "audio" and slot.source)
    slot.red_type = 63
    ladder, seen = Ladder(), []
    for carried in (2.0, 0.0, 2.0):
        ladder.ceiling, ladder._changed = carried * 1_000_000, 1000.0
        ladder.climb(viewer, None, 1000.0, rig.repair)
        seen.append(slot.entry()[6])
    ladder.climb(viewer, None, 2000.0, rig.repair)  # nobody sends pictures any more
    seen.append(slot.entry()[6])
    assert seen == [63, -1, 63, 63]


def test_a_screen_is_given_up_first_and_the_camera_of_an_examination_last() -> None:
    rig, room = Rig(), Room("blue")
    room.peers = viewer, ann, bob, cyd = [person(rig, name, slots=9) for name in ("viewer", "ann", "bob", "cyd")]
    for peer, content in ((ann, "screen"), (bob, "camera")):
        source = peer.source("aux-video")
        source.live, source.content = True, content
    room.seat()
    now = 1000.0
    for peer in (ann, bob, cyd):
        for source in peer.sources:
            source.ladder[0].heard, source.ladder[0].bits = now, 1_000_000
    shown = [slot for slot in viewer.slots if slot.kind == "video" and slot.source]
    ladder, given_up = Ladder(), []
    for carried in (5.0, 4.0, 3.0, 2.0, 1.0, 0.0):
        ladder.ceiling, ladder._changed = carried * 1_000_000, now
        ladder.climb(viewer, "cyd", now, rig.repair)
        given_up.append(
            {f"{slot.source.peer.name} {slot.source.name}" for slot in shown if not slot.layer and not slot.wanted}
        )
    first = [sorted(more - less) for less, more in pairwise([set(), *given_up])]
    assert first == [
        [], ["ann aux-video"], ["bob cam"], ["ann cam"], ["cyd cam"], ["bob aux-video"],
    ]  # fmt: skip
