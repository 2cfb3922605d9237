"""The composition root: the one place that knows which real part fills each place of the platform."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path

from app import db
from app.bus import LocalBus, MemoryBus
from app.documents.rendering import InProcessRenderer, RendererPool
from app.documents.store import EncryptedFolder, MemoryFiles
from app.messaging.transports import FolderMail, MemoryMail, SmtpMail
from app.platform import Clock, MailTransport, Platform
from app.settings import Settings, load
from app.teleconsultation.engine import UnitEngine


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


def platform_from_settings(settings: Settings) -> Platform:
    """Real parts, as the settings say. The database must be migrated (`teledossier migrate`)."""
    settings.check_production()
    keys = {settings.file_key_number: bytes.fromhex(settings.file_key.get_secret_value())}
    return Platform(
        settings=settings,
        engine=db.connect(settings.sqlalchemy_url()),
        bus=LocalBus(settings.var / "run" / "bus"),
        files=EncryptedFolder(settings.var / "files", keys, settings.file_key_number),
        mail=_mail(settings),
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
        "database_url": "sqlite://",
    }
    settings = load(**(defaults | overrides))
    engine = db.connect(settings.sqlalchemy_url())
    db.migrate(engine)
    return Platform(
        settings=settings,
        engine=engine,
        bus=MemoryBus(),
        files=MemoryFiles(),
        mail=MemoryMail(),
        renderer=InProcessRenderer(),
        clock=clock or SystemClock(),
    )


def _mail(settings: Settings) -> MailTransport:
    if settings.mail_transport == "folder":
        return FolderMail(settings.var / "mail", settings.mail_sender)
    return SmtpMail(settings)
