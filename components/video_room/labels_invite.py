"""Inviting somebody, and what becomes of an invitation."""

from __future__ import annotations

INVITE = {
    "invite.channel": "Moyen",
    "invite.email": "Courriel",
    "invite.address": "Adresse",
    "invite.address.example": "prenom.nom@exemple.fr",
    "invite.address.wrong": "Cette adresse n'est pas complète : il faut la forme nom@domaine.fr.",
    "invite.name": "Nom",
    "invite.name.wrong": "Indiquez le nom : il s'affichera quand la personne attendra.",
    "invite.role": "Rôle",
    "invite.send": "Envoyer l'invitation",
    "invite.sent": "Invitation de {name} transmise. Son état se suit dans la liste.",
    "invite.list": "Invitations",
    "invite.withdraw": "Retirer",
    "invite.withdraw.long": "Retirer l'invitation de {name}",
    "invite.state.sending": "Envoi…",
    "invite.state.sent": "Envoyée",
    "invite.state.failed": "Échec",
    "invite.state.opened": "Ouverte",
    "invite.state.waiting": "En salle d'attente",
    "invite.state.inside": "En salle",
    "invite.state.left": "Sortie",
    "invite.state.withdrawn": "Retirée",
    "invite.state.expired": "Expirée",
}
