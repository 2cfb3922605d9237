"""An authority for the demo's cards, shaped like IGC-Santé: root, intermediate, people's certificates, lists, OCSP.

Its names say TEST, its keys are drawn for each demo, and no installation trusts them unless it is told to.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

POLICY = "1.2.250.1.71.4.2.99.1"  # nobody's: the last but one arc is past IGC-Santé's own
LIST_DAYS = 7
_USAGES = (
    "digital_signature content_commitment key_encipherment data_encipherment key_agreement key_cert_sign crl_sign "
    "encipher_only decipher_only"
).split()


@dataclass(frozen=True)
class Pair:
    """A key and its certificate."""

    key: rsa.RSAPrivateKey
    certificate: x509.Certificate

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)


@dataclass
class TrialAuthority:
    """A root and the intermediate that issues cards; `now` dates what it signs. `ocsp` is written into cards."""

    now: datetime
    name: str = "TEST"
    ocsp: str = ""
    revoked: dict[int, datetime] = field(default_factory=dict)

    @cached_property
    def root(self) -> Pair:
        return self._authority(f"AC RACINE {self.name} FORT", None, 1)

    @cached_property
    def intermediate(self) -> Pair:
        return self._authority(f"AC {self.name} FORT PERSONNES", self.root, 0)

    def card(
        self,
        number: str,
        family_name: str,
        given_name: str,
        *,
        days: tuple[int, int] = (-1, 3 * 365),
        signs_documents: bool = False,
        key: rsa.RSAPrivateKey | None = None,
    ) -> Pair:
        """A card's key and certificate; `number` is the national one (8 and the RPPS), `days` its life from now.

        `signs_documents` makes the card's other certificate, which must not log anybody in.
        """
        key = key or new_key()
        usage = _usage("content_commitment" if signs_documents else "digital_signature")
        purpose = ExtendedKeyUsageOID.EMAIL_PROTECTION if signs_documents else ExtendedKeyUsageOID.CLIENT_AUTH
        issuer = self.intermediate
        subject = x509.Name(
            [
                x509.RelativeDistinguishedName([x509.NameAttribute(NameOID.COUNTRY_NAME, "FR")]),
                x509.RelativeDistinguishedName(
                    [
                        x509.NameAttribute(NameOID.COMMON_NAME, number),
                        x509.NameAttribute(NameOID.SURNAME, family_name),
                        x509.NameAttribute(NameOID.GIVEN_NAME, given_name),
                    ]
                ),
            ]
        )
        policy = x509.PolicyInformation(x509.ObjectIdentifier(POLICY), None)
        builder = (
            self._builder(subject, issuer.certificate, key, *days)
            .add_extension(x509.BasicConstraints(False, None), True)
            .add_extension(usage, True)
            .add_extension(x509.ExtendedKeyUsage([purpose]), False)
            .add_extension(x509.CertificatePolicies([policy]), False)
            .add_extension(_issued_by(issuer), False)
        )
        if self.ocsp:
            where = x509.UniformResourceIdentifier(self.ocsp)
            access = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, where)
            builder = builder.add_extension(x509.AuthorityInformationAccess([access]), False)
        return Pair(key, builder.sign(issuer.key, hashes.SHA256()))

    def revoke(self, pair: Pair, since: datetime) -> None:
        self.revoked[pair.certificate.serial_number] = since

    def crl(self, of: Pair, *, issued: datetime | None = None, days: int = LIST_DAYS) -> bytes:
        """The list (DER) of `root` or `intermediate`."""
        issued = issued or self.now
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(of.certificate.subject)
            .last_update(issued - timedelta(hours=1))
            .next_update(issued + timedelta(days=days))
            .add_extension(x509.CRLNumber(int(issued.timestamp())), False)
            .add_extension(_issued_by(of), False)
        )
        for serial, since in self.revoked.items() if of == self.intermediate else ():
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(since)
            builder = builder.add_revoked_certificate(entry.build())
        return builder.sign(of.key, hashes.SHA256()).public_bytes(Encoding.DER)

    def answer_ocsp(
        self, request: bytes, pair: Pair, signer: Pair | None = None, *, issued: datetime | None = None
    ) -> bytes:
        """A responder's answer about one card, signed by the intermediate, or by `signer`."""
        wanted = ocsp.load_der_ocsp_request(request)
        since, issued = self.revoked.get(wanted.serial_number), issued or self.now
        issuer, signer = self.intermediate, signer or self.intermediate
        builder = ocsp.OCSPResponseBuilder().add_response(
            cert=pair.certificate,
            issuer=issuer.certificate,
            algorithm=hashes.SHA1(),
            cert_status=ocsp.OCSPCertStatus.REVOKED if since else ocsp.OCSPCertStatus.GOOD,
            this_update=issued - timedelta(hours=1),
            next_update=issued + timedelta(days=1),
            revocation_time=since,
            revocation_reason=None,
        )
        builder = builder.responder_id(ocsp.OCSPResponderEncoding.NAME, signer.certificate)
        return builder.sign(signer.key, hashes.SHA256()).public_bytes(Encoding.DER)

    def _authority(self, name: str, issuer: Pair | None, below: int) -> Pair:
        key = new_key()
        parts = (
            (NameOID.COUNTRY_NAME, "FR"),
            (NameOID.ORGANIZATION_NAME, "TELEDOSSIER TEST"),
            (NameOID.COMMON_NAME, name),
        )
        subject = x509.Name([x509.NameAttribute(oid, value) for oid, value in parts])
        builder = (
            self._builder(subject, issuer.certificate if issuer else None, key, -900, 3650)
            .add_extension(x509.BasicConstraints(True, below), True)
            .add_extension(_usage("key_cert_sign", "crl_sign"), True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        )
        if issuer:
            builder = builder.add_extension(_issued_by(issuer), False)
        return Pair(key, builder.sign(issuer.key if issuer else key, hashes.SHA256()))

    def _builder(
        self, subject: x509.Name, issuer: x509.Certificate | None, key: rsa.RSAPrivateKey, start: int, end: int
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer.subject if issuer else subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self.now + timedelta(days=start))
            .not_valid_after(self.now + timedelta(days=end))
        )


def new_key() -> rsa.RSAPrivateKey:
    """A key as cards have them."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _usage(*allowed: str) -> x509.KeyUsage:
    return x509.KeyUsage(**{name: name in allowed for name in _USAGES})


def _issued_by(issuer: Pair) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key())
