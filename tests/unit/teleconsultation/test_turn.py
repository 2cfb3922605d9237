"""Credentials for the TURN server: good for some hours, telling nobody's name."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pydantic import SecretStr, ValidationError

from app import settings as settings_module
from app.settings import Settings
from app.teleconsultation import turn
from app.teleconsultation.lines import GuestLine
from tests.support.talk import DEVICES, open_salon

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
TLS, PLAIN = "turns:relais.example.fr:443?transport=tcp", "turn:relais.example.fr:3478"


def relayed(**changed: object) -> Settings:
    known = {"turn_urls": f"{TLS}  {PLAIN}", "turn_secret": SecretStr("partage"), "turn_hours": 3, "ice_servers": "[]"}
    return settings_module.load(cookie_secret=SecretStr("c" * 32), **(known | changed))


def test_credentials_are_those_that_coturn_computes() -> None:
    # printf %s 1700000000:abc | openssl dgst -sha1 -hmac partage -binary | base64
    assert turn.credentials("partage", "abc", datetime.fromtimestamp(1_700_000_000, UTC)) == (
        "1700000000:abc",
        "N8slT9lTCn9tne0aejERUe2JsGc=",
    )


def test_browsers_get_every_address_with_credentials_that_end() -> None:
    (server,) = turn.ice_servers(relayed(), "account 3", NOW)
    assert server["urls"] == [TLS, PLAIN]
    until = int(server["username"].split(":")[0])
    assert until == int(NOW.timestamp()) + 3 * 3600
    assert server["credential"]


def test_a_person_is_counted_but_not_known() -> None:
    names = [turn.ice_servers(relayed(), who, NOW)[0]["username"] for who in ("account 3", "account 3", "account 4")]
    assert names[0] == names[1] != names[2]
    assert "account" not in names[0]


def test_servers_of_the_settings_come_first() -> None:
    servers = turn.ice_servers(relayed(ice_servers='[{"urls": "stun:a.example"}]'), "account 3", NOW)
    assert [server["urls"] for server in servers] == ["stun:a.example", [TLS, PLAIN]]


def test_without_addresses_nothing_is_given() -> None:
    assert turn.ice_servers(relayed(turn_urls=""), "account 3", NOW) == []


def test_addresses_without_a_secret_stop_the_start() -> None:
    settings = relayed(turn_secret=SecretStr(""), file_key=SecretStr("f" * 64))
    with pytest.raises(ValueError, match="TD_TURN_SECRET"):
        settings.check_production()


def test_an_address_that_is_no_turn_server_is_refused() -> None:
    with pytest.raises(ValidationError, match="turn:"):
        relayed(turn_urls="https://relais.example.fr")


def test_who_is_not_let_in_yet_has_half_an_hour_for_the_device_check() -> None:
    (server,) = turn.ice_servers(relayed(), "invitation 3", NOW, turn.CHECKING)
    assert int(server["username"].split(":")[0]) == int(NOW.timestamp()) + 30 * 60


async def test_a_guest_has_the_credentials_of_a_call_from_being_let_in_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turn, "ice_servers", lambda _settings, person, _now, life=None: [{"for": person, "life": life}])
    async with open_salon() as salon:
        doctor = salon.page_of("dr.martin")
        await doctor.join()
        waiting = salon.guest("Anne MERCIER")
        await waiting.say("wait", **DEVICES)
        assert not any("iceServers" in message for message in waiting.heard)
        guest = await salon.guest_inside(doctor)
        assert guest.line is not None
        assert isinstance(guest.line, GuestLine)
        expected = [{"for": f"invitation {guest.line.invitation_id}", "life": None}]
        assert guest.last("admitted")["iceServers"] == guest.last("joined")["iceServers"] == expected
        assert "iceServers" not in doctor.last("joined")  # their page has them
