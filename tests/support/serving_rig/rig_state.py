"""What the rig's page shows."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pandas as pd
import panel as pn
import panel_material_ui as pmui
import param
from panel.custom import JSComponent

from app.identity.models import Professional
from app.pages import shell

SAVED = Path(os.environ.get("TD_VAR", ".")) / "saved.txt"


class Note(JSComponent):
    """A native field in a shadow root."""

    text = param.String(doc="What is written.")
    _esm = Path(__file__).with_name("rig_field.js")


def servable(actor: Professional) -> pn.Template:
    """The page, at the address it was asked for."""
    shown = pn.state.session_args.get("dossier", [b""])[0].decode()
    address = pmui.Typography(f"dossier={shown}")
    opinion = pmui.TextAreaInput(label="Avis", rows=4, value=_saved(), css_classes=["draft-avis-1"])
    opinion.param.watch(lambda event: SAVED.write_text(event.new), "value_input")
    note = Note()
    heard = pmui.Typography("")
    note.param.watch(lambda event: setattr(heard, "object", f"note: {event.new}"), "text")
    count = pmui.Typography(f"pid={os.getpid()} n=0")
    clicks = [0]

    def click(_event: Any) -> None:
        clicks[0] += 1
        count.object = f"pid={os.getpid()} n={clicks[0]}"

    button = pmui.Button(label="Compter", on_click=click)
    rows = pd.DataFrame({"i": range(200), "x": [i / 2 for i in range(200)], "s": [f"t{i}" for i in range(200)]})
    table = pn.widgets.Tabulator(rows, pagination="remote", page_size=5, show_index=False, disabled=True)
    navigation = shell.Navigation(
        lambda search: setattr(address, "object", search.lstrip("?")), search=f"?dossier={shown}" if shown else ""
    )
    view = pmui.Column(pmui.Typography("Banc", variant="h1"), address, opinion, note, heard, button, count, table)
    return shell.page(
        view,
        title="Banc",
        actor=actor,
        crumb=[("Mes télédossiers", "/rig_page"), "Banc"],
        navigation=navigation,
        extensions=("tabulator",),
    )


def _saved() -> str:
    return SAVED.read_text() if SAVED.exists() else ""
