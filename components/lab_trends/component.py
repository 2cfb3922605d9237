"""Laboratory results: what is critical first, curves over the same time, the same facts as a table."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

import panel as pn
import param
from panel.custom import Children, JSComponent

from components._shared import CONTROLS
from components.lab_trends.contract import Analysis, LabResult, analyses_of
from components.lab_trends.words import LABELS, card, dates, table

HERE = Path(__file__).parent
# HoloViews keeps its backend and its options in globals: one curve at a time, whatever the threads.
_drawing = threading.Lock()


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
    csv_url = param.String(default="", doc="Address of the whole table as CSV; empty: no such link.")
    drawn = param.Integer(default=18, bounds=(1, None), doc="How many curves are drawn before somebody asks for more.")
    labels = param.Dict(default=LABELS, doc="Every word the component shows.")

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        self._more: asyncio.Task[None] | None = None
        self._sheet = LabSheet(on_more=self._ask_for_more, labels=self.labels, sizing_mode="stretch_width", margin=0)
        self._sheet.link(self, abnormal_only="abnormal_only", bidirectional=True)
        self._sheet.abnormal_only = self.abnormal_only
        self._draw()

    def __panel__(self) -> pn.viewable.Viewable:
        return self._sheet

    @classmethod
    async def made(cls, **params: Any) -> LabTrends:
        """The same, its curves drawn on a thread: nine of them take a quarter of a second."""
        return await asyncio.to_thread(cls, **params)

    @param.depends("results", "title", "detail", "plot_height", "csv_url", "drawn", "labels", watch=True)
    def _draw(self) -> None:
        results: tuple[LabResult, ...] = self.results
        analyses = analyses_of(results)
        moments = _moments(analyses)
        abnormal = sum(analysis.last.is_abnormal for analysis in analyses)
        count = self.labels["abnormal"].format(abnormal=abnormal, count=len(analyses)) if analyses else ""
        parts = (self.detail, dates(len(moments), self.labels) if moments else "", count)
        self._sheet.param.update(
            labels=self.labels,
            title=self.title,
            detail=" · ".join(part for part in parts if part),
            cards=[card(analysis, self.labels) for analysis in analyses],
            table=table(analyses, self.labels),
            csv_url=self.csv_url,
            plots=self._plots(analyses[: self.drawn], moments),
        )

    def _ask_for_more(self) -> None:
        analyses = analyses_of(self.results)
        if len(self._sheet.plots) >= len(analyses) or (self._more is not None and not self._more.done()):
            return
        try:
            self._more = asyncio.get_running_loop().create_task(self._draw_more(analyses))
        except RuntimeError:  # no loop: a notebook's cell or a test
            self._sheet.plots = self._plots(analyses, _moments(analyses))

    async def _draw_more(self, analyses: list[Analysis]) -> None:
        plots = await asyncio.to_thread(self._plots, analyses, _moments(analyses))
        if analyses == analyses_of(self.results):
            self._sheet.plots = plots

    def _plots(self, analyses: list[Analysis], moments: list[datetime]) -> list[Any]:
        if not analyses:
            return []
        # HoloViews costs a third of a second to import: only where curves are drawn.
        from components.lab_trends.curves import figure

        with _drawing:
            figures = [
                figure(analysis, moments[0], moments[-1], self.plot_height, self.labels) for analysis in analyses
            ]
        return [pn.pane.Bokeh(each, sizing_mode="stretch_width", height=self.plot_height, margin=0) for each in figures]


def _moments(analyses: list[Analysis]) -> list[datetime]:
    return sorted({result.at for analysis in analyses for result in analysis.results})


class LabSheet(JSComponent):
    """What the browser draws: heads, the plots below them, the table. Words only."""

    title = param.String(doc="Heading.")
    detail = param.String(doc="Beside the heading.")
    cards = param.List(doc="`words.card` of each analysis, in the order of `plots`.")
    table = param.Dict(default={}, doc="`words.table`.")
    plots = Children(doc="A figure per card.")
    abnormal_only = param.Boolean(default=False, doc="Hide what is in range.")
    csv_url = param.String(default="", doc="Address of the whole table as CSV; empty: no such link.")
    labels = param.Dict(default=LABELS, doc="Every word the component shows.")

    _esm = HERE / "lab_trends.js"
    _stylesheets: ClassVar[list[str]] = [CONTROLS, (HERE / "lab_trends.css").read_text(encoding="utf-8")]

    def __init__(self, on_more: Callable[[], None] | None = None, **params: Any) -> None:
        super().__init__(**params)
        self._on_more = on_more
        self.on_msg(self._receive)

    def _receive(self, event: Any) -> None:
        if isinstance(event.data, dict) and event.data.get("t") == "more" and self._on_more is not None:
            self._on_more()
