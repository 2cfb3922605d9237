"""« Détacher la vidéo »: a picture in a window of its own."""

from __future__ import annotations

DETACH = {
    "panel.detach": "Détacher la vidéo",
    "panel.detach.close": "Fermer ce choix",
    "detach.one": "Détacher : {name}",
    "detach.none": "Personne d'autre n'est en salle : il n'y a rien à détacher.",
    "detach.back": "Remettre dans la salle",
    "detach.blocked": "Le navigateur a bloqué la fenêtre",
    "detach.blocked.text": "Autorisez les fenêtres de ce site (icône dans la barre d'adresse), puis réessayez. L'appel continue.",
}
