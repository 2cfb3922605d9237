"""Photographs of a dossier in their viewer: the one that was opened, and the others to compare it with."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from app.documents.entries import DocumentView
from app.documents.models import DocumentKind
from app.french import hour, local, numeric_date
from components.picture_viewer import Picture, PictureViewer


def picture_view(document: DocumentView, documents: Iterable[DocumentView]) -> PictureViewer:
    """`document` in its viewer; it can be compared with the photographs among `documents`, all of them its dossier's.

    Another one counts as seen only once its picture is asked for: its routes keep that.
    """
    shown = [each for each in documents if each.kind is DocumentKind.PICTURE and _size(each)]
    return PictureViewer(
        [_picture(each) for each in sorted(shown, key=_moment, reverse=True)],
        picture=document.reference,
        sizing_mode="stretch_width",
        min_height=560,
        margin=0,
    )


def _picture(document: DocumentView) -> Picture:
    width, height = _size(document) or (1, 1)
    taken = _moment(document)
    said = f"Prise à {hour(taken)}" if document.dated_at else f"Ajoutée à {hour(taken)}, date de prise inconnue"
    return Picture(
        id=document.reference,
        title=document.title,
        date=numeric_date(local(taken).date()),
        width=width,
        height=height,
        at=taken.isoformat(),
        caption=f"{said} · {document.author_name}",
        source=f"/api/documents/{document.reference}",
    )


def _moment(document: DocumentView) -> datetime:
    return document.dated_at or document.created_at


def _size(document: DocumentView) -> tuple[int, int] | None:
    width, height = (int(document.detail.get(name, 0)) for name in ("width", "height"))
    return (width, height) if width > 0 and height > 0 else None
