"""The ways to log in (guide 1.1), and which of them an installation, a structure and an account may use.

The installation offers what its settings make possible; a structure may close ways to its people and say which comes
first; a password may be tied to networks. `check` is asked by every way, once the person is known and before the
login session opens.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from sqlmodel import Session

from app.errors import AccessDenied
from app.identity.models import Professional, Structure
from app.settings import Settings


class Way(StrEnum):
    """A way to log in, as the database and the journal name it."""

    CARD = "card"
    PSC = "psc"
    STRONG = "strong"
    PASSWORD = "password"
    PASSKEY = "passkey"

    @property
    def label(self) -> str:
        """« Carte professionnelle », as screens and the kiosk show it."""
        return _LABELS[self]

    @property
    def slug(self) -> str:
        """What addresses call it: `/connexion?moyen=carte`."""
        return _SLUGS[self]


_LABELS = {
    Way.CARD: "Carte professionnelle",
    Way.PSC: "Pro Santé Connect",
    Way.STRONG: "Authentification forte",
    Way.PASSWORD: "Identifiant et mot de passe",
    Way.PASSKEY: "Clé d'accès",
}
_SLUGS = {Way.CARD: "carte", Way.PSC: "psc", Way.STRONG: "forte", Way.PASSWORD: "mot-de-passe", Way.PASSKEY: "cle"}
BY_SLUG = {slug: way for way, slug in _SLUGS.items()}


@dataclass(frozen=True)
class Visitor:
    """Where a login comes from: the client's address, what its browser calls itself."""

    address: str = ""
    device: str = ""


NOWHERE = Visitor()  # tests and notebooks


def offered(settings: Settings) -> list[Way]:
    """What this installation offers, in the order of screens."""
    return [way for way in Way if _is_set_up(settings, way)]


def shown_first(settings: Settings) -> Way | None:
    """The way a browser sees that asks for none and has used none: the first offered, in the demo the simplest."""
    ways = offered(settings)
    if settings.demo and Way.PASSWORD in ways:
        return Way.PASSWORD
    return ways[0] if ways else None


def _is_set_up(settings: Settings, way: Way) -> bool:
    match way:
        case Way.STRONG:
            return True  # e-mail is always there
        case Way.CARD:
            return settings.card_trust is not None
        case Way.PASSWORD:
            return settings.password_login
        case Way.PASSKEY:
            # Browsers have WebAuthn on https and on localhost only, and no RP id can be an IP address.
            here = urlsplit(settings.url())
            return here.hostname == "localhost" or (here.scheme == "https" and not _is_ip(here.hostname or ""))
        case Way.PSC:
            return settings.psc_client_id != ""
        case _:
            return False


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def of_structure(settings: Settings, structure: Structure | None) -> list[Way]:
    """What a structure leaves open to its people; an empty list of its own means all that is offered.

    Where nothing it kept is offered any more, its people still get in, but not by the password alone that it had closed.
    """
    ways = offered(settings)
    kept = structure.login_ways.split() if structure else []
    left = [way for way in ways if not kept or way in kept]
    return left or [way for way in ways if way is not Way.PASSWORD]


def first_of(settings: Settings, structure: Structure) -> Way | None:
    """The way that this structure wants its workstations to show first; None when it wants none."""
    return next((way for way in of_structure(settings, structure) if way == structure.first_way), None)


def check(session: Session, settings: Settings, professional: Professional, way: Way, visitor: Visitor) -> None:
    """Whether this person may log in this way from here.

    Raises: AccessDenied, saying what to do instead.
    """
    structure = session.get(Structure, professional.structure_id) if professional.structure_id else None
    if way not in of_structure(settings, structure):
        raise AccessDenied(
            f"Votre établissement n'a pas ouvert la connexion par « {way.label} ». Choisissez un autre moyen.",
            reason="way",
        )
    if way is Way.PASSWORD and structure and not in_networks(visitor.address, structure.password_networks):
        raise AccessDenied(
            "Le mot de passe seul n'est accepté que depuis les postes de votre établissement. "
            "Choisissez un autre moyen : votre compte n'est pas bloqué.",
            reason="network",
        )


def in_networks(address: str, networks: str) -> bool:
    """Whether an IP address lies in one of the networks (CIDR, separated by spaces); no network means anywhere."""
    if not networks.split():
        return True
    try:
        here = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(here in ipaddress.ip_network(network, strict=False) for network in networks.split())
