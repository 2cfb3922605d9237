"""A card's certificate: its chain, dates and usage (RFC 5280 6), its signature, and whose it is.

Subject of an IGC-Santé card, in one multi-valued RDN: CN = national number, SN, GN. The national number is 8 followed
by the RPPS number (11 digits); other first digits are other registers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from cryptography.x509.verification import Criticality, ExtensionPolicy, PolicyBuilder, Store, VerificationError

from app.card_agent import message
from app.identity.card import refusals
from app.identity.card.trust import Trust

SMALLEST_KEY = 2048
LONGEST_CHAIN = 2  # authorities between a card and its root


@dataclass(frozen=True)
class Holder:
    """Whose card it is."""

    rpps: str
    family_name: str
    given_name: str


def read(der: bytes) -> x509.Certificate:
    """Raises: LoginRefused (« certificate »)."""
    try:
        certificate = x509.load_der_x509_certificate(der)
        certificate.extensions  # noqa: B018 (parsed when asked for: a malformed one is said here)
        certificate.subject  # noqa: B018
    except ValueError:
        raise refusals.refusal("certificate") from None
    return certificate


def chain_of(certificate: x509.Certificate, trust: Trust, now: datetime, policies: str = "") -> list[x509.Certificate]:
    """The card's certificate and its authorities up to a root of ours, all valid now.

    Raises: LoginRefused (« usage », « expired », « future », « authority », « policy »).
    """
    _check_usage(certificate)
    if now > certificate.not_valid_after_utc:
        raise refusals.expired(certificate.not_valid_after_utc)
    if now < certificate.not_valid_before_utc:
        raise refusals.not_yet_valid(certificate.not_valid_before_utc)
    if not trust.roots:
        raise refusals.refusal("authority")
    person = ExtensionPolicy.permit_all().require_present(x509.KeyUsage, Criticality.CRITICAL, None)
    verifier = (
        PolicyBuilder()
        .store(Store(list(trust.roots)))
        .time(now)
        .max_chain_depth(LONGEST_CHAIN)
        .extension_policies(ee_policy=person, ca_policy=ExtensionPolicy.webpki_defaults_ca())
        .build_client_verifier()
    )
    try:
        chain = verifier.verify(certificate, list(trust.intermediates)).chain
    except VerificationError:
        raise refusals.refusal("authority") from None
    _check_policy(certificate, policies.split())
    return list(chain)


def check_signature(certificate: x509.Certificate, algorithm: str, signature: bytes, origin: str, nonce: bytes) -> None:
    """That this card signed this login for this origin.

    Raises: LoginRefused (« key », « signature »).
    """
    key = certificate.public_key()
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size < SMALLEST_KEY:
        raise refusals.refusal("key")
    digest = hashes.SHA256()
    paddings = {message.PSS: padding.PSS(padding.MGF1(digest), 32), message.PKCS1: padding.PKCS1v15()}
    if algorithm not in paddings:
        raise refusals.refusal("signature")
    try:
        key.verify(signature, message.to_sign(origin, nonce), paddings[algorithm], digest)
    except InvalidSignature:
        raise refusals.refusal("signature") from None


def holder_of(certificate: x509.Certificate) -> Holder:
    """Raises: LoginRefused (« rpps »): an employee's or a service's card, an older register."""
    for rdn in certificate.subject.rdns:
        values = {oid: _value(rdn, oid) for oid in (NameOID.COMMON_NAME, NameOID.SURNAME, NameOID.GIVEN_NAME)}
        number = re.fullmatch(r"8(\d{11})", values[NameOID.COMMON_NAME])
        if number and values[NameOID.SURNAME]:
            return Holder(number[1], values[NameOID.SURNAME], values[NameOID.GIVEN_NAME])
    raise refusals.refusal("rpps")


def _value(rdn: x509.RelativeDistinguishedName, oid: x509.ObjectIdentifier) -> str:
    found = rdn.get_attributes_for_oid(oid)
    return str(found[0].value) if len(found) == 1 else ""


def _check_usage(certificate: x509.Certificate) -> None:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
        purposes = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        raise refusals.refusal("usage") from None
    right = usage.digital_signature and not usage.content_commitment and not usage.key_cert_sign
    if not right or ExtendedKeyUsageOID.CLIENT_AUTH not in purposes:
        raise refusals.refusal("usage")


def _check_policy(certificate: x509.Certificate, accepted: list[str]) -> None:
    if not accepted:
        return
    try:
        policies = certificate.extensions.get_extension_for_class(x509.CertificatePolicies).value
    except x509.ExtensionNotFound:
        raise refusals.refusal("policy") from None
    if not {policy.policy_identifier.dotted_string for policy in policies} & set(accepted):
        raise refusals.refusal("policy")
