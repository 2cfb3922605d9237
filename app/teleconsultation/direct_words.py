"""Every word of direct messages as `app/static/direct.js` shows them, in the head of a page and in the room."""

from __future__ import annotations

DIRECT = {
    "button": "Messages directs",
    "unread.one": "Messages directs, {count} non lu",
    "unread.other": "Messages directs, {count} non lus",
    "title": "Messages directs",
    "close": "Fermer les messages",
    "search": "Chercher un confrère par son nom",
    "people": "Confrères",
    "none": "Personne n'est connecté pour l'instant. Cherchez un confrère par son nom.",
    "nobody": "Aucun confrère de ce nom.",
    "here": "connecté",
    "away": "absent",
    "count": "{count} non lu(s)",
    "back": "Revenir aux confrères",
    "log": "Messages échangés avec {name}",
    "empty": "Aucun message encore. Seuls vous deux lisez ce que vous écrivez ici.",
    "input": "Message à {name}",
    "send": "Envoyer le message direct",
    "you": "Vous",
    "from": "depuis {number}",
    "pending": "Envoi…",
    "later": "{name} n'est pas connecté : votre message sera lu à sa prochaine connexion.",
    "lost": "Connexion perdue, nouvel essai…",
    "kept": "Les messages sont conservés avec le dossier. N'écrivez pas d'identité si ce n'est pas nécessaire.",
}
