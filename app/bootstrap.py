"""The composition root: the one place that knows which real part fills each place of the platform."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.engine import Engine

from app import db
from app.bus import LocalBus, MemoryBus
from app.documents.rendering import InProcessRenderer, RendererPool
from app.documents.store import EncryptedFolder, MemoryFiles
from app.messaging import service as outbox
from app.messaging.sms import FolderSms, MemorySms, NoSms
from app.messaging.transports import FolderMail, MemoryMail, SmtpMail
from app.platform import Clock, FileStore, MailTransport, Platform, SmsTransport
from app.settings import Settings, load
from app.teleconsultation.engine import UnitEngine


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


def platform_from_settings(settings: Settings) -> Platform:
    """Real parts, as the settings say. The database must be migrated (`teledossier migrate`)."""
    settings.check_production()
    return Platform(
        settings=settings,
        engine=db.connect(settings.sqlalchemy_url()),
        bus=LocalBus(settings.var / "run" / "bus"),
        files=_files(settings),
        mail=_mail(settings),
        sms=_sms(settings),
        outbox=outbox,
        renderer=RendererPool(settings.render_processes),
        clock=SystemClock(),
        media=UnitEngine(settings.media_socket, settings.derived_secret("media")),
    )


def platform_in_memory(clock: Clock | None = None, **overrides: object) -> Platform:
    """Everything in memory, migrated and empty: for tests and notebooks. Keyword arguments change settings."""
    var = Path(tempfile.gettempdir()) / "teledossier-in-memory"
    defaults: dict[str, object] = {
        "var": var,
        "password_login": True,
        "secure_cookies": False,
        "database_url": db.IN_MEMORY,
    }
    settings = load(**(defaults | overrides))
    return Platform(
        settings=settings,
        engine=_migrated(settings.sqlalchemy_url()),
        bus=MemoryBus(),
        files=MemoryFiles(),
        mail=MemoryMail(),
        sms=MemorySms(),
        outbox=outbox,
        renderer=InProcessRenderer(),
        clock=clock or SystemClock(),
    )


def _migrated(url: str) -> Engine:
    if url == db.IN_MEMORY:
        return db.connect_in_memory()
    engine = db.connect(url)
    db.migrate(engine)
    return engine


def _files(settings: Settings) -> FileStore:
    if settings.file_store == "folder":
        return EncryptedFolder(settings.var / "files", settings.file_keys(), settings.file_key_number)
    # The client of S3 is loaded only where files are in a bucket.
    from app.documents.store_bucket import EncryptedBucket, Place
    from app.documents.store_keys import MasterKeys

    place = Place(
        settings.s3_endpoint,
        settings.s3_bucket,
        settings.s3_region,
        settings.s3_access_key,
        settings.s3_secret_key.get_secret_value(),
        settings.s3_prefix,
    )
    return EncryptedBucket(place, MasterKeys(settings.file_keys(), settings.file_key_number))


def _mail(settings: Settings) -> MailTransport:
    if settings.mail_transport == "folder":
        return FolderMail(settings.var / "mail", settings.mail_sender)
    return SmtpMail(settings)


def _sms(settings: Settings) -> SmsTransport:
    # Each operator's library is loaded only where it is used: the web process never sends.
    match settings.sms_transport:
        case "folder":
            return FolderSms(settings.var / "sms")
        case "smpp":
            from app.messaging.smpp import SmppSms

            return SmppSms(settings)
        case "ovh":
            from app.messaging.ovh import OvhSms

            return OvhSms(settings)
        case "none":
            return NoSms()
