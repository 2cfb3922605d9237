"""What a browser may say to the room (`docs/signalling.md`), as frozen values; `parse` lets nothing else through.

A message is refused whole: unknown name, missing or extra field, wrong type, too long, characters that no keyboard
makes. What comes out needs no second look, except for rights.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from app.errors import InvalidInput
from app.teleconsultation.models import GuestRole

LARGEST_MESSAGE = 64 * 1024  # bytes
LARGEST_SDP = 32 * 1024
LARGEST_CANDIDATE = 1024
LONGEST_CHAT = 2000
LONGEST_NAME = 120
LONGEST_ADDRESS = 254  # RFC 5321 4.5.3.1.3

INCORRECT = "La page a envoyé une demande incorrecte. Rechargez-la, puis réessayez."
TOO_LARGE = "Cet envoi est trop volumineux : il n'a pas été transmis."


class MessageRefused(InvalidInput):
    """A message that isn't one of ours; `about` is its name and `key` its key, as far as they could be read."""

    def __init__(self, message: str = INCORRECT, about: str = "", key: str | None = None) -> None:
        super().__init__(message)
        self.about = about
        self.key = key


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
    offer: str | None = None  # SDP made in the lobby
    resume: Resume | None = None


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
    """What I send now."""

    camera: bool
    microphone: bool


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
class Leave:
    """I go."""


@dataclass(frozen=True)
class Ping:
    """I am still here."""


Message = Rooms | Join | Wait | Sdp | Ice | State | Chat | Admit | Refuse | Invite | Withdraw | Leave | Ping

Check = Callable[[object], Any]  # answers the value to keep, or raises


def parse(text: str | bytes) -> Message:
    """The message in one WebSocket frame. Raises: MessageRefused."""
    if not isinstance(text, str):
        raise MessageRefused
    if len(text) > LARGEST_MESSAGE or len(text.encode("utf-8", "surrogatepass")) > LARGEST_MESSAGE:
        raise MessageRefused(TOO_LARGE)
    fields = _read(text)
    name = fields.pop("t", None)
    schema = _SCHEMAS.get(name) if isinstance(name, str) else None
    if schema is None:
        raise MessageRefused
    try:
        return schema.build(**schema.check(fields))
    except MessageRefused as refused:
        raise MessageRefused(refused.message, about=str(name), key=_legible_key(fields)) from None


def name_of(message: Message) -> str:
    """The `t` of a message."""
    return type(message).__name__.lower()


def _read(text: str) -> dict[str, Any]:
    try:
        fields = json.loads(text, object_pairs_hook=_no_double, parse_constant=_refuse)
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
        return str(_key(fields.get("key")))
    except MessageRefused:
        return None


@dataclass(frozen=True)
class _Schema:
    build: Callable[..., Any]
    required: Mapping[str, Check] = field(default_factory=dict)
    optional: Mapping[str, Check] = field(default_factory=dict)

    def check(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        if not self.required.keys() <= fields.keys() <= self.required.keys() | self.optional.keys():
            raise MessageRefused
        checks = {**self.required, **self.optional}
        return {name: checks[name](value) for name, value in fields.items()}

    def part(self, value: object) -> Any:
        """The same as a field of a larger message."""
        if not isinstance(value, dict):
            raise MessageRefused
        return self.build(**self.check(value))


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise MessageRefused
    return value


def _text(longest: int, shortest: int = 0, too_long: str = INCORRECT, lines: bool = False) -> Check:
    """A text of so many characters; line breaks only with `lines`; never control characters or half characters."""
    forbidden = re.compile(
        r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]" if lines else r"[\x00-\x1f\x7f\ud800-\udfff]"
    )

    def check(value: object) -> str:
        if not isinstance(value, str) or forbidden.search(value):
            raise MessageRefused
        if len(value) > longest:
            raise MessageRefused(too_long)
        if len(value) < shortest:
            raise MessageRefused
        return value

    return check


def _like(pattern: str) -> Check:
    shape = re.compile(pattern)

    def check(value: object) -> str:
        if not isinstance(value, str) or shape.fullmatch(value) is None:
            raise MessageRefused
        return value

    return check


def _or_null(check: Check) -> Check:
    return lambda value: None if value is None else check(value)


def _small_number(value: object) -> int:
    if type(value) is not int or not 0 <= value <= 255:  # a bool is an int too
        raise MessageRefused
    return value


def _number_in_text(value: object) -> int:
    return int(_like(r"[1-9][0-9]{0,17}")(value))


def _trimmed(check: Check, empty: str) -> Check:
    def trim(value: object) -> str:
        kept: str = check(value).strip()
        if not kept:
            raise MessageRefused(empty)
        return kept

    return trim


def _role(value: object) -> GuestRole:
    try:
        return GuestRole(str(value))
    except ValueError:
        raise MessageRefused from None


_ID = _like(r"[A-Za-z0-9_.-]{1,64}")
_key = _like(r"[A-Za-z0-9_.:-]{1,64}")
_SLUG = _like(r"[a-z0-9-]{1,64}")
_SDP = _text(LARGEST_SDP, 1, TOO_LARGE, lines=True)
_CHAT = _text(LONGEST_CHAT, 0, f"Ce message est trop long : {LONGEST_CHAT} caractères au plus.", lines=True)
_NAME = _text(LONGEST_NAME, 0, f"Ce nom est trop long : {LONGEST_NAME} caractères au plus.")
_ADDRESS = _text(LONGEST_ADDRESS, 0, "Cette adresse est trop longue. Corrigez-la, puis réessayez.")

_DESCRIPTION = _Schema(Description, {"type": _like("offer|answer"), "sdp": _SDP}).part
_CANDIDATE = _Schema(
    Candidate,
    {"candidate": _text(LARGEST_CANDIDATE)},
    {
        "sdpMid": _or_null(_text(64)),
        "sdpMLineIndex": _or_null(_small_number),
        "usernameFragment": _or_null(_text(256)),
    },
).part
_RESUME = _Schema(Resume, {"id": _ID, "proof": _like(r"[A-Za-z0-9_-]{1,128}")}).part
_DEVICES: dict[str, Check] = {"camera": _flag, "microphone": _flag}

_SCHEMAS: dict[str, _Schema] = {
    "rooms": _Schema(Rooms),
    "join": _Schema(Join, {"room": _SLUG, **_DEVICES}, {"offer": _or_null(_SDP), "resume": _or_null(_RESUME)}),
    "wait": _Schema(Wait, _DEVICES),
    "sdp": _Schema(Sdp, {"to": _ID, "description": _DESCRIPTION}),
    "ice": _Schema(Ice, {"to": _ID, "candidate": _or_null(_CANDIDATE)}),
    "state": _Schema(State, _DEVICES),
    "chat": _Schema(Chat, {"text": _trimmed(_CHAT, "Ce message est vide."), "key": _key}),
    "admit": _Schema(Admit, {"guest": _number_in_text}),
    "refuse": _Schema(Refuse, {"guest": _number_in_text}),
    "invite": _Schema(
        Invite,
        {
            "channel": _like("email|sms"),
            "address": _trimmed(_ADDRESS, "Saisissez une adresse."),
            "name": _trimmed(_NAME, "Saisissez le nom de la personne invitée."),
            "role": _role,
            "key": _key,
        },
    ),
    "withdraw": _Schema(Withdraw, {"invitation": _number_in_text}),
    "leave": _Schema(Leave),
    "ping": _Schema(Ping),
}
