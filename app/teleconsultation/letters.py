"""The e-mail or SMS of an invitation: who invites, when, what to do. Nothing about health, and no patient's name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app import french
from app.teleconsultation.door import Contact

SUBJECT = "Votre invitation à une téléconsultation"

_TEXT = """\
Bonjour {name},

{inviter} vous invite à une téléconsultation{doctor}{when}.

Pour y participer, ouvrez ce lien sur votre téléphone, votre tablette ou votre ordinateur, quelques minutes avant l'heure :

{link}

Il n'y a rien à installer. Votre appareil demandera s'il peut utiliser la caméra et le microphone : acceptez.
Vous arrivez d'abord dans une salle d'attente ; un professionnel vous fait entrer.

Ce lien est personnel : ne le transmettez pas. Il est valable jusqu'au {until}.

Une difficulté ? Appelez l'établissement ({structure}) au {phone}.

Ce message est envoyé automatiquement : les réponses ne sont pas lues.
"""


@dataclass(frozen=True)
class Letter:
    """What an invitation says."""

    name: str
    inviter: str
    doctor: str
    planned_at: datetime | None
    link: str
    expires_at: datetime
    contact: Contact

    def text(self) -> str:
        """The letter in plain words. The appointment is said with its date: nobody knows when it is read."""
        when = f", le {_moment(self.planned_at)} (heure de Paris)" if self.planned_at else ""
        return _TEXT.format(
            name=self.name,
            inviter=_capital(_the(self.inviter)),
            doctor=f" avec {_the(self.doctor)}" if self.doctor else "",
            when=when,
            link=self.link,
            until=_moment(self.expires_at),
            structure=self.contact.name,
            phone=self.contact.phone,
        )

    def short(self) -> str:
        """The same as an SMS: as few words as a person needs to trust it and to know when."""
        when = f" le {french.local(self.planned_at):%d/%m à %Hh%M}" if self.planned_at else ""
        until = f"{french.local(self.expires_at):%d/%m à %Hh%M}"
        return (
            f"{_capital(_the(self.inviter))} vous invite à une téléconsultation{when}. "
            f"Ouvrez ce lien (valable jusqu'au {until}) : {self.link} Aide : {self.contact.phone}"
        )


def _moment(instant: datetime) -> str:
    """« mardi 24 novembre 2026 à 10 h 30 »."""
    return f"{french.long_date(french.local(instant).date())} à {french.spoken_hour(instant)}"


def _the(name: str) -> str:
    """« le Dr Claire MARTIN », « Nadia DUBOIS »."""
    return f"le {name}" if name.startswith(("Dr ", "Pr ")) else name


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
