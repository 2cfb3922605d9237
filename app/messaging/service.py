"""What a use case does with the outbox: queue, take back, follow.

Nothing here sends anything: `app.messaging.worker` does, after the commit.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime

from sqlmodel import Session, col, select

from app.messaging.models import OutboxMessage, OutboxState
from app.platform import Platform

QUEUED = "outbox.queued"  # bus topic: something new is waiting, the worker looks at once
CHANGED = "outbox"  # bus topic: a message was sent or has failed; carries `topic`, `topic_id`, `state`

TAKEN_BACK = "Retiré avant l'envoi."


def queue_mail(
    session: Session,
    now: datetime,
    to: str,
    subject: str,
    body: str,
    topic: str = "",
    topic_id: int | None = None,
    expires_at: datetime | None = None,
) -> OutboxMessage:
    """Write an e-mail into the outbox, in the caller's transaction; call `announce` after the commit.

    Its `message_id` is drawn here, once, and goes out with every attempt: a mail server that gets the same message
    twice can tell.
    """
    return _queue(
        session,
        OutboxMessage(
            message_id=uuid.uuid4().hex,
            recipient=to,
            subject=subject,
            body=body,
            topic=topic,
            topic_id=topic_id,
            next_attempt_at=now,
            created_at=now,
            expires_at=expires_at,
        ),
    )


def queue_sms(
    session: Session,
    now: datetime,
    to: str,
    text: str,
    topic: str = "",
    topic_id: int | None = None,
    expires_at: datetime | None = None,
) -> OutboxMessage:
    """Write a text message into the outbox, as `queue_mail` does a letter; `to` in E.164 form (« +33699000011 »)."""
    return _queue(
        session,
        OutboxMessage(
            message_id=uuid.uuid4().hex,
            channel="sms",
            recipient=to,
            subject="",
            body=text,
            topic=topic,
            topic_id=topic_id,
            next_attempt_at=now,
            created_at=now,
            expires_at=expires_at,
        ),
    )


def announce(platform: Platform) -> None:
    """Wake the worker. Only after the commit: before it, there would be nothing to see."""
    platform.bus.publish(QUEUED, {})


def take_back(session: Session, topic: str, topic_id: int) -> None:
    """Keep what is still waiting from being sent. What was sent is sent."""
    for message in _about(session, topic, [topic_id]):
        if message.state is OutboxState.WAITING:
            message.state = OutboxState.FAILED
            message.error = TAKEN_BACK
            message.body = ""
            session.add(message)


def follow(session: Session, topic: str, topic_ids: Iterable[int]) -> dict[int, OutboxMessage]:
    """The newest message about each of `topic_ids`."""
    return {message.topic_id: message for message in _about(session, topic, topic_ids) if message.topic_id is not None}


def _queue(session: Session, message: OutboxMessage) -> OutboxMessage:
    session.add(message)
    session.flush()
    return message


def _about(session: Session, topic: str, topic_ids: Iterable[int]) -> list[OutboxMessage]:
    wanted = (
        select(OutboxMessage)
        .where(OutboxMessage.topic == topic, col(OutboxMessage.topic_id).in_(list(topic_ids)))
        .order_by(col(OutboxMessage.id))
    )
    return list(session.exec(wanted))
