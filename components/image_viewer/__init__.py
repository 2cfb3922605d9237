"""DICOM images: window and level, frames, zoom, measure."""

from components.image_viewer.component import LABELS, ImageViewer
from components.image_viewer.contract import CT_PRESETS, FrameSource, ImageInfo

__all__ = ["CT_PRESETS", "LABELS", "FrameSource", "ImageInfo", "ImageViewer"]
