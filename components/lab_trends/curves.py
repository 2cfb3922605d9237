"""One small plot per analysis: reference band, line, marks whose shape and colour say how abnormal a value is.

Ticks, dates and the texts of the pop-up are computed here: the pages' Content-Security-Policy forbids evaluated
scripts, and Bokeh knows no French. Colours are those of the page's tokens: a canvas cannot read them from a style sheet.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import holoviews as hv
import holoviews.plotting.bokeh
from bokeh.models import BoxAnnotation, ColumnDataSource, FixedTicker, HoverTool, Span

from components.lab_trends.contract import Analysis, LabResult
from components.lab_trends.words import Labels, day, digits_of, measured, number, reference

INK, SOFT, WARM, WHITE = "#26332f", "#53625e", "#b3360f", "#ffffff"
BAND, BAND_EDGE = "#dceeeb", "#b3d8d2"
FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif'
# flag: (marker, fill, line, size)
MARKS = {
    "N": ("circle", WHITE, INK, 6.5),
    "H": ("triangle", INK, INK, 8.5),
    "L": ("inverted_triangle", INK, INK, 8.5),
    "HH": ("diamond", WARM, WARM, 13),
    "LL": ("diamond", WARM, WARM, 13),
}
LAST_LARGER = 3.5
SIDE = 0.06  # of the time shown, left and right of it
TIP = (
    "<div style='font: 400 13px/1.5 system-ui, sans-serif; color: #3c4a46; padding: 2px 4px; max-width: 280px'>"
    "<b style='color: #17231f; font-size: 15px'>@result</b><br>@state<br>@reference<br>@day<br>@source</div>"
)
Hook = Callable[[Any, Any], None]
COLUMNS = ["at", "value", "result", "state", "reference", "day", "source", "marker", "fill", "line", "size"]


def figure(analysis: Analysis, first: datetime, last: datetime, height: int, labels: Labels) -> Any:
    """The curve of one analysis as a Bokeh figure; every analysis is drawn over the same time."""
    return hv.render(plot(analysis, first, last, height, labels), backend="bokeh")


def plot(analysis: Analysis, first: datetime, last: datetime, height: int, labels: Labels) -> Any:
    """The same as a HoloViews curve.

    Band and marks are added to its figure by hooks: as elements of an overlay, with marks styled by columns, nine
    analyses took 760 ms of CPU instead of 290.
    """
    low, high = analysis.last.low, analysis.last.high
    start, stop = _milliseconds(first), _milliseconds(last)
    margin = (stop - start) * SIDE or 1.0
    bottom, top = _extent(analysis)
    pad = (top - bottom) * 0.13 or abs(top) * 0.1 or 1.0
    values = [(_milliseconds(result.at), result.value) for result in analysis.results]
    return hv.Curve(values, "at", "value").opts(
        backend="bokeh",
        color=INK,
        line_width=1.75,
        responsive=True,
        height=height,
        xlim=(start - margin, stop + margin),
        ylim=(bottom - pad, top + pad),
        xlabel="",
        ylabel="",
        toolbar=None,
        default_tools=[],
        active_tools=[],
        hooks=[_band(low, high), _marks(analysis, labels), _french_axes(first, last, _bounds(low, high, bottom, top))],
    )


def _band(low: float | None, high: float | None) -> Hook:
    """The reference range behind the curve; an open side goes on to the edge."""

    def apply(drawn: Any, _element: Any) -> None:
        if low is not None or high is not None:
            drawn.state.add_layout(
                BoxAnnotation(
                    bottom=low,
                    top=high,
                    fill_color=BAND,
                    fill_alpha=1,
                    line_color=None,
                    level="image",
                )
            )
        for bound in (low, high):
            if bound is not None:
                edge = Span(location=bound, dimension="width", line_color=BAND_EDGE, line_width=1, level="image")
                drawn.state.add_layout(edge)

    return apply


def _marks(analysis: Analysis, labels: Labels) -> Hook:
    """A mark per value, and its pop-up."""
    digits = digits_of(analysis.results)
    rows = [
        (
            _milliseconds(result.at),
            result.value,
            *_words(result, digits, labels),
            *_mark(result, result is analysis.last),
        )
        for result in analysis.results
    ]

    def apply(drawn: Any, _element: Any) -> None:
        shown = drawn.state
        source = ColumnDataSource(dict(zip(COLUMNS, map(list, zip(*rows, strict=True)), strict=True)))
        marks = shown.scatter(
            "at",
            "value",
            source=source,
            marker="marker",
            size="size",
            fill_color="fill",
            line_color="line",
            line_width=1.6,
        )
        # By the date and not by the point: whoever is unsteady with a mouse finds it too.
        shown.add_tools(HoverTool(renderers=[marks], tooltips=TIP, mode="vline", point_policy="snap_to_data"))

    return apply


def _words(result: LabResult, digits: int, labels: Labels) -> tuple[str, ...]:
    span = reference(result.low, result.high)
    state = labels[f"state_{result.flag}" if result.is_abnormal else "state_N"]
    return (
        f"{measured(result, digits)} {result.unit}",
        state[0].upper() + state[1:],
        labels["reference_short"].format(range=span) if span else labels["no_reference"],
        day(result.at, hour=not result.is_day_only),
        " · ".join(part for part in (_capital(result.source), result.comment) if part),
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _mark(result: LabResult, is_last: bool) -> tuple[str, str, str, float]:
    marker, fill, line, size = MARKS[result.flag if result.is_abnormal else "N"]
    return marker, fill, line, size + (LAST_LARGER if is_last else 0)


def _extent(analysis: Analysis) -> tuple[float, float]:
    """Values and reference bounds; from zero where small is good (« < 5 »)."""
    low, high = analysis.last.low, analysis.last.high
    values = [result.value for result in analysis.results]
    bounds = [bound for bound in (low, high) if bound is not None]
    if low is None and high is not None and min(values) >= 0:
        bounds.append(0.0)
    return min(values + bounds), max(values + bounds)


def _bounds(low: float | None, high: float | None, bottom: float, top: float) -> list[float]:
    """What the scale is marked with: the reference bounds; where there are none, the extremes."""
    marks = [bound for bound in (low, high) if bound is not None] or sorted({bottom, top})
    if len(marks) == 2 and (marks[1] - marks[0]) < 0.16 * (top - bottom):
        return marks[1:]
    return marks


def _french_axes(first: datetime, last: datetime, marks: Sequence[float]) -> Hook:
    days = sorted({first, last})
    form = "%d/%m" if first.year == last.year else "%d/%m/%y"
    dates = {_milliseconds(day): day.strftime(form) for day in days}

    def apply(drawn: Any, _element: Any) -> None:
        shown = drawn.state
        for axis, texts in ((shown.xaxis[0], dates), (shown.yaxis[0], {mark: number(mark) for mark in marks})):
            axis.ticker = FixedTicker(ticks=list(texts))
            axis.major_label_overrides = texts
            axis.axis_line_color = axis.major_tick_line_color = axis.minor_tick_line_color = None
            axis.major_label_text_color, axis.major_label_text_font = SOFT, FONT
            axis.major_label_text_font_size, axis.major_label_standoff = "12px", 6
        shown.grid.visible = False
        shown.outline_line_color = shown.background_fill_color = shown.border_fill_color = None
        shown.min_border_left, shown.min_border_right, shown.min_border_top, shown.min_border_bottom = 34, 10, 2, 22
        shown.styles = {"--tooltip-border": "#d8e0de", "--tooltip-color": "#ffffff"}

    return apply


def _milliseconds(at: datetime) -> float:
    """The wall clock as the browser counts: a result's time has no zone, and Bokeh draws as if it were UTC."""
    return at.replace(tzinfo=UTC).timestamp() * 1000
