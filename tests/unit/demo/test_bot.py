"""How a bot plays, counts, and answers those who ask something of it."""

from __future__ import annotations

import asyncio
import itertools
import struct

import pytest
from aiortc.rtp import RtpPacket

from app.demo.bot import Bot, meet
from app.demo.bot_counting import Counter
from app.demo.bot_playing import PICTURE_TICKS, Player, Track
from app.demo.clip import SOUND_SAMPLES, Clip, Picture, Sound


def small_clip() -> Clip:
    """Six pictures with key frames at 0 and 3, ten sounds; a payload tells its own number."""
    pictures = [Picture((b"p%d" % number, b"end"), key=number % 3 == 0) for number in range(6)]
    return Clip(tuple(pictures), tuple(Sound(b"s%d" % number, level=30) for number in range(10)))


class Sending:
    """A player on two tracks, and what it sent."""

    def __init__(self) -> None:
        self.packets: list[RtpPacket] = []
        self.player = Player(small_clip(), self.send)
        self.player.picture = Track(payload_type=96, clock_rate=90_000)
        self.player.sound = Track(payload_type=111, clock_rate=48_000)

    def send(self, packet: bytes) -> bytes:
        self.packets.append(RtpPacket.parse(packet))
        return b"protected " + packet

    def pictures(self, times: int) -> list[RtpPacket]:
        """First packets of the next pictures."""
        self.packets.clear()
        for _ in range(times):
            self.player.send_picture()
        return [packet for packet in self.packets if packet.payload[0] & 0x10]


@pytest.fixture
def sending() -> Sending:
    return Sending()


def test_timestamps_and_numbers_go_on_when_the_clip_begins_again(sending: Sending) -> None:
    firsts = sending.pictures(15)
    stamps = [packet.timestamp for packet in firsts]
    assert {(after - before) % 2**32 for before, after in itertools.pairwise(stamps)} == {PICTURE_TICKS}
    numbers = [packet.sequence_number for packet in sending.packets]
    assert {(after - before) % 2**16 for before, after in itertools.pairwise(numbers)} == {1}
    assert firsts[0].payload[4:] == firsts[6].payload[4:] == b"p0"


def test_sound_goes_on_when_the_clip_begins_again(sending: Sending) -> None:
    for _ in range(25):
        sending.player.send_sound()
    stamps = [packet.timestamp for packet in sending.packets]
    assert {(after - before) % 2**32 for before, after in itertools.pairwise(stamps)} == {SOUND_SAMPLES}


def test_the_next_picture_after_a_request_is_a_key_frame(sending: Sending) -> None:
    sending.pictures(2)
    sending.player.want_key()
    assert [packet.payload[4:] for packet in sending.pictures(2)] == [b"p3", b"p4"]


def test_a_key_frame_that_comes_anyway_is_not_skipped(sending: Sending) -> None:
    sending.pictures(3)
    sending.player.want_key()
    assert sending.pictures(1)[0].payload[4:] == b"p3"


def test_only_the_last_packet_of_a_picture_is_marked(sending: Sending) -> None:
    sending.pictures(2)
    assert [packet.marker for packet in sending.packets] == [0, 1, 0, 1]


def test_what_was_sent_can_be_sent_again(sending: Sending) -> None:
    sending.pictures(1)
    track = sending.player.picture
    assert track is not None
    first, second = sending.packets
    kept = track.sent(first.sequence_number)
    assert kept is not None
    assert kept.startswith(b"protected ")
    assert track.sent(second.sequence_number + 1 & 0xFFFF) is None


def datagram(sequence: int, ssrc: int = 7) -> bytes:
    return struct.pack("!BBHLL", 0x80, 96, sequence, 0, ssrc) + b"x"


def test_gaps_count_as_losses_and_wraps_do_not() -> None:
    counter = Counter()
    for sequence in (65533, 65534, 0, 1, 3):  # 65535 and 2 are missing
        counter.add(datagram(sequence))
    assert (counter.packets, counter.lost) == (5, 2)


def test_a_packet_that_comes_late_is_not_lost() -> None:
    counter = Counter()
    for sequence in (10, 12, 11, 13):
        counter.add(datagram(sequence))
    assert (counter.packets, counter.lost) == (4, 0)


def test_streams_are_counted_apart() -> None:
    counter = Counter()
    for sequence in range(3):
        counter.add(datagram(sequence, ssrc=1))
        counter.add(datagram(1000 + sequence, ssrc=2))
    assert (counter.packets, counter.lost, len(counter.streams)) == (6, 0, 2)


async def test_two_bots_hear_each_other_without_loss() -> None:
    one, other = Bot(small_clip(), both_ways=True, stamped=True), Bot(small_clip(), both_ways=True, stamped=True)
    try:
        await meet(one, other)
        await until(lambda: min(one.received.packets, other.received.packets) > 20)
        assert one.received.lost == other.received.lost == 0
        assert len(one.received.streams) == 2
        assert 0 <= min(one.received.delays) < 0.5
    finally:
        await one.close()
        await other.close()


async def test_a_bot_answers_a_picture_loss_indication_over_the_line() -> None:
    one, other = Bot(small_clip(), both_ways=True), Bot(small_clip(), both_ways=True)
    try:
        await meet(one, other)
        await until(lambda: other.received.packets > 5)
        track = next(track for track in one.tracks if track.clock_rate == 90_000)
        assert other._line is not None
        other._line.send_reports(struct.pack("!BBHLL", 0x81, 206, 2, 1, track.ssrc))
        await until(lambda: one.key_requests == 1)
    finally:
        await one.close()
        await other.close()


async def test_a_bot_sends_again_what_the_other_side_misses() -> None:
    one, other = Bot(small_clip(), both_ways=True), Bot(small_clip(), both_ways=True)
    try:
        await meet(one, other)
        await until(lambda: other.received.packets > 5)
        track, line = one.tracks[0], other._line
        assert line is not None
        line.send_reports(struct.pack("!BBHLLHH", 0x81, 205, 3, 1, track.ssrc, track.sequence, 0))
        await until(lambda: one.resent == 1)
    finally:
        await one.close()
        await other.close()


async def test_a_bot_that_sends_nothing_still_receives() -> None:
    speaker, listener = Bot(small_clip(), both_ways=True), Bot(small_clip(), both_ways=True, sends=())
    try:
        await meet(speaker, listener)
        await until(lambda: listener.received.packets > 5)
        assert listener.sent == speaker.received.packets == 0
    finally:
        await speaker.close()
        await listener.close()


async def until(true: object, seconds: float = 60.0) -> None:
    assert callable(true)
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.01)
