"""Reads the offer of a client (SDP, RFC 8866; JSEP, RFC 8829; BUNDLE, RFC 9143; rid, RFC 8851 and 8853).

Strict and bounded: only what the unit uses is kept, and each value is checked for its form, so that nothing of an
offer is ever copied unread into an answer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from app.media.errors import OfferRefused
from app.media.limits import OFFER

MOST_LINES = 4000
MOST_SECTIONS = 48
LONGEST_LINE = 2000
MOST_FORMATS = 128  # of one m-line: there are no more payload types
URI_MID = "urn:ietf:params:rtp-hdrext:sdes:mid"
URI_RID = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
URI_LEVEL = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
URI_SENT = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
URI_TWCC = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"

_EXTENSIONS = {URI_MID, URI_RID, URI_LEVEL, URI_SENT, URI_TWCC}
_MEDIA = re.compile(r"(audio|video|application) (\d{1,5})(?:/\d+)? ([A-Za-z/]{1,40}) (.+)")
_TOKEN = re.compile(r"[A-Za-z0-9_.+-]{1,32}")  # mid, narrower than RFC 8866's token
_RID = re.compile(r"([A-Za-z0-9_-]{1,16}) send\b")
_FINGERPRINT = re.compile(r"(sha-(?:1|224|256|384|512)) ((?:[0-9A-Fa-f]{2}:){19,63}[0-9A-Fa-f]{2})")
_FRAGMENT = re.compile(r"[A-Za-z0-9+/]{4,256}")
_PASSWORD = re.compile(r"[A-Za-z0-9+/]{22,256}")
_RTPMAP = re.compile(r"(\d{1,3}) (\S+)")
_EXTMAP = re.compile(r"(\d{1,2})(?:/(\w+))? (\S+)")
_SSRC = re.compile(r"(\d{1,10})\b")
_CODECS = {"opus/48000/2": "opus", "red/48000/2": "red", "vp8/90000": "vp8"}


@dataclass
class Section:
    """One m-line: what the client would send, or a slot in which it can receive."""

    kind: str  # audio, video, application
    protocol: str
    refused: bool = False  # port 0 without bundle-only: the client does not use it
    mid: str = ""
    direction: str = "sendrecv"
    payloads: dict[str, int] = field(default_factory=dict)  # opus, red, vp8: number
    extensions: dict[str, int] = field(default_factory=dict)  # URI: number
    ssrcs: list[int] = field(default_factory=list)  # without those of repair streams
    rids: list[str] = field(default_factory=list)
    sctp_port: int = 5000
    red_inner: int = -1  # payload type inside RED

    @property
    def sends(self) -> bool:
        """The client publishes here."""
        return self.direction in ("sendonly", "sendrecv")

    @property
    def main(self) -> int:
        """Payload type of the one codec that we carry of this kind; -1 when the client lacks it."""
        return self.payloads.get("opus" if self.kind == "audio" else "vp8", -1)

    @property
    def red(self) -> int:
        """Payload type of redundant audio around Opus; -1 when not offered."""
        return self.payloads.get("red", -1) if self.red_inner == self.main else -1


@dataclass
class Offer:
    sections: list[Section]
    ufrag: str
    fingerprints: list[tuple[str, str]]
    password: str = ""  # of its ICE session: with it the client answers what it is asked

    @property
    def shape(self) -> list[tuple[str, str, str, bool]]:
        """What must not change in an ICE restart."""
        return [(section.mid, section.kind, section.direction, section.refused) for section in self.sections]


def read(text: str) -> Offer:
    """Read an offer. Raises: OfferRefused, with the reason."""
    if len(text) > OFFER:
        raise OfferRefused("trop longue")
    lines = text.replace("\r\n", "\n").split("\n")
    if len(lines) > MOST_LINES or any(len(line) > LONGEST_LINE for line in lines):
        raise OfferRefused("trop longue")
    if not lines[0].startswith("v=0"):
        raise OfferRefused("pas une description SDP")
    session, *media = _cut(lines)
    if not 1 <= len(media) <= MOST_SECTIONS:
        raise OfferRefused("nombre de flux")
    sections = [_section(part) for part in media]
    _check(session, media, sections)
    return Offer(sections, _fragment(session, media), _fingerprints(session, media), _password(session, media))


def _cut(lines: list[str]) -> list[list[str]]:
    """The session's lines, then those of each m-line."""
    parts: list[list[str]] = [[]]
    for line in lines:
        if line.startswith("m="):
            parts.append([])
        parts[-1].append(line)
    return parts


def _values(lines: list[str], name: str) -> list[str]:
    start = f"a={name}:"
    return [line[len(start) :] for line in lines if line.startswith(start)]


def _section(lines: list[str]) -> Section:
    found = _MEDIA.fullmatch(lines[0][2:])
    if not found:
        raise OfferRefused("ligne m=")
    kind, port, protocol, formats = found.groups()
    section = Section(kind, protocol, refused=port == "0" and "a=bundle-only" not in lines)
    mids = _values(lines, "mid")
    if len(mids) != 1 or not _TOKEN.fullmatch(mids[0]):
        raise OfferRefused("a=mid")
    section.mid = mids[0]
    if kind == "application":
        ports = _values(lines, "sctp-port")
        if ports and ports[0].isdecimal() and 0 < int(ports[0]) < 65_536:
            section.sctp_port = int(ports[0])
        section.refused |= "DTLS/SCTP" not in protocol
        return section
    for direction in ("sendrecv", "sendonly", "recvonly", "inactive"):
        if f"a={direction}" in lines:
            section.direction = direction
    if not section.refused and "a=rtcp-mux" not in lines:
        raise OfferRefused("rtcp-mux")
    payload_types = formats.split()
    if len(payload_types) > MOST_FORMATS:
        raise OfferRefused("trop de formats")
    _read_codecs(section, lines, set(payload_types))
    _read_extensions(section, lines)
    _read_streams(section, lines)
    return section


def _read_codecs(section: Section, lines: list[str], formats: set[str]) -> None:
    for value in _values(lines, "rtpmap"):
        found = _RTPMAP.fullmatch(value)
        codec = _CODECS.get(found[2].lower()) if found else None
        if found and codec and found[1] in formats and int(found[1]) < 128:
            section.payloads.setdefault(codec, int(found[1]))
    red = section.payloads.get("red", -1)
    for value in _values(lines, "fmtp"):
        number, _, rest = value.partition(" ")
        if number == str(red):
            inner = rest.partition("/")[0]
            section.red_inner = int(inner) if inner.isdecimal() else -1


def _read_extensions(section: Section, lines: list[str]) -> None:
    for value in _values(lines, "extmap"):
        found = _EXTMAP.match(value)
        if found and found[3] in _EXTENSIONS and 1 <= int(found[1]) <= 14:  # one-byte form (RFC 8285)
            section.extensions.setdefault(found[3], int(found[1]))


def _read_streams(section: Section, lines: list[str]) -> None:
    repair = {int(number) for value in _values(lines, "ssrc-group") for number in _repair_streams(value)}
    for value in _values(lines, "ssrc"):
        found = _SSRC.match(value)
        number = int(found[1]) if found else 0
        if 0 < number < 1 << 32 and number not in section.ssrcs and number not in repair and len(section.ssrcs) < 8:
            section.ssrcs.append(number)
    if _values(lines, "simulcast"):
        rids = [found[1] for value in _values(lines, "rid") if (found := _RID.match(value))]
        section.rids = list(dict.fromkeys(rids))[:3]


def _repair_streams(group: str) -> list[str]:
    kind, *numbers = group.split(" ")
    return [number for number in numbers[1:] if number.isdecimal()] if kind in ("FID", "FEC-FR") else []


def _check(session: list[str], media: list[list[str]], sections: list[Section]) -> None:
    bundled = {mid for group in _values(session, "group") if group.startswith("BUNDLE ") for mid in group.split()[1:]}
    mids = [section.mid for section in sections]
    if len(set(mids)) != len(mids):
        raise OfferRefused("a=mid répété")
    if any(section.mid not in bundled for section in sections if not section.refused):
        raise OfferRefused("BUNDLE")
    if any(value not in ("actpass", "active") for lines in [session, *media] for value in _values(lines, "setup")):
        raise OfferRefused("a=setup")
    if any(section.main < 0 for section in sections if section.kind != "application" and not section.refused):
        raise OfferRefused("Opus et VP8 sont nécessaires")
    if sum(section.kind == "application" and not section.refused for section in sections) > 1:
        raise OfferRefused("plus d'un canal de données")


def _fragment(session: list[str], media: list[list[str]]) -> str:
    found = [value for lines in [session, *media] for value in _values(lines, "ice-ufrag")]
    if not found or not _FRAGMENT.fullmatch(found[0]):
        raise OfferRefused("ice-ufrag")
    return found[0]


def _password(session: list[str], media: list[list[str]]) -> str:
    found = [value for lines in [session, *media] for value in _values(lines, "ice-pwd")]
    if not found or not _PASSWORD.fullmatch(found[0]):
        raise OfferRefused("ice-pwd")
    return found[0]


def _fingerprints(session: list[str], media: list[list[str]]) -> list[tuple[str, str]]:
    values = dict.fromkeys(value for lines in [session, *media] for value in _values(lines, "fingerprint"))
    found = [match.groups() for value in values if (match := _FINGERPRINT.fullmatch(value.strip()))]
    known = [(name, digits) for name, digits in found if name in ("sha-256", "sha-384", "sha-512")]
    if not known or len(known) > 6:
        raise OfferRefused("a=fingerprint")
    return known
