"""« Choisir un nouveau mot de passe » by a link."""

from __future__ import annotations

import pytest

from app.errors import TooManyAttempts
from app.identity import password_change, pending
from app.web import login_password
from app.web.plugin import ROUTES
from tests.support.people import small_world
from tests.support.web import serving

GOOD = "cerf-volant bleu sous la pluie"


class Full:
    """Turns that are all taken."""

    async def check(self, *_: object, **__: object) -> None:
        raise TooManyAttempts(5)


async def test_a_server_that_is_busy_does_not_call_a_good_link_over(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(small_world(cookie_secret="s3cret"), ROUTES, monkeypatch) as site:
        world = site.world
        with world.platform.transaction() as session:
            secret = pending.begin(
                session, world.platform, "reset", {}, password_change.LIFETIME,
                professional_id=world.dr_martin.id,
            )  # fmt: skip
        link, form = f"/connexion/nouveau-mot-de-passe/{secret}", {"nouveau": GOOD, "confirmation": GOOD}
        async with site.client() as browser:
            with monkeypatch.context() as busy:
                busy.setattr(login_password, "turns", Full)
                answer = await browser.post(link, data=form)
            assert answer.status_code == 429
            assert "Patientez 5 secondes" in answer.text
            assert "Confirmer le mot de passe" in answer.text
            assert "Votre mot de passe a changé" in (await browser.post(link, data=form)).text
