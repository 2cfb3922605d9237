"""Two letters about Mme MERCIER, set by typst from plain data."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from app.french import long_date, numeric_date

FONTS = Path(__file__).parents[1] / "documents" / "fonts"

LETTER = """
#let data = json(bytes(sys.inputs.data))
#set document(title: data.title, author: "Dr Paul PETIT")
#set text(lang: "fr", font: ("Noto Sans", "DejaVu Sans"), size: 12pt)
#set page(paper: "a4", margin: (x: 22mm, y: 24mm), footer: context align(right, text(8pt, fill: luma(90))[#counter(page).display() / #counter(page).final().first()]))
#set par(justify: true, leading: 0.9em, spacing: 1.4em)
#grid(columns: (1fr, 1fr), [*Dr Paul PETIT* \\ Médecin coordonnateur \\ EHPAD Les Tilleuls \\ 61000 Alençon \\ RPPS 99700000045], align(right)[Alençon, le #data.day \\ \\ *Mme MERCIER Jeanne, Louise* \\ née le 14/03/1938])
#v(10mm)
= #text(11pt)[#data.title]
#for paragraph in data.paragraphs [#par(paragraph)]
#table(columns: (2fr, 1fr, 1fr, 1fr), stroke: .5pt + luma(190), inset: 6pt, table.header(..data.scales.at(0).map(cell => strong(cell))), ..data.scales.slice(1).flatten())
#for paragraph in data.after [#par(paragraph)]
#v(6mm)
#align(right)[Dr Paul PETIT]
"""

TREATMENT = """
#let data = json(bytes(sys.inputs.data))
#set document(title: data.title, author: "EHPAD Les Tilleuls")
#set text(lang: "fr", font: ("Noto Sans", "DejaVu Sans"), size: 10.5pt)
#set page(paper: "a4", margin: (x: 22mm, y: 24mm))
= #data.title
Mme MERCIER Jeanne, Louise, née le 14/03/1938. Allergie connue : pénicilline (éruption, 1998).
#v(4mm)
#table(columns: (2.4fr, 1fr, 1fr, 1fr, 1fr, 1.6fr), stroke: .5pt + luma(190), inset: 6pt, table.header(..data.rows.at(0).map(cell => strong(cell))), ..data.rows.slice(1).flatten())
"""

PARAGRAPHS = (
    "Chère consœur,",
    "Je vous remercie de donner votre avis sur Mme MERCIER, 88 ans, résidente depuis mars 2024, suivie pour une maladie d'Alzheimer diagnostiquée en 2021 (MMSE 17/30 en juin).",
    "Depuis dix jours, l'équipe observe une agitation vespérale, des cris et deux épisodes d'opposition avec agressivité lors des soins. Le sommeil est fragmenté. L'appétit a diminué (perte de 1,8 kg en trois semaines). Il n'y a pas de fièvre franche (37,8 °C). Un changement de chambre a eu lieu le 9 novembre.",
    "Antécédents : hypertension artérielle, fibrillation atriale, incontinence urinaire traitée par oxybutynine depuis le 2 octobre.",
)
AFTER = (
    "Le dernier bilan montre une natrémie à 128 mmol/L et une CRP à 64 mg/L. La bandelette urinaire n'a pas pu être faite, la patiente s'y étant opposée. L'examen neurologique ne trouve pas de signe de localisation ; la marche est inchangée, avec l'aide d'une personne.",
    "La famille, très présente, est informée de cette demande. Sa fille souhaite assister à la téléconsultation. Nous n'avons pas introduit de neuroleptique et souhaitons l'éviter.",
    "Je m'interroge sur la part de l'oxybutynine et d'une infection urinaire, et sur la conduite à tenir ce soir. L'équipe de nuit est prévenue : une surveillance toutes les deux heures est en place, avec une veilleuse et une présence à l'endormissement.",
    "Vous trouverez dans ce télédossier la biologie des six derniers mois, le scanner cérébral et le traitement en cours.",
    "En vous remerciant de votre aide, je vous prie de croire, chère consœur, à l'assurance de mes sentiments confraternels.",
)
TREATMENTS = (
    ("Médicament", "Matin", "Midi", "Soir", "Coucher", "Depuis"),
    ("Oxybutynine 5 mg", "1", "0", "1", "0", "02/10/2026"),
    ("Apixaban 2,5 mg", "1", "0", "1", "0", "12/03/2024"),
    ("Ramipril 2,5 mg", "1", "0", "0", "0", "12/03/2024"),
    ("Bisoprolol 1,25 mg", "1", "0", "0", "0", "12/03/2024"),
    ("Paracétamol 500 mg", "1", "1", "1", "0", "18/11/2026"),
    ("Mélatonine LP 2 mg", "0", "0", "0", "1", "05/06/2026"),
    ("Macrogol 10 g", "1", "0", "0", "0", "14/09/2026"),
)


def letter(today: date) -> bytes:
    """The physician's letter, two pages."""
    day = today - timedelta(days=1)
    scales = [
        ("Échelle", numeric_date(today - timedelta(days=165)), numeric_date(today - timedelta(days=83)), numeric_date(day)),
        ("NPI-ES, score total", "14", "17", "39"),
        ("Algoplus", "0", "1", "3"),
        ("Poids (kg)", "54,6", "54,1", "52,3"),
    ]  # fmt: skip
    data: dict[str, Any] = {
        "title": "Objet : avis gériatrique, troubles du comportement d'apparition récente",
        "day": long_date(day).partition(" ")[2],
        "paragraphs": PARAGRAPHS,
        "scales": scales,
        "after": AFTER + tuple(PARAGRAPHS[2:3]),
    }
    return _set(LETTER, data, day)


def treatment(today: date) -> bytes:
    """« Traitement en cours », one page."""
    return _set(TREATMENT, {"title": f"Traitement en cours au {numeric_date(today)}", "rows": TREATMENTS}, today)


def _set(source: str, data: dict[str, Any], day: date) -> bytes:
    import typst

    stamp = datetime.combine(day, time(9, 0), UTC)
    made: Any = typst.compile(  # type: ignore[call-overload]
        source.encode(),
        format="pdf",
        font_paths=[str(FONTS)],
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(data)},
        timestamp=stamp,
    )
    assert isinstance(made, bytes)
    return made
