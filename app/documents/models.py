"""Documents of a dossier, who has seen them, and the files that are not documents yet."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.db import UtcDateTime


class DocumentKind(StrEnum):
    """How a document is shown."""

    PDF = "pdf"
    PICTURE = "picture"
    IMAGING = "imaging"
    LABORATORY = "laboratory"

    @property
    def label(self) -> str:
        return _KIND_LABELS[self]


_KIND_LABELS = {
    DocumentKind.PDF: "PDF",
    DocumentKind.PICTURE: "Photographie",
    DocumentKind.IMAGING: "Imagerie",
    DocumentKind.LABORATORY: "Biologie",
}


class Document(SQLModel, table=True):
    """A file of a dossier. Its content is in the encrypted store under `file_id`; the row exists only once it is whole.

    `reference` is the opaque name used in addresses. `detail` is JSON: pages of a PDF, size in pixels of a picture,
    frames of an imaging study, analyses and dates of a laboratory report.
    """

    __tablename__ = "document"

    id: int | None = Field(default=None, primary_key=True)
    reference: str = Field(unique=True, index=True, max_length=32)
    dossier_id: int = Field(foreign_key="dossier.id", index=True)
    kind: DocumentKind
    title: str
    filename: str
    media_type: str
    size: int
    sha256: str = Field(max_length=64)
    file_id: str = Field(unique=True, max_length=64)
    wrapped_key: bytes
    author_id: int | None = Field(default=None, foreign_key="professional.id")
    author_name: str
    created_at: datetime = Field(sa_type=UtcDateTime)
    dated_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    is_report: bool = False
    detail: str = Field(default="{}", sa_type=sa.Text)


class DocumentReading(SQLModel, table=True):
    """When somebody first saw a document, and last took it home."""

    __tablename__ = "document_reading"

    document_id: int = Field(foreign_key="document.id", primary_key=True)
    professional_id: int = Field(foreign_key="professional.id", primary_key=True)
    seen_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    downloaded_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ArrivalState(StrEnum):
    """Where a file stands that has come and is no document (yet)."""

    EXAMINING = "examining"
    REFUSED = "refused"
    FLATTENING = "flattening"


class Arrival(SQLModel, table=True):
    """A file whose bytes have all come: under examination, refused, or being turned into pictures of its pages.

    Once it is a document the row is gone. `file_id` and `wrapped_key` are set as long as its bytes are kept: while it is
    examined, and after a refusal only when it can be flattened. `busy_until` is the lease of the process that works on
    it: past that moment the process has died and another takes over. `done` of `pages` tell how far flattening is.
    `bound`: it is added together with something only its process knows (a correction, a caption, a transfer).
    """

    __tablename__ = "arrival"

    id: int | None = Field(default=None, primary_key=True)
    reference: str = Field(unique=True, index=True, max_length=32)
    dossier_id: int = Field(foreign_key="dossier.id", index=True)
    author_id: int = Field(foreign_key="professional.id", index=True)
    author_name: str
    filename: str
    size: int = Field(sa_type=sa.BigInteger)
    sha256: str = Field(max_length=64)
    state: ArrivalState = ArrivalState.EXAMINING
    reason: str = ""
    can_flatten: bool = False
    file_id: str | None = Field(default=None, unique=True, max_length=64)
    wrapped_key: bytes | None = None
    created_at: datetime = Field(sa_type=UtcDateTime)
    settled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    busy_until: datetime = Field(sa_type=UtcDateTime, index=True)
    attempts: int = 1
    bound: bool = Field(default=False, sa_column_kwargs={"server_default": sa.false()})
    done: int = 0
    pages: int = 0


class DocumentCorrection(SQLModel, table=True):
    """That a document holds no longer: replaced by a newer version, or withdrawn as entered in error.

    The document stays, with its file, so that what was read before can be found again. One row at most for each: of two
    people who correct the same version at once, the second is told (`Outdated`).
    """

    __tablename__ = "document_correction"

    document_id: int = Field(foreign_key="document.id", primary_key=True)
    replaced_by_id: int | None = Field(default=None, foreign_key="document.id", unique=True)
    reason: str = ""
    at: datetime = Field(sa_type=UtcDateTime)
    author_id: int | None = Field(default=None, foreign_key="professional.id")
    author_name: str


class LaboratoryDraft(SQLModel, table=True):
    """What somebody is typing of a laboratory report, kept until it is a document: `content` is the form as JSON.

    `replaces` is the reference of the document that is being corrected; empty for a new one.
    """

    __tablename__ = "laboratory_draft"

    dossier_id: int = Field(foreign_key="dossier.id", primary_key=True)
    professional_id: int = Field(foreign_key="professional.id", primary_key=True)
    replaces: str = Field(default="", primary_key=True, max_length=32)
    content: str = Field(sa_type=sa.Text)
    updated_at: datetime = Field(sa_type=UtcDateTime)
