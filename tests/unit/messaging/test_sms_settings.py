"""An installation that is to send SMS says at start what is missing."""

from __future__ import annotations

import pytest

from app.settings import load

SECRETS = {"cookie_secret": "c" * 64, "file_key": "f" * 64}


@pytest.mark.parametrize(("transport", "missing"), [("smpp", "TD_SMPP_PASSWORD"), ("ovh", "TD_OVH_CONSUMER_KEY")])
def test_an_operator_without_its_keys_is_refused_at_start(transport: str, missing: str) -> None:
    with pytest.raises(ValueError, match=missing):
        load(**SECRETS, sms_transport=transport).check_production()


def test_an_operator_with_its_keys_is_taken() -> None:
    keys = {"smpp_host": "smsc.example", "smpp_system_id": "us", "smpp_password": "secret12"}
    load(**SECRETS, sms_transport="smpp", **keys).check_production()
