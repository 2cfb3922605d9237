"""`/demo/boite`: what the demo would have sent, as a mailbox that anybody at this machine may read."""

from __future__ import annotations

import json
import mailbox
import re
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from pathlib import Path

from markupsafe import Markup, escape
from tornado.web import HTTPError

from app.french import full
from app.web.base import Handler
from app.web.rendering import render

TEMPLATES = Path(__file__).with_name("templates")
SHOWN = 100  # the newest

_ADDRESS = re.compile(r"https?://[^\s<>\"']+[\w/-]")


@dataclass(frozen=True)
class Letter:
    """A message of the demo's mailbox, in clear text. `when` is how people read `at`; an SMS has no subject."""

    to: str
    subject: str
    text: str
    at: datetime
    when: str
    is_sms: bool = False


class Inbox(Handler):
    """The page. One needs it before being logged in: codes to log in will arrive here too."""

    public = True

    def get(self) -> None:
        if not self.platform.settings.demo:
            raise HTTPError(404)
        var, now = self.platform.settings.var, self.platform.now()
        both = [*read(var / "mail", now), *read_sms(var / "sms", now)]
        letters = sorted(both, key=lambda letter: letter.at, reverse=True)[:SHOWN]
        render(self, "inbox.html", folder=TEMPLATES, letters=letters, linked=linked)


def read(folder: Path, now: datetime) -> list[Letter]:
    """The messages of a Maildir, newest first; none when it does not exist yet."""
    if not folder.is_dir():
        return []
    box = mailbox.Maildir(folder, factory=None, create=False)
    letters = [_letter(box.get_bytes(key), now) for key in box.keys()]  # noqa: SIM118 (a Maildir iterates messages)
    return sorted(letters, key=lambda letter: letter.at, reverse=True)[:SHOWN]


def read_sms(folder: Path, now: datetime) -> list[Letter]:
    """The text messages of a `FolderSms`, newest first; none when it does not exist yet."""
    found = [json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json")]
    letters = [_sms(content, datetime.fromisoformat(content["at"]), now) for content in found]
    return sorted(letters, key=lambda letter: letter.at, reverse=True)[:SHOWN]


def linked(text: str) -> Markup:
    """The text, escaped, with its addresses clickable."""
    parts, end = [], 0
    for found in _ADDRESS.finditer(text):
        address = escape(found[0])
        parts += [escape(text[end : found.start()]), Markup('<a href="{0}">{0}</a>').format(address)]
        end = found.end()
    return Markup("").join([*parts, escape(text[end:])])


def _sms(content: dict[str, str], at: datetime, now: datetime) -> Letter:
    return Letter(to=content["to"], subject="SMS", text=content["text"], at=at, when=full(at, now), is_sms=True)


def _letter(content: bytes, now: datetime) -> Letter:
    message = message_from_bytes(content, policy=policy.default)
    at = message["Date"].datetime
    return Letter(
        to=str(message["To"]),
        subject=str(message["Subject"]),
        text=str(message.get_content()).strip(),
        at=at,
        when=full(at, now),
    )
