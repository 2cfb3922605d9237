"""DICOM images: window and level, frames, zoom, measure."""

from components.image_viewer.component import LABELS, ImageViewer
from components.image_viewer.contract import FrameSource, ImageInfo

__all__ = ["LABELS", "FrameSource", "ImageInfo", "ImageViewer"]
