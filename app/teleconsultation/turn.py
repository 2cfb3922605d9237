"""The ICE servers a browser is given: those of the settings, and our TURN server with credentials of a few hours.

The credentials are those of coturn's `use-auth-secret` (draft-uberti-behave-turn-rest-00): the name says until when,
the password proves that we said so. Nothing is stored, on neither side.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import datetime, timedelta
from typing import Any

from app.settings import Settings

# For the device check of a guest who is not let in yet: mail scanners open links, and a link may be taken back.
CHECKING = timedelta(minutes=30)


def ice_servers(settings: Settings, person: str, now: datetime, life: timedelta | None = None) -> list[dict[str, Any]]:
    """RTCIceServer dictionaries for somebody whose right to call was checked just before; good for `turn_hours`.

    `person` is any id that stays the same for one person; the TURN server sees a digest of it and can count, not know.
    """
    servers: list[dict[str, Any]] = json.loads(settings.ice_servers)
    urls, secret = settings.turn_urls.split(), settings.turn_secret.get_secret_value()
    if urls and secret:
        key = settings.derived_secret("turn").encode()
        tag = hmac.new(key, person.encode(), hashlib.sha256).hexdigest()[:16]
        name, password = credentials(secret, tag, now + (life or timedelta(hours=settings.turn_hours)))
        servers.append({"urls": urls, "username": name, "credential": password})
    return servers


def credentials(secret: str, person: str, until: datetime) -> tuple[str, str]:
    """Name and password that a TURN server which shares `secret` takes until `until`."""
    name = f"{int(until.timestamp())}:{person}"
    digest = hmac.new(secret.encode(), name.encode(), hashlib.sha1).digest()
    return name, base64.b64encode(digest).decode()
