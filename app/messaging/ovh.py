"""SMS through OVHcloud's HTTP API (`POST /sms/{account}/jobs`), by its own library, which signs each request."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import ovh

from app.messaging.sms import SmsRefused, SmsUnavailable
from app.platform import Sms
from app.settings import Settings

TIMEOUT = (5.0, 20.0)  # seconds to connect, to answer
ALWAYS_MINUTES = 2880  # OVHcloud's own default


class OvhSms:
    """OVHcloud's SMS service. The library blocks and its session is not shared: one thread of its own."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._thread = ThreadPoolExecutor(1, "ovh")
        self._client: ovh.Client | None = None

    async def send(self, sms: Sms, message_id: str) -> None:
        answer = await asyncio.get_running_loop().run_in_executor(self._thread, self._post, sms)
        if not answer.get("validReceivers"):
            raise SmsRefused

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown()

    def _post(self, sms: Sms) -> dict[str, Any]:
        settings = self._settings
        try:
            self._client = self._client or ovh.Client(
                endpoint=settings.ovh_endpoint,
                application_key=settings.ovh_application_key,
                application_secret=settings.ovh_application_secret.get_secret_value(),
                consumer_key=settings.ovh_consumer_key.get_secret_value(),
                timeout=TIMEOUT,
            )
            answer = self._client.post(
                f"/sms/{settings.ovh_sms_service}/jobs",
                message=sms.text,
                receivers=[sms.to],
                sender=settings.sms_sender,
                charset="UTF-8",
                priority="high",
                noStopClause=True,  # not an advertisement
                validityPeriod=_minutes_left(sms),
            )
        except ovh.exceptions.BadParametersError as error:
            raise (SmsUnavailable if _names_our_keys(error) else SmsRefused) from error
        except ovh.exceptions.APIError as error:
            # Keys, rights, credit, network: ours or theirs to mend; the message is kept meanwhile.
            raise SmsUnavailable from error
        return answer if isinstance(answer, dict) else {}


def _minutes_left(sms: Sms) -> int:
    if sms.expires_at is None:
        return ALWAYS_MINUTES
    return max(1, int((sms.expires_at - datetime.now(UTC)).total_seconds() // 60))


def _names_our_keys(error: ovh.exceptions.APIError) -> bool:
    """« INVALID_SIGNATURE » also comes as 400, which else means the number or the text."""
    try:
        return str(error.response.json().get("errorCode", "")).startswith("INVALID_")
    except (AttributeError, ValueError):
        return False
