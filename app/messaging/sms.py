"""Ways to hand a text message to somebody who carries it: a folder (demo), memory (tests), nobody.

Operators are in files of their own, because each brings a library: `smpp.py`, `ovh.py`.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from app.errors import TeledossierError
from app.messaging.refusals import MessageRefused, MessageUnavailable
from app.platform import Sms


class SmsRefused(MessageRefused):
    """The operator will never take this message."""

    code = "sms-refuse"
    message = "L'opérateur refuse ce SMS. Vérifiez le numéro de mobile, puis renvoyez."


class SmsUnavailable(MessageUnavailable):
    """The operator can't take the message now; later they may."""

    code = "sms-indisponible"
    message = "L'opérateur de SMS ne répond pas. Le message est gardé ; un nouvel essai suivra."


class NoSms:
    """An installation without an operator."""

    async def send(self, sms: Sms, message_id: str) -> None:
        raise SmsRefused("Cette installation n'envoie pas de SMS. Choisissez le courriel.")


class FolderSms:
    """Messages as files: the demo's operator, read by `/demo/boite`.

    A file's name follows from the message id, so that a message handed over twice is there once.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    async def send(self, sms: Sms, message_id: str) -> None:
        written = self._folder / f"{hashlib.sha256(message_id.encode()).hexdigest()[:32]}.json"
        if written.exists():
            return
        partial = written.with_suffix(".part")
        content = {"to": sms.to, "text": sms.text, "at": datetime.now(UTC).isoformat()}
        try:
            with partial.open("w", encoding="utf-8") as file:
                json.dump(content, file, ensure_ascii=False)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(written)
        except OSError as error:
            raise SmsUnavailable from error


@dataclass
class MemorySms:
    """Keeps what it is given; `failures` are raised first, one for each attempt. For tests."""

    sent: list[tuple[Sms, str]] = field(default_factory=list)
    failures: list[TeledossierError] = field(default_factory=list)

    async def send(self, sms: Sms, message_id: str) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.sent.append((sms, message_id))
