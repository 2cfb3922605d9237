"""A physician's letter and a list of medicines about Mme MERCIER, set by typst from plain data."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from app.french import NO_BREAK_SPACE, long_date, numeric_date

FONTS = Path(__file__).parents[1] / "documents" / "fonts"

HEAD = """
#let data = json(bytes(sys.inputs.data))
#set document(title: data.title, author: data.author)
#set text(lang: "fr", font: ("Noto Sans", "DejaVu Sans"), size: data.size * 1pt, fill: rgb("#26332f"))
#set par(leading: 0.75em, spacing: 1.25em)
#show heading: set text(size: data.size * 1pt, fill: rgb("#17231f"))
#show heading: set block(above: 1.5em, below: 1em)
#let foot = context text(8pt, fill: rgb("#53625e"))[#data.foot #h(1fr) #counter(page).display() / #counter(page).final().first()]
#let later = context if counter(page).get().first() > 1 [#text(8pt, fill: rgb("#53625e"))[#data.patient.join(", ")]]
#set page(paper: "a4", margin: (x: 22mm, top: 24mm, bottom: 22mm), header: later, footer: foot)
#let grid-table(columns, rows) = table(
  columns: columns, stroke: .5pt + rgb("#d8e0de"), inset: 7pt, align: horizon,
  fill: (_, line) => if line == 0 { rgb("#f6f9f8") },
  table.header(..rows.at(0).map(cell => strong(cell))), ..rows.slice(1).flatten(),
)
"""

LETTER = """
#grid(columns: (1fr, 1fr),
  [*#data.author* \\ #data.from.join([ \\ ])],
  align(right)[#data.place \\ \\ *#data.patient.at(0)* \\ #data.patient.slice(1).join([ \\ ])])
#v(8mm)
= #data.title
#v(2mm)
#for text in data.opening [#par(text)]
#grid-table((2fr, 1fr, 1fr, 1fr), data.scales)
#for text in data.examination [#par(text)]
= Ce que nous vous demandons
#enum(..data.questions)
#for text in data.closing [#par(text)]
#v(6mm)
#align(right)[*#data.author* \\ #data.from.at(0)]
"""

TREATMENT = """
= #text(15pt, data.title)
#par[#data.patient.join(", ")]
#block(fill: rgb("#fff6f2"), stroke: .5pt + rgb("#f3c9b8"), inset: 8pt, radius: 4pt, width: 100%)[*Allergie* #h(4pt) Pénicilline (éruption, 1998)]
#grid-table((2.5fr, auto, auto, auto, auto, auto, 2.6fr), data.rows)
= Dernières modifications
#list(..data.changes)
#par[Préparation hebdomadaire en pilulier, administration par l'équipe soignante. Comprimés non écrasés.]
#v(4mm)
#align(right)[#data.author]
"""

OPENING = (
    "Chère consœur,",
    "Je vous remercie de donner votre avis sur Mme MERCIER, 88 ans, résidente depuis mars 2024, suivie pour une maladie d'Alzheimer diagnostiquée en 2021 (MMSE 17/30 en juin {year}).",
    "Depuis dix jours, l'équipe observe une agitation vespérale, des cris et deux épisodes d'opposition avec agressivité lors des soins. Le sommeil est fragmenté. L'appétit a diminué (perte de 1,8 kg en onze semaines). Il n'y a pas de fièvre franche (37,8 °C). Un changement de chambre a eu lieu le {moved}.",
    "Antécédents : hypertension artérielle, fibrillation atriale, incontinence urinaire traitée par oxybutynine depuis le {started}.",
)
EXAMINATION = (
    "Les épisodes surviennent surtout entre 17 h et 20 h, au moment de la toilette du soir. Mme MERCIER se calme en présence de sa fille et lorsqu'on lui parle de son jardin. Elle ne se plaint spontanément de rien ; l'échelle Algoplus évoque pourtant une douleur aux mobilisations.",
    "À l'examen : vigilance fluctuante, attention difficile à fixer, orientation variable d'une heure à l'autre. Pression artérielle 118/64 mmHg, pouls irrégulier à 88 /min, SpO₂ 96 % en air ambiant. Langue sèche. Abdomen souple, sensible au-dessus du pubis, sans globe palpé. Pas de signe neurologique de localisation. Marche inchangée, avec l'aide d'une personne. Ecchymose de l'avant-bras gauche, photographiée.",
    "Le bilan du {tested} montre une natrémie à 128 mmol/L (139 il y a six mois), une CRP à 64 mg/L et des leucocytes à 12,3 G/L. La bandelette urinaire n'a pas pu être faite, la patiente s'y étant opposée. Le scanner cérébral, réalisé sans injection, ne montre ni saignement ni lésion récente ; une lacune ancienne est connue.",
)
QUESTIONS = (
    "Quelle cause rechercher en premier : infection urinaire, hyponatrémie, effet anticholinergique de l'oxybutynine, rétention ?",
    "Faut-il arrêter l'oxybutynine dès ce soir, et par quoi la remplacer ?",
    "Comment corriger la natrémie sur place, et à partir de quelle valeur hospitaliser ?",
    "Comment apaiser Mme MERCIER cette nuit sans introduire de neuroleptique ?",
)
CLOSING = (
    "Sa fille, Mme AUBIN, est informée de cette demande et souhaite assister à la téléconsultation. L'équipe de nuit est prévenue : une surveillance toutes les deux heures est en place, avec une veilleuse et une présence à l'endormissement.",
    "Vous trouverez dans ce télédossier la biologie des six derniers mois, le scanner cérébral, la photographie de l'avant-bras et le traitement en cours.",
    "En vous remerciant de votre aide, je vous prie de croire, chère consœur, à l'assurance de mes sentiments confraternels.",
)
PATIENT = ("Mme MERCIER Jeanne, Louise", "née le 14/03/1938", "INS 2 38 03 61 001 042 53")
# name, morning, noon, evening, bedtime, days since it was started, why
TREATMENTS = (
    ("Oxybutynine 5 mg", "1", "0", "1", "0", 53, "Incontinence urinaire"),
    ("Apixaban 2,5 mg", "1", "0", "1", "0", 987, "Fibrillation atriale"),
    ("Ramipril 2,5 mg", "1", "0", "0", "0", 987, "Hypertension artérielle"),
    ("Bisoprolol 1,25 mg", "1", "0", "0", "0", 987, "Fibrillation atriale"),
    ("Paracétamol 500 mg", "1", "1", "1", "0", 6, "Douleur aux mobilisations"),
    ("Mélatonine LP 2 mg", "0", "0", "0", "1", 172, "Sommeil fragmenté"),
    ("Macrogol 10 g", "1", "0", "0", "0", 71, "Constipation"),
)


def letter(today: date) -> bytes:
    """The physician's letter, written the day before; two pages."""
    day = today - timedelta(days=1)

    def ago(days: int) -> str:
        return numeric_date(today - timedelta(days=days))

    days = {
        "year": str((today - timedelta(days=165)).year),
        "moved": long_date(today - timedelta(days=15)).partition(" ")[2],
        "started": long_date(today - timedelta(days=53)).partition(" ")[2],
        "tested": ago(3),
    }
    data = {
        "title": f"Objet{NO_BREAK_SPACE}: avis gériatrique, troubles du comportement d'apparition récente",
        "author": "Dr Paul PETIT",
        "from": ("Médecin coordonnateur", "EHPAD Les Tilleuls", "61000 Alençon", "RPPS 99700000045"),
        "place": f"Alençon, le {long_date(day).partition(' ')[2]}",
        "patient": PATIENT,
        "foot": "EHPAD Les Tilleuls, Alençon · document fictif",
        "size": 11.5,
        "opening": [text.format(**days) for text in OPENING],
        "scales": [
            ("Échelle", ago(165), ago(83), ago(2)),
            ("NPI-ES, score total", "14", "17", "39"),
            ("Algoplus", "0", "1", "3"),
            ("Poids (kg)", "54,6", "54,1", "52,3"),
        ],
        "examination": [text.format(**days) for text in EXAMINATION],
        "questions": QUESTIONS,
        "closing": CLOSING,
    }
    return _set(LETTER, data, day)


def treatment(today: date, patient: tuple[str, ...] = PATIENT) -> bytes:
    """« Traitement en cours », one page. `patient`: name, birth, INS, as they are printed."""
    rows = [
        (*row[:5], numeric_date(today - timedelta(days=row[5])), row[6])
        for row in sorted(TREATMENTS, key=lambda row: row[5])
    ]
    data = {
        "title": f"Traitement en cours au {numeric_date(today)}",
        "author": "Dr Paul PETIT, médecin coordonnateur",
        "patient": patient,
        "foot": "EHPAD Les Tilleuls, Alençon · document fictif",
        "size": 10,
        "rows": [("Médicament", "Matin", "Midi", "Soir", "Coucher", "Depuis", "Pour"), *rows],
        "changes": (
            f"{numeric_date(today - timedelta(days=6))} : paracétamol ajouté, Algoplus à 3 lors de la toilette.",
            f"{numeric_date(today - timedelta(days=53))} : oxybutynine ajoutée, fuites nocturnes.",
            f"{numeric_date(today - timedelta(days=120))} : hydrochlorothiazide arrêté.",
        ),
    }
    return _set(TREATMENT, data, today)


def _set(source: str, data: dict[str, object], day: date) -> bytes:
    # Typst costs 60 ms to import: only where a letter is made.
    import typst

    made = typst.compile(
        (HEAD + source).encode(),
        format="pdf",
        font_paths=[FONTS],
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(data)},
        timestamp=datetime.combine(day, time(9, 0), UTC),
    )
    assert isinstance(made, bytes)
    return made
