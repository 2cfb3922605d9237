"""Why a login by Pro Santé Connect is refused: a stable word for the journal, and what the person is told.

The word says which check failed; the message never does where that would only help somebody who forges answers.
"""

from __future__ import annotations

from app.errors import LoginRefused
from app.identity.psc.claims import Identity

_AGAIN = "Recommencez : cela ne prend qu'un instant."
_SAFE = "Par sécurité, la connexion est annulée. Recommencez ; si cela se reproduit, appelez l'assistance."

MESSAGES = {
    # the provider
    "provider_down": "Pro Santé Connect ne répond pas. Choisissez un autre moyen, ou réessayez dans quelques minutes.",
    "provider_error": "Pro Santé Connect n'a pas pu terminer. Réessayez, ou choisissez un autre moyen.",
    "client": "Pro Santé Connect ne reconnaît pas cette installation. Choisissez un autre moyen, et appelez l'assistance.",
    # the browser's part
    "no_login": f"Cette connexion n'a pas été commencée dans ce navigateur. {_AGAIN}",
    "expired": f"Cette connexion a duré trop longtemps. {_AGAIN}",
    "replayed": f"Cette connexion a déjà servi. {_AGAIN}",
    "state": f"La réponse de Pro Santé Connect ne correspond pas à votre demande. {_SAFE}",
    "issuer": f"La réponse ne vient pas de Pro Santé Connect. {_SAFE}",
    "code": f"Pro Santé Connect n'accepte plus cette connexion. {_AGAIN}",
    # the person
    "refused_by_person": "Vous avez refusé la demande, ou choisi un autre numéro que celui de l'écran. Rien n'est ouvert. "
    "Recommencez quand vous voulez.",
    # tokens and identity
    "algorithm": f"La signature de Pro Santé Connect n'est pas celle attendue. {_SAFE}",
    "signature": f"La signature de Pro Santé Connect n'est pas valable. {_SAFE}",
    "audience": f"La réponse de Pro Santé Connect est destinée à un autre service. {_SAFE}",
    "token_expired": "La réponse de Pro Santé Connect est arrivée trop tard, ou l'heure du serveur est fausse. "
    "Recommencez ; si cela se reproduit, appelez l'assistance.",
    "nonce": f"La réponse de Pro Santé Connect répond à une autre demande. {_SAFE}",
    "acr": "Pro Santé Connect n'a pas vérifié votre identité assez fortement. Utilisez votre e-CPS ou votre carte CPS.",
    "subject": f"Pro Santé Connect a répondu pour deux personnes différentes. {_SAFE}",
    "no_subject": "Pro Santé Connect n'a pas transmis votre identifiant national. Choisissez un autre moyen, et appelez "
    "l'assistance.",
    # the account
    "unknown": "Pro Santé Connect vous a bien identifié, mais aucun compte ne vous correspond ici. Demandez votre accès à "
    "l'administrateur.",
    "suspended": "Ce compte est suspendu. Appelez l'administrateur de votre établissement.",
    "other_identity": "Ce compte est déjà relié à une autre identité Pro Santé Connect. Appelez l'assistance.",
    "profession": "Pro Santé Connect vous a bien identifié, mais votre profession ne permet pas d'ouvrir un compte "
    "soi-même. Demandez votre accès à l'administrateur.",
    # without leaving the page (CIBA)
    "ciba_closed": "La connexion par numéro RPPS n'est pas ouverte ici. Utilisez le bouton « S'identifier avec Pro Santé "
    "Connect ».",
    "rpps": "Ce numéro RPPS n'est pas valable : il a 11 chiffres. Vérifiez-le, puis réessayez.",
    "ciba_unknown": "Pro Santé Connect ne connaît pas d'e-CPS pour ce numéro. Vérifiez-le, ou utilisez le bouton "
    "« S'identifier avec Pro Santé Connect ».",
    "ciba_expired": "La demande n'a pas reçu de réponse à temps sur votre téléphone. Recommencez, téléphone en main.",
    "ciba_often": "Plusieurs demandes viennent d'être envoyées pour ce numéro. Répondez à la dernière, ou patientez dix "
    "minutes.",
    "situation": "Cette situation d'exercice n'est pas une des vôtres. Recommencez la connexion.",
}  # fmt: skip


def refused(reason: str) -> LoginRefused:
    """The refusal for a reason of the table."""
    return LoginRefused(reason, MESSAGES[reason])


class UnknownProfessional(LoginRefused):
    """Somebody identified for certain who has no account here; `leave` ends their session at the provider."""

    def __init__(self, reason: str, identity: Identity, leave: str = "") -> None:
        super().__init__(reason, MESSAGES[reason])
        self.identity = identity
        self.leave = leave
