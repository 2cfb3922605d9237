"""Writes the answer to a client's offer (JSEP, RFC 8829): everything the unit takes and gives, in one round trip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.media.limits import CHAT_BYTES
from app.media.sdp_offer import URI_LEVEL, URI_MID, URI_RID, URI_SENT, URI_TWCC, Offer, Section

VOICE = "minptime=10;useinbandfec=1"
# What reaches the physician's ear from a stethoscope: both channels, without gaps.
AUSCULTATION = f"{VOICE};stereo=1;maxaveragebitrate=128000;usedtx=0"
PRIORITY = 2_130_706_431  # of a host candidate (RFC 8445, 5.1.2.1)


@dataclass(frozen=True)
class Place:
    """How a client reaches the unit: the same for all its m-lines."""

    addresses: Sequence[str]
    port: int
    ufrag: str
    password: str
    fingerprint: str  # SHA-256 of the unit's certificate


@dataclass(frozen=True)
class SlotLine:
    """What the answer says of a slot: its stream, and the group of streams it is played together with."""

    ssrc: int
    group: str


def write(offer: Offer, place: Place, sources: dict[str, str], slots: dict[str, SlotLine]) -> str:
    """The answer. `sources` names what is published by mid (mic, cam …), `slots` describes each slot by mid."""
    used = [section for section in offer.sections if not section.refused]
    lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=ice-lite"]
    lines += ["a=group:BUNDLE " + " ".join(section.mid for section in used), "a=msid-semantic: WMS *"]
    for section in offer.sections:
        if section.refused:
            lines += [
                f"m={section.kind} 0 {section.protocol} 0",
                "c=IN IP4 0.0.0.0",
                "a=inactive",
                f"a=mid:{section.mid}",
            ]
        elif section.kind == "application":
            lines += [f"m=application 9 {section.protocol} webrtc-datachannel", *_transport(section, place)]
            lines += ["a=sctp-port:5000", f"a=max-message-size:{CHAT_BYTES}"]
        else:
            lines += _media(section, place, sources.get(section.mid, ""), slots.get(section.mid))
    return "\r\n".join(lines) + "\r\n"


def _transport(section: Section, place: Place) -> list[str]:
    lines = ["c=IN IP4 0.0.0.0", f"a=mid:{section.mid}", f"a=ice-ufrag:{place.ufrag}", f"a=ice-pwd:{place.password}"]
    lines += [f"a=fingerprint:sha-256 {place.fingerprint}", "a=setup:passive"]
    for number, address in enumerate(place.addresses):
        lines.append(f"a=candidate:{number + 1} 1 udp {PRIORITY - 256 * number} {address} {place.port} typ host")
    return [*lines, "a=end-of-candidates"]


def _media(section: Section, place: Place, source: str, slot: SlotLine | None) -> list[str]:
    takes_red = section.red >= 0 and source != "aux-audio"  # 128 kbit/s of sound are not sent twice
    payloads = [section.red, section.main] if takes_red else [section.main]
    lines = [f"m={section.kind} 9 {section.protocol} {' '.join(map(str, payloads))}", *_transport(section, place)]
    lines += ["a=rtcp-mux", "a=rtcp-rsize", *_codec(section, source, takes_red)]
    if slot:
        lines += _extensions(section, (URI_SENT,) if section.kind == "video" else ())
        lines += ["a=sendonly", f"a=msid:{slot.group} slot-{section.mid}", f"a=ssrc:{slot.ssrc} cname:{slot.group}"]
    elif source:
        lines += _published(section)
    else:
        lines.append("a=inactive")
    return lines


def _codec(section: Section, source: str, takes_red: bool) -> list[str]:
    number = section.main
    if section.kind == "audio":
        lines = [
            f"a=rtpmap:{number} opus/48000/2",
            f"a=fmtp:{number} {AUSCULTATION if source == 'aux-audio' else VOICE}",
        ]
        lines.append(f"a=rtcp-fb:{number} nack")
        if takes_red:
            lines += [f"a=rtpmap:{section.red} red/48000/2", f"a=fmtp:{section.red} {number}/{number}"]
    else:
        lines = [f"a=rtpmap:{number} VP8/90000"]
        lines += [f"a=rtcp-fb:{number} {kind}" for kind in ("nack", "nack pli", "ccm fir", "goog-remb")]
    if source and URI_TWCC in section.extensions:
        lines.append(f"a=rtcp-fb:{number} transport-cc")
    return lines


def _published(section: Section) -> list[str]:
    """The extensions that tell us something; MID and RID only where the stream is not known by its SSRC."""
    wanted = [URI_TWCC]
    if section.kind == "audio":
        wanted.append(URI_LEVEL)
    if section.rids or not section.ssrcs:
        wanted += [URI_MID, URI_RID]
    lines = [*_extensions(section, wanted), "a=recvonly"]
    lines += [f"a=rid:{rid} recv" for rid in section.rids]
    return lines + (["a=simulcast:recv " + ";".join(section.rids)] if section.rids else [])


def _extensions(section: Section, wanted: Sequence[str]) -> list[str]:
    known = section.extensions
    return [f"a=extmap:{known[uri]} {uri}" for uri in wanted if uri in known]
