"""Serving a page whose address says what it shows: « /tlm?dossier=… », « /administration?onglet=… »."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol
from urllib.parse import urlencode

import panel as pn

from app.pages import shell
from app.pages.context import PageContext
from app.server.context import platform, principal


class AddressedPage(Protocol):
    """A view that goes where an address says."""

    def visit(self, search: str) -> None: ...


def serve(
    make: Callable[[PageContext, str], AddressedPage],
    arguments: Sequence[str],
    *,
    title: str,
    path: str,
    crumb: Sequence[tuple[str, str]],
    detail: Callable[[PageContext], str] | None = None,
) -> None:
    """Build the page of the session that is being made; `arguments` are the names its address may carry."""
    actor = principal()
    if actor is None:  # `--warm`: only the imports above were wanted
        return
    asked = {name: pn.state.session_args.get(name, [b""])[0].decode(errors="replace") for name in arguments}
    search = "?" + urlencode({name: value for name, value in asked.items() if value})
    pages: list[AddressedPage] = []
    navigation = shell.Navigation(on_navigate=lambda search: pages[0].visit(search), search=search)
    context = PageContext(
        platform(), actor, navigation.go, locate=lambda search: navigation.write_address(search, replace=True)
    )
    pages.append(make(context, search))
    shell.page(
        pages[0],
        title=title,
        actor=actor,
        detail=detail(context) if detail else None,
        crumb=crumb,
        navigation=navigation,
        path=path,
    ).servable()
