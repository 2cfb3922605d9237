"""SMS through an operator's SMPP 3.4 server.

One line, kept between messages and looked after when it has been silent (`enquire_link`, SMPP 3.4 section 4.11): a
server drops idle lines, and a code to log in should not wait for a bind. smpplib blocks, so everything happens in one
thread of its own.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from smpplib import consts, exceptions, gsm, smpp
from smpplib.client import Client

from app.messaging.sms import SmsRefused, SmsUnavailable
from app.platform import Sms
from app.settings import Settings

STEP_SECONDS = 10.0  # each exchange with the server
SILENT_SECONDS = 20.0  # after so long without a word, the line is tried before it is trusted
UNREACHABLE = frozenset(  # the recipient or the text is at fault: no other try would help (SMPP 3.4 table 5-2)
    {
        consts.SMPP_ESME_RINVDSTADR,
        consts.SMPP_ESME_RINVDSTTON,
        consts.SMPP_ESME_RINVDSTNPI,
        consts.SMPP_ESME_RINVNUMDESTS,
        consts.SMPP_ESME_RINVMSGLEN,
    }
)


class SmppSms:
    """An SMPP server, bound as a transmitter; TLS where the settings demand it, and then nothing goes in clear."""

    def __init__(self, settings: Settings, tls_context: ssl.SSLContext | None = None) -> None:
        self._settings = settings
        self._tls_context = tls_context
        self._thread = ThreadPoolExecutor(1, "smpp")
        self._line: _Line | None = None
        self._heard_at = 0.0

    async def send(self, sms: Sms, message_id: str) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._send, sms)

    def close(self) -> None:
        """Say farewell and leave; the next message would bind anew."""
        self._thread.submit(self._drop).result()
        self._thread.shutdown()

    def _send(self, sms: Sms) -> None:
        try:
            line = self._ready_line()
            parts, coding, esm_class = gsm.make_parts(sms.text)
            for part in parts:
                self._check(line.ask("submit_sm", **self._addresses(sms), short_message=part, data_coding=coding,
                                     esm_class=esm_class, validity_period=_validity(sms)))  # fmt: skip
                self._heard_at = time.monotonic()
        except (exceptions.ConnectionError, exceptions.PDUError, OSError) as error:
            self._drop()
            raise SmsUnavailable from error

    def _ready_line(self) -> _Line:
        if self._line is not None and time.monotonic() - self._heard_at > SILENT_SECONDS:
            try:
                self._line.ask("enquire_link")
                self._heard_at = time.monotonic()
            except (exceptions.ConnectionError, exceptions.PDUError, OSError):
                self._drop()
        if self._line is None:
            self._line = self._bind()
            self._heard_at = time.monotonic()
        return self._line

    def _bind(self) -> _Line:
        settings = self._settings
        context = (self._tls_context or ssl.create_default_context()) if settings.smpp_tls else None
        line = _Line(
            settings.smpp_host,
            settings.smpp_port,
            timeout=STEP_SECONDS,
            ssl_context=context,
            allow_unknown_opt_params=True,
        )
        try:
            line.connect()
            line.bind_transmitter(system_id=settings.smpp_system_id, password=settings.smpp_password.get_secret_value())
        except exceptions.PDUError as error:
            line.disconnect()
            raise SmsUnavailable(
                "L'opérateur de SMS refuse notre identifiant. Le message est gardé ; un nouvel essai suivra."
            ) from error
        except Exception:
            line.disconnect()
            raise
        return line

    def _drop(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            with suppress(exceptions.ConnectionError, exceptions.PDUError, OSError):
                line.unbind()
            line.disconnect()

    def _addresses(self, sms: Sms) -> dict[str, Any]:
        return {
            "source_addr_ton": consts.SMPP_TON_ALNUM,
            "source_addr_npi": consts.SMPP_NPI_UNK,
            "source_addr": self._settings.sms_sender,
            "dest_addr_ton": consts.SMPP_TON_INTL,
            "dest_addr_npi": consts.SMPP_NPI_ISDN,
            "destination_addr": sms.to.removeprefix("+"),
        }

    @staticmethod
    def _check(answer: Any) -> None:
        if answer.status in UNREACHABLE:
            raise SmsRefused(
                f"L'opérateur refuse ce numéro de mobile (SMPP {answer.status}). Vérifiez-le, puis renvoyez."
            )
        if answer.is_error():
            raise SmsUnavailable(
                f"L'opérateur de SMS demande d'attendre (SMPP {answer.status}). "
                "Le message est gardé ; un nouvel essai suivra."
            )


class _Line(Client):
    """smpplib's client, with names checked under TLS, IPv6, and answers matched to their question."""

    def connect(self) -> None:
        raw = socket.create_connection((self.host, self.port), timeout=self.timeout)
        if self._ssl_context is not None:
            try:
                raw = self._ssl_context.wrap_socket(raw, server_hostname=self.host)
            except OSError:
                raw.close()
                raise
        self._socket = raw
        self.state = consts.SMPP_CLIENT_STATE_OPEN

    def disconnect(self) -> None:
        self.state = consts.SMPP_CLIENT_STATE_OPEN  # else smpplib complains about a line that died while bound
        super().disconnect()

    def ask(self, command: str, **fields: Any) -> Any:
        """Send a question and wait for its answer, replying meanwhile to what the server asks."""
        question = smpp.make_pdu(command, client=self, **fields)
        self.send_pdu(question)
        end = time.monotonic() + STEP_SECONDS
        while time.monotonic() < end:
            heard = self.read_pdu()
            if heard.command == "enquire_link":
                reply = smpp.make_pdu("enquire_link_resp", client=self)
                reply.sequence = heard.sequence
                self.send_pdu(reply)
            elif heard.sequence == question.sequence and heard.command != command:
                return heard
        raise exceptions.ConnectionError


def _validity(sms: Sms) -> str:
    """How long the operator may try, relative (« 000000000430000R », SMPP 3.4 section 7.1.1.2); empty: their default."""
    if sms.expires_at is None:
        return ""
    left = max(sms.expires_at - datetime.now(UTC), timedelta(seconds=1))
    minutes, seconds = divmod(int(left.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    return f"0000{min(days, 28):02}{hours:02}{minutes:02}{max(seconds, 1):02}000R"
