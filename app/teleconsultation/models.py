"""Rooms, invitations, the browsers they were opened in, and what was written."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.db import UtcDateTime


class Room(SQLModel, table=True):
    """A place to meet: « Salle Bleue ». `slug` is its name in messages: « salle-bleue »."""

    __tablename__ = "room"

    id: int | None = Field(default=None, primary_key=True)
    slug: str = Field(unique=True)
    name: str = Field(unique=True)
    position: int = 0
    closed: bool = Field(default=False, description="Not offered for new meetings; one that goes on is not touched")


class GuestRole(StrEnum):
    """Whom an invitation is for."""

    PATIENT = "patient"
    CAREGIVER = "caregiver"
    PROFESSIONAL = "professional"

    @property
    def label(self) -> str:
        return {"patient": "Patient", "caregiver": "Aidant", "professional": "Professionnel"}[self]


class Invitation(SQLModel, table=True):
    """A link for somebody without an account. Only the SHA-256 of the link's secret is kept."""

    __tablename__ = "invitation"

    id: int | None = Field(default=None, primary_key=True)
    secret_hash: str = Field(unique=True, max_length=64)
    dossier_id: int = Field(foreign_key="dossier.id", index=True)
    room_id: int = Field(foreign_key="room.id")
    inviter_id: int = Field(foreign_key="professional.id")
    name: str
    role: GuestRole
    channel: str = "email"
    address: str
    request_key: str = Field(unique=True, description="The page's own key: a resent request invites once")
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    opened_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    admitted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    left_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    withdrawn_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    refused_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    removed_at: datetime | None = Field(default=None, sa_type=UtcDateTime, description="Put out of a call, for good")

    @property
    def is_dead(self) -> bool:
        """Whether a professional made the link worthless: withdrawn, refused at the door, put out."""
        return bool(self.withdrawn_at or self.refused_at or self.removed_at)

    @property
    def is_admitted(self) -> bool:
        """Whether the guest may be in the room: let in, and not gone since. Who left must be let in anew."""
        return self.admitted_at is not None and (self.left_at is None or self.left_at < self.admitted_at)

    @property
    def actor_id(self) -> int | None:
        return None

    @property
    def actor_name(self) -> str:
        return f"{self.name} (invité)"


class GuestSession(SQLModel, table=True):
    """One browser in which an invitation was opened. Only the SHA-256 of its cookie is kept; one lives at a time."""

    __tablename__ = "guest_session"

    id: int | None = Field(default=None, primary_key=True)
    secret_hash: str = Field(unique=True, max_length=64)
    invitation_id: int = Field(foreign_key="invitation.id", index=True)
    created_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime, description="Opened on another device")
    device: str = ""


class ChatMessage(SQLModel, table=True):
    """A line of the room's discussion, kept as long as the dossier."""

    __tablename__ = "chat_message"

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(description="Chosen by the page; a resent line is kept once")
    dossier_id: int = Field(foreign_key="dossier.id", index=True)
    room_id: int = Field(foreign_key="room.id")
    professional_id: int | None = Field(default=None, foreign_key="professional.id")
    invitation_id: int | None = Field(default=None, foreign_key="invitation.id")
    author_name: str
    text: str = Field(sa_type=sa.Text)
    at: datetime = Field(sa_type=UtcDateTime)

    __table_args__ = (sa.UniqueConstraint("dossier_id", "key", name="a_line_is_kept_once"),)


class DirectMessage(SQLModel, table=True):
    """From one professional to another, kept as long as the dossier it was written from (a reply: with the same one)."""

    __tablename__ = "direct_message"

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(description="Chosen by the page; a resent message is kept once")
    sender_id: int = Field(foreign_key="professional.id", index=True)
    recipient_id: int = Field(foreign_key="professional.id", index=True)
    dossier_id: int = Field(foreign_key="dossier.id", index=True)
    text: str = Field(sa_type=sa.Text)
    at: datetime = Field(sa_type=UtcDateTime)
    read_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    __table_args__ = (
        sa.UniqueConstraint("sender_id", "key", name="a_direct_message_is_kept_once"),
        sa.CheckConstraint("sender_id <> recipient_id", name="nobody_writes_to_themselves"),
    )


class RoomFile(SQLModel, table=True):
    """A document of the dossier, handed over during a call. `reference` is its opaque name in messages and addresses."""

    __tablename__ = "room_file"

    id: int | None = Field(default=None, primary_key=True)
    reference: str = Field(unique=True, index=True, max_length=32)
    document_id: int = Field(foreign_key="document.id", index=True)
    dossier_id: int = Field(foreign_key="dossier.id", index=True)
    room_id: int = Field(foreign_key="room.id")
    sender_id: int = Field(foreign_key="professional.id")
    sender_name: str
    request_key: str = Field(unique=True, description="The page's own key: a resent request hands over once")
    sent_at: datetime = Field(sa_type=UtcDateTime)


class RoomFileReceiver(SQLModel, table=True):
    """One person whom a document was handed to, and how far it came: `fetched_at` the last bytes leave our side,
    `received_at` their page has the whole, `seen_at` a page was drawn for them, `saved_at` they kept it."""

    __tablename__ = "room_file_receiver"

    id: int | None = Field(default=None, primary_key=True)
    file_id: int = Field(foreign_key="room_file.id", index=True)
    professional_id: int | None = Field(default=None, foreign_key="professional.id", index=True)
    invitation_id: int | None = Field(default=None, foreign_key="invitation.id", index=True)
    name: str
    fetched_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    received_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    seen_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    saved_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    @property
    def state(self) -> str:
        """For the sender: `sent`, `received`, `saved`."""
        return "saved" if self.saved_at else "received" if self.received_at else "sent"
