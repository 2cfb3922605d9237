"""Putting somebody out, the sound of who knocks, direct messages, the keyboard."""

from __future__ import annotations

PEOPLE = {
    "people.more": "Agir sur {name}",
    "people.remove": "Faire sortir",
    "people.remove.title": "Faire sortir {name}\u00a0?",
    "people.remove.guest": "Cette personne sortira tout de suite. Son lien ne permettra plus d'entrer.",
    "people.remove.professional": (
        "Cette personne sortira tout de suite et ne pourra plus entrer dans cette téléconsultation. "
        "Le dossier lui reste ouvert."
    ),
    "knock.sound": "Signal sonore quand une personne attend",
    "talk.tabs": "Discussions",
    "talk.room": "Salle",
    "talk.direct": "Direct",
    "talk.unread": "{tab}, {count} non lus",
    "bar.shortcuts": "Raccourcis clavier",
    "bar.shortcuts.short": "Raccourcis",
    "shortcuts.title": "Raccourcis clavier",
    "shortcuts.text": "Ils agissent dans la salle, jamais pendant que vous écrivez.",
    "shortcuts.on": "Raccourcis actifs",
    "shortcuts.close": "Fermer",
    "shortcuts.audio": "Ouvrir ou couper le micro",
    "shortcuts.video": "Ouvrir ou couper la caméra",
    "shortcuts.chat": "Discussion",
    "shortcuts.people": "Participants",
    "shortcuts.invite": "Inviter",
    "shortcuts.share": "Partager l'écran, ou arrêter",
    "shortcuts.admit": "Aller à la première personne qui attend (Admettre, Refuser)",
    "shortcuts.leave": "Quitter, après confirmation",
    "shortcuts.help": "Cette aide",
    "leave.ask": "Quitter la téléconsultation\u00a0?",
    "leave.ask.text": "Le dossier reste ouvert. Vous pourrez entrer de nouveau.",
    "leave.ask.go": "Quitter",
}
