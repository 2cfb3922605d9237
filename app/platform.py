"""What a use case may need from outside, named: `Platform` and the Protocols of its parts.

`app.bootstrap` alone knows which real part fills each place. A use case takes the platform first, the actor second.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from typing import Any, Protocol

from sqlalchemy.engine import Engine
from sqlmodel import Session

from app import db
from app.bus import Bus
from app.settings import Settings


class Clock(Protocol):
    """The time, so that tests can choose it."""

    def now(self) -> datetime:
        """The current instant, aware, in UTC."""
        ...


class FileStore(Protocol):
    """Encrypted files. Keys are opaque; a stored file never changes.

    Everything here blocks, on a disk or on the network: call it from threads. Raises: FileStoreUnavailable.
    """

    @property
    def key_number(self) -> int:
        """Number of the master key that wraps new keys."""
        ...

    def write(self, file_id: str, chunks: Iterator[bytes]) -> StoredFile:
        """Encrypt and keep; nothing is visible under `file_id` before all of it is safe. Raises: FileStoreFull."""
        ...

    def read(self, file_id: str, wrapped_key: bytes, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Decrypted bytes `start` to `stop`, in chunks. Raises: FileDamaged."""
        ...

    def delete(self, file_id: str) -> None: ...

    def rewrap(self, file_id: str, wrapped_key: bytes) -> bytes:
        """A file's own key under the current master key; the file is not touched. Raises: FileDamaged."""
        ...

    def sealed(self, file_id: str) -> int | None:
        """Bytes a file takes in the store, encrypted; None when it is not there."""
        ...

    def kept(self) -> Iterator[KeptFile]:
        """Every whole file there is, in no order."""
        ...

    def remove_unfinished(self, older_than: float) -> list[str]:
        """Remove what writers left that were killed, older than so many seconds; answers the files' ids."""
        ...


@dataclass(frozen=True)
class KeptFile:
    """A file as it lies in the store: bytes it takes there, encrypted, and seconds since it was written."""

    file_id: str
    sealed: int
    age: float


@dataclass(frozen=True)
class StoredFile:
    """What the database keeps of a stored file; `size` in bytes, `sha256` of the clear content in hexadecimal."""

    file_id: str
    size: int
    sha256: str
    wrapped_key: bytes


@dataclass(frozen=True)
class Mail:
    """One e-mail to send; plain text only."""

    to: str
    subject: str
    body: str


class MailTransport(Protocol):
    """Hands an e-mail to the operator. Raises: MailRefused, MailUnavailable."""

    async def send(self, mail: Mail, message_id: str) -> None: ...


@dataclass(frozen=True)
class Sms:
    """One text message. `to` is a number in E.164 form (« +33699000011 »); it is of no use after `expires_at`."""

    to: str
    text: str
    expires_at: datetime | None = None


class SmsTransport(Protocol):
    """Hands a text message to the operator. Raises: SmsRefused, SmsUnavailable."""

    async def send(self, sms: Sms, message_id: str) -> None: ...


class Outbox(Protocol):
    """What a use case writes into the outbox, in its own transaction (`app.messaging.service`).

    A place of the platform because those who log people in stand below the messages they send.
    """

    def queue_mail(
        self,
        session: Session,
        now: datetime,
        to: str,
        subject: str,
        body: str,
        topic: str = "",
        topic_id: int | None = None,
        expires_at: datetime | None = None,
    ) -> object: ...

    def queue_sms(
        self,
        session: Session,
        now: datetime,
        to: str,
        text: str,
        topic: str = "",
        topic_id: int | None = None,
        expires_at: datetime | None = None,
    ) -> object: ...

    def take_back(self, session: Session, topic: str, topic_id: int) -> None:
        """Keep what is still waiting from being sent."""
        ...

    def announce(self, platform: Platform) -> None:
        """Wake the worker, after the commit."""
        ...


class Urgency(IntEnum):
    """What a rendering job is for; a lower one comes first."""

    SEEN = 0  # somebody waits for it before an empty place
    SOUGHT = 1  # a search, slice by slice
    AHEAD = 2  # thumbnails, neighbours, the first page of what has just been added


@dataclass(frozen=True)
class Turn:
    """Who waits for a rendering job (a login; empty for nobody in particular), and how urgently."""

    person: str = ""
    urgency: Urgency = Urgency.SEEN


NOBODY = Turn()


class PageRenderer(Protocol):
    """Draws pages of documents and decodes images, away from the event loop and from this process."""

    async def run(
        self,
        task: str,
        key: str,
        load: Callable[[], bytes | Iterable[bytes]],
        *,
        turn: Turn = NOBODY,
        **arguments: Any,
    ) -> Any:
        """Run a task of `app.documents.rendering_tasks` on the content `load()`, which `key` names.

        `load` runs in a thread, and only when that process does not hold the content yet. Cancelled before it has
        begun, it is not done.

        Raises: FileRefused, when the content is not what the task needs, or takes too long; TooManyJobs.
        """
        ...


@dataclass(frozen=True)
class Slot:
    """Who sits in one m-line of a page's unit connection; `source` is « mic », « cam », « aux-audio », « aux-video »."""

    mid: str
    kind: str
    peer: str
    source: str


@dataclass(frozen=True)
class Joined:
    """What the forwarding unit answers to somebody's offer: an SDP answer, and who sits where."""

    answer: str
    slots: tuple[Slot, ...]


@dataclass(frozen=True)
class UnitPeer:
    """Somebody who is on the unit; `muted` holds « audio », « video », `slots` who sits where, if the unit says it."""

    peer: str
    room: str
    muted: frozenset[str] = frozenset()
    slots: tuple[Slot, ...] | None = None
    described: Mapping[str, str] = field(default_factory=dict)  # source -> what it is (`MediaEngine.describe`)


@dataclass(frozen=True)
class UnitUp:
    """The unit can be asked (again); these people are on it."""

    peers: tuple[UnitPeer, ...]


@dataclass(frozen=True)
class UnitDown:
    """The unit can't be asked for the moment, or could not be reached at the first try; media may still flow."""


@dataclass(frozen=True)
class SlotsChanged:
    """Others sit in this person's slots now."""

    peer: str
    slots: tuple[Slot, ...]


@dataclass(frozen=True)
class PeerGone:
    """The unit has lost somebody; `reason` is a word for journals."""

    peer: str
    reason: str


@dataclass(frozen=True)
class SpeakerChanged:
    """Who speaks in a room; None when nobody does."""

    room: str
    peer: str | None


@dataclass(frozen=True)
class QualityChanged:
    """How good somebody's line is: 3 good, 2 middling, 1 poor."""

    peer: str
    level: int


UnitEvent = UnitUp | UnitDown | SlotsChanged | PeerGone | SpeakerChanged | QualityChanged


class MediaEngine(Protocol):
    """The forwarding unit, as the rooms command it. `room` and `peer` match `[A-Za-z0-9_.-]{1,64}`.

    Everything asked is done in the order of asking. Raises: RelayUnavailable, RelayRefused.
    """

    @property
    def is_up(self) -> bool: ...

    def start(self, listener: Callable[[UnitEvent], None]) -> None:
        """Reach for the unit, on the running loop, until `close`; `listener` hears every event on that loop."""
        ...

    async def close(self) -> None: ...

    async def join(self, room: str, peer: str, offer: str) -> Joined:
        """Take somebody in, restart their ICE, or take them in anew: the offer says which."""
        ...

    async def leave(self, peer: str) -> None: ...

    async def mute(self, peer: str, kind: str, muted: bool) -> None:
        """Drop what somebody sends (`kind` « audio » or « video »), whatever their page does; or give it back."""
        ...

    async def describe(self, peer: str, source: str, content: str) -> None:
        """Say what somebody's `source` (« aux-audio », « aux-video ») is, as long as it is sent.

        `content`: « screen », « camera » (of an examination), « auscultation »; empty when it is over.
        """
        ...

    async def list(self) -> tuple[UnitPeer, ...]: ...

    async def stats(self) -> dict[str, Any]:
        """Load and quality figures; what is in them is the unit's."""
        ...


@dataclass(frozen=True)
class Platform:
    """Every part that a use case may use; frozen, one per process."""

    settings: Settings
    engine: Engine
    bus: Bus
    files: FileStore
    mail: MailTransport
    sms: SmsTransport
    outbox: Outbox
    renderer: PageRenderer
    clock: Clock
    media: MediaEngine | None = None

    def reading(self) -> AbstractContextManager[Session]:
        return db.reading(self.engine)

    def transaction(self) -> AbstractContextManager[Session]:
        return db.transaction(self.engine)

    def now(self) -> datetime:
        return self.clock.now()


__all__ = [
    "NOBODY",
    "Bus",
    "Clock",
    "FileStore",
    "Joined",
    "KeptFile",
    "Mail",
    "MailTransport",
    "MediaEngine",
    "Outbox",
    "PageRenderer",
    "PeerGone",
    "Platform",
    "QualityChanged",
    "Slot",
    "SlotsChanged",
    "Sms",
    "SmsTransport",
    "SpeakerChanged",
    "StoredFile",
    "Turn",
    "UnitDown",
    "UnitEvent",
    "UnitPeer",
    "UnitUp",
    "Urgency",
]
