"""What the journal's actions are called in French, after a name: « Nadia DUBOIS a ouvert le télédossier »."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

WORDS: Mapping[str, str] = MappingProxyType(
    {
        "login": "s'est connecté",
        "login.refused": "n'a pas pu se connecter",
        "login.code": "a reçu un code de connexion",
        "login.situation": "a choisi son lieu d'exercice",
        "logout": "s'est déconnecté",
        "logout.everywhere": "a fermé des sessions",
        "account.linked": "a relié son compte à Pro Santé Connect",
        "account.opened": "a ouvert un compte par Pro Santé Connect",
        "contact.changed": "a changé ses coordonnées",
        "passkey.added": "a ajouté une clé d'accès",
        "passkey.renamed": "a renommé une clé d'accès",
        "passkey.removed": "a retiré une clé d'accès",
        "password.asked": "a demandé un lien pour un nouveau mot de passe",
        "password.change": "a changé son mot de passe",
        "password.reset": "a choisi un nouveau mot de passe par un lien",
        "dossier.opened": "a ouvert le télédossier",
        "dossier.refused": "a demandé ce télédossier sans y avoir droit",
        "dossier.step": "a fait passer le dossier à l'étape",
        "opinion.saved": "a enregistré l'avis",
        "request.saved": "a enregistré la demande",
        "opinion.signed": "a signé l'avis",
        "document.added": "a ajouté un document",
        "document.seen": "a ouvert un document",
        "document.downloaded": "a téléchargé un document",
        "document.printed": "a imprimé un document",
        "document.reported": "a généré un compte rendu",
        "document.flattened": "a ajouté un document aplati en images",
        "file.refused": "a proposé un fichier qui a été refusé",
        "file.infected": "a proposé un fichier où un virus a été trouvé",
        "file.removed": "a retiré un fichier refusé",
        "document.refused": "a demandé un document sans y avoir droit",
        "document.corrected": "a remplacé une biologie saisie à la main",
        "document.withdrawn": "a retiré une biologie saisie par erreur",
        "document.damaged": "n'a pas pu télécharger un document endommagé",
        "laboratory.exported": "a exporté les biologies en tableau",
        "trace.exported": "a exporté la traçabilité",
        "files.missing": "a compté les documents sans fichier",
        "files.rewrapped": "a changé la clé qui protège des fichiers",
        "files.swept": "a supprimé des fichiers sans document",
        "document.imported": "a importé une imagerie depuis le PACS",
        "imaging.mismatch": "a ajouté une imagerie dont l'identité diffère du dossier",
        "imaging.refused": "s'est vu refuser une imagerie d'un autre patient",
        "imaging.warned": "a été averti que l'identité d'une imagerie diffère du dossier",
        "pacs.searched": "a cherché des examens dans le PACS",
        "room.entered": "est entré en salle",
        "room.left": "est sorti de la salle",
        "call.started": "a commencé la téléconsultation",
        "call.ended": "a terminé la téléconsultation",
        "call.route": "a changé le chemin de la vidéo",
        "call.facts": "a noté les faits techniques de la téléconsultation",
        "chat.posted": "a écrit dans la discussion",
        "invitation.sent": "a invité une personne",
        "invitation.opened": "a ouvert son invitation",
        "invitation.withdrawn": "a retiré une invitation",
        "guest.admitted": "a fait entrer une personne invitée",
        "guest.refused": "a refusé une personne invitée",
        "guest.entered": "est entré en salle",
        "guest.left": "est sorti de la salle",
        "participant.muted": "a coupé le micro",
        "participant.unmuted": "a rendu le micro",
        "administration.refused": "a demandé l'administration sans y avoir droit",
        "administrator.first": "a créé le premier administrateur",
        "person.created": "a créé un compte",
        "person.changed": "a modifié un compte",
        "person.suspended": "a suspendu un compte",
        "person.restored": "a rétabli un compte",
        "person.invited": "a renvoyé une invitation",
        "people.imported": "a importé des comptes",
        "structure.created": "a créé un établissement",
        "structure.changed": "a modifié un établissement",
        "structure.ways": "a changé les moyens de connexion",
        "room.created": "a créé une salle",
        "room.renamed": "a renommé une salle",
        "room.closed": "a fermé une salle",
        "room.opened": "a rouvert une salle",
        "journal.verified": "a vérifié le journal",
        "journal.exported": "a exporté le journal",
    }
)
ROUTES: Mapping[str, str] = MappingProxyType(
    {
        "unit": "a fait passer la vidéo par le relais",
        "direct": "a fait passer la vidéo en direct, sans le relais",
    }
)


def words_of(action: str) -> str:
    """The action in words; its code where nobody has given it any."""
    return WORDS.get(action, action)
