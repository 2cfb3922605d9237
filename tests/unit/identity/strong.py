"""What tests of one-time codes share: ask, and read what was sent."""

from __future__ import annotations

import asyncio
import re

from app.demo.people import PASSWORD
from app.identity import one_time_code
from app.identity.one_time_code import Channel, CodeSent
from app.identity.ways import Visitor
from app.messaging import worker
from app.messaging.sms import MemorySms
from app.messaging.transports import MemoryMail
from app.platform import Platform

HERE = Visitor("192.0.2.7", "a browser")


def ask(platform: Platform, login: str = "dr.martin", channel: Channel = Channel.SMS) -> CodeSent:
    return one_time_code.ask(platform, login, PASSWORD, channel, HERE)


def delivered(platform: Platform) -> list[str]:
    """Every text sent so far, SMS then letters, after the worker has looked."""
    asyncio.run(worker.send_due(platform))
    assert isinstance(platform.sms, MemorySms)
    assert isinstance(platform.mail, MemoryMail)
    return [sms.text for sms, _ in platform.sms.sent] + [mail.body for mail, _ in platform.mail.sent]


def code_sent(platform: Platform) -> str:
    """The newest code."""
    found = re.findall(r"\b\d{6}\b", delivered(platform)[-1])
    assert len(found) == 1
    return found[0]


def other_than(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06}"
