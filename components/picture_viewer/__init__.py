"""Photographs: every point of them, two dates compared, lengths and areas against a reference of known size."""

from components.picture_viewer.component import LABELS, PictureViewer
from components.picture_viewer.contract import Picture, PictureSource

__all__ = ["LABELS", "Picture", "PictureSource", "PictureViewer"]
