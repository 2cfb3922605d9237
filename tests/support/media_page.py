"""Chromium pages in a room of the forwarding unit (media_page.js)."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page, Route, async_playwright

from app.bench.browser import CHROMIUM, FLAGS
from tests.support.media_control import Control

SCRIPT = Path(__file__).with_name("media_page.js").read_text()
ADDRESS = "http://localhost/"  # answered inside the browser: nothing listens there


@contextlib.asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


async def open_page(browser: Browser, control: Control) -> Page:
    """An empty page with `enter`, `restart` and `figures`."""
    page = await browser.new_page()

    async def answer(route: Route) -> None:
        await route.fulfill(body=f"<!doctype html><script>{SCRIPT}</script>", content_type="text/html")

    async def ask(t: str, fields: dict[str, Any]) -> dict[str, Any]:
        return (await control.ask(t, **fields))["ok"]

    await page.route("**/*", answer)
    await page.expose_function("ask", ask)
    await page.goto(ADDRESS)
    return page
