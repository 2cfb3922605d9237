"""Why a card is refused: a stable word for the journal, and what the person reads."""

from __future__ import annotations

from datetime import datetime

from app.errors import LoginRefused
from app.french import local, numeric_date

OTHER_WAY = "Choisissez un autre moyen de connexion, ou appelez l'assistance."
AGAIN = "Recommencez : votre carte n'est pas bloquée."


def refusal(reason: str) -> LoginRefused:
    """The refusal named `reason`, one of `MESSAGES`."""
    return LoginRefused(reason, MESSAGES[reason])


MESSAGES = {
    "presession": f"Cette connexion n'a pas commencé dans ce navigateur, ou elle a expiré. {AGAIN}",
    "replay": f"Cette connexion a déjà servi. {AGAIN}",
    "nonce": f"La réponse de la carte n'est pas celle de cette connexion. {AGAIN}",
    "origin": "La carte a répondu pour un autre site que celui-ci. Vérifiez l'adresse de la page, puis recommencez.",
    "answer": f"La réponse du lecteur est illisible. {AGAIN}",
    "certificate": f"Le certificat de cette carte est illisible. {OTHER_WAY}",
    "authority": f"Cette carte n'a pas été émise par une autorité reconnue ici. {OTHER_WAY}",
    "usage": f"Le certificat présenté ne sert pas à se connecter, mais à signer. {OTHER_WAY}",
    "policy": f"Ce type de carte n'est pas accepté ici. {OTHER_WAY}",
    "key": f"La clé de cette carte est d'un type qui n'est plus accepté. {OTHER_WAY}",
    "signature": f"La signature de la carte n'est pas la bonne. {AGAIN}",
    "crl-missing": "La liste des cartes révoquées n'est pas disponible : par prudence, la connexion par carte est "
    f"suspendue. Votre carte n'est pas en cause. {OTHER_WAY}",
    "crl-stale": "La liste des cartes révoquées est trop ancienne : par prudence, la connexion par carte est "
    f"suspendue. Votre carte n'est pas en cause. {OTHER_WAY}",
    "ocsp": "L'émetteur de la carte n'a pas confirmé qu'elle est valable : par prudence, la connexion est refusée. "
    f"{OTHER_WAY}",
    "rpps": f"Cette carte ne porte pas de numéro RPPS : seule une carte CPS personnelle convient. {OTHER_WAY}",
    "wrong-code": "Le code de la carte est incorrect. Trois codes incorrects la bloquent.",
    "blocked": "Cette carte est bloquée : trois codes incorrects. Débloquez-la avec votre code de secours auprès de "
    f"l'ANS. {OTHER_WAY}",
    "unknown": "Votre carte est valable, mais aucun compte ne porte votre numéro RPPS ici. Demandez à "
    "l'administrateur de votre établissement de vous ouvrir un compte.",
    "not-set-up": f"La connexion par carte n'est pas ouverte ici. {OTHER_WAY}",
}


def expired(since: datetime) -> LoginRefused:
    """The card's own end."""
    day = numeric_date(local(since).date())
    return LoginRefused("expired", f"Cette carte a expiré le {day}. Utilisez votre nouvelle carte. {OTHER_WAY}")


def not_yet_valid(until: datetime) -> LoginRefused:
    """A card of tomorrow."""
    day = numeric_date(local(until).date())
    return LoginRefused("future", f"Cette carte n'est valable qu'à partir du {day}. {OTHER_WAY}")


def revoked(since: datetime) -> LoginRefused:
    """A card that its issuer took back."""
    day = numeric_date(local(since).date())
    return LoginRefused(
        "revoked", f"Cette carte n'est plus valable depuis le {day}. Appelez l'assistance si c'est une erreur."
    )
