"""A browser on the rig: what it asked for, what it complained of, what the policy refused."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, Page

from tests.support.serving_rig.rig_server import RigServer

WATCH_POLICY = """
window.__refused = [];
document.addEventListener("securitypolicyviolation", e => window.__refused.push(`${e.violatedDirective} ${e.blockedURI}`));
"""
# The element that has the keyboard, through every shadow root.
FOCUSED = """() => {
  let node = document.activeElement;
  while (node && node.shadowRoot && node.shadowRoot.activeElement) node = node.shadowRoot.activeElement;
  return {tag: node?.tagName ?? "", value: node?.value ?? null, start: node?.selectionStart ?? null};
}"""


@dataclass
class Seen:
    """A page, and what happened in it."""

    page: Page
    addresses: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def refused(self) -> list[str]:
        """What the Content-Security-Policy refused."""
        found: list[str] = self.page.evaluate("window.__refused")
        return found

    def focused(self) -> dict[str, Any]:
        found: dict[str, Any] = self.page.evaluate(FOCUSED)
        return found


def open_page(browser: Browser, server: RigServer, search: str = "", person: int = 0) -> Seen:
    """The rig's page as one of its two people, ready for a click."""
    context = browser.new_context()
    give_cookie(context, server, server.secrets[person])
    context.add_init_script(WATCH_POLICY)
    seen = Seen(context.new_page())
    seen.page.on("request", lambda request: seen.addresses.append(request.url))
    seen.page.on("websocket", lambda socket: seen.addresses.append(socket.url))
    seen.page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    seen.page.on("console", lambda message: seen.complaints.append(message.text) if message.type == "error" else None)
    seen.page.goto(server.url + server.path + search)
    seen.page.get_by_role("button", name="Compter").wait_for()
    return seen


def give_cookie(context: Any, server: RigServer, secret: str) -> None:
    context.add_cookies(
        [{"name": server.settings.session_cookie, "value": secret, "url": server.url, "httpOnly": True}]
    )
