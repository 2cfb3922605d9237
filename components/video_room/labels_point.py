"""« Pointer »: what is shown to everybody in the room, and what each draws on it."""

from __future__ import annotations

SHOWN = {
    "point.label": "Image montrée à tous",
    "point.shown": "{name} montre : {title}",
    "point.picture": "Image de {name}",
    "point.page": "{name}, page {page} sur {pages}",
    "point.previous": "Page précédente",
    "point.next": "Page suivante",
    "point.undo": "Annuler mon dernier trait",
    "point.clear": "Effacer mes traits",
    "point.large": "Agrandir ou réduire l'image",
    "point.stop": "Ne plus montrer",
    "point.hint": "Déplacez le pointeur avec la souris, le doigt ou les flèches (Maj : plus finement). Espace : commencer "
    "ou finir un trait. Retour arrière : annuler le dernier trait.",
    "point.pen.down": "Trait commencé",
    "point.pen.up": "Trait fini",
}

POINT = {
    "panel.point": "Pointer sur un document",
    "panel.point.close": "Fermer le pointage",
    "point.document": "Document à montrer",
    "point.choose": "Choisir un document du dossier",
    "point.none": "Aucun PDF ni image dans le dossier",
    "point.choose.wrong": "Choisissez d'abord un document.",
    "point.show": "Montrer à la salle",
    "point.help": "Tout le monde en salle, personnes invitées comprises, voit cette page et peut y pointer et dessiner. "
    "Pour une image de la caméra : « Capture d'écran », puis « Pointer ».",
}
