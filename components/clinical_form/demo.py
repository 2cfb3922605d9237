"""The form alone, with a short opinion."""

from __future__ import annotations

import panel as pn

from components.clinical_form.component import ClinicalForm
from components.clinical_form.contract import Choice, FormField, FormSection

SECTIONS = (
    FormSection("Examen", (FormField("pulse", "Pouls", "string", hint="88 /min"), FormField("temperature", "Température", "string", hint="37,8 °C"))),
    FormSection(
        "Conclusion",
        (
            FormField("summary", "Synthèse et hypothèses", "text", required=True),
            FormField("next", "Orientation", "choice", choices=(Choice("stay", "Maintien dans l'établissement"), Choice("hospital", "Hospitalisation programmée"))),
            FormField("again", "Nouvelle téléconsultation utile", "boolean"),
        ),
    ),
)  # fmt: skip


def demo() -> pn.viewable.Viewable:
    """A form that fills in, beside the same one signed."""
    answers = {"pulse": "88 /min", "summary": "Confusion aiguë, cause probable : infection urinaire."}
    written = ClinicalForm(sections=SECTIONS, answers=answers)
    signed = ClinicalForm(sections=SECTIONS, answers=answers | {"next": "stay", "again": True}, read_only=True)
    return pn.Row(pn.Column(written, width=460), pn.Column(signed, width=460))
