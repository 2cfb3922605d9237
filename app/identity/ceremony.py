"""The two ceremonies of WebAuthn: what the browser is asked, and whether what it answers is good.

Nothing here knows the database. py_webauthn does the cryptography; when it refuses, `_reason` says which of the steps
of the specification failed, for the journal and for the person (WebAuthn level 3, sections 7.1 and 7.2).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import webauthn
from webauthn.helpers import (
    base64url_to_bytes,
    parse_attestation_object,
    parse_authenticator_data,
    parse_client_data_json,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from app.errors import LoginRefused
from app.settings import Settings

NAME = "Télédossier"
WAIT_MS = 120_000  # time to find one's key and put a finger on it

Answer = dict[str, Any]
# What a mangled answer makes py_webauthn raise: its own errors, and those of reading what is not there.
BAD_ANSWER = (WebAuthnException, ValueError, KeyError, TypeError, AttributeError, IndexError)

MESSAGES = {
    "malformed": "La réponse de votre appareil est illisible. Recommencez ; si cela se répète, choisissez un autre moyen.",
    "challenge": "La réponse de votre appareil ne correspond pas à cette demande. Recommencez.",
    "origin": (
        "La réponse vient d'une autre adresse que celle de Télédossier. "
        "Fermez cette page, ouvrez Télédossier par son adresse habituelle, puis recommencez."
    ),
    "rp": (
        "Cette clé d'accès a été faite pour un autre site. "
        "Choisissez une clé enregistrée pour Télédossier, ou un autre moyen."
    ),
    "presence": "Votre appareil n'a pas constaté votre présence. Recommencez et touchez la clé quand elle le demande.",
    "verification": (
        "Votre appareil n'a vérifié ni empreinte, ni visage, ni code. "
        "Activez le verrouillage de l'appareil, puis recommencez."
    ),
    "unknown": (
        "Cette clé d'accès n'est pas, ou plus, enregistrée ici. "
        "Connectez-vous par un autre moyen, puis ajoutez-la dans « Paramètres »."
    ),
    "handle": "Cette clé d'accès appartient à un autre compte. Choisissez-en une autre, ou un autre moyen.",
    "signature": "La signature de votre clé d'accès n'est pas valable. Recommencez, ou choisissez un autre moyen.",
    "cloned": (
        "Cette clé d'accès semble avoir été copiée : elle est refusée. Connectez-vous par un autre moyen, "
        "retirez-la dans « Paramètres », puis appelez l'assistance."
    ),
    "known": "Cette clé d'accès est déjà enregistrée.",
}


def refused(reason: str) -> LoginRefused:
    """The refusal for one of the reasons above."""
    return LoginRefused(reason, MESSAGES[reason])


def rp_id(settings: Settings) -> str:
    """The host that passkeys are bound to. Changing it makes every passkey useless."""
    return urlsplit(settings.url()).hostname or "localhost"


def origin(settings: Settings) -> str:
    """The only origin an answer may come from, without the port where it is the usual one, as browsers write it."""
    here = urlsplit(settings.url())
    usual = {"https": 443, "http": 80}.get(here.scheme)
    port = "" if here.port in (None, usual) else f":{here.port}"
    return f"{here.scheme}://{here.hostname}{port}"


@dataclass(frozen=True)
class NewKey:
    """A passkey as its authenticator has made it."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
    backed_up: bool


@dataclass(frozen=True)
class Signed:
    """An answer whose signature is good. `sign_count` is yet to be compared with the last one known."""

    sign_count: int
    backed_up: bool


def registration_options(
    settings: Settings, handle: bytes, login: str, full_name: str, known: Sequence[bytes]
) -> tuple[Answer, bytes]:
    """What to ask for a new passkey, and its challenge: kept on the device, behind finger, face or code.

    Devices that hold one of `known` refuse by themselves. No attestation: which make it is tells nothing we need.
    """
    options = webauthn.generate_registration_options(
        rp_id=rp_id(settings),
        rp_name=NAME,
        user_id=handle,
        user_name=login,
        user_display_name=full_name,
        timeout=WAIT_MS,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            require_resident_key=True,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=each) for each in known],
    )
    return json.loads(webauthn.options_to_json(options)), options.challenge


def login_options(settings: Settings) -> tuple[Answer, bytes]:
    """What to ask for a login, and its challenge. Names no key: the person chooses among those of the device."""
    options = webauthn.generate_authentication_options(
        rp_id=rp_id(settings), timeout=WAIT_MS, user_verification=UserVerificationRequirement.REQUIRED
    )
    return json.loads(webauthn.options_to_json(options)), options.challenge


def check_registration(settings: Settings, answer: Answer, challenge: bytes) -> NewKey:
    """The new passkey in an answer. Raises: LoginRefused."""
    try:
        found = webauthn.verify_registration_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=rp_id(settings),
            expected_origin=origin(settings),
            require_user_verification=True,
        )
    except BAD_ANSWER as error:
        raise refused(_reason(settings, answer, challenge)) from error
    _check_frame(answer)
    return NewKey(found.credential_id, found.credential_public_key, found.sign_count, found.credential_backed_up)


def check_login(settings: Settings, answer: Answer, challenge: bytes, public_key: bytes) -> Signed:
    """What a good answer says.

    The counter is left to the caller: only a signed one tells anything, and it must be compared where it is kept.

    Raises: LoginRefused.
    """
    try:
        found = webauthn.verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=rp_id(settings),
            expected_origin=origin(settings),
            credential_public_key=public_key,
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    except BAD_ANSWER as error:
        raise refused(_reason(settings, answer, challenge)) from error
    _check_frame(answer)
    return Signed(found.new_sign_count, found.credential_backed_up)


def credential_id_of(answer: Answer) -> bytes:
    """Which key an answer says it comes from. Raises: LoginRefused."""
    return _bytes_of(answer.get("rawId"))


def handle_of(answer: Answer) -> bytes:
    """Whose key an answer says it is. Raises: LoginRefused; a key kept on a device always says so."""
    response = answer.get("response")
    return _bytes_of(response.get("userHandle") if isinstance(response, dict) else None)


def transports_of(answer: Answer) -> str:
    """How a new key can be reached (« internal hybrid »); only a hint, never trusted."""
    response = answer.get("response")
    told = response.get("transports") if isinstance(response, dict) else None
    known = {"usb", "nfc", "ble", "smart-card", "hybrid", "internal"}
    return " ".join(sorted(known & {each for each in told or [] if isinstance(each, str)}))


def _bytes_of(value: object) -> bytes:
    if not isinstance(value, str) or not value:
        raise refused("malformed")
    try:
        return base64url_to_bytes(value)
    except ValueError as error:
        raise refused("malformed") from error


def _check_frame(answer: Answer) -> None:
    """An answer given inside a frame of another site is none of ours (step 10 of 7.2)."""
    if json.loads(base64url_to_bytes(answer["response"]["clientDataJSON"])).get("crossOrigin"):
        raise refused("origin")


def _reason(settings: Settings, answer: Answer, challenge: bytes) -> str:
    """The first step of the specification that an answer fails."""
    try:
        response = answer["response"]
        client = parse_client_data_json(base64url_to_bytes(response["clientDataJSON"]))
        if "attestationObject" in response:
            said = parse_attestation_object(base64url_to_bytes(response["attestationObject"])).auth_data
        else:
            said = parse_authenticator_data(base64url_to_bytes(response["authenticatorData"]))
    except BAD_ANSWER:
        return "malformed"
    steps = (
        ("challenge", client.challenge == challenge),
        ("origin", client.origin == origin(settings)),
        ("rp", said.rp_id_hash == hashlib.sha256(rp_id(settings).encode()).digest()),
        ("presence", said.flags.up),
        ("verification", said.flags.uv),
    )
    return next((reason for reason, holds in steps if not holds), "signature")
