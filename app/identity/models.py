"""Structures, professionals and their login sessions."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.db import UtcDateTime


class Structure(SQLModel, table=True):
    """A care home or a hospital (établissement)."""

    __tablename__ = "structure"

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    town: str
    finess: str = Field(default="", max_length=9)
    phone: str = ""
    login_ways: str = Field(default="", description="Ways its people may use, separated by spaces; empty: all offered")
    first_way: str = Field(default="", description="The way its workstations show first")
    password_networks: str = Field(default="", description="Networks a password is good from (CIDR); empty: anywhere")

    @property
    def short_name(self) -> str:
        """« Les Tilleuls » for « EHPAD Les Tilleuls »."""
        return self.name.removeprefix("EHPAD ")


class Profession(StrEnum):
    """What somebody is; the code is the one of the TRE_G15 nomenclature where it has one."""

    PHYSICIAN = "10"
    NURSE = "60"
    ADMINISTRATOR = "admin"


class Professional(SQLModel, table=True):
    """Somebody with an account. `title` is « Dr » or empty; names as they are shown."""

    __tablename__ = "professional"

    id: int | None = Field(default=None, primary_key=True)
    login: str = Field(unique=True, index=True)
    password_hash: str = ""
    title: str = ""
    given_name: str
    family_name: str
    profession: Profession
    specialty: str = ""
    qualification: str = Field(default="", description="As people read it: « gériatre », « infirmière »")
    rpps: str | None = Field(default=None, unique=True, max_length=11)
    psc_subject: str | None = Field(default=None, unique=True, description="SubjectNameID of Pro Santé Connect")
    passkey_handle: bytes | None = Field(default=None, unique=True, description="What authenticators call this person")
    mobile: str = ""
    email: str = ""
    structure_id: int | None = Field(default=None, foreign_key="structure.id", index=True)
    is_requester: bool = False
    is_expert: bool = False
    is_administrator: bool = False
    suspended: bool = False

    @property
    def actor_id(self) -> int | None:
        return self.id

    @property
    def actor_name(self) -> str:
        return self.full_name

    @property
    def full_name(self) -> str:
        """« Dr Claire MARTIN », « Nadia DUBOIS »."""
        return " ".join(part for part in (self.title, self.given_name, self.family_name.upper()) if part)

    @property
    def short_name(self) -> str:
        """« Dr C. MARTIN », « N. DUBOIS », as in the list."""
        return " ".join(part for part in (self.title, f"{self.given_name[:1]}.", self.family_name.upper()) if part)

    @property
    def room_name(self) -> str:
        """« Dr MARTIN », « N. DUBOIS », as rooms show who is inside (guide 3.1)."""
        return f"{self.title} {self.family_name.upper()}" if self.title else self.short_name

    @property
    def initials(self) -> str:
        return (self.given_name[:1] + self.family_name[:1]).upper()


class LoginSession(SQLModel, table=True):
    """One login. Only the SHA-256 of its secret is kept: a stolen database opens nothing."""

    __tablename__ = "login_session"

    id: int | None = Field(default=None, primary_key=True)
    secret_hash: str = Field(unique=True, max_length=64)
    professional_id: int = Field(foreign_key="professional.id", index=True)
    method: str
    created_at: datetime = Field(sa_type=UtcDateTime)
    last_seen_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    device: str = ""
    address: str = ""
    situation: str = Field(default="", description="Where the person said they practise, by Pro Santé Connect")
    provider_hint: str = Field(default="", sa_type=sa.Text, description="ID token, kept to log out at the provider")


class PendingLogin(SQLModel, table=True):
    """A login that has begun, or another act that waits for one answer (`app.identity.pending`).

    `tries` counts wrong answers, `sends` what was sent; `data` is JSON and never holds a code or a secret in clear.
    """

    __tablename__ = "pending_login"

    id: int | None = Field(default=None, primary_key=True)
    secret_hash: str = Field(unique=True, max_length=64)
    purpose: str
    professional_id: int | None = Field(default=None, foreign_key="professional.id", index=True)
    data: str = Field(default="{}", sa_type=sa.Text)
    tries: int = 0
    sends: int = 0
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime, index=True)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    address: str = Field(
        default="", index=True, description="Where it was begun, so that one place can't begin too many"
    )


class Passkey(SQLModel, table=True):
    """A passkey (WebAuthn credential) of a professional; the private key never leaves their device."""

    __tablename__ = "passkey"

    id: int | None = Field(default=None, primary_key=True)
    professional_id: int = Field(foreign_key="professional.id", index=True)
    credential_id: bytes = Field(unique=True)
    public_key: bytes
    sign_count: int = 0
    name: str
    transports: str = ""
    backed_up: bool = False
    created_at: datetime = Field(sa_type=UtcDateTime)
    last_used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class LoginThrottle(SQLModel, table=True):
    """Failures in a row for one login as it was typed (known or not), so that guessing becomes slow."""

    __tablename__ = "login_throttle"

    login_hash: str = Field(primary_key=True, max_length=64)
    failures: int = 0
    last_failure_at: datetime = Field(sa_type=UtcDateTime)
