"""Every setting of the product, read once from the environment (`TD_…`) or a `.env` file.

A setting that could make an installation unsafe has no default outside the demo: `check_production` refuses to
start with a placeholder. Never import an instance from here: `load()` it at the edge and pass it on.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
import secrets
import socket
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PLACEHOLDER = "a-changer"
HEX_KEY = r"[0-9a-fA-F]{64}"
LOOPBACK = ("localhost", "127.0.0.1", "::1")


class Settings(BaseSettings):
    """One field per setting; the environment variable is the field's name in capitals after `TD_`."""

    model_config = SettingsConfigDict(env_prefix="TD_", env_file=".env", extra="ignore", frozen=True)

    var: Path = Field(Path("var"), description="Folder of the database, the encrypted files and the local sockets.")
    demo: bool = Field(False, description="Fictional people, simulators and `/demo/…` pages. Never with real patients.")
    address: str = Field("127.0.0.1", description="Address the web server listens on; put nginx in front of it.")
    port: int = Field(5006, ge=1, le=65535, description="Port the web server listens on.")
    public_url: str = Field("", description="Address people type, `https://…`; written into invitations.")
    database_url: str = Field("", description="SQLAlchemy address; empty means SQLite in `var`.")
    cookie_secret: SecretStr = Field(
        SecretStr(PLACEHOLDER), description="Signs cookies and page sessions; 32 random bytes."
    )
    file_key: SecretStr = Field(
        SecretStr(PLACEHOLDER),
        description="Master key of the file store, 64 hexadecimal digits, kept outside the database.",
    )
    file_key_number: int = Field(
        1, ge=1, lt=2**32, description="Number of `file_key`, raised when the key is replaced."
    )
    file_keys_older: SecretStr = Field(
        SecretStr(""),
        description="Earlier master keys, `1:<64 digits> 2:<64 digits>`, needed until `files rotate` has passed.",
    )
    file_store: Literal["folder", "s3"] = Field(
        "folder", description="Where the encrypted files are: in `var/files`, or in an S3 bucket (docs/fichiers.md)."
    )
    s3_endpoint: str = Field("", description="Address of the S3 service, `https://s3.example.fr`.")
    s3_bucket: str = Field("", description="The bucket; it must exist, and be private.")
    s3_region: str = Field("us-east-1", description="Region that requests are signed for, as the service names it.")
    s3_access_key: str = Field("", description="Access key of the S3 service.")
    s3_secret_key: SecretStr = Field(SecretStr(""), description="Secret that goes with the access key.")
    s3_prefix: str = Field(
        "", pattern=r"^([\w.-]+(/[\w.-]+)*)?$", description="Folder in the bucket, `teledossier`; empty: its root."
    )
    s3_allow_http: bool = Field(False, description="Allow an S3 service without TLS, on this very machine only.")
    secure_cookies: bool = Field(
        True, description="Cookies only over https (`__Host-` prefix). The demo on http turns it off."
    )
    password_login: bool = Field(
        False, description="Offer « Identifiant et mot de passe ». Reduced assurance: off in production."
    )
    card_trust: Path | None = Field(
        None, description="Folder of trust for cards: `roots/`, `intermediates/`, `crls/`; none closes this way."
    )
    card_crl_hours: int = Field(
        0, ge=0, description="Oldest list of revoked cards, in hours since its issue; 0: as long as the list says."
    )
    card_crl_urls: str = Field(
        "", description="Addresses of lists of revoked cards, separated by spaces, for `card-crl` to fetch."
    )
    card_ocsp: bool = Field(True, description="Also ask the issuer about each card (OCSP) where it can be reached.")
    card_policies: str = Field(
        "", description="Certificate policies that a card may have (OIDs, separated by spaces); empty: any."
    )
    card_agent_port: int = Field(
        9911, ge=1, le=65535, description="Port of the reader agent, on each workstation's loopback address."
    )
    card_module: Path | None = Field(
        None, description="PKCS#11 module of the reader agent; none looks where the CPS installer puts it."
    )
    card_reader: Path | None = Field(
        None, description="Folder that stands for a card reader instead of a module; only for demonstrations."
    )
    psc_issuer: str = Field(
        "https://auth.esw.esante.gouv.fr/auth/realms/esante-wallet",
        description="Issuer of Pro Santé Connect; the discovery document is read below it.",
    )
    psc_client_id: str = Field("", description="Our client at Pro Santé Connect; empty closes this way.")
    psc_client_secret: SecretStr = Field(SecretStr(""), description="Secret of our client at Pro Santé Connect.")
    psc_ciba: bool = Field(False, description="Offer Pro Santé Connect without leaving the page (CIBA).")
    self_registration: bool = Field(
        False, description="A professional unknown here may open an account by Pro Santé Connect, without any dossier."
    )
    sms_transport: Literal["none", "smpp", "ovh", "folder"] = Field(
        "none", description="Who carries SMS; « folder » writes files in `var/sms` (demo)."
    )
    sms_sender: str = Field("TELEDOSSIER", max_length=11, description="Sender shown on SMS: at most 11 letters.")
    smpp_host: str = Field("", description="The SMS operator's SMPP 3.4 server.")
    smpp_port: int = Field(2775, ge=1, le=65535, description="Port of the SMPP server; with TLS often 3550.")
    smpp_tls: bool = Field(True, description="Demand TLS from the SMPP server; off only inside a private network.")
    smpp_system_id: str = Field("", max_length=15, description="Our `system_id` at the SMPP server.")
    smpp_password: SecretStr = Field(SecretStr(""), description="Password at the SMPP server, 8 characters at most.")
    ovh_endpoint: str = Field("ovh-eu", description="OVHcloud's API, as its library names it.")
    ovh_application_key: str = Field("", description="Application key at OVHcloud.")
    ovh_application_secret: SecretStr = Field(SecretStr(""), description="Application secret at OVHcloud.")
    ovh_consumer_key: SecretStr = Field(SecretStr(""), description="Consumer key with the right to POST /sms/*/jobs.")
    ovh_sms_service: str = Field("", description="SMS account at OVHcloud, `sms-ab12345-1`.")
    session_idle_minutes: int = Field(15, ge=1, description="A login session ends after this long without use.")
    session_hours: int = Field(8, ge=1, description="A login session ends after this long in any case.")
    page_keep_seconds: int = Field(60, ge=1, description="How long the server keeps a page whose line is lost.")
    mail_transport: Literal["smtp", "folder"] = Field(
        "smtp", description="Real mail server, or files in `var/mail` (demo)."
    )
    smtp_host: str = Field("localhost", description="Mail server.")
    smtp_port: int = Field(587, ge=1, le=65535, description="Port of the mail server.")
    smtp_starttls: bool = Field(True, description="Demand STARTTLS from the mail server.")
    smtp_user: str = Field("", description="Login at the mail server; empty for none.")
    smtp_password: SecretStr = Field(SecretStr(""), description="Password at the mail server.")
    mail_sender: str = Field("ne-pas-repondre@teledossier.invalid", description="Sender's address of invitations.")
    assistance_phone: str = Field("02 61 91 00 12", description="Number shown where a person needs help.")
    upload_megabytes: int = Field(200, ge=1, description="Largest file that may be added to a dossier.")
    pacs_url: str = Field(
        "", description="DICOMweb address of the imaging archive, `https://pacs.example.fr/dicom-web`; empty: none."
    )
    pacs_name: str = Field("PACS", max_length=40, description="What people call it: « PACS du CH d'Alençon ».")
    pacs_user: str = Field("", description="Login at the PACS; empty for none.")
    pacs_password: SecretStr = Field(SecretStr(""), description="Password at the PACS.")
    pacs_token: SecretStr = Field(SecretStr(""), description="Bearer token for the PACS, instead of a password.")
    pacs_authority: Path | None = Field(
        None, description="Certificates (PEM) that the PACS's own must lead to; none: those of the system."
    )
    pacs_certificate: Path | None = Field(
        None, description="Our certificate and key (PEM) for a PACS that asks for one."
    )
    pacs_http: bool = Field(
        False, description="Ask the PACS without TLS; only on this machine or at a private address."
    )
    render_processes: int = Field(
        2, ge=1, description="Processes that draw PDF pages and decode images; one person takes all but one at most."
    )
    clamd: str = Field(
        "", description="ClamAV's daemon: path of its socket, or `host:port`; empty: files pass no antivirus."
    )
    media_address: str = Field("127.0.0.1", description="Address at which the forwarding unit receives media (UDP).")
    media_public_address: str = Field(
        "", description="Addresses browsers send media to, separated by commas; empty means `media_address`."
    )
    media_port: int = Field(0, ge=0, le=65535, description="UDP port of the forwarding unit; 0 takes any free one.")
    ice_servers: str = Field("[]", description="JSON list of STUN/TURN servers given to browsers as it is.")
    turn_urls: str = Field(
        "",
        description="Addresses of our TURN server, separated by spaces, `turns:relais.example.fr:443?transport=tcp …`; "
        "browsers get credentials of a few hours for them (docs/networks.md).",
    )
    turn_secret: SecretStr = Field(SecretStr(""), description="The TURN server's `static-auth-secret`.")
    turn_hours: int = Field(12, ge=1, le=48, description="How long credentials are good: longer than `session_hours`.")

    @field_validator("turn_urls")
    @classmethod
    def _turn_addresses(cls, value: str) -> str:
        if any(not url.startswith(("turn:", "turns:")) for url in value.split()):
            raise ValueError("each address starts with turn: or turns:")
        return value

    @field_validator("s3_endpoint")
    @classmethod
    def _bare_endpoint(cls, value: str) -> str:
        parts = urlsplit(value)
        bare = parts.hostname and parts.scheme in ("https", "http") and not (parts.query or parts.username)
        if value and (not bare or parts.path.strip("/")):
            raise ValueError("an S3 service is https://, a name and perhaps a port")
        return value.rstrip("/")

    @field_validator("clamd")
    @classmethod
    def _clamd_address(cls, value: str) -> str:
        host, _, port = value.rpartition(":")
        if value and not value.startswith("/") and not (host and port.isdecimal() and 0 < int(port) < 65536):
            raise ValueError("a path from the root, or host:port")
        return value

    @model_validator(mode="after")
    def _safe_pacs(self) -> Settings:
        if not self.pacs_url:
            return self
        parts = urlsplit(self.pacs_url)
        if parts.scheme not in ("https", "http") or not parts.hostname or "@" in parts.netloc or parts.query:
            raise ValueError("pacs_url is https://host/path, without login or query")
        if parts.scheme == "http" and not (self.pacs_http and _is_near(parts.hostname)):
            raise ValueError("a PACS is asked over https, or with pacs_http at a private address")
        return self

    @field_validator("psc_issuer")
    @classmethod
    def _safe_issuer(cls, value: str) -> str:
        if not value.startswith(("https://", "http://localhost:", "http://127.0.0.1:")):
            raise ValueError("an issuer is asked over https, or on this machine")
        return value

    def url(self, path: str = "") -> str:
        """Public address of a path of this installation."""
        base = self.public_url or f"http://localhost:{self.port}"
        return base.rstrip("/") + path

    @property
    def session_cookie(self) -> str:
        """Name of the login cookie; `__Host-` binds it to this host over https (RFC 6265bis 4.1.3.2)."""
        return "__Host-session" if self.secure_cookies else "session"

    @property
    def pre_session_cookie(self) -> str:
        """Name of the cookie of a login that has begun."""
        return "__Host-presession" if self.secure_cookies else "presession"

    @property
    def card_origins(self) -> frozenset[str]:
        """Origins whose pages may ask a card to sign: the public address, else this very machine (demo)."""
        if self.public_url:
            parts = urlsplit(self.public_url.lower())
            usual = {"https": ":443", "http": ":80"}.get(parts.scheme, "")  # browsers leave it out (RFC 6454 6.2)
            return frozenset({f"{parts.scheme}://{parts.netloc.removesuffix(usual)}"})
        return frozenset(f"http://{host}:{self.port}" for host in ("localhost", "127.0.0.1"))

    @property
    def card_agent_url(self) -> str:
        """Where a page finds the reader agent of its own machine. The number, not « localhost »: no name to resolve."""
        return f"http://127.0.0.1:{self.card_agent_port}"

    def sqlalchemy_url(self) -> str:
        return self.database_url or f"sqlite:///{(self.var / 'teledossier.db').absolute()}"

    @property
    def media_socket(self) -> Path:
        """Where the web processes command the forwarding unit (docs/media-unit.md)."""
        return self.var.absolute() / "run" / "media.sock"

    @property
    def rooms_socket(self) -> Path:
        """Where the web process that has the rooms takes what is for them from the others (docs/signalling.md)."""
        return self.var.absolute() / "run" / "rooms.sock"

    def file_keys(self) -> dict[int, bytes]:
        """The master keys of the file store by their number, the current one among them. Raises: ValueError."""
        keys: dict[int, bytes] = {}
        for entry in self.file_keys_older.get_secret_value().split():
            number, _colon, key = entry.partition(":")
            if not re.fullmatch(r"[1-9]\d{0,8}", number) or not re.fullmatch(HEX_KEY, key) or int(number) in keys:
                raise ValueError(
                    "TD_FILE_KEYS_OLDER : attendu « 1:clé 2:clé », chaque clé en 64 chiffres hexadécimaux."
                )
            keys[int(number)] = bytes.fromhex(key)
        if self.file_key_number in keys:
            raise ValueError("TD_FILE_KEYS_OLDER : le numéro de TD_FILE_KEY y figure. Augmentez TD_FILE_KEY_NUMBER.")
        current = self.file_key.get_secret_value()
        if not re.fullmatch(HEX_KEY, current):
            raise ValueError("TD_FILE_KEY : attendu 64 chiffres hexadécimaux (32 octets).")
        return keys | {self.file_key_number: bytes.fromhex(current)}

    def derived_secret(self, purpose: str) -> str:
        """A secret of its own for each purpose, out of `cookie_secret`: knowing one does not tell the others."""
        key = self.cookie_secret.get_secret_value().encode()
        return hmac.new(key, f"teledossier/{purpose}".encode(), hashlib.sha256).hexdigest()

    def environment(self) -> dict[str, str]:
        """The environment variables that give a child process these very settings, secrets included."""
        values = self.model_dump(mode="json") | {"var": str(self.var.absolute())}
        for name, value in self:
            if isinstance(value, SecretStr):
                values[name] = value.get_secret_value()
        return {f"TD_{name.upper()}": str(value) for name, value in values.items() if value is not None}

    def check_production(self) -> None:
        """Refuse to start with a placeholder secret, or with files that would not be safe.

        Raises: ValueError, naming the settings to change.
        """
        weak = [
            f"TD_{name.upper()}"
            for name in ("cookie_secret", "file_key")
            if getattr(self, name).get_secret_value() in ("", PLACEHOLDER)
        ]
        if self.turn_urls and self.turn_secret.get_secret_value() in ("", PLACEHOLDER):
            weak.append("TD_TURN_SECRET")
        needed = {
            "smpp": ("smpp_host", "smpp_system_id", "smpp_password"),
            "ovh": ("ovh_application_key", "ovh_application_secret", "ovh_consumer_key", "ovh_sms_service"),
            "s3": ("s3_endpoint", "s3_bucket", "s3_access_key", "s3_secret_key"),
        }
        for name in (*needed.get(self.sms_transport, ()), *needed.get(self.file_store, ())):
            value = getattr(self, name)
            if not (value.get_secret_value() if isinstance(value, SecretStr) else value):
                weak.append(f"TD_{name.upper()}")
        if self.psc_client_id and self.psc_client_secret.get_secret_value() in ("", PLACEHOLDER):
            weak.append("TD_PSC_CLIENT_SECRET")
        if weak:
            raise ValueError("Secrets à définir avant de démarrer : " + ", ".join(weak))
        self.file_keys()
        self._check_endpoint()

    def _check_endpoint(self) -> None:
        """Without TLS, whoever listens gets the files' names, and whoever is in between can remove files."""
        parts = urlsplit(self.s3_endpoint)
        if self.file_store != "s3" or parts.scheme == "https":
            return
        if not self.s3_allow_http or parts.hostname not in LOOPBACK:
            raise ValueError(
                "TD_S3_ENDPOINT : une adresse https:// est nécessaire. "
                "TD_S3_ALLOW_HTTP ne vaut que pour un service sur cette machine même (127.0.0.1)."
            )


def load(**overrides: object) -> Settings:
    """Read the settings; keyword arguments win over the environment."""
    return Settings(**overrides)  # type: ignore[arg-type]


def demo_settings(var: Path, port: int) -> Settings:
    """Settings of `teledossier demo`: secrets are drawn once and kept in `var`, so sessions survive a restart."""
    var.mkdir(parents=True, exist_ok=True)
    cards = var.absolute() / "cards"  # made by `app.demo.card_box`
    return load(
        var=var,
        port=port,
        demo=True,
        cookie_secret=SecretStr(_kept_secret(var / "cookie.secret")),
        file_key=SecretStr(_kept_secret(var / "file.key")),
        secure_cookies=False,
        password_login=True,
        card_trust=cards / "trust",
        card_reader=cards / "reader",
        card_agent_port=_free_port(),
        mail_transport="folder",
        sms_transport="folder",
        psc_issuer=f"http://localhost:{port}/demo/psc",
        psc_client_id="teledossier-demo",
        psc_client_secret=SecretStr(_kept_secret(var / "psc.secret")),
        psc_ciba=True,
    )


def _is_near(host: str) -> bool:
    """Whether a host is this machine or a private address; of another name nobody knows where it leads."""
    if host == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or (address.is_private and not address.is_unspecified)


def _free_port() -> int:
    """A free loopback port: several demos run beside each other, and beside a real agent."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _kept_secret(path: Path) -> str:
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(32))
    return path.read_text()
