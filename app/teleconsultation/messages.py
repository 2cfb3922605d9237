"""What a browser may say to the room (`docs/signalling.md`), as frozen values; `parse` lets nothing else through.

Here are the words of a plain call; a feature brings its own (`protocol`). A message is refused whole: unknown name, missing or extra field, wrong type, too long, characters that no keyboard
makes. What comes out needs no second look, except for rights.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from app.teleconsultation import protocol
from app.teleconsultation.models import GuestRole
from app.teleconsultation.schema import (
    ID,
    KEY,
    Check,
    MessageRefused,
    Schema,
    flag,
    like,
    number,
    number_in_text,
    or_null,
    text,
    trimmed,
)

LARGEST_MESSAGE = 128 * 1024  # bytes
LARGEST_SDP = 32 * 1024
LARGEST_UNIT_OFFER = 64 * 1024  # twenty m-lines; the unit takes no more
MOST_PUBLISHED = 1_000_000
LARGEST_CANDIDATE = 1024
LONGEST_CHAT = 2000
LONGEST_NAME = 120
LONGEST_ADDRESS = 254  # RFC 5321 4.5.3.1.3

TOO_LARGE = "Cet envoi est trop volumineux : il n'a pas été transmis."


@dataclass(frozen=True)
class Description:
    """A session description (W3C WebRTC 4.7.3): `type` is « offer » or « answer »."""

    type: str
    sdp: str


@dataclass(frozen=True)
class Candidate:
    """An ICE candidate as browsers write it (W3C WebRTC, RTCIceCandidateInit)."""

    candidate: str
    sdpMid: str | None = None  # noqa: N815 (the browser's own names, relayed unchanged)
    sdpMLineIndex: int | None = None  # noqa: N815
    usernameFragment: str | None = None  # noqa: N815


@dataclass(frozen=True)
class Resume:
    """A claim to a former place: the id and the proof that came with `joined`."""

    id: str
    proof: str


@dataclass(frozen=True)
class Rooms:
    """Send me the rooms now and at every change."""


@dataclass(frozen=True)
class Join:
    """Let me into the room."""

    room: str
    camera: bool
    microphone: bool
    aux: str = ""
    auscultation: bool = False
    offer: str | None = None  # SDP made in the lobby, for the one who is inside
    resume: Resume | None = None
    publish: str | None = None  # the same for the forwarding unit


@dataclass(frozen=True)
class Wait:
    """Put me into the waiting room."""

    camera: bool
    microphone: bool


@dataclass(frozen=True)
class Sdp:
    """An offer or answer for one other participant."""

    to: str
    description: Description


@dataclass(frozen=True)
class Ice:
    """A candidate for one other participant; None ends them."""

    to: str
    candidate: Candidate | None


@dataclass(frozen=True)
class State:
    """What I send now; `aux` says what the second picture is: « screen », « camera » (of an examination), or none."""

    camera: bool
    microphone: bool
    aux: str = ""
    auscultation: bool = False


@dataclass(frozen=True)
class Chat:
    """A line for everybody in the room."""

    text: str
    key: str


@dataclass(frozen=True)
class Admit:
    """Let this guest in."""

    guest: int


@dataclass(frozen=True)
class Refuse:
    """Don't let this guest in."""

    guest: int


@dataclass(frozen=True)
class Invite:
    """Send a link to somebody without an account."""

    channel: str
    address: str
    name: str
    role: GuestRole
    key: str


@dataclass(frozen=True)
class Withdraw:
    """Make an invitation worthless."""

    invitation: int


@dataclass(frozen=True)
class Publish:
    """Take me onto the forwarding unit; `n` comes back with the answer."""

    offer: str
    n: int


@dataclass(frozen=True)
class Unpublish:
    """I see everybody directly again."""


@dataclass(frozen=True)
class Blocked:
    """The direct path to this participant is not up."""

    to: str


@dataclass(frozen=True)
class Leave:
    """I go."""


@dataclass(frozen=True)
class Ping:
    """I am still here."""


def parse(frame: str | bytes) -> Any:
    """The message in one WebSocket frame, a value of the class its word registered. Raises: MessageRefused."""
    if not isinstance(frame, str):
        raise MessageRefused
    if len(frame) > LARGEST_MESSAGE or len(frame.encode("utf-8", "surrogatepass")) > LARGEST_MESSAGE:
        raise MessageRefused(TOO_LARGE)
    fields = _read(frame)
    name = fields.pop("t", None)
    word = protocol.named(name) if isinstance(name, str) else None
    if word is None:
        raise MessageRefused
    try:
        return word.schema.build(**word.schema.check(fields))
    except MessageRefused as refused:
        raise MessageRefused(refused.message, about=str(name), key=_legible_key(fields)) from None


def name_of(message: object) -> str:
    """The `t` of a message."""
    return protocol.word_of(message).name


def _read(frame: str) -> dict[str, Any]:
    try:
        fields = json.loads(frame, object_pairs_hook=_no_double, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise MessageRefused from None
    if not isinstance(fields, dict):
        raise MessageRefused
    return fields


def _no_double(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise MessageRefused
    return fields


def _refuse(_constant: str) -> NoReturn:
    raise MessageRefused  # NaN and Infinity are not JSON (RFC 8259 6)


def _legible_key(fields: Mapping[str, Any]) -> str | None:
    try:
        return str(KEY(fields.get("key")))
    except MessageRefused:
        return None


def _role(value: object) -> GuestRole:
    try:
        return GuestRole(str(value))
    except ValueError:
        raise MessageRefused from None


_SLUG = like(r"[a-z0-9-]{1,64}")
_SDP = text(LARGEST_SDP, 1, TOO_LARGE, lines=True)
_UNIT_OFFER = text(LARGEST_UNIT_OFFER, 1, TOO_LARGE, lines=True)
_CHAT = text(LONGEST_CHAT, 0, f"Ce message est trop long : {LONGEST_CHAT} caractères au plus.", lines=True)
_NAME = text(LONGEST_NAME, 0, f"Ce nom est trop long : {LONGEST_NAME} caractères au plus.")
_ADDRESS = text(LONGEST_ADDRESS, 0, "Cette adresse est trop longue. Corrigez-la, puis réessayez.")

_DESCRIPTION = Schema(Description, {"type": like("offer|answer"), "sdp": _SDP}).part
_CANDIDATE = Schema(
    Candidate,
    {"candidate": text(LARGEST_CANDIDATE)},
    {
        "sdpMid": or_null(text(64)),
        "sdpMLineIndex": or_null(number(255)),
        "usernameFragment": or_null(text(256)),
    },
).part
_RESUME = Schema(Resume, {"id": ID, "proof": like(r"[A-Za-z0-9_-]{1,128}")}).part
_DEVICES: dict[str, Check] = {"camera": flag, "microphone": flag}
_SECOND: dict[str, Check] = {"aux": like("screen|camera|"), "auscultation": flag}

SCHEMAS: dict[str, Schema] = {
    "rooms": Schema(Rooms),
    "join": Schema(
        Join,
        {"room": _SLUG, **_DEVICES},
        {**_SECOND, "offer": or_null(_SDP), "resume": or_null(_RESUME), "publish": or_null(_UNIT_OFFER)},
    ),
    "wait": Schema(Wait, _DEVICES),
    "sdp": Schema(Sdp, {"to": ID, "description": _DESCRIPTION}),
    "ice": Schema(Ice, {"to": ID, "candidate": or_null(_CANDIDATE)}),
    "state": Schema(State, _DEVICES, _SECOND),
    "chat": Schema(Chat, {"text": trimmed(_CHAT, "Ce message est vide."), "key": KEY}),
    "admit": Schema(Admit, {"guest": number_in_text}),
    "refuse": Schema(Refuse, {"guest": number_in_text}),
    "invite": Schema(
        Invite,
        {
            "channel": like("email|sms|link"),
            "address": _ADDRESS,
            "name": trimmed(_NAME, "Saisissez le nom de la personne invitée."),
            "role": _role,
            "key": KEY,
        },
    ),
    "withdraw": Schema(Withdraw, {"invitation": number_in_text}),
    "publish": Schema(Publish, {"offer": _UNIT_OFFER, "n": number(MOST_PUBLISHED)}),
    "unpublish": Schema(Unpublish),
    "blocked": Schema(Blocked, {"to": ID}),
    "leave": Schema(Leave),
    "ping": Schema(Ping),
}
