"""The platform of this process, and who is looking at the page being built.

Bokeh runs a page as a script: there is nobody to hand it arguments, so both are found here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from app.identity.models import Professional
    from app.platform import Platform

_platform: Platform | None = None


def use(platform: Platform) -> None:
    """Make `platform` the one of this process (the setup hook, and tests)."""
    global _platform
    _platform = platform


def platform() -> Platform:
    """The platform of this process.

    Raises: RuntimeError when the setup hook has not run, that is when `--setup` is missing.
    """
    if _platform is None:
        raise RuntimeError("No platform yet: run `panel serve` with --setup app/server/setup.py")
    return _platform


def principal() -> Professional | None:
    """Who looks at the page being built; None while `--warm` runs a page for nobody, to load its imports."""
    import panel as pn

    document = pn.state.curdoc
    context = document.session_context if document else None
    request: Any = getattr(context, "request", None)
    return getattr(request, "principal", None)
