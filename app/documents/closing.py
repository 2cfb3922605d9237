"""What each participant of a dossier has not yet seen, and not yet taken home: for « À emporter avant la purge ».

A document is to be seen by everybody it is shown to; it is to be taken home by everybody who does not have it: whoever
brought a file has it, nobody has what was made here (reports, typed biologies) before downloading it. Drafts, and
versions that were replaced or withdrawn, count for nobody.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.documents.readings import Reader
from app.documents.tracing import Cell, Trace, TracedDocument, trace_of
from app.identity.models import Professional
from app.platform import Platform


@dataclass(frozen=True)
class Remaining:
    """What is left for one participant, oldest document first."""

    reader: Reader
    not_seen: tuple[TracedDocument, ...]
    not_taken: tuple[TracedDocument, ...]

    @property
    def is_done(self) -> bool:
        return not self.not_seen and not self.not_taken


@dataclass(frozen=True)
class Closing:
    """What is left for everybody who takes part in the dossier and has a right on it today."""

    participants: tuple[Remaining, ...]
    count: int  # documents that count

    @property
    def is_done(self) -> bool:
        return all(remaining.is_done for remaining in self.participants)


def left(platform: Platform, actor: Professional, number: str) -> Closing:
    """What is left to see and to take home. Raises: NotFound (journalled when the dossier is somebody else's)."""
    return left_in(trace_of(platform, actor, number))


def left_in(trace: Trace) -> Closing:
    """The same out of a trace. Who has no right any more is asked nothing."""
    counted = [document for document in trace.documents if document.holds and not document.is_draft]
    participants = []
    for position, reader in enumerate(trace.readers):
        theirs = [(document, document.cells[position]) for document in counted if document.cells[position].concerned]
        if reader.key not in trace.participants or not theirs:
            continue
        participants.append(
            Remaining(
                reader,
                tuple(document for document, cell in theirs if not cell.seen_at and not cell.downloaded_at),
                tuple(document for document, cell in theirs if not _has(document, cell)),
            )
        )
    return Closing(tuple(participants), len(counted))


def _has(document: TracedDocument, cell: Cell) -> bool:
    return cell.downloaded_at is not None or (cell.own and not document.is_ours)
