"""The shell around every page: Panel's settings, the MUI theme, the page template, addresses inside a page.

A view knows nothing of it and opens in a notebook as it is; a page script makes a view and calls `page`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeGuard

import panel as pn
import panel_material_ui as pmui
import param
from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup
from panel.custom import JSComponent

from app.server.headers import NONCE_MARK
from app.server.static_files import has, static_url
from app.teleconsultation.direct_words import DIRECT

if TYPE_CHECKING:
    from app.identity.models import Professional

HERE = Path(__file__).parent
ROOM_SCRIPT = "components/video_room/page.js"
LONGEST_SEARCH = 512
# What an address of ours is made of: names and plain values, nothing to decode.
SEARCH = re.compile(r"(\?([a-z_]+=[\w.:~%+-]*)(&[a-z_]+=[\w.:~%+-]*)*)?", re.ASCII)

FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", Arial, sans-serif'  # tokens.css
# The tokens of `components/_shared/tokens.css` that MUI must know as values: it computes hover and disabled shades from them.
THEME: dict[str, Any] = {
    "palette": {
        "primary": {"main": "#00695c", "dark": "#004d40", "light": "#2b7f74", "contrastText": "#ffffff"},
        "secondary": {"main": "#38536a", "contrastText": "#ffffff"},
        "error": {"main": "#b3360f", "dark": "#8c2708", "contrastText": "#ffffff"},
        "warning": {"main": "#b3360f", "dark": "#8c2708", "contrastText": "#ffffff"},
        "success": {"main": "#00695c", "contrastText": "#ffffff"},
        "info": {"main": "#38536a", "contrastText": "#ffffff"},
        "text": {"primary": "#17231f", "secondary": "#53625e"},
        "divider": "#d8e0de",
        "background": {"default": "#f6f9f8", "paper": "#ffffff"},
    },
    "shape": {"borderRadius": 8},
    "typography": {
        "fontFamily": FONT,
        "button": {"textTransform": "none", "fontWeight": 600},
        "h1": {"fontSize": "1.375rem", "fontWeight": 600, "lineHeight": 1.2},
        "h2": {"fontSize": "1.125rem", "fontWeight": 600, "lineHeight": 1.2},
        "h3": {"fontSize": "1rem", "fontWeight": 600, "lineHeight": 1.35},
    },
    "components": {
        "MuiButton": {"styleOverrides": {"root": {"boxShadow": "none", "&:hover": {"boxShadow": "none"}}}},
        "MuiButtonBase": {"styleOverrides": {"root": {"&.Mui-focusVisible": {"boxShadow": "var(--focus)"}}}},
        "MuiTextField": {"defaultProps": {"variant": "outlined", "size": "small"}},
        "MuiCard": {"styleOverrides": {"root": {"boxShadow": "none", "border": "1px solid #d8e0de"}}},
        "MuiOutlinedInput": {"styleOverrides": {"notchedOutline": {"borderColor": "#7c8a86"}}},
    },
}

WORDS = {
    "skip": "Aller au contenu",
    "home": "Accueil",
    "product": "Télédossier",
    "crumb": "Fil d'Ariane",
    "logout": "Se déconnecter",
    "login": "Se reconnecter",
    "lost": "Connexion au serveur perdue. Votre saisie est gardée et l'appel continue. Reconnexion…",
    "expired": "Votre session a expiré. Votre saisie est gardée et l'appel continue.",
    "foreign": "Cette page appartient à un autre compte. Rechargez-la pour continuer avec le vôtre.",
    "back": "Connexion rétablie.",
}


class Crumb(NamedTuple):
    """One step of the way to this page; the last one has no address."""

    label: str
    href: str = ""


class Navigation(JSComponent):
    """Addresses inside a page: the person goes back, forward or to a link of this page, and nothing is loaded anew.

    `on_navigate(search)` gets what stands behind the path, « ?dossier=TLM-2026-0001 » or nothing. It comes from a
    browser: here only its shape is checked, rights are the use case's to check.
    """

    search = param.String(doc="The address that the page was built for; the browser says if it is elsewhere by then.")

    _esm = HERE / "navigation.js"

    def __init__(self, on_navigate: Callable[[str], None], **params: Any) -> None:
        super().__init__(**params)
        self._on_navigate = on_navigate

    def go(self, search: str) -> None:
        """Go elsewhere inside the page, from Python: the view hears of it, and the address follows."""
        self._on_navigate(search)
        self.write_address(search)

    def write_address(self, search: str, title: str = "", *, replace: bool = False) -> None:
        """Write an address that the page shows already; `replace` where it only says more of the same place."""
        self._send_msg({"search": search, "title": full_title(title) if title else "", "replace": replace})

    def _handle_msg(self, data: Any) -> None:
        search = data.get("search") if isinstance(data, dict) else None
        if is_address(search):
            self._on_navigate(search)


def is_address(search: object) -> TypeGuard[str]:
    """Whether a browser's text can be an address of ours."""
    return isinstance(search, str) and len(search) <= LONGEST_SEARCH and SEARCH.fullmatch(search) is not None


def page(
    view: Any,
    *,
    title: str,
    actor: Professional,
    detail: str | None = None,
    crumb: Sequence[Crumb | tuple[str, str] | str] = (),
    navigation: Navigation | None = None,
    extensions: Sequence[str] = (),
    language: str = "fr",
    path: str = "tlm",
) -> pn.Template:
    """The servable page of a view: `shell.page(view, title="Mes télédossiers", actor=actor).servable()`.

    `crumb` is the way here, steps of (label, address) or a label alone. `detail` stands under the person's name; left
    out, it is their qualification. `navigation` is for a page whose address changes without loading, `path` is that address. `extensions`
    are Panel's own that the view needs (« tabulator »): left out, they work for the first session of a process only.
    """
    # Per session, not per process: Panel keeps these for the page being built only.
    pn.extension(*extensions, reconnect=False, notifications=False, respect_explicit_sizing=True)
    template = pn.Template(_TEMPLATE)
    template.add_variable("page_title", full_title(title))
    template.add_variable("language", language)
    template.add_variable("words", WORDS)
    template.add_variable("direct", DIRECT)
    template.add_variable("crumb", [step if isinstance(step, Crumb) else _crumb(step) for step in crumb])
    template.add_variable("person", _person(actor, detail))
    template.add_variable("navigates", navigation is not None)
    # The room comes when a page first marks its place: the list does without it.
    template.add_variable("page_path", path if navigation is not None else "portail")
    template.add_variable("room_script", static_url(ROOM_SCRIPT) if has(ROOM_SCRIPT) else "")
    # The theme reaches every panel-material-ui component below the one that carries it.
    template.add_panel("main", pmui.Column(view, theme_config=THEME, sizing_mode="stretch_width"))
    if navigation is not None:
        template.add_panel("navigation", navigation)
    return template


def full_title(title: str) -> str:
    return f"{title} · {WORDS['product']}"


def signed(scripts: str) -> Markup:
    """Give Bokeh's own scripts the nonce; never used on anything a person wrote."""
    return Markup(re.sub(r"<script(?=[\s>])", f'<script nonce="{NONCE_MARK}"', scripts))


def _crumb(step: tuple[str, str] | str) -> Crumb:
    return Crumb(step) if isinstance(step, str) else Crumb(*step)


def _person(actor: Professional, detail: str | None) -> dict[str, str]:
    own = actor.qualification[:1].upper() + actor.qualification[1:]
    return {"name": actor.full_name, "detail": own if detail is None else detail, "initials": actor.initials}


def _environment() -> Environment:
    environment = Environment(loader=FileSystemLoader(HERE), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["signed"] = signed
    environment.globals.update(static_url=static_url, csp_nonce=NONCE_MARK)
    return environment


_TEMPLATE = _environment().get_template("template.html")
