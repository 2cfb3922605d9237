"""Settings of Pro Santé Connect that would be unsafe stop the start, and the way is offered only where it is set up."""

from __future__ import annotations

import pytest
from pydantic import SecretStr, ValidationError

from app.identity.ways import Way, offered
from app.settings import load

SECRETS = {"cookie_secret": SecretStr("c" * 64), "file_key": SecretStr("f" * 64)}


@pytest.mark.parametrize("secret", ["", "a-changer"])
def test_a_client_without_its_secret_is_refused_by_name(secret: str) -> None:
    settings = load(**SECRETS, psc_client_id="teledossier", psc_client_secret=SecretStr(secret))
    with pytest.raises(ValueError, match="TD_PSC_CLIENT_SECRET"):
        settings.check_production()


def test_without_a_client_no_secret_is_asked_for() -> None:
    load(**SECRETS, psc_client_id="").check_production()


@pytest.mark.parametrize("issuer", ["http://auth.example.fr", "http://localhost.evil.example", "ftp://localhost", ""])
def test_an_issuer_that_is_not_asked_over_https_is_refused(issuer: str) -> None:
    with pytest.raises(ValidationError):
        load(psc_issuer=issuer)


def test_the_way_is_offered_where_a_client_is_set() -> None:
    assert Way.PSC not in offered(load(psc_client_id=""))
    assert Way.PSC in offered(load(psc_client_id="teledossier"))
