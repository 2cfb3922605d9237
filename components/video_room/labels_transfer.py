"""« Transférer un document », and documents that arrive on either page."""

from __future__ import annotations

RECEIVED = {
    "files.title": "Document reçu : {name}",
    "files.from": "De {name}, {size}",
    "files.size": "{value} Mo",
    "files.save": "Télécharger",
    "files.save.long": "Télécharger {name}",
    "files.look": "Regarder",
    "files.look.long": "Regarder {name}",
    "files.later": "Plus tard",
    "files.close": "Fermer",
    "files.opening": "Ouverture du document…",
    "files.page": "Page {page} sur {pages}",
    "files.none": "Aucun document reçu pour l'instant.",
    "files.received": "Documents reçus",
    "files.failed": "Le document « {name} » n'est pas arrivé",
    "files.failed.text": "La liaison a été coupée, ou il ne vous est plus destiné. Réessayez.",
}

TRANSFER = {
    "panel.transfer": "Transférer un document",
    "panel.transfer.close": "Fermer cet envoi",
    "transfer.document": "Document du dossier",
    "transfer.choose": "Choisir un PDF du dossier",
    "transfer.none": "Aucun PDF dans le dossier",
    "transfer.disk": "Ou un PDF de cet ordinateur",
    "transfer.to": "À qui ?",
    "transfer.alone": "Personne d'autre n'est en salle pour l'instant.",
    "transfer.send": "Envoyer le document",
    "transfer.progress": "Envoi… {percent} %",
    "transfer.sending": "Envoi…",
    "transfer.sent": "Document envoyé",
    "transfer.sent.text": "{name}, à {to}. Vous serez prévenu quand il sera reçu.",
    "transfer.received": "Reçu",
    "transfer.received.text": "{name} est bien arrivé chez {to}.",
    "transfer.handed": "Documents envoyés",
    "transfer.nothing": "Rien n'a été envoyé pour l'instant.",
    "transfer.state.sent": "Envoyé",
    "transfer.state.received": "Reçu",
    "transfer.state.saved": "Reçu et téléchargé",
    "transfer.choose.wrong": "Choisissez d'abord un document, du dossier ou de cet ordinateur.",
    "transfer.to.wrong": "Cochez au moins une personne.",
    "transfer.broken": "L'envoi a été interrompu. Rien n'a été envoyé : réessayez.",
}
