"""« Capture d'écran », and what the person sees whose camera is asked for a picture."""

from __future__ import annotations

STILL = {
    "still.asked": "{name} prend une photographie avec votre caméra",
}

SITES = (
    *("Visage", "Cuir chevelu", "Œil droit", "Œil gauche", "Oreille droite", "Oreille gauche", "Bouche", "Cou"),
    *("Épaule droite", "Épaule gauche", "Bras droit", "Bras gauche", "Coude droit", "Coude gauche"),
    *("Main droite", "Main gauche", "Thorax", "Sein droit", "Sein gauche", "Abdomen", "Dos", "Sacrum"),
    *("Fesse droite", "Fesse gauche", "Hanche droite", "Hanche gauche", "Périnée", "Cuisse droite", "Cuisse gauche"),
    *("Genou droit", "Genou gauche", "Jambe droite", "Jambe gauche", "Cheville droite", "Cheville gauche"),
    *("Talon droit", "Talon gauche", "Pied droit", "Pied gauche", "Orteils droits", "Orteils gauches"),
)

KEEP = {
    "capture.sites": "|".join(SITES),
    "capture.caption": "Légende",
    "capture.caption.wrong": "Écrivez une légende : elle dira ce que montre l'image.",
    "capture.site": "Zone du corps",
    "capture.keep": "Ajouter au dossier",
    "capture.keeping": "Ajout au dossier…",
    "capture.kept": "Image ajoutée au dossier, dans « Documents ».",
    "capture.broken": "La liaison a été coupée. Rien n'a été ajouté au dossier : réessayez.",
}

CAPTURE = {
    "panel.capture": "Capture d'écran",
    "panel.capture.close": "Fermer l'image capturée",
    "capture.take": "Capturer l'image : {name}",
    "capture.own": "Capturer ma caméra",
    "capture.none": "Personne ne montre d'image pour l'instant.",
    "capture.asking": "Photographie demandée à l'appareil de {name}…",
    "capture.taking": "Photographie en cours…",
    "capture.full": "{width} × {height} points, pleine résolution de l'appareil.",
    "capture.shown": "{width} × {height} points. La pleine résolution de l'appareil n'a pas pu être obtenue.",
    "capture.failed": "L'image n'a pas pu être capturée. Réessayez quand elle s'affiche de nouveau.",
    "capture.alt": "Image capturée",
    "capture.file": "Capture {date}",
    "capture.save": "Télécharger",
}
