"""`/demo/carte`: the demo's cards and their reader, as if they lay on the table; and the agent that reads them."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tornado.web import HTTPError

from app.demo import soft_tokens
from app.demo.card_box import BY_SLUG, CARDS, CODE, CardBox
from app.server import command
from app.server.supervisor import Child
from app.settings import Settings
from app.web.base import Handler
from app.web.rendering import render

TEMPLATES = Path(__file__).with_name("templates")


class CardPage(Handler):
    """The page. One needs it before being logged in."""

    public = True

    @property
    def box(self) -> CardBox:
        return CardBox(self.platform.settings.var)

    def prepare(self) -> Any:
        if not self.platform.settings.demo:
            raise HTTPError(404)
        return super().prepare()

    def get(self) -> None:
        box = self.box
        render(
            self,
            "card.html",
            folder=TEMPLATES,
            cards=CARDS,
            code=CODE,
            plugged=box.plugged,
            inserted=box.inserted,
            left=box.left(),
        )

    async def post(self) -> None:
        box, slug = self.box, self.get_body_argument("carte", "")
        acts: dict[str, Callable[[], None]] = {
            "inserer": lambda: box.insert(slug),
            "retirer": box.remove,
            "bloquer": lambda: box.block(True),
            "debloquer": lambda: box.block(False),
            "debrancher": lambda: box.plug(False),
            "brancher": lambda: box.plug(True),
        }
        act = acts.get(self.get_body_argument("geste", ""))
        if act is None or (slug and slug not in BY_SLUG):
            raise HTTPError(400)
        await asyncio.to_thread(act)  # a software token is made the first time it is put in
        self.redirect("/demo/carte", status=303)


def agent(settings: Settings) -> Child:
    """The agent of the demo's own workstation, kept alive with the other processes; SoftHSM's where there is one."""
    box, module = CardBox(settings.var), soft_tokens.module()
    environment = command.environment(settings)
    if module is not None:
        environment |= {"TD_CARD_MODULE": str(module), **soft_tokens.environment(box.tokens)}
    return Child(
        "card-agent",
        [sys.executable, "-m", "app", "card-agent"],
        environment,
        settings.var.absolute() / "run" / "card-agent.pid",
    )
