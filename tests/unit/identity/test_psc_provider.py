"""How the provider is asked when it does not answer."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from app.errors import LoginRefused
from app.identity.psc.provider import DOWN_SECONDS, Provider


class Away(Provider):
    """A provider that takes its time not to answer."""

    asked = 0

    async def _get(self, address: str, headers: object = None) -> dict[str, object]:
        self.asked += 1
        await asyncio.sleep(0)
        raise httpx.ConnectTimeout("nobody there")


async def test_twenty_people_do_not_wait_in_turn_for_a_provider_that_is_down() -> None:
    provider = Away("https://psc.example")
    answers = await asyncio.gather(*(provider.discover() for _ in range(20)), return_exceptions=True)
    assert [getattr(each, "reason", "") for each in answers] == ["provider_down"] * 20
    assert provider.asked == 1


async def test_a_provider_that_was_down_is_asked_again_soon() -> None:
    provider = Away("https://psc.example")
    for _ in range(2):
        with pytest.raises(LoginRefused):
            await provider.discover()
        provider.down_at -= DOWN_SECONDS
    assert provider.asked == 2
