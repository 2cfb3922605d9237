"""The patient's identity traits: the same block on every screen."""

from __future__ import annotations

import html
from datetime import date
from pathlib import Path
from typing import Any

import panel as pn

from app.dossiers.models import IdentityStatus
from app.dossiers.service import DossierView
from app.french import NO_BREAK_SPACE, age, ins, numeric_date

_LOOK = (Path(__file__).parent / "patient_band.css").read_text()

SHIELD = (
    '<svg class="ic" viewBox="0 0 24 24" aria-hidden="true">'
    '<path d="M12 3.500 19 6v5.500c0 4.300-2.900 7.600-7 9-4.100-1.400-7-4.700-7-9V6Z"/>'
)
TICK = '<path d="m9 12 2.200 2.200L15.200 10"/>'


class PatientBand(pn.viewable.Viewer):
    """Who the dossier is about. Everything is escaped here."""

    def __init__(self, dossier: DossierView, today: date, **params: Any) -> None:
        super().__init__(**params)
        self._pane = pn.pane.HTML(
            markup(dossier, today),
            stylesheets=[_LOOK],
            sizing_mode="stretch_width",
            margin=0,
            css_classes=["band-host"],
        )

    def __panel__(self) -> pn.viewable.Viewable:
        return self._pane


def markup(dossier: DossierView, today: date) -> str:
    """The block as HTML."""
    patient = dossier.patient
    female = patient.sex == "F"
    sex = {"F": "Féminin", "M": "Masculin"}.get(patient.sex, "Sexe indéterminé")
    born = "née le" if female else "né le"
    requester_label = "Requérante" if dossier.requester.given_name.endswith("a") else "Requérant"
    traits = [  # those « aside » give their place to a call (components/video_room/stage.js)
        ("", "Nom utilisé", _text(patient.used_name)) if patient.used_name else None,
        ("aside place", "Lieu de naissance", _text(patient.birth_place)) if patient.birth_place else None,
        (
            "",
            '<span class="long">Matricule </span>INS',
            f'<span class="ins">{_text(ins(patient.ins)) or "—"}</span>{_status(patient.status)}',
        ),
        ("aside", requester_label, _text(dossier.requester.full_name)),
        ("aside", "Requis", _text(dossier.expert.full_name if dossier.expert else "—")),
    ]
    pairs = "".join(
        f'<div class="{look}"><dt>{label}</dt><dd>{value}</dd></div>' for look, label, value in filter(None, traits)
    )
    years = f"{age(patient.birth_date, today)}{NO_BREAK_SPACE}ans"
    return (
        f'<h1 class="vh">Télédossier {_text(dossier.number)}</h1>'
        '<section class="band" aria-label="Identité du patient">'
        f'<div class="id"><p class="name"><b>{_text(patient.birth_name)}</b> {_text(patient.first_names)}</p>'
        f'<p class="sub">{sex}<i>·</i>{born} {numeric_date(patient.birth_date)}<i>·</i><b>{years}</b></p></div>'
        f'<dl class="traits">{pairs}</dl></section>'
    )


def _status(status: IdentityStatus) -> str:
    sure = status is IdentityStatus.QUALIFIED
    mark = f"{SHIELD}{TICK if sure else ''}</svg>"
    return f'<span class="qual{"" if sure else " qual--no"}">{mark}{html.escape(status.label)}</span>'


def _text(value: str) -> str:
    return html.escape(value)
