"""The worker's loop: what waits in the outbox leaves the machine; what a killed process left behind is removed.

How a message lives:

    waiting ── claimed: `attempts` + 1, `next_attempt_at` = now + LEASE ──> handed to the transport
        ├── taken over               -> sent
        ├── refused for good         -> failed, at once
        ├── not available            -> waiting, again after 5 s, 30 s, 2 min, 10 min, 1 h, then failed
        ├── too late for it          -> failed (`expires_at`: a code to log in is of no use after five minutes)
        └── the worker was killed    -> still waiting; claimed anew when the lease has run out

A claim is a transaction of its own, so several workers never hold the same row. One doubt can't be removed with SMTP:
killed between the server's « 250 » and our commit, the message goes out twice. Both copies carry the same Message-ID
(fixed when the row was written), so a mailbox can drop the second; `FolderMail` does.

A text is kept only as long as it must be sent: it may hold a link or a code, and the database must not.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import structlog
from sqlmodel import Session, col, select

from app.bus import MISSED, Message
from app.documents.upkeep import tidy
from app.errors import TeledossierError
from app.messaging import service
from app.messaging.models import OutboxMessage, OutboxState
from app.messaging.refusals import MessageExpired, MessageRefused, MessageUnavailable
from app.platform import Mail, Platform, Sms

log = structlog.get_logger(__name__)

LEASE = timedelta(minutes=2)  # longer than the transport's own time-out
RETRIES = tuple(timedelta(seconds=s) for s in (5, 30, 120, 600, 3600))
BATCH = 10
TIDY_EVERY = timedelta(days=1)
LOOK_AGAIN = timedelta(minutes=1)  # in case an announcement was lost: the bus promises nothing


async def run(platform: Platform, stop: asyncio.Event) -> None:
    """Send what waits until `stop` is set: at once when told (bus topic `outbox.queued`), else when next due.

    At the start and every day, files that no document owns are removed, and those that documents lack are journalled;
    in a thread: a full disk takes its time, mails don't wait.
    """
    loop, woken = asyncio.get_running_loop(), asyncio.Event()
    tidying = asyncio.create_task(_tidy(platform, stop))

    def wake(_message: Message) -> None:
        loop.call_soon_threadsafe(woken.set)

    unsubscribe = [platform.bus.subscribe(topic, wake) for topic in (service.QUEUED, MISSED)]
    try:
        while not stop.is_set():
            woken.clear()
            due = await send_due(platform)
            wait = LOOK_AGAIN if due is None else min(due - platform.now(), LOOK_AGAIN)
            await _first_of(woken, stop, seconds=max(wait.total_seconds(), 0.0))
    finally:
        for end in unsubscribe:
            end()
        await tidying


async def _tidy(platform: Platform, stop: asyncio.Event) -> None:
    while not stop.is_set():
        try:
            swept, missing = await asyncio.to_thread(tidy, platform)
        except TeledossierError as refusal:  # the disk or the bucket is away: its own log says why
            log.error("files.upkeep", reason=refusal.code)
        except Exception:  # files left over harm nobody; the mails must leave
            log.exception("files.upkeep")
        else:
            log.info("files.upkeep", removed=swept.removed, unfinished=swept.unfinished, missing=missing)
        await _first_of(stop, seconds=TIDY_EVERY.total_seconds())


async def send_due(platform: Platform) -> datetime | None:
    """Send everything that is due now; answers when the next message will be, or None when nothing waits."""
    while claimed := _claim(platform):
        await asyncio.gather(*(_send(platform, message) for message in claimed))
    with platform.reading() as session:
        return session.exec(
            select(OutboxMessage.next_attempt_at)
            .where(OutboxMessage.state == OutboxState.WAITING)
            .order_by(col(OutboxMessage.next_attempt_at))
            .limit(1)
        ).first()


def _claim(platform: Platform) -> list[OutboxMessage]:
    now = platform.now()
    with platform.transaction() as session:
        due = (
            select(OutboxMessage)
            .where(OutboxMessage.state == OutboxState.WAITING, col(OutboxMessage.next_attempt_at) <= now)
            .order_by(col(OutboxMessage.next_attempt_at), col(OutboxMessage.id))
            .limit(BATCH)
            .with_for_update(skip_locked=True)  # PostgreSQL; SQLite's writer has the database to itself
        )
        messages = list(session.exec(due))
        for message in messages:
            message.attempts += 1
            message.next_attempt_at = now + LEASE
            session.add(message)
    return messages


async def _send(platform: Platform, message: OutboxMessage) -> None:
    if message.expires_at and message.expires_at <= platform.now():
        _settle(platform, message, OutboxState.FAILED, MessageExpired())
        return
    try:
        await _hand_over(platform, message)
    except MessageRefused as refusal:
        _settle(platform, message, OutboxState.FAILED, refusal)
    except MessageUnavailable as trouble:
        _retry(platform, message, trouble)
    except Exception:
        # A fault of ours must not keep the messages behind this one from leaving.
        log.exception("outbox.fault", outbox_id=message.id)
        _retry(platform, message, MessageUnavailable())
    else:
        _settle(platform, message, OutboxState.SENT)


async def _hand_over(platform: Platform, message: OutboxMessage) -> None:
    if message.channel == "sms":
        sms = Sms(to=message.recipient, text=message.body, expires_at=message.expires_at)
        await platform.sms.send(sms, message.message_id)
        return
    mail = Mail(to=message.recipient, subject=message.subject, body=message.body)
    await platform.mail.send(mail, message.message_id)


def _retry(platform: Platform, message: OutboxMessage, trouble: MessageUnavailable) -> None:
    if message.attempts > len(RETRIES):
        _settle(platform, message, OutboxState.FAILED, trouble)
        return
    again = platform.now() + RETRIES[message.attempts - 1]
    if message.expires_at and again >= message.expires_at:
        _settle(platform, message, OutboxState.FAILED, MessageExpired())
        return
    with platform.transaction() as session:
        kept = _still_waiting(session, message)
        if kept is not None:
            kept.next_attempt_at = again
            kept.error = trouble.message
            session.add(kept)


def _settle(
    platform: Platform, message: OutboxMessage, state: OutboxState, reason: TeledossierError | None = None
) -> None:
    now = platform.now()
    with platform.transaction() as session:
        kept = session.get_one(OutboxMessage, message.id)
        kept.state = state
        kept.sent_at = now if state is OutboxState.SENT else None
        kept.error = reason.message if reason else ""
        kept.body = ""
        session.add(kept)
    log.info("outbox." + state.value, outbox_id=message.id, topic=message.topic, attempts=message.attempts)
    platform.bus.publish(
        service.CHANGED,
        {"outbox": message.id, "topic": message.topic, "topic_id": message.topic_id, "state": state.value},
    )


def _still_waiting(session: Session, message: OutboxMessage) -> OutboxMessage | None:
    """The row, unless it was taken back while the transport was trying."""
    kept = session.get_one(OutboxMessage, message.id)
    return kept if kept.state is OutboxState.WAITING else None


async def _first_of(*events: asyncio.Event, seconds: float) -> None:
    waiting = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
