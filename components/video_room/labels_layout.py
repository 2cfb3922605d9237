"""How the pictures stand, and what one can do with each."""

from __future__ import annotations

LAYOUT = {
    "panel.layout": "Disposition",
    "panel.layout.close": "Fermer la disposition",
    "layout.auto": "Automatique",
    "layout.auto.text": "Ce qu'on vous montre passe en grand, sinon tous les visages",
    "layout.grid": "Mosaïque",
    "layout.grid.text": "Toutes les images à la même taille",
    "layout.speaker": "Intervenant",
    "layout.speaker.text": "En grand, la personne qui parle",
    "layout.side": "Côte à côte",
    "layout.side.text": "Deux images : ce qu'on montre et qui le montre",
    "layout.share": "Partage en grand",
    "layout.share.text": "L'écran partagé ou la deuxième caméra, les visages en bande",
    "layout.pin.text": "Une image épinglée reste en grand. Votre choix est gardé pour les prochains appels.",
    "tile.pin": "Épingler {name}",
    "tile.unpin": "Ne plus épingler {name}",
    "tile.hold": "Figer l'image : {name}",
    "tile.resume": "Reprendre l'image : {name}",
    "tile.held": "Image figée, pour vous seul",
    "tile.zoom": "Agrandir l'image : {name}",
    "tile.whole": "Image entière : {name}",
    "tile.full": "Plein écran : {name}",
    "tile.full.end": "Quitter le plein écran : {name}",
}
