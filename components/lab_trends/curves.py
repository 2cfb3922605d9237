"""One small plot per analysis: reference band, line, marks whose shape and colour say how abnormal a value is.

Ticks are computed here, not in the browser: the pages' Content-Security-Policy forbids evaluated scripts.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import holoviews as hv
from bokeh.models import DatetimeTickFormatter, FixedTicker, HoverTool

from components.lab_trends.contract import Analysis, LabResult, number, reference

INK, BAND, TEAL, WARM, SOFT = "#3c4a46", "#dceeeb", "#00695c", "#b3360f", "#53625e"
# flag: (word, marker, fill, line)
MARKS = {
    "N": ("Normal", "circle", TEAL, TEAL),
    "H": ("Élevé", "triangle", "#ffffff", INK),
    "L": ("Bas", "inverted_triangle", "#ffffff", INK),
    "HH": ("Critique élevé", "triangle", WARM, WARM),
    "LL": ("Critique bas", "inverted_triangle", WARM, WARM),
}
MARGIN = timedelta(days=9)


def plot(analysis: Analysis, first: datetime, last: datetime, height: int) -> Any:
    """The curve of one analysis; every analysis is drawn over the same time."""
    low, high = analysis.last.low, analysis.last.high
    values = [result.value for result in analysis.results]
    bounds = [bound for bound in (low, high) if bound is not None]
    bottom, top = min(values + bounds), max(values + bounds)
    pad = (top - bottom) * 0.14 or 1.0
    start, stop = first - MARGIN, last + MARGIN
    layers = hv.Curve([(result.at, result.value) for result in analysis.results], "at", "value").opts(
        color=SOFT, line_width=1.5
    )
    if bounds:
        # Behind everything; an open side of the range goes on to the edge of the plot.
        area = (start, low if low is not None else bottom - pad, stop, high if high is not None else top + pad)
        layers = hv.Rectangles([area]).opts(color=BAND, line_alpha=0) * layers
    layers = layers * _points(analysis)
    return layers.opts(
        hv.opts.Overlay(
            responsive=True,
            height=height,
            xlim=(start, stop),
            ylim=(bottom - pad, top + pad),
            xlabel="",
            ylabel="",
            toolbar=None,
            show_legend=False,
            hooks=[_french_axes(bottom, top)],
        )
    )


def _points(analysis: Analysis) -> Any:
    columns = ["Prélevé le", "Résultat", "Référence", "État", "marker", "fill", "line"]
    rows = [(result.at, result.value, *_words(result)) for result in analysis.results]
    tips = [(name, f"@{{{name}}}") for name in columns[:4]]
    return hv.Points(rows, ["at", "value"], columns).opts(
        marker="marker", color="fill", line_color="line", line_width=1.5, size=9, tools=[HoverTool(tooltips=tips)]
    )


def _words(result: LabResult) -> tuple[str, ...]:
    word, marker, fill, line = MARKS.get(result.flag, MARKS["N"])
    measured = f"{number(result.value)} {result.unit}"
    return (f"{result.at:%d/%m/%Y à %H:%M}", measured, reference(result.low, result.high), word, marker, fill, line)


def _french_axes(bottom: float, top: float) -> Any:
    ticks = _round_ticks(bottom, top)

    def apply(drawn: Any, _element: Any) -> None:
        figure = drawn.state
        figure.xaxis.formatter = DatetimeTickFormatter(months="%m/%y", days="%d/%m", years="%Y")
        figure.xaxis.ticker.desired_num_ticks = 4
        figure.yaxis.ticker = FixedTicker(ticks=ticks)
        figure.yaxis.major_label_overrides = {tick: number(tick) for tick in ticks}
        figure.outline_line_color = None
        figure.xgrid.grid_line_color = None
        figure.ygrid.grid_line_color = "#e8edec"
        for axis in (*figure.xaxis, *figure.yaxis):
            axis.axis_line_color, axis.major_tick_line_color, axis.minor_tick_line_color = "#d8e0de", None, None
            axis.major_label_text_color, axis.major_label_text_font_size = SOFT, "12px"

    return apply


def _round_ticks(bottom: float, top: float) -> list[float]:
    """Three or four round values between two bounds."""
    span = max(top - bottom, 1e-9)
    step = 10.0 ** len(str(int(span))) / 1000
    for factor in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000):
        if span / (step * factor) <= 4:
            step *= factor
            break
    first = int(bottom / step) * step
    return [round(first + index * step, 6) for index in range(8) if bottom <= first + index * step <= top]
