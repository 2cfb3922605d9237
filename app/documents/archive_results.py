"""The laboratory results of an archive as a page for people: their files are made for machines.

Pure functions, in the look and under the rules of the index (`archive_index`): no script, nothing loaded, all escaped.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence

from app.documents.archive_index import Line, head
from app.documents.laboratory_dossier import Sourced
from app.documents.laboratory_typing import is_typed
from app.dossiers.service import DossierView
from app.french import folded, local

MOST_SHOWN = 20_000  # rows: what a browser still opens
FLAGS = {"H": "▲ haut", "L": "▼ bas", "HH": "▲ critique", "LL": "▼ critique"}


def page(dossier: DossierView, results: Sequence[Sourced], lines: Mapping[str, Line]) -> str:
    """All results, by analysis, newest first; `lines` are those of the index, by reference."""
    patient = dossier.patient
    shown = sorted(results, key=lambda one: one.result.at, reverse=True)[:MOST_SHOWN]
    shown.sort(key=lambda one: (folded(one.result.name), one.result.unit))
    rows = "".join(_row(one, lines) for one in shown)
    born = f"{patient.birth_date:%d/%m/%Y}"
    more = (
        "<p>D'autres résultats, plus anciens, ne figurent que dans les fichiers.</p>"
        if len(results) > MOST_SHOWN
        else ""
    )
    return (
        f"{head(f'Biologies du télédossier {dossier.number}')}<body>"
        f"<h1>Biologies du télédossier {html.escape(dossier.number)}</h1>"
        f"<p><b>{html.escape(patient.birth_name)} {html.escape(patient.first_names)}</b>, {born} · "
        '<a href="index.html">Retour à l\'index</a></p>'
        '<table class="plain"><thead><tr><th scope="col">Analyse</th><th scope="col">Prélèvement</th><th scope="col">Valeur</th>'
        '<th scope="col">Référence</th><th scope="col">Interprétation</th><th scope="col">Document</th></tr></thead>'
        f"<tbody>{rows}</tbody></table>{more}"
        "<footer><p>Recopié des fichiers de cette archive, qui font foi. Les versions remplacées ou retirées n'y sont pas.</p>"
        "</footer></body></html>\n"
    )


def _row(one: Sourced, lines: Mapping[str, Line]) -> str:
    result, line = one.result, lines[one.report.reference]
    at = local(result.at)
    when = f"{at:%d/%m/%Y}" if (at.hour, at.minute, at.second) == (0, 0, 0) else f"{at:%d/%m/%Y %H:%M}"
    value = f"{result.comparator} {_number(result.value)} {result.unit}".strip()
    remark = f"<small>{html.escape(result.comment)}</small>" if result.comment else ""
    by_hand = "<small>Saisi à la main</small>" if is_typed(one.report.detail) else ""
    return (
        f"<tr><td>{html.escape(result.name)}</td><td>{when}</td><td>{html.escape(value)}{remark}</td>"
        f"<td>{_reference(result.low, result.high)}</td><td>{FLAGS.get(result.flag, '')}</td>"
        f"<td>n° {line.position}{by_hand}</td></tr>"
    )


def _reference(low: float | None, high: float | None) -> str:
    if low is not None and high is not None:
        return f"{_number(low)} – {_number(high)}"
    if high is not None:
        return f"&lt; {_number(high)}"
    return f"&gt; {_number(low)}" if low is not None else ""


def _number(value: float) -> str:
    return f"{value:.10g}".replace(".", ",")
