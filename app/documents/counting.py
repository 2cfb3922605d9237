"""How many documents dossiers hold."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import Session, col, func, select

from app.documents.models import Document


def counts(session: Session, dossier_ids: Sequence[int]) -> dict[int, int]:
    """Number of documents by dossier; a dossier without any is not in it. The caller has checked the rights."""
    query = (
        select(Document.dossier_id, func.count())
        .where(col(Document.dossier_id).in_(dossier_ids))
        .group_by(col(Document.dossier_id))
    )
    return dict(session.exec(query).all())
