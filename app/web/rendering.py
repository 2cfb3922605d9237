"""Plain pages from Jinja2 templates: light, without Panel, most of them without any script."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from tornado.web import RequestHandler

TEMPLATES = Path(__file__).with_name("templates")


def render(
    handler: RequestHandler, template: str, status: int = 200, *, folder: Path = TEMPLATES, **values: Any
) -> None:
    """Answer with a page. Everything put into it is escaped; `nonce` marks the page's own scripts.

    `folder` holds the template when it is not one of ours; it may still extend `plain.html`.

    The Content-Security-Policy of pages comes from `app.server.headers`: the handler's own, strictest one gives way.
    """
    from app.server.headers import NONCE_MARK
    from app.server.static_files import static_text, static_url

    handler.clear_header("Content-Security-Policy")
    handler.set_status(status)
    handler.set_header("Content-Type", "text/html; charset=utf-8")
    from app.teleconsultation.direct_words import DIRECT

    helpers: dict[str, Any] = {
        "direct": DIRECT,
        "static_url": static_url,
        "static_text": static_text,
        "nonce": NONCE_MARK,
    }
    handler.finish(_environment(folder).get_template(template).render(**helpers, **values))


@cache
def _environment(folder: Path) -> Environment:
    return Environment(
        loader=FileSystemLoader([folder, TEMPLATES]),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
