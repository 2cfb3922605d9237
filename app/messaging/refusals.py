"""What may become of a message that is handed to somebody who carries it: refused for good, not now, too late."""

from __future__ import annotations

from app.errors import TeledossierError


class MessageRefused(TeledossierError):
    """Nobody will ever take this message: trying again would change nothing."""

    code, status = "message-refuse", 502
    message = "Ce message est refusé. Vérifiez le destinataire, puis envoyez-le de nouveau."


class MessageUnavailable(TeledossierError):
    """The message can't be taken now; later it may."""

    code, status = "envoi-indisponible", 503
    message = "L'envoi n'aboutit pas pour l'instant. Le message est gardé ; un nouvel essai suivra."


class MessageExpired(MessageRefused):
    """The message would arrive when it is of no use any more."""

    code = "message-depasse"
    message = "Ce message n'a pas pu partir à temps. Demandez-en un nouveau."
