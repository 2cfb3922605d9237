"""A form for laboratory results: the sample, then a row per analysis; errors and doubts stand beside their field."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import param
from panel.custom import JSComponent

from components._shared import CONTROLS
from components.lab_entry.contract import EntryAnalysis

HERE = Path(__file__).parent

LABELS = {
    "title": "Saisir une biologie",
    "title_correcting": "Corriger une biologie saisie à la main",
    "lead": "Recopiez le compte rendu du laboratoire. Il sera marqué « saisi à la main » partout où il paraît.",
    "sample": "Prélèvement",
    "day": "Date du prélèvement",
    "time": "Heure (si elle est connue)",
    "laboratory": "Laboratoire",
    "rows": "Résultats",
    "row": "Analyse {number}",
    "analysis": "Analyse",
    "value": "Valeur",
    "unit": "Unité",
    "low": "Borne basse",
    "high": "Borne haute",
    "comment": "Remarque",
    "value_hint": "4,2 ou < 5",
    "answer": "{field} : {answer}",
    "proposed": "Bornes usuelles ({source}) : remplacez-les par celles du compte rendu.",
    "add": "Ajouter une ligne",
    "remove": "Retirer la ligne {number}",
    "save": "Enregistrer la biologie",
    "save_anyway": "Enregistrer quand même",
    "save_correction": "Enregistrer la correction",
    "cancel": "Fermer",
    "discard": "Effacer la saisie",
    "keys": "Entrée : ligne suivante. Virgule ou point pour les décimales.",
}

Form = dict[str, Any]


class LabEntry(JSComponent):
    """What is typed stays in the browser's fields, whatever the server answers: answers only stand beside them.

    `on_change(form)` is told soon after each change, `on_save(form)` when somebody saves, `on_leave(discard)` when they
    close the form or throw away what they typed. A form is `day`, `time`, `laboratory` and `rows` of texts; the fields
    of a row are named « r2.value ». The browser's word is taken for nothing: whoever is called checks it.
    """

    catalogue = param.List(default=[], doc="What can be chosen: `EntryAnalysis.plain()` of each.")
    form = param.Dict(default={}, doc="What the fields begin with; set again, it takes the place of what is typed.")
    errors = param.Dict(default={}, doc="What is wrong, by field.")
    questions = param.Dict(default={}, doc="What is unusual, by field; it keeps nobody back.")
    notice = param.String(default="", doc="A sentence above the buttons: saved, refused, to be looked at again.")
    notice_bad = param.Boolean(default=False, doc="Whether the sentence is a refusal.")
    refused = param.Integer(default=0, doc="How many saves were refused; with each the focus goes to the first error.")
    confirming = param.Boolean(default=False, doc="Whether saving once more saves in spite of the questions.")
    correcting = param.Boolean(default=False, doc="Whether a report is being corrected, and not a new one typed.")
    latest_day = param.String(default="", doc="Last day that a sample can be of, as « 2026-11-26 ».")
    most_rows = param.Integer(default=60, bounds=(1, 200), doc="How many rows there may be.")
    prefix = param.String(default="biologie", doc="Begins the names under which the page keeps what is typed.")
    labels = param.Dict(default=LABELS, doc="Every word the component shows.")

    _esm = HERE / "lab_entry.js"
    _stylesheets: ClassVar[list[str]] = [CONTROLS, (HERE / "lab_entry.css").read_text(encoding="utf-8")]

    def __init__(
        self,
        on_change: Callable[[Form], None] | None = None,
        on_save: Callable[[Form], None] | None = None,
        on_leave: Callable[[bool], None] | None = None,
        **params: Any,
    ) -> None:
        super().__init__(**params)
        self._on_change, self._on_save, self._on_leave = on_change, on_save, on_leave
        self.on_msg(self._receive)

    def propose(self, analyses: Sequence[EntryAnalysis]) -> None:
        """Let these be chosen."""
        self.catalogue = [analysis.plain() for analysis in analyses]

    def answer(
        self,
        errors: Mapping[str, str],
        questions: Mapping[str, str],
        notice: str = "",
        *,
        bad: bool = False,
        confirming: bool = False,
        refused: bool = False,
    ) -> None:
        """Put errors and questions beside their fields, all at once.

        `refused`: a save was, and whoever saved is led to the first error; nobody else's focus is moved.
        """
        self.param.update(
            errors=dict(errors),
            questions=dict(questions),
            notice=notice,
            notice_bad=bad,
            confirming=confirming,
            refused=self.refused + refused,
        )

    def _receive(self, event: Any) -> None:
        message = event.data if isinstance(event.data, dict) else {}
        kind, form = message.get("t"), message.get("form")
        if kind == "leave" and self._on_leave:
            self._on_leave(message.get("discard") is True)
        elif not isinstance(form, dict):
            return
        elif kind == "changed" and self._on_change:
            self._on_change(form)
        elif kind == "save" and self._on_save:
            self._on_save(form)
