"""Laboratory results: what is critical first, curves over the same time, the same facts as a table."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import panel as pn
import param
from panel.custom import Children, JSComponent

from components._shared import CONTROLS
from components.lab_trends.contract import LabResult, analyses_of
from components.lab_trends.words import LABELS, card, dates, table

HERE = Path(__file__).parent


class LabTrends(pn.viewable.Viewer):
    """Curves and table of laboratory results, of any analyses and dates; works alone.

    HoloViews draws the curves; a table below says the same. Everything is text computed here: nothing that a
    laboratory wrote is ever markup.
    """

    results = param.ClassSelector(class_=tuple, default=(), doc="The `LabResult`s to show, in any order.")
    title = param.String(default="Biologie", doc="Heading above the curves.")
    detail = param.String(default="", doc="Beside the heading: the laboratory, for one. The number of dates follows.")
    abnormal_only = param.Boolean(default=False, doc="Show only analyses whose last value is out of range.")
    plot_height = param.Integer(default=132, bounds=(80, 600), doc="Height of one curve, in pixels.")
    labels = param.Dict(default=LABELS, doc="Every word the component shows.")

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        self._sheet = LabSheet(labels=self.labels, sizing_mode="stretch_width", margin=0)
        self._sheet.link(self, abnormal_only="abnormal_only", bidirectional=True)
        self._sheet.abnormal_only = self.abnormal_only
        self._draw()

    def __panel__(self) -> pn.viewable.Viewable:
        return self._sheet

    @param.depends("results", "title", "detail", "plot_height", "labels", watch=True)
    def _draw(self) -> None:
        results: tuple[LabResult, ...] = self.results
        analyses = analyses_of(results)
        moments = sorted({result.at for analysis in analyses for result in analysis.results})
        abnormal = sum(analysis.last.is_abnormal for analysis in analyses)
        count = self.labels["abnormal"].format(abnormal=abnormal, count=len(analyses)) if analyses else ""
        parts = (self.detail, dates(len(moments), self.labels) if moments else "", count)
        self._sheet.param.update(
            labels=self.labels,
            title=self.title,
            detail=" · ".join(part for part in parts if part),
            cards=[card(analysis, self.labels) for analysis in analyses],
            table=table(analyses, self.labels),
            plots=self._plots(analyses, moments),
        )

    def _plots(self, analyses: list[Any], moments: list[Any]) -> list[Any]:
        if not analyses:
            return []
        # HoloViews costs a third of a second to import: only where curves are drawn.
        from components.lab_trends.curves import figure

        return [
            pn.pane.Bokeh(
                figure(analysis, moments[0], moments[-1], self.plot_height, self.labels),
                sizing_mode="stretch_width",
                height=self.plot_height,
                margin=0,
            )
            for analysis in analyses
        ]


class LabSheet(JSComponent):
    """What the browser draws: heads, the plots below them, the table. Words only."""

    title = param.String(doc="Heading.")
    detail = param.String(doc="Beside the heading.")
    cards = param.List(doc="`words.card` of each analysis, in the order of `plots`.")
    table = param.Dict(default={}, doc="`words.table`.")
    plots = Children(doc="A figure per card.")
    abnormal_only = param.Boolean(default=False, doc="Hide what is in range.")
    labels = param.Dict(default=LABELS, doc="Every word the component shows.")

    _esm = HERE / "lab_trends.js"
    _stylesheets: ClassVar[list[str]] = [CONTROLS, (HERE / "lab_trends.css").read_text(encoding="utf-8")]
