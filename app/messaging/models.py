"""What leaves the machine, first a row."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.db import UtcDateTime


class OutboxState(StrEnum):
    """How far a message has come."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"


class OutboxMessage(SQLModel, table=True):
    """One message to send, written in the transaction of the act and sent by the worker after the commit.

    `channel` is « email » or « sms »; an SMS has no subject. A message with `expires_at` is dropped rather than sent late.
    `topic` and `topic_id` name what it is about (« invitation », 12), so that its sender can follow its state.
    """

    __tablename__ = "outbox_message"

    id: int | None = Field(default=None, primary_key=True)
    message_id: str = Field(unique=True)
    channel: str = "email"
    recipient: str
    subject: str
    body: str = Field(sa_type=sa.Text)
    topic: str = ""
    topic_id: int | None = None
    state: OutboxState = Field(default=OutboxState.WAITING, index=True)
    attempts: int = 0
    next_attempt_at: datetime = Field(sa_type=UtcDateTime, index=True)
    created_at: datetime = Field(sa_type=UtcDateTime)
    sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    error: str = ""
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime, description="Never sent from then on")
