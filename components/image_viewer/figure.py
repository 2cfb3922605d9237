"""A frame as a HoloViews figure: for teaching and for paper, where nobody turns frames or drags a window.

The viewer itself draws on a canvas (docs/decisions/0009). HoloViews is loaded only by who asks for a figure.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.image_viewer.contract import ImageInfo

NO_SCALE = "points"


def drawn(info: ImageInfo, pixels: NDArray[np.int16], level: float | None = None, window: float | None = None) -> Any:
    """A frame in its window (the study's own unless given), axes in mm where the size of a point is known.

    `pixels`: rows by columns, as `FrameSource.frame` gives them. Answers an `hv.Image` of values, to be laid out with
    others; the colours are mapped by Bokeh's `LinearColorMapper` in the browser, so that a hover says values and not
    greys. Raises: ValueError, for a colour frame or one of another size.
    """
    import holoviews as hv

    if info.is_color or pixels.shape != (info.rows, info.columns):
        raise ValueError("a frame of numbers, of the study's size")
    across, down = info.column_mm or 1.0, info.row_mm or 1.0
    unit = "mm" if info.row_mm and info.column_mm else NO_SCALE
    middle = (info.level if level is None else level) * info.slope + info.intercept
    breadth = (info.window if window is None else window) * abs(info.slope)
    values = pixels * info.slope + info.intercept
    named = f"Valeur ({info.unit})" if info.unit else "Valeur"
    edges = (0, -info.rows * down, info.columns * across, 0)
    picture = hv.Image(values, bounds=edges, kdims=[("x", "Largeur"), ("y", "Hauteur")], vdims=[("value", named)])
    return picture.opts(
        hv.opts.Image(
            cmap="gray_r" if info.inverted else "gray",
            clim=(middle - breadth / 2, middle + breadth / 2),
            data_aspect=1,
            frame_width=260,
            tools=["hover"],
            default_tools=[],
            toolbar=None,
            xlabel=unit,
            ylabel="",
            yaxis=None,
            title=f"F {breadth:g} · N {middle:g}",
            backend="bokeh",
        )
    )
