"""What the unit refuses on its control channel; `code` travels, `message` is for the journal of the web process."""

from __future__ import annotations

from app.errors import TeledossierError


class OfferRefused(TeledossierError):
    """The offer (SDP) of a client cannot be answered."""

    code, status = "offre-refusee", 422

    def __init__(self, reason: str) -> None:
        super().__init__(f"L'offre vidéo de cette page ne peut pas être acceptée ({reason}).")


class UnitFull(TeledossierError):
    code, status = "relais-plein", 503
    message = "Le relais vidéo est complet. Réessayez dans quelques minutes."


class PeerUnknown(TeledossierError):
    code, status = "participant-inconnu", 404
    message = "Ce participant n'est pas sur le relais vidéo."


class WrongRequest(TeledossierError):
    """A line of the control channel that is not of the contract."""

    code, status = "demande-invalide", 400

    def __init__(self, reason: str) -> None:
        super().__init__(f"Demande au relais vidéo mal formée : {reason}.")
