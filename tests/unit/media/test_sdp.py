"""Offers of real browsers are read, and answered in a way that they take."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from aiortc.sdp import SessionDescription
from hypothesis import given, settings
from hypothesis import strategies as st

from app.media import sdp_answer, sdp_offer
from app.media.errors import OfferRefused
from app.media.peer import Peer
from app.media.sdp_offer import URI_LEVEL, URI_RID, URI_TWCC

OFFERS = Path(__file__).with_name("offers")
CLIENTS = ("chromium", "firefox", "aiortc")
PLACE = sdp_answer.Place(["192.0.2.1", "2001:db8::1"], 4000, "frag", "secret-of-the-answer", "AB:CD")


def text(client: str) -> str:
    return (OFFERS / f"{client}.sdp").read_text()


def answer(client: str) -> str:
    offer = sdp_offer.read(text(client))
    peer = Peer("martin", "blue", offer, 0.0)
    return sdp_answer.write(offer, PLACE, {source.mid: source.name for source in peer.sources}, peer.slot_lines)


def part(answer: str, number: int) -> str:
    return re.split(r"(?m)^(?=m=)", answer.replace("\r\n", "\n"))[number + 1]


@pytest.mark.parametrize("client", CLIENTS)
def test_a_real_offer_is_read(client: str) -> None:
    offer = sdp_offer.read(text(client))
    peer = Peer("martin", "blue", offer, 0.0)
    sources = ["mic", "cam"] if client == "aiortc" else ["mic", "cam", "aux-audio", "aux-video"]
    assert [source.name for source in peer.sources] == sources
    assert [slot.kind for slot in peer.slots] == ["audio", "audio", "video", "video"]
    assert offer.sections[-1].kind == "application"
    assert len(offer.fingerprints) == (3 if client == "aiortc" else 1)
    assert all(section.main > 0 for section in offer.sections[:-1])


@pytest.mark.parametrize("client", ["chromium", "firefox"])
def test_simulcast_is_known_by_its_layers_and_not_by_ssrc(client: str) -> None:
    offer = sdp_offer.read(text(client))
    assert offer.sections[1].rids == ["l", "h"]
    assert URI_RID in offer.sections[1].extensions
    peer = Peer("martin", "blue", offer, 0.0)
    assert [layer.ssrc for layer in peer.sources[1].ladder] == [0, 0]


def test_repair_streams_are_not_taken_for_pictures() -> None:
    offer = sdp_offer.read(text("chromium"))
    repair = re.findall(r"a=ssrc-group:FID (\d+) (\d+)", text("chromium"))
    known = {ssrc for section in offer.sections for ssrc in section.ssrcs}
    assert repair
    assert all(int(first) in known and int(second) not in known for first, second in repair)


@pytest.mark.parametrize("client", CLIENTS)
def test_the_answer_has_the_offers_lines_in_their_order(client: str) -> None:
    written = answer(client)
    assert re.findall(r"(?m)^m=(\w+)", written) == re.findall(r"(?m)^m=(\w+)", text(client))
    assert re.findall(r"a=mid:(\S+)", written) == re.findall(r"a=mid:(\S+)", text(client))
    assert written.count("a=setup:passive") == written.count("a=mid:")
    assert "a=ice-lite" in written
    assert "video-orientation" not in written
    assert "rtx" not in written
    assert "a=candidate:1 1 udp 2130706431 192.0.2.1 4000 typ host" in written
    assert "a=candidate:2 1 udp 2130706175 2001:db8::1 4000 typ host" in written
    SessionDescription.parse(written)


def test_the_directions_are_turned_round() -> None:
    offered = re.findall(r"(?m)^a=(sendonly|recvonly)", text("chromium"))
    turned = {"sendonly": "recvonly", "recvonly": "sendonly"}
    assert re.findall(r"(?m)^a=(sendonly|recvonly)", answer("chromium")) == [turned[way] for way in offered]


def test_microphone_and_stethoscope_get_their_own_opus() -> None:
    written = answer("chromium")
    assert "a=fmtp:111 minptime=10;useinbandfec=1\n" in part(written, 0)
    assert "a=fmtp:111 minptime=10;useinbandfec=1;stereo=1;maxaveragebitrate=128000;usedtx=0" in part(written, 2)


def test_redundant_sound_is_taken_where_it_is_offered() -> None:
    assert part(answer("chromium"), 0).startswith("m=audio 9 UDP/TLS/RTP/SAVPF 63 111\n")
    assert "a=fmtp:63 111/111" in part(answer("chromium"), 0)
    assert "red" not in answer("firefox")
    assert "red" not in answer("aiortc")


def test_only_extensions_that_are_used_are_accepted() -> None:
    written = part(answer("chromium"), 1)
    assert {line.split(" ")[1] for line in re.findall(r"a=extmap:.*", written)} == {
        URI_TWCC, URI_RID, sdp_offer.URI_MID,
    }  # fmt: skip
    assert URI_LEVEL in part(answer("chromium"), 0)
    assert "a=simulcast:recv l;h" in written
    assert "a=rid:h recv" in written


def test_sound_and_picture_at_one_index_are_played_together() -> None:
    written = answer("chromium")
    groups = re.findall(r"a=msid:(\S+) (\S+)", written)
    assert groups == [("slot-4", "slot-4"), ("slot-5", "slot-5"), ("slot-4", "slot-6"), ("slot-5", "slot-7")]


def test_a_line_that_the_client_does_not_use_is_refused() -> None:
    offer = text("aiortc")
    start = offer.rindex("m=video")
    unused = offer[:start] + re.sub(r"^m=video \d+", "m=video 0", offer[start:])
    read = sdp_offer.read(unused)
    assert [section.refused for section in read.sections].count(True) == 1
    written = sdp_answer.write(read, PLACE, {}, {})
    assert "m=video 0 UDP/TLS/RTP/SAVPF 0" in written


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a=group:BUNDLE 0 1", "a=group:BUNDLE 0"),
        ("a=rtcp-mux\n", ""),
        ("opus/48000/2", "opus/8000"),
        ("VP8/90000", "H265/90000"),
        ("a=fingerprint:sha-256", "a=fingerprint:md5"),
        ("a=setup:actpass", "a=setup:passive"),
        ("a=ice-ufrag:", "a=ice-ufrag:\t"),
        ("a=ice-pwd:", "a=ice-pwd:\t"),
        ("a=ice-pwd:", "a=no-ice-pwd:"),
        ("a=mid:1\n", "a=mid:0\n"),
        ("a=mid:1\n", "a=mid:<script>\n"),
        ("a=sendonly", "a=sendrecv"),
        ("m=audio", "m=text"),
        ("v=0", "w=0"),
    ],
)
def test_an_offer_that_we_cannot_answer_is_refused(before: str, after: str) -> None:
    changed = text("chromium").replace(before, after)
    assert changed != text("chromium")
    with pytest.raises(OfferRefused):
        Peer("martin", "blue", sdp_offer.read(changed), 0.0)


def test_an_endless_offer_is_refused_before_it_is_read() -> None:
    for offer in ("v=0\n" * 50_000, "v=0\n" + "a" * 60_000, "v=0\n" + "m=audio 9 RTP 0\n" * 100):
        with pytest.raises(OfferRefused):
            sdp_offer.read(offer)


@settings(max_examples=200)
@given(st.text(max_size=400))
def test_text_of_any_kind_is_refused(noise: str) -> None:
    with pytest.raises(OfferRefused):
        sdp_offer.read(noise)


def test_mutations_of_real_offers_are_refused_or_answered() -> None:
    lines = text("firefox").split("\n")
    for _ in range(150):
        changed = list(lines)
        for _ in range(4):
            at = int.from_bytes(os.urandom(2), "big") % len(changed)
            cut = os.urandom(1)[0] % (len(changed[at]) + 1)
            changed[at] = changed[at][:cut] + os.urandom(2).decode("latin-1") + changed[at][cut + 1 :]
        try:
            offer = sdp_offer.read("\n".join(changed))
            peer = Peer("martin", "blue", offer, 0.0)
        except OfferRefused:
            continue
        written = sdp_answer.write(offer, PLACE, {source.mid: source.name for source in peer.sources}, peer.slot_lines)
        assert written.count("m=") >= len(offer.sections)
