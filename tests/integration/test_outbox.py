"""Sending by a real mail server: what it takes, refuses, delays, and when it can't speak TLS."""

from __future__ import annotations

import datetime
import ipaddress
import re
import socket
import ssl
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from sqlmodel import select

from app.bootstrap import platform_in_memory
from app.demo.people import PASSWORD
from app.identity import one_time_code
from app.identity.one_time_code import Channel
from app.messaging import service, worker
from app.messaging.models import OutboxMessage, OutboxState
from app.messaging.transports import MailRefused, MailUnavailable, SmtpMail
from app.platform import Mail
from app.settings import load
from tests.support.people import SetClock, small_world

MAIL = Mail("paul@example.org", "Votre invitation", "Bonjour Paul,\n\nà demain.\n")


class Server:
    """A mail server that answers as it is told."""

    def __init__(self) -> None:
        self.received: list[Envelope] = []
        self.to_recipient = "250 OK"
        self.to_content = "250 OK"

    async def handle_RCPT(self, _server: SMTP, _session: Any, envelope: Envelope, address: str, _options: Any) -> str:  # noqa: N802 (aiosmtpd's own name)
        if self.to_recipient.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.to_recipient

    async def handle_DATA(self, _server: SMTP, _session: Any, envelope: Envelope) -> str:  # noqa: N802
        if self.to_content.startswith("250"):
            self.received.append(envelope)
        return self.to_content


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate for 127.0.0.1, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.test")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(
            name, name, key.public_key(), x509.random_serial_number(), now, now + datetime.timedelta(days=1)
        )
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "mail.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def plain(server: Server) -> Iterator[int]:
    """A server without TLS; answers its port."""
    controller = Controller(server, hostname="127.0.0.1", port=free_port())
    controller.start()
    yield controller.port
    controller.stop()


@pytest.fixture
def starttls(server: Server, certificate: Path) -> Iterator[int]:
    """A server that demands STARTTLS and a login; answers its port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def check(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        return AuthResult(success=(data.login, data.password) == (b"us", b"secret"), handled=False)

    controller = Controller(
        server, hostname="127.0.0.1", port=free_port(), tls_context=context, require_starttls=True,
        auth_required=True, authenticator=check,
    )  # fmt: skip
    controller.start()
    yield controller.port
    controller.stop()


def transport(port: int, starttls: bool = False, trusted: Path | None = None, **settings: object) -> SmtpMail:
    context = ssl.create_default_context(cafile=str(trusted)) if trusted else None
    return SmtpMail(load(smtp_host="127.0.0.1", smtp_port=port, smtp_starttls=starttls, **settings), context)


async def test_a_message_arrives_as_it_was_written(plain: int, server: Server) -> None:
    await transport(plain).send(MAIL, "abc")
    [envelope] = server.received
    assert envelope.rcpt_tos == ["paul@example.org"]
    content = envelope.content
    assert isinstance(content, bytes)
    assert b"Message-ID: <abc@teledossier.invalid>" in content
    assert "à demain".encode() in content or b"=C3=A0 demain" in content


async def test_over_starttls_with_a_login_it_arrives_too(starttls: int, server: Server, certificate: Path) -> None:
    await transport(starttls, True, certificate, smtp_user="us", smtp_password="secret").send(MAIL, "abc")
    assert len(server.received) == 1


@pytest.mark.parametrize("answer", ["550 no such user", "553 refused"])
async def test_an_address_the_server_refuses_is_refused_for_good(plain: int, server: Server, answer: str) -> None:
    server.to_recipient = answer
    with pytest.raises(MailRefused, match=answer[:3]):
        await transport(plain).send(MAIL, "abc")


async def test_a_content_the_server_refuses_is_refused_for_good(plain: int, server: Server) -> None:
    server.to_content = "554 spam"
    with pytest.raises(MailRefused, match="554"):
        await transport(plain).send(MAIL, "abc")


@pytest.mark.parametrize("place", ["to_recipient", "to_content"])
async def test_a_server_that_asks_to_wait_is_waited_for(plain: int, server: Server, place: str) -> None:
    setattr(server, place, "451 try later")
    with pytest.raises(MailUnavailable, match="451"):
        await transport(plain).send(MAIL, "abc")


async def test_without_the_starttls_that_we_demand_nothing_is_sent(plain: int, server: Server) -> None:
    with pytest.raises(MailUnavailable):
        await transport(plain, starttls=True).send(MAIL, "abc")
    assert server.received == []


async def test_a_certificate_that_nobody_vouches_for_is_not_trusted(starttls: int, server: Server) -> None:
    with pytest.raises(MailUnavailable):
        await transport(starttls, True, None, smtp_user="us", smtp_password="secret").send(MAIL, "abc")
    assert server.received == []


async def test_a_wrong_login_of_ours_can_be_put_right_and_is_tried_again(starttls: int, certificate: Path) -> None:
    with pytest.raises(MailUnavailable):
        await transport(starttls, True, certificate, smtp_user="us", smtp_password="wrong").send(MAIL, "abc")


async def test_a_server_that_is_not_there_is_tried_again() -> None:
    with pytest.raises(MailUnavailable):
        await transport(free_port()).send(MAIL, "abc")


async def test_from_the_outbox_to_the_mailbox_over_a_server_that_first_says_wait(plain: int, server: Server) -> None:
    clock = SetClock()
    platform = replace(platform_in_memory(clock), mail=transport(plain))
    server.to_content = "451 try later"
    with platform.transaction() as session:
        service.queue_mail(session, platform.now(), MAIL.to, MAIL.subject, MAIL.body, "invitation", 1)
    due = await worker.send_due(platform)
    assert due is not None
    server.to_content, clock.at = "250 OK", due
    assert await worker.send_due(platform) is None
    with platform.reading() as session:
        assert session.exec(select(OutboxMessage.state)).one() is OutboxState.SENT
    assert len(server.received) == 1


async def test_a_code_to_log_in_arrives_over_starttls_and_opens(
    starttls: int, server: Server, certificate: Path
) -> None:
    world = small_world()
    mail = transport(starttls, True, certificate, smtp_user="us", smtp_password="secret")
    platform = replace(world.platform, mail=mail)
    sent = one_time_code.ask(platform, "dr.martin", PASSWORD, Channel.EMAIL)
    assert await worker.send_due(platform) is None
    [envelope] = server.received
    assert envelope.rcpt_tos == ["dr.martin@demo.invalid"]
    assert isinstance(envelope.content, bytes)
    text = message_from_bytes(envelope.content, policy=policy.default).get_content()
    found = re.search(r": (\d{6})\n", text.replace("\r\n", "\n"))
    assert found
    assert one_time_code.answer(platform, sent.secret, found[1])


async def test_a_code_whose_letter_is_refused_is_not_kept(plain: int, server: Server) -> None:
    world = small_world()
    platform = replace(world.platform, mail=transport(plain))
    server.to_recipient = "550 no such user"
    one_time_code.ask(platform, "dr.martin", PASSWORD, Channel.EMAIL)
    await worker.send_due(platform)
    with platform.reading() as session:
        message = session.exec(select(OutboxMessage)).one()
    assert (message.state, message.body) == (OutboxState.FAILED, "")
