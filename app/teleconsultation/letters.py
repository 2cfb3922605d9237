"""The e-mail of an invitation: who invites, when, what to do. Nothing about health, and no patient's name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.teleconsultation import words
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
"""  # noqa: E501 (a paragraph is one line in a letter: mail readers wrap it)


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
        when = ""
        if self.planned_at:
            when = f", le {words.day(self.planned_at)} à {words.hour(self.planned_at)} (heure de Paris)"
        return _TEXT.format(
            name=self.name,
            inviter=self.inviter,
            doctor=f" avec {self.doctor}" if self.doctor else "",
            when=when,
            link=self.link,
            until=f"{words.day(self.expires_at)} à {words.hour(self.expires_at)}",
            structure=self.contact.name,
            phone=self.contact.phone,
        )
