"""Ways to hand an e-mail to somebody who carries it: a mail server, a folder (demo), memory (tests)."""

from __future__ import annotations

import asyncio
import hashlib
import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime
from pathlib import Path

import aiosmtplib

from app.errors import TeledossierError
from app.messaging.refusals import MessageRefused, MessageUnavailable
from app.platform import Mail
from app.settings import Settings

STEP_SECONDS = 20.0  # each exchange with the mail server
WHOLE_SECONDS = 60.0  # everything, from connecting to the server's last word
SENDER_NAME = "Télédossier"


class MailRefused(MessageRefused):
    """The server will never take this message: trying again would change nothing."""

    code = "courriel-refuse"
    message = "Le serveur de messagerie refuse ce message. Vérifiez l'adresse, puis envoyez-le de nouveau."


class MailUnavailable(MessageUnavailable):
    """The server can't take the message now; later it may."""

    code = "messagerie-indisponible"
    message = "Le serveur de messagerie ne répond pas. Le message est gardé ; un nouvel essai suivra."


def compose(mail: Mail, message_id: str, sender: str, at: datetime) -> EmailMessage:
    """The message as it travels (RFC 5322, plain text, UTF-8).

    `Auto-Submitted` (RFC 3834) keeps absence notices from answering.

    Raises: MailRefused, when a header can't be written (line breaks in an address or a subject).
    """
    message = EmailMessage(policy=SMTP_POLICY)
    try:
        message["From"] = f"{SENDER_NAME} <{sender}>"
        message["To"] = mail.to
        message["Subject"] = mail.subject
        message["Date"] = format_datetime(at)
        message["Message-ID"] = f"<{message_id}@{sender.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(mail.body, charset="utf-8", cte="quoted-printable")
    except ValueError as error:
        raise MailRefused("L'adresse ou l'objet de ce message n'est pas valable. Corrigez, puis renvoyez.") from error
    return message


class SmtpMail:
    """A mail server reached by SMTP (RFC 5321), with STARTTLS demanded by the settings (RFC 3207).

    Where STARTTLS is demanded and the server doesn't offer it, or its certificate isn't trusted, nothing is sent:
    an invitation in clear would let anybody on the way in.
    """

    def __init__(self, settings: Settings, tls_context: ssl.SSLContext | None = None) -> None:
        self._settings = settings
        self._tls_context = tls_context

    async def send(self, mail: Mail, message_id: str) -> None:
        settings = self._settings
        message = compose(mail, message_id, settings.mail_sender, datetime.now(UTC))
        client = aiosmtplib.SMTP(
            hostname=settings.smtp_host,
            port=settings.smtp_port,
            start_tls=settings.smtp_starttls,
            tls_context=self._tls_context,
            timeout=STEP_SECONDS,
        )
        line: asyncio.BaseTransport | None = None
        try:
            with _translated():
                async with asyncio.timeout(WHOLE_SECONDS):
                    await client.connect()
                    if settings.smtp_user:
                        await client.login(settings.smtp_user, settings.smtp_password.get_secret_value())
                    await client.send_message(message)
            line = client.transport
            # The server has taken the message: whatever happens to the farewell changes nothing.
            with suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
                await client.quit(timeout=2)
        finally:
            line = line or client.transport
            client.close()
            # Under TLS a closed line waits for the server's goodbye, half a minute if it says none.
            if isinstance(line, asyncio.WriteTransport):
                line.abort()


@contextmanager
def _translated() -> Iterator[None]:
    """A mail server's answers as ours: 5xx to the message is final, everything else may pass."""
    try:
        yield
    except aiosmtplib.SMTPRecipientsRefused as error:
        raise _by_code(min(refused.code for refused in error.recipients), "l'adresse") from error
    except aiosmtplib.SMTPAuthenticationError as error:
        raise MailUnavailable(
            f"Le serveur de messagerie refuse notre identifiant ({error.code}). Le message est gardé ; "
            "un nouvel essai suivra."
        ) from error
    except aiosmtplib.SMTPConnectResponseError as error:
        raise MailUnavailable from error
    except aiosmtplib.SMTPResponseException as error:
        raise _by_code(error.code, "ce message") from error
    except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
        # Among them SMTPNotSupported: STARTTLS demanded, not offered.
        raise MailUnavailable from error


def _by_code(code: int, what: str) -> TeledossierError:
    if 500 <= code <= 599:
        return MailRefused(
            f"Le serveur de messagerie du destinataire refuse {what} ({code}). Vérifiez l'adresse, puis renvoyez."
        )
    return MailUnavailable(
        f"Le serveur de messagerie demande d'attendre ({code}). Le message est gardé ; un nouvel essai suivra."
    )


class FolderMail:
    """Messages as files of a Maildir: the demo's mail server, read by `/demo/boite`.

    A file's name follows from the message id, so that a message handed over twice is there once.
    """

    def __init__(self, folder: Path, sender: str) -> None:
        self._folder = folder
        self._sender = sender
        for name in ("tmp", "new", "cur"):
            (folder / name).mkdir(parents=True, exist_ok=True)

    async def send(self, mail: Mail, message_id: str) -> None:
        content = compose(mail, message_id, self._sender, datetime.now(UTC)).as_bytes()
        name = f"{hashlib.sha256(message_id.encode()).hexdigest()[:32]}.teledossier"
        if (self._folder / "cur" / name).exists() or (self._folder / "new" / name).exists():
            return
        written = self._folder / "tmp" / name
        try:
            with written.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            written.replace(self._folder / "new" / name)
        except OSError as error:
            raise MailUnavailable from error


@dataclass
class MemoryMail:
    """Keeps what it is given; `failures` are raised first, one for each attempt. For tests."""

    sent: list[tuple[Mail, str]] = field(default_factory=list)
    failures: list[TeledossierError] = field(default_factory=list)

    async def send(self, mail: Mail, message_id: str) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.sent.append((mail, message_id))
