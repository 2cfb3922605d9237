"""Sharing a screen, as a professional and an invited person read it."""

from __future__ import annotations

SHARE = {
    "share.choose": "Choisissez ce que vous voulez montrer",
    "share.choose.text": (
        "Un onglet, une fenêtre ou l'écran entier, dans la fenêtre du navigateur. Votre caméra et votre micro continuent."
    ),
    "share.alone": "Vous pourrez partager votre écran quand un professionnel sera dans la salle.",
    "share.cancelled": "Aucun écran n'est partagé",
    "share.cancelled.text": "Le choix a été fermé. Votre caméra et votre micro n'ont pas changé.",
    "share.refused": "Le partage d'écran est refusé",
    "share.refused.text": (
        "Le navigateur ou l'ordinateur l'interdit. Autorisez l'enregistrement de l'écran dans les réglages de "
        "confidentialité, ou demandez-le au service informatique, puis réessayez."
    ),
    "share.failed": "Le partage n'a pas pu commencer",
    "share.failed.text": "Cet écran ne peut pas être montré. Choisissez plutôt une fenêtre ou un onglet, puis réessayez.",
    "share.ended": "Le partage est arrêté",
    "share.ended.text": "Il a été arrêté dans le navigateur, ou la fenêtre partagée a été fermée.",
}
