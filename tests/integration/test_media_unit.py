"""The real forwarding unit, with people made of aiortc and of bare datagrams."""

from __future__ import annotations

import asyncio
import json
import os
import random
import socket
import stat
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from itertools import pairwise
from pathlib import Path

import pytest
from aiortc.rtcsctptransport import SCTP_DATA_FIRST_FRAG, DataChunk, tsn_plus_one

from app.media import rtcp
from app.media.limits import CHAT_PER_SECOND
from app.settings import Settings
from tests.support.media_bot import Bot, counting, until
from tests.support.media_control import Control, running_unit, unit_settings
from tests.support.media_raw import RawClient, number_of, ssrc_of

KEY_FRAME = b"\x10\x00"


@pytest.fixture(autouse=True)
def bots() -> Iterator[None]:
    with counting():
        yield


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return unit_settings(tmp_path)


@pytest.fixture
async def unit(settings: Settings) -> AsyncIterator[asyncio.subprocess.Process]:
    async with running_unit(settings) as process:
        yield process


@pytest.fixture
async def control(unit: asyncio.subprocess.Process, settings: Settings) -> AsyncIterator[Control]:
    control = await Control.open(settings)
    yield control
    await control.close()


@pytest.fixture
async def people() -> AsyncIterator[AsyncExitStack]:
    """Closes everybody at the end: `people.push_async_callback(bot.close)`."""
    async with AsyncExitStack() as stack:
        yield stack


async def enter(people: AsyncExitStack, control: Control, name: str, **how: object) -> Bot:
    bot = Bot(**how)  # type: ignore[arg-type]
    people.push_async_callback(bot.close)
    await bot.join(control, "blue", name)
    return bot


async def raw(people: AsyncExitStack, control: Control, name: str) -> RawClient:
    client = RawClient()
    people.push_async_callback(client.close)
    await client.join(control, "blue", name)
    await control.hear("connected", peer=name)
    return client


async def test_two_people_see_and_hear_each_other(control: Control, people: AsyncExitStack) -> None:
    martin = await enter(people, control, "martin")
    legrand = Bot()
    people.push_async_callback(legrand.close)
    slots = await legrand.join(control, "blue", "legrand")
    assert [(slot["kind"], slot["from"], slot["source"]) for slot in slots] == [
        ("audio", "martin", "mic"),
        ("video", "martin", "cam"),
    ]
    told = await control.hear("slots", peer="martin")
    for name in ("martin", "legrand"):
        await control.hear("connected", peer=name)
    for bot, seats in ((martin, told["slots"]), (legrand, slots)):
        mids = {slot["mid"] for slot in seats}
        await until(lambda bot=bot, mids=mids: all(bot.counts().get(mid, 0) > 60 for mid in mids))
        assert set(bot.counts()) == mids
        for mid in mids:
            assert {(after - before) & 0xFFFF for before, after in pairwise(bot.seen(mid).numbers)} == {1}


async def test_three_people_see_each_other_and_a_stranger_sees_nobody(control: Control, people: AsyncExitStack) -> None:
    three = [await enter(people, control, name) for name in ("ann", "bob", "cyd")]
    stranger = Bot()
    people.push_async_callback(stranger.close)
    assert await stranger.join(control, "green", "dan") == []
    await until(lambda: all(len(bot.counts()) == 4 for bot in three))
    assert stranger.counts() == {}
    listed = (await control.ask("list"))["ok"]["peers"]
    assert [(peer["peer"], peer["room"]) for peer in listed] == [
        ("ann", "blue"), ("bob", "blue"), ("cyd", "blue"), ("dan", "green"),
    ]  # fmt: skip
    async with asyncio.timeout(60):
        while (stats := (await control.ask("stats"))["ok"])["peers"][0]["in_kbps"] <= 300:
            await asyncio.sleep(0.3)
    assert stats["totals"]["errors"] == 0
    assert {peer["state"] for peer in stats["peers"]} == {"connected"}


async def test_somebody_who_is_muted_reaches_nobody_until_the_voice_is_given_back(
    control: Control, people: AsyncExitStack
) -> None:
    await enter(people, control, "martin")
    legrand = await enter(people, control, "legrand")
    sound, picture = (slot["mid"] for slot in (await control.hear("slots", peer="martin"))["slots"])
    await until(lambda: legrand.counts().get(sound) and legrand.counts().get(picture))
    assert (await control.ask("mute", peer="martin", kind="audio", muted=True))["ok"] == {}
    last = -1
    while (now := legrand.counts()[sound]) != last:  # what is on its way still arrives
        last = now
        await asyncio.sleep(0.3)
    before = legrand.counts()
    await until(lambda: legrand.counts()[picture] > before[picture] + 30)
    assert legrand.counts()[sound] == before[sound]
    assert (await control.ask("list"))["ok"]["peers"][0]["muted"] == ["audio"]
    await control.ask("mute", peer="martin", kind="audio", muted=False)
    await until(lambda: legrand.counts()[sound] > before[sound] + 20)
    assert {(b - a) & 0xFFFF for a, b in pairwise(legrand.seen(sound).numbers)} == {1}


async def test_a_mute_outlives_a_new_page_but_not_a_leave(control: Control, people: AsyncExitStack) -> None:
    await control.ask("mute", peer="martin", kind="video", muted=True)
    await enter(people, control, "martin")
    legrand = await enter(people, control, "legrand")
    await enter(people, control, "martin")
    await control.hear("gone", peer="martin", reason="replaced")
    await until(lambda: len(legrand.counts()) == 1)
    await asyncio.sleep(0.5)
    assert [mid for mid in legrand.counts() if mid in ("5", "6", "7")] == []
    await control.ask("leave", peer="martin")
    await control.hear("gone", peer="martin", reason="left")
    assert (await control.ask("leave", peer="martin"))["error"]["code"] == "participant-inconnu"
    await enter(people, control, "martin")
    await until(lambda: len(legrand.counts()) == 2)


async def test_what_is_lost_on_the_way_is_repaired_both_ways(control: Control, people: AsyncExitStack) -> None:
    sender, viewer = await raw(people, control, "sender"), await raw(people, control, "viewer")
    chance = random.Random(5)
    lost = {number for number in range(3, 397) if chance.random() < 0.1}
    sent: dict[int, bytes] = {}
    viewer.lose = lambda: chance.random() < 0.1

    def answer_requests() -> None:
        """What every browser does: send again what the unit asks for, ask for what is missing."""
        for packet in sender.control:
            if packet[1] == 205:
                for part in rtcp.split(packet):
                    for number in rtcp.nacked(part.body):
                        if number in sent:
                            sender.send_rtp(number, sent[number])
        sender.control.clear()
        numbers = {number_of(packet) for packet in viewer.packets}
        first, last = number_of(viewer.packets[0]), number_of(viewer.packets[-1])
        span = (last - first) & 0xFFFF
        missing = [n for step in range(span) if (n := (first + step) & 0xFFFF) not in numbers]
        if missing and span < 0x8000:
            viewer.ask_again(ssrc_of(viewer.packets[0]), missing[-40:])

    for number in range(400):
        sent[number] = KEY_FRAME + number.to_bytes(2, "big")
        if number not in lost:
            sender.send_rtp(number, sent[number])
        if number % 5 == 0:
            await asyncio.sleep(0.01)
            if viewer.packets:
                answer_requests()
    viewer.lose = lambda: False
    end = time.monotonic() + 20
    while len({packet[12:] for packet in viewer.packets}) < 399 and time.monotonic() < end:
        await asyncio.sleep(0.05)
        answer_requests()
    assert len({packet[12:] for packet in viewer.packets}) >= 399
    totals = (await control.ask("stats"))["ok"]["totals"]
    assert totals["nacks_out"] >= len(lost)
    assert totals["resent"] > 20


async def test_a_publisher_on_a_bad_line_costs_the_others_nothing(control: Control, people: AsyncExitStack) -> None:
    good, bad, viewer = [await raw(people, control, name) for name in ("good", "bad", "viewer")]
    chance, lost = random.Random(7), 0
    for number in range(400):
        good.send_rtp(number, KEY_FRAME + b"good" + number.to_bytes(2, "big"))
        if chance.random() < 0.3:
            lost += 1
        else:
            bad.send_rtp(number, KEY_FRAME + b"bad." + number.to_bytes(2, "big"))
        if number % 5 == 0:
            await asyncio.sleep(0.01)
    await until(lambda: sum(b"bad." in packet for packet in viewer.packets) >= 399 - lost)
    came = [packet[12:] for packet in viewer.packets if b"good" in packet]
    assert came == [KEY_FRAME + b"good" + number.to_bytes(2, "big") for number in range(400 - len(came), 400)]
    assert len(came) >= 399  # the very first may leave before the viewer's seat is known
    # Nobody asks the good one for anything: what is missing is asked for where it was lost.
    assert [
        packet for packet in good.control if packet[1] == 205 and any(part.form == 1 for part in rtcp.split(packet))
    ] == []
    assert any(packet[1] == 205 for packet in bad.control)


async def test_a_client_that_moves_is_followed(control: Control, people: AsyncExitStack) -> None:
    sender, viewer = await raw(people, control, "sender"), await raw(people, control, "viewer")
    sender.send_rtp(1, KEY_FRAME)
    await until(lambda: viewer.packets)
    for client in (sender, viewer):
        await client.move()
        assert await client.bind()
    sender.send_rtp(2, KEY_FRAME)
    await until(lambda: len(viewer.packets) == 2)


async def test_nothing_is_sent_to_a_new_address_before_somebody_answers_there(
    control: Control, people: AsyncExitStack
) -> None:
    """As if the viewer had written another's address on its request."""
    sender, viewer = await raw(people, control, "sender"), await raw(people, control, "viewer")
    viewer.answers, number = False, 1
    await viewer.move()
    assert await viewer.bind()
    assert await viewer.bind()  # the unit has read the one before
    sender.send_rtp(1, KEY_FRAME)
    while not (await control.ask("stats"))["ok"]["totals"]["packets_out"]:
        await asyncio.sleep(0.02)
    assert await viewer.bind()  # what was sent before this answer would be here
    assert viewer.packets == []
    viewer.answers = True
    assert await viewer.bind()
    async with asyncio.timeout(40):
        while not viewer.packets:
            sender.send_rtp(number := number + 1, KEY_FRAME)
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("answers", [True, pytest.param(False, marks=pytest.mark.slow)])
async def test_who_moves_during_the_handshake_is_connected_once_they_answer(
    control: Control, people: AsyncExitStack, answers: bool
) -> None:
    client = RawClient()
    client.answers = answers
    people.push_async_callback(client.close)
    client.moves_before = 2  # the second flight
    await client.join(control, "blue", "martin")
    if answers:
        await control.hear("connected", peer="martin")
    else:
        await control.hear("gone", peer="martin", reason="dtls")
        assert not [event for event in control.events if event["t"] == "connected"]


async def test_an_unauthenticated_address_gets_and_gives_nothing(control: Control, people: AsyncExitStack) -> None:
    sender, viewer = await raw(people, control, "sender"), await raw(people, control, "viewer")
    await sender.move()
    assert not await sender.bind(password="0" * 32, seconds=0.5)
    sender.send_rtp(1, KEY_FRAME)
    await asyncio.sleep(0.2)
    assert viewer.packets == []


async def test_ice_restarts_on_the_living_line(control: Control, people: AsyncExitStack) -> None:
    sender, viewer = await raw(people, control, "sender"), await raw(people, control, "viewer")
    sender.send_rtp(1, KEY_FRAME)
    await until(lambda: viewer.packets)
    ssrc = ssrc_of(viewer.packets[0])
    sender.ufrag = "restarted"
    await sender.join(control, "blue", "sender", nominate=False)
    sender.send_rtp(2, KEY_FRAME)  # the old way holds until the new one is used
    await until(lambda: len(viewer.packets) == 2)
    await sender.move()
    assert await sender.bind()
    sender.send_rtp(3, KEY_FRAME)
    await until(lambda: len(viewer.packets) == 3)
    assert {ssrc_of(packet) for packet in viewer.packets} == {ssrc}
    assert not [event for event in control.events if event["t"] == "gone"]


@pytest.mark.slow
async def test_somebody_who_falls_silent_is_gone(control: Control, people: AsyncExitStack) -> None:
    client, other = await raw(people, control, "silent"), await raw(people, control, "other")
    start = time.monotonic()
    while not [event for event in control.events if event["t"] == "gone"]:
        await other.bind()
        assert time.monotonic() - start < 60
        await asyncio.sleep(0.5)
    await control.hear("gone", peer="silent", reason="silence")
    assert 10 < time.monotonic() - start < 40
    assert (await control.hear("slots", peer="other", slots=[]))["slots"] == []
    assert client.dtls.state in ("connected", "closed")


@pytest.mark.slow
async def test_somebody_who_never_comes_is_gone(control: Control) -> None:
    await control.ask("join", room="blue", peer="never", offer=RawClient().offer())
    await control.hear("gone", peer="never", reason="dtls")


async def test_a_client_that_hangs_up_is_gone_at_once(control: Control, people: AsyncExitStack) -> None:
    client = await raw(people, control, "martin")
    await client.dtls.stop()
    await control.hear("gone", peer="martin", reason="closed")


async def test_a_room_goes_on_while_its_port_is_attacked(
    control: Control, unit: asyncio.subprocess.Process, people: AsyncExitStack
) -> None:
    sender, viewer = await raw(people, control, "sender"), await raw(people, control, "viewer")
    attacker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    people.callback(attacker.close)
    chance = random.Random(7)
    for number in range(100):
        sender.send_rtp(number, KEY_FRAME)
        for first in (chance.randrange(256), 0, 22, 0x80, 0x81):
            noise = bytes((first,)) + chance.randbytes(chance.randrange(200))
            attacker.sendto(noise, ("127.0.0.1", sender.port))  # from nobody
            sender.send(noise)  # from somebody known, but not authentic
            if first == 0x80:
                sender.send_rtcp(b"\x81\xcd" + chance.randbytes(chance.choice((6, 14, 22, 30))))
        await asyncio.sleep(0.005)
    await until(lambda: len(viewer.packets) == 100)
    stats = (await control.ask("stats"))["ok"]
    assert stats["totals"]["errors"] == 0
    assert stats["totals"]["dropped"] > 400


async def test_a_flood_of_bindings_is_answered_only_in_part(control: Control, people: AsyncExitStack) -> None:
    client = await raw(people, control, "martin")
    before = (await control.ask("stats"))["ok"]["totals"]["stun"]
    await asyncio.gather(*(client.bind(seconds=2) for _ in range(400)))
    after = (await control.ask("stats"))["ok"]["totals"]["stun"]
    assert 20 < after - before < 120


async def test_a_client_that_floods_is_heard_only_in_part(control: Control, people: AsyncExitStack) -> None:
    sender, viewer = await raw(people, control, "sender"), await raw(people, control, "viewer")
    for number in range(12_000):
        sender.send_rtp(number, KEY_FRAME + bytes(700))  # dear ones: too many on a slow machine, too
        if number % 50 == 49:
            await asyncio.sleep(0.001)
    stats = (await control.ask("stats"))["ok"]
    assert stats["totals"]["packets_out"] > 1000  # the viewer itself may be too slow to take them all
    assert stats["totals"]["dropped"] > 1000
    await asyncio.sleep(3)  # then it is as good as before
    sender.send_rtp(12_000, KEY_FRAME + b"after")
    await until(lambda: any(b"after" in packet for packet in viewer.packets))


async def test_a_message_without_an_end_ends_the_line(control: Control, people: AsyncExitStack) -> None:
    martin = await enter(people, control, "martin", chat=True, publishes=())
    await until(lambda: martin.channel.readyState == "open")
    sctp = martin.pc.sctp
    for number in range(3000):
        part = DataChunk(flags=0 if number else SCTP_DATA_FIRST_FRAG)
        part.tsn, part.stream_id, part.stream_seq, part.protocol = sctp._local_tsn, 7, 0, 51
        part.user_data = b"x"
        sctp._local_tsn = tsn_plus_one(sctp._local_tsn)
        await sctp._send_chunk(part)
        if number % 10 == 9:
            await asyncio.sleep(0.01)
    await control.hear("gone", peer="martin", reason="closed")


async def test_what_one_writes_reaches_the_others(control: Control, people: AsyncExitStack) -> None:
    martin = await enter(people, control, "martin", chat=True, publishes=())
    legrand = await enter(people, control, "legrand", chat=True, publishes=())
    for bot in (martin, legrand):
        channel = bot.channel
        await until(lambda channel=channel: channel.readyState == "open")
    began = time.monotonic()
    martin.channel.send("Bonjour à tous")
    await until(lambda: legrand.messages)
    assert json.loads(legrand.messages[0]) == {"from": "martin", "text": "Bonjour à tous"}
    assert martin.messages == []
    for _ in range(200):
        martin.channel.send("encore")
    martin.channel.send(b"binary")
    await asyncio.sleep(0.5)
    heard, took = len(legrand.messages), time.monotonic() - began
    assert heard <= min(199, (2 + took) * CHAT_PER_SECOND + 5)  # two seconds' worth at once, then so many a second


async def test_only_who_knows_the_secret_commands(
    unit: asyncio.subprocess.Process, settings: Settings, people: AsyncExitStack
) -> None:
    assert stat.S_IMODE(os.stat(settings.media_socket).st_mode) == 0o600
    reader, writer = await asyncio.open_unix_connection(settings.media_socket)
    people.callback(writer.close)
    assert json.loads(await reader.readline())["t"] == "challenge"
    writer.write(json.dumps({"t": "hello", "proof": "0" * 64}).encode() + b"\n")
    assert await reader.read() == b""


@pytest.mark.parametrize(
    "line",
    [b"\n", b"{}\n", b"[]\n", b"\xff\xfe\n", b'{"t":"join","id":1}\n', b"[" * 5000 + b"\n", b"x" * 300_000 + b"\n"],
)
async def test_a_line_that_is_not_of_the_contract_ends_that_connection_alone(
    control: Control, settings: Settings, line: bytes
) -> None:
    other = await Control.open(settings)
    other._writer.write(line)
    task = other._task
    assert task
    await asyncio.wait_for(asyncio.wait([task]), 60)
    await other.close()
    assert (await control.ask("list"))["ok"] == {"peers": []}


async def test_an_offer_that_cannot_be_answered_is_refused_with_words(control: Control) -> None:
    answer = await control.ask("join", room="blue", peer="martin", offer="bonjour")
    assert answer["error"]["code"] == "offre-refusee"
    assert answer["error"]["message"].startswith("L'offre vidéo de cette page")


async def test_who_connects_later_is_told_who_is_there(
    control: Control, settings: Settings, people: AsyncExitStack
) -> None:
    await raw(people, control, "martin")
    other = await Control.open(settings)
    people.push_async_callback(other.close)
    assert other.welcome["peers"] == [{"peer": "martin", "room": "blue", "muted": [], "described": {}, "slots": []}]
    await control.ask("leave", peer="martin")
    await other.hear("gone", peer="martin", reason="left")


async def test_a_unit_that_is_killed_starts_again_on_its_old_socket(settings: Settings) -> None:
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(running_unit(settings, ends_well=False))
        first.kill()
        await first.wait()
        assert settings.media_socket.exists()
        await stack.enter_async_context(running_unit(settings))
        control = await Control.open(settings)
        assert control.welcome["peers"] == []
        await control.close()


async def test_a_second_source_is_forwarded_while_it_is_described(control: Control, people: AsyncExitStack) -> None:
    viewer = await enter(people, control, "viewer", slots=9)
    nurse = await enter(people, control, "nurse", slots=9, publishes=("audio", "video", "audio", "video"))
    await control.hear("connected", peer="nurse")

    async def shown() -> dict[str, str]:
        listed = (await control.ask("list"))["ok"]["peers"]
        return {seat["source"]: seat["mid"] for peer in listed if peer["peer"] == "viewer" for seat in peer["slots"]}

    async def until_shown(*sources: str) -> dict[str, str]:
        async with asyncio.timeout(60):
            while set(seats := await shown()) != {"mic", "cam", *sources}:
                await asyncio.sleep(0.05)
        return seats

    seats = await shown()
    await until(lambda: viewer.counts().get(seats["cam"], 0) > 30)
    assert set(await shown()) == {"mic", "cam"}  # its packets come, but nobody has said what they are
    for source, content in (("aux-video", "camera"), ("aux-audio", "auscultation")):
        assert (await control.ask("describe", peer="nurse", source=source, content=content))["ok"] == {}
    seats = await until_shown("aux-video", "aux-audio")
    await until(lambda: all(viewer.counts().get(mid, 0) > 20 for mid in seats.values()))
    welcome = (await control.ask("list"))["ok"]["peers"]
    [described] = [peer["described"] for peer in welcome if peer["peer"] == "nurse"]
    assert described == {"aux-video": "camera", "aux-audio": "auscultation"}
    nurse.tracks[3].stop()
    assert (await control.ask("describe", peer="nurse", source="aux-audio", content=""))["ok"] == {}
    await until_shown("aux-video")
    assert (await control.ask("describe", peer="nurse", source="aux-video", content=""))["ok"] == {}
    await until_shown()
