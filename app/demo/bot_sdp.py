"""A bot's session descriptions: VP8 and Opus, everything in one bundle, every candidate inside."""

from __future__ import annotations

from dataclasses import dataclass

import aioice
from aiortc import sdp
from aiortc.rtcicetransport import candidate_to_aioice

from app.demo.bot_line import Line, Remote
from app.demo.bot_playing import Track

AUDIO, VIDEO = 111, 96  # payload types of our own offers
MID_URI = "urn:ietf:params:rtp-hdrext:sdes:mid"
LEVEL_URI = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
EXTENSIONS = {MID_URI: 1, LEVEL_URI: 2}
CODEC = {"audio": ("audio/opus", "opus/48000/2"), "video": ("video/vp8", "VP8/90000")}
FEEDBACK = ("nack", "nack pli", "ccm fir")
CLOCK_RATE = {"audio": 48_000, "video": 90_000}


@dataclass
class Medium:
    """One m-line of a bot: its number, kind, direction and numbers on the wire; `track` where it sends."""

    mid: str
    kind: str
    direction: str
    payload_type: int
    extensions: dict[str, int]
    track: Track | None = None


def planned(kind: str, mid: int, direction: str) -> Medium:
    """An m-line of an offer of ours."""
    payload_type = AUDIO if kind == "audio" else VIDEO
    track = None
    if direction in ("sendonly", "sendrecv"):
        track = Track(payload_type, CLOCK_RATE[kind])
    return Medium(str(mid), kind, direction, payload_type, dict(EXTENSIONS), track)


def offer(line: Line, media: list[Medium]) -> str:
    """An offer of these m-lines."""
    return _session([medium.mid for medium in media]) + "".join(_medium(line, medium, "actpass") for medium in media)


def accept(media: list[Medium], text: str) -> Remote:
    """Take the answer to our offer: which numbers the other side chose for what we send.

    Raises: ValueError.
    """
    answered = sdp.SessionDescription.parse(text)
    for medium, theirs in zip(media, answered.media, strict=True):
        chosen = _payload_type(theirs)
        if chosen is None or theirs.port == 0:
            medium.direction, medium.track = "inactive", None
        elif medium.track is not None:
            medium.payload_type = chosen
            medium.extensions = _extensions(theirs)
            _number(medium)
    return _remote(answered)


def answer(line: Line, text: str, wanted: dict[str, int]) -> tuple[str, list[Medium], Remote]:
    """Answer an offer: `wanted` says how many tracks of a kind we would send; the rest only receives.

    Raises: ValueError.
    """
    offered, media, lines = sdp.SessionDescription.parse(text), [], ""
    left = dict(wanted)
    for theirs in offered.media:
        payload_type = _payload_type(theirs)
        if payload_type is None:
            lines += f"m={theirs.kind} 0 {theirs.profile} {theirs.fmt[0]}\r\nc=IN IP4 0.0.0.0\r\na=mid:{theirs.rtp.muxId}\r\n"
            continue
        sends = theirs.direction in ("recvonly", "sendrecv") and left.get(theirs.kind, 0) > 0
        left[theirs.kind] = left.get(theirs.kind, 0) - sends
        receives = theirs.direction in ("sendonly", "sendrecv")
        direction = {(1, 1): "sendrecv", (1, 0): "sendonly", (0, 1): "recvonly", (0, 0): "inactive"}[sends, receives]
        track = Track(payload_type, CLOCK_RATE[theirs.kind]) if sends else None
        medium = Medium(theirs.rtp.muxId, theirs.kind, direction, payload_type, _extensions(theirs), track)
        _number(medium)
        media.append(medium)
        lines += _medium(line, medium, "active")
    return _session([medium.mid for medium in media]) + lines, media, _remote(offered)


def candidate(text: str) -> aioice.Candidate:
    """A candidate that came by signalling, `candidate:…`."""
    return aioice.Candidate.from_sdp(text.removeprefix("candidate:"))


def _session(mids: list[str]) -> str:
    lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE " + " ".join(mids)]
    return "\r\n".join([*lines, "a=msid-semantic:WMS *"]) + "\r\n"


def _medium(line: Line, medium: Medium, setup: str) -> str:
    number, name = medium.payload_type, CODEC[medium.kind][1]
    lines = [f"m={medium.kind} 9 UDP/TLS/RTP/SAVPF {number}", "c=IN IP4 0.0.0.0", "a=rtcp-mux", f"a=mid:{medium.mid}"]
    lines += [f"a={medium.direction}", f"a=ice-ufrag:{line.ufrag}", f"a=ice-pwd:{line.password}"]
    lines += [f"a=fingerprint:{print_.algorithm} {print_.value}" for print_ in line.dtls.fingerprints]
    lines += [f"a=setup:{setup}", f"a=rtpmap:{number} {name}"]
    if medium.kind == "audio":
        lines.append(f"a=fmtp:{number} minptime=10;useinbandfec=1")
    else:
        lines += [f"a=rtcp-fb:{number} {kind}" for kind in FEEDBACK]
    for uri, extension in medium.extensions.items():
        if uri == MID_URI or medium.kind == "audio":
            lines.append(f"a=extmap:{extension} {uri}")
    if medium.track is not None:
        lines += [f"a=msid:bot {medium.kind}-{medium.mid}", f"a=ssrc:{medium.track.ssrc} cname:bot"]
    lines += [f"a=candidate:{each.to_sdp()}" for each in line.candidates] + ["a=end-of-candidates"]
    return "\r\n".join(lines) + "\r\n"


def _payload_type(media: sdp.MediaDescription) -> int | None:
    """The other side's number for our codec of this kind."""
    wanted = CODEC.get(media.kind)
    for codec in media.rtp.codecs:
        if wanted and codec.mimeType.lower() == wanted[0]:
            return codec.payloadType
    return None


def _extensions(media: sdp.MediaDescription) -> dict[str, int]:
    return {each.uri: each.id for each in media.rtp.headerExtensions if each.uri in EXTENSIONS and each.id < 15}


def _number(medium: Medium) -> None:
    if (track := medium.track) is not None:
        track.payload_type, track.mid = medium.payload_type, medium.mid
        track.mid_extension = medium.extensions.get(MID_URI, 0)
        track.level_extension = medium.extensions.get(LEVEL_URI, 0) if medium.kind == "audio" else 0


def _remote(described: sdp.SessionDescription) -> Remote:
    """ICE and DTLS of the first m-line that lives: all others are bundled with it."""
    for media in described.media:
        ice, dtls = media.ice, media.dtls
        if media.port and dtls is not None and ice is not None and ice.usernameFragment and ice.password:
            candidates = tuple(candidate_to_aioice(each) for each in media.ice_candidates)
            complete = media.ice_candidates_complete or ice.iceLite
            return Remote(ice.usernameFragment, ice.password, ice.iceLite, candidates, complete, dtls)
    raise ValueError("the description offers no line")
