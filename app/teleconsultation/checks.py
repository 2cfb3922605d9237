"""What a page found when it checked devices and network before a call; it warns there and never keeps anybody out.

The last check of each person is kept with the dossier, so that who helps by telephone sees what the page saw. A page
speaks of itself alone: a row is named by the login or the invitation of the line, never by the message.
"""

from __future__ import annotations

import base64
import json
import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from app.dossiers.call_facts import LineCheck
from app.errors import InvalidInput
from app.platform import Platform
from app.teleconsultation.lines import Line
from app.teleconsultation.presence import Person
from app.teleconsultation.protocol import Pace, register
from app.teleconsultation.schema import MessageRefused, Schema, flag, number, or_null, text

if TYPE_CHECKING:
    from app.teleconsultation.hub import Hub

RARELY = Pace("check", 1 / 20, 4)
MEASURED = Pace("measure", 1 / 30, 3)  # each costs 288 kB
FRAMES, FRAME_BYTES = 6, 36_000  # answered to `measure`; a third more once written as text
NOT_IN_CALL = "La liaison se mesure avant l'appel, pas pendant."
ABILITIES = ("webrtc", "capture", "vp8", "data", "websocket", "sinks", "screen")


@dataclass(frozen=True)
class Check:
    """Null is « not known ». `delay`: round trip to the server, ms; `rate`: towards the page, kbit/s."""

    delay: int | None
    udp: bool | None
    relay_udp: bool | None
    relay_tls: bool | None
    rate: int | None
    camera: bool
    microphone: bool
    missing: list[str]
    browser: str


@dataclass(frozen=True)
class Measure:
    """Send me something to measure my line with."""


def keep(platform: Platform, dossier_id: int, person: Person, check: Check) -> None:
    """Keep somebody's check in place of the one before. Not journalled: it says nothing of a patient, and gives no right."""
    with platform.transaction() as session:
        row = session.get(LineCheck, (dossier_id, person.key))
        detail = json.dumps(asdict(check), ensure_ascii=False, sort_keys=True)
        if row is None:
            row = LineCheck(
                dossier_id=dossier_id, person=person.key, name=person.label, at=platform.now(), detail=detail
            )
        row.name, row.at, row.detail = person.label, platform.now(), detail
        session.add(row)


def _missing(value: object) -> list[str]:
    if not isinstance(value, list) or len(value) > len(ABILITIES) or any(each not in ABILITIES for each in value):
        raise MessageRefused
    return list(dict.fromkeys(value))


def _say(hub: Hub, line: Line, message: Check) -> None:
    hub.check(line)
    hub.later(hub.desk.run(keep, line.dossier_id, line.person, message))


def _fill(hub: Hub, line: Line, _message: Measure) -> None:
    """Bytes that nothing on the way can make smaller. Not for who is in a call: its words would wait behind them."""
    if line.participant is not None:
        raise InvalidInput(NOT_IN_CALL)
    for left in range(FRAMES - 1, -1, -1):
        line.tell({"t": "measured", "left": left, "fill": base64.b64encode(os.urandom(FRAME_BYTES)).decode()})


_FIELDS: dict[str, Any] = {
    "delay": or_null(number(60_000)),
    "udp": or_null(flag),
    "relay_udp": or_null(flag),
    "relay_tls": or_null(flag),
    "rate": or_null(number(1_000_000)),
    "camera": flag,
    "microphone": flag,
    "missing": _missing,
    "browser": text(80),
}
register("measure", Schema(Measure), MEASURED, _fill)
register("check", Schema(Check, _FIELDS), RARELY, _say)
