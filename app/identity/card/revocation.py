"""Whether a card was taken back by its issuer: lists (CRL, RFC 5280 5) always, OCSP (RFC 6960) where it answers.

Doubt refuses: no list, a list too old, or an answer that can't be believed. Only a service that does not answer at all
is passed over, because the list, fresh, has already said that the card is good.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise

import httpx
import structlog
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID

from app.identity.card import refusals
from app.identity.card.trust import Trust

log = structlog.get_logger(__name__)

OCSP_SECONDS = 3.0
LARGEST_ANSWER = 64 * 1024
CLOCKS_DIFFER = timedelta(minutes=5)
Ask = Callable[[str, bytes], bytes | None]  # address, request -> answer; None when nobody answers


def check_lists(chain: list[x509.Certificate], trust: Trust, now: datetime, oldest: timedelta | None) -> None:
    """Every certificate of the chain but the root against its issuer's list.

    `oldest` bounds the age of the list of cards; those of authorities are issued once a year and only say themselves.

    Raises: LoginRefused (« crl-missing », « crl-stale », « revoked »).
    """
    for depth, (certificate, issuer) in enumerate(pairwise(chain)):
        lists = [each for each in trust.crls if _speaks_of(each, certificate, issuer)]
        if not lists:
            raise refusals.refusal("crl-missing")
        newest = max(lists, key=lambda each: each.last_update_utc)
        too_old = depth == 0 and oldest is not None and now - newest.last_update_utc > oldest
        if newest.next_update_utc is None or now > newest.next_update_utc or too_old:
            raise refusals.refusal("crl-stale")
        if newest.last_update_utc > now + CLOCKS_DIFFER:
            raise refusals.refusal("crl-stale")
        entry = newest.get_revoked_certificate_by_serial_number(certificate.serial_number)
        if entry is not None:
            raise refusals.revoked(entry.revocation_date_utc)


def _speaks_of(crl: x509.CertificateRevocationList, certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether this list is its issuer's own and covers such certificates."""
    if crl.issuer != issuer.subject or crl.issuer != certificate.issuer:
        return False
    key = issuer.public_key()
    if not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey) or not crl.is_signature_valid(key):
        return False
    for extension in crl.extensions:
        if isinstance(extension.value, x509.IssuingDistributionPoint):
            point = extension.value
            authority = _is_authority(certificate)
            if point.indirect_crl or point.only_contains_attribute_certs or point.only_some_reasons:
                return False
            if (point.only_contains_ca_certs and not authority) or (point.only_contains_user_certs and authority):
                return False
        elif extension.critical:  # a delta, or something unknown: not to be relied on (RFC 5280 5.2)
            return False
    return True


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return bool(certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca)
    except x509.ExtensionNotFound:
        return False


def check_online(
    certificate: x509.Certificate, issuer: x509.Certificate, now: datetime, ask: Ask | None = None
) -> None:
    """Ask the issuer about this very card, at the address in its certificate.

    Called only when the chain holds: the address is then one that the authority wrote.

    Raises: LoginRefused (« revoked », « ocsp »).
    """
    address = ocsp_address(certificate)
    if address is None:
        return
    # SHA-1 only names the issuer here, as every responder expects; nothing rests on it (RFC 6960 4.3).
    wanted = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, hashes.SHA1()).build()
    raw = (ask or ask_by_http)(address, wanted.public_bytes(serialization.Encoding.DER))
    if raw is None:
        log.warning("card.ocsp_unreachable")
        return
    try:
        answer = ocsp.load_der_ocsp_response(raw)
        if answer.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            raise refusals.refusal("ocsp")
        _check_answer(answer, certificate, issuer, now)
        status = answer.certificate_status
    except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
        raise refusals.refusal("ocsp") from None
    if status is ocsp.OCSPCertStatus.REVOKED:
        raise refusals.revoked(answer.revocation_time_utc or now)
    if status is not ocsp.OCSPCertStatus.GOOD:
        raise refusals.refusal("ocsp")


def ocsp_address(certificate: x509.Certificate) -> str | None:
    """Where this certificate's issuer answers, or None."""
    try:
        access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    except x509.ExtensionNotFound:
        return None
    for description in access:
        location = description.access_location
        if description.access_method == AuthorityInformationAccessOID.OCSP and isinstance(
            location, x509.UniformResourceIdentifier
        ):
            return location.value if location.value.startswith(("http://", "https://")) else None
    return None


def ask_by_http(address: str, request: bytes) -> bytes | None:
    """One POST (RFC 6960 A.1), within a few seconds; None when there is no answer to read."""
    headers = {"Content-Type": "application/ocsp-request", "Accept": "application/ocsp-response"}
    try:
        with httpx.stream("POST", address, content=request, headers=headers, timeout=OCSP_SECONDS) as answer:
            if answer.status_code != 200:
                return None
            body = b""
            for part in answer.iter_bytes():
                body += part
                if len(body) > LARGEST_ANSWER:
                    return None
            return body
    except httpx.HTTPError:
        return None


def _check_answer(
    answer: ocsp.OCSPResponse, certificate: x509.Certificate, issuer: x509.Certificate, now: datetime
) -> None:
    """About this card, of now, signed by the issuer or by somebody it named for this. Raises: ValueError."""
    if answer.serial_number != certificate.serial_number:
        raise ValueError("about another card")
    if answer.this_update_utc > now + CLOCKS_DIFFER:
        raise ValueError("of tomorrow")
    if answer.next_update_utc is None or answer.next_update_utc < now - CLOCKS_DIFFER:
        raise ValueError("too old")
    signer = _signer(answer, issuer, now)
    key, digest = signer.public_key(), answer.signature_hash_algorithm
    if digest is None or isinstance(digest, hashes.MD5 | hashes.SHA1):
        raise ValueError("a weak signature")
    if isinstance(key, rsa.RSAPublicKey):
        key.verify(answer.signature, answer.tbs_response_bytes, padding.PKCS1v15(), digest)
    elif isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(answer.signature, answer.tbs_response_bytes, ec.ECDSA(digest))
    else:
        raise ValueError("an unknown kind of key")


def _signer(answer: ocsp.OCSPResponse, issuer: x509.Certificate, now: datetime) -> x509.Certificate:
    """The issuer itself, or a responder that it certified for OCSP (RFC 6960 4.2.2.2). Raises: ValueError."""
    own = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    if answer.responder_name == issuer.subject or (answer.responder_key_hash and answer.responder_key_hash == own):
        return issuer
    for responder in answer.certificates:
        purposes = responder.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        if ExtendedKeyUsageOID.OCSP_SIGNING not in purposes:
            continue
        if not responder.not_valid_before_utc <= now <= responder.not_valid_after_utc:
            continue
        responder.verify_directly_issued_by(issuer)
        return responder
    raise ValueError("no signer")
