"""Laboratory results: what is critical first, curves over the same time, the same facts as a table."""

from __future__ import annotations

import html
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import panel as pn
import param

from components.lab_trends.contract import Analysis, LabResult, analyses_of, number, reference

_LOOK = (Path(__file__).parent / "lab_trends.css").read_text()

WORDS = {"N": "", "H": "élevé", "L": "bas", "HH": "critique, élevé", "LL": "critique, bas"}
ARROWS = {"N": "", "H": "▲", "L": "▼", "HH": "▲▲", "LL": "▼▼"}
COLUMNS_SHOWN = 6


class LabTrends(pn.viewable.Viewer):
    """Curves and table of laboratory results; works alone. `results` are `LabResult`s of any analyses and dates."""

    results = param.ClassSelector(class_=tuple, default=(), doc="The `LabResult`s to show.")
    title = param.String(default="Biologie", doc="Heading above the curves.")
    plot_height = param.Integer(default=170, doc="Height of one curve, in pixels.")

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        self._layout = pn.Column(sizing_mode="stretch_width", margin=0)
        self._draw()

    @param.depends("results", watch=True)
    def _draw(self) -> None:
        analyses = analyses_of(self.results)
        if not analyses:
            self._layout[:] = [_html("<p>Aucun résultat chiffré.</p>")]
            return
        self._layout[:] = [
            _html(f"<h2>{html.escape(self.title)}</h2>{_summary(analyses)}"),
            # Not Panel's FlexBox: it evaluates scripts, which the pages' policy forbids.
            pn.Row(
                *(self._card(analysis) for analysis in analyses),
                styles={"flex-wrap": "wrap", "gap": "12px"},
                sizing_mode="stretch_width",
                margin=0,
            ),
            _html(_table(analyses)),
        ]

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def _card(self, analysis: Analysis) -> pn.viewable.Viewable:
        # HoloViews costs a third of a second to import: only where curves are drawn.
        import holoviews as hv

        from components.lab_trends.curves import plot

        if "bokeh" not in hv.Store.renderers:
            hv.extension("bokeh", logo=False)
        moments = [result.at for result in self.results]
        curve = pn.pane.HoloViews(
            plot(analysis, min(moments), max(moments), self.plot_height),
            sizing_mode="stretch_width",
            margin=0,
            linked_axes=False,
        )
        return pn.Column(_html(_heading(analysis)), curve, margin=(6, 0), styles=_CARD)


_CARD = {
    "border": "1px solid var(--line, #d8e0de)",
    "border-radius": "12px",
    "padding": "8px 12px",
    "flex": "1 1 300px",
    "min-width": "min(300px, 100%)",
    "max-width": "520px",
}


def _heading(analysis: Analysis) -> str:
    last = analysis.last
    warm = ' class="warm"' if last.is_critical else ""
    flag = f" <i{warm}>{ARROWS[last.flag]} {WORDS[last.flag]}</i>" if last.is_abnormal else ""
    return (
        f"<h3>{html.escape(analysis.name)}</h3><p class='last'><b{warm}>{number(last.value)}</b> "
        f"<span>{html.escape(last.unit)}</span>{flag}<small>réf. {reference(last.low, last.high)}</small></p>"
    )


def _summary(analyses: Sequence[Analysis]) -> str:
    critical = [a for a in analyses if a.last.is_critical]
    abnormal = sum(a.last.is_abnormal for a in analyses)
    last = max(a.last.at for a in analyses)
    text = f"Dernier prélèvement le {last:%d/%m/%Y}. {abnormal} hors norme sur {len(analyses)} analyses."
    alarm = "".join(
        f"<p class='alarm' role='note'><b>{html.escape(a.name)} {number(a.last.value)} {html.escape(a.last.unit)}</b>, "
        f"valeur {WORDS[a.last.flag]}</p>"
        for a in critical
    )
    return f"<p>{text}</p>{alarm}"


def _table(analyses: Sequence[Analysis]) -> str:
    days = sorted({result.at.date() for a in analyses for result in a.results})[-COLUMNS_SHOWN:]
    head = "".join(f'<th scope="col">{day:%d/%m/%y}</th>' for day in days)
    rows = []
    for analysis in analyses:
        by_day = {result.at.date(): result for result in analysis.results}
        cells = "".join(_cell(by_day.get(day)) for day in days)
        rows.append(
            f'<tr><th scope="row">{html.escape(analysis.name)}</th><td>{html.escape(analysis.unit)}</td>'
            f"<td>{reference(analysis.last.low, analysis.last.high)}</td>{cells}</tr>"
        )
    return (
        "<div class='scroll' tabindex='0' role='region' aria-label='Résultats en tableau'><table><caption>Résultats en tableau</caption>"
        f'<thead><tr><th scope="col">Analyse</th><th scope="col">Unité</th><th scope="col">Référence</th>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _cell(result: LabResult | None) -> str:
    if result is None:
        return "<td>—</td>"
    kind = "crit" if result.is_critical else "abn" if result.is_abnormal else ""
    said = f'<span class="vh"> {WORDS[result.flag]}</span>' if result.is_abnormal else ""
    return f'<td class="{kind}">{number(result.value)} <i aria-hidden="true">{ARROWS[result.flag]}</i>{said}</td>'


def _html(markup: str) -> Any:
    return pn.pane.HTML(markup, stylesheets=[_LOOK], sizing_mode="stretch_width", margin=0)
