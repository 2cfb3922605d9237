"""The names of the tools, which are a contract (`bar.<name>`), and the word below each in the bar (`bar.<name>.short`)."""

from __future__ import annotations

TOOLS = {
    "bar.transfer": "Transférer un document",
    "bar.transfer.short": "Transférer",
    "bar.invite": "Inviter",
    "bar.invite.short": "Inviter",
    "bar.chat": "Discussion",
    "bar.chat.short": "Discussion",
    "bar.capture": "Capture d'écran",
    "bar.capture.short": "Capture",
    "bar.detach": "Détacher la vidéo",
    "bar.detach.short": "Détacher",
    "bar.people": "Participants",
    "bar.people.short": "Participants",
    "bar.layout": "Disposition",
    "bar.layout.short": "Disposition",
    "bar.share": "Partager l'écran",
    "bar.share.short": "Partager",
    "bar.share.stop": "Arrêter le partage",
    "bar.share.stop.short": "Arrêter",
    "bar.more": "Ajouter une source",
    "bar.camera": "Ajouter une caméra",
    "bar.camera.short": "Caméra",
    "bar.auscultation": "Auscultation",
    "bar.auscultation.short": "Auscultation",
    "bar.point": "Pointer",
    "bar.point.short": "Pointer",
}
