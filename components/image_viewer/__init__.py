"""DICOM images: window and level, frames, zoom, measure."""

from components.image_viewer.component import LABELS, ImageViewer
from components.image_viewer.contract import CT_PRESETS, FrameSource, ImageInfo, relative_presets

__all__ = ["CT_PRESETS", "LABELS", "FrameSource", "ImageInfo", "ImageViewer", "relative_presets"]
