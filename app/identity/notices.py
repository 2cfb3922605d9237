"""Telling a person by e-mail that something about their account was changed, so that a thief's change is noticed.

Identity stands below messaging: who calls hands over the outbox (`messaging.service.queue_mail`) as `tell`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from sqlmodel import Session

from app.french import full
from app.identity.models import Professional

SUBJECT = "Votre compte Télédossier a été modifié"


class Tell(Protocol):
    """Writes an e-mail into the outbox, in the caller's transaction."""

    def __call__(self, session: Session, now: datetime, to: str, subject: str, body: str) -> object: ...


def tell_change(
    session: Session, now: datetime, person: Professional, what: str, tell: Tell, *, to: str | None = None
) -> None:
    """Queue the notice for the person's address (or `to`, the one they had before); nothing without an address."""
    address = person.email if to is None else to
    if not address:
        return
    body = (
        f"Bonjour {person.full_name},\n\n{what}\nC'était {full(now, now)}.\n\n"
        "Si vous l'avez voulu, il n'y a rien à faire. Sinon, appelez tout de suite l'administrateur de votre établissement, "
        "puis déconnectez toutes vos sessions dans « Paramètres ».\n\nTélédossier\n"
    )
    tell(session, now, address, SUBJECT, body)
