"""A frame as a figure: values and millimetres, in a window that Bokeh maps in the browser."""

from __future__ import annotations

from dataclasses import replace

import holoviews as hv
import numpy as np
import pytest
from bokeh.models import LinearColorMapper

from components.image_viewer.demo import INFO, SIZE, Phantom
from components.image_viewer.figure import drawn

hv.extension("bokeh")


def test_a_figure_shows_values_in_millimetres_within_the_window() -> None:
    pixels = Phantom().frame(8)
    figure = drawn(INFO, pixels)
    assert figure.range("x") == pytest.approx((0, SIZE * 0.9))
    assert float(figure.dimension_values("value", flat=False)[::-1][0, 0]) == pixels[0, 0]  # the first row is above
    mapper = hv.render(figure, backend="bokeh").select_one(LinearColorMapper)
    assert mapper is not None
    assert (mapper.low, mapper.high) == (0, 80)


def test_a_window_of_one_s_own_is_in_the_frames_numbers() -> None:
    info = replace(INFO, slope=2.0, intercept=10.0)
    mapper = hv.render(drawn(info, Phantom().frame(8), 100, 50), backend="bokeh").select_one(LinearColorMapper)
    assert mapper is not None
    assert (mapper.low, mapper.high) == (160, 260)


def test_colours_and_other_sizes_are_no_figure() -> None:
    with pytest.raises(ValueError, match="numbers"):
        drawn(replace(INFO, is_color=True), Phantom().frame(8))
    with pytest.raises(ValueError, match="size"):
        drawn(INFO, np.zeros((2, 2), np.int16))
