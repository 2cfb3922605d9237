"""The demo's cards and their reader, as files in `var/cards`; made once, its lists signed anew when they age.

authority/     keys of the test authorities
trust/         what the server believes (`TD_CARD_TRUST`)
reader/        the software reader that the agent reads (`app.card_agent.key_files`)
tokens/        where SoftHSM is installed: the token in the reader; the others lie in drawer/<card>
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat

from app.card_agent.counter import TRIES, Counter
from app.card_agent.key_files import FolderReader
from app.card_agent.readers import Card, ReaderTrouble
from app.demo import soft_tokens
from app.demo.card_authority import LIST_DAYS, Pair, TrialAuthority
from app.identity.card import trust

CODE = "1234"


@dataclass(frozen=True)
class DemoCard:
    """A card of the demo; `note` is what to expect of it, empty for a good one."""

    slug: str
    number: str
    family_name: str
    given_name: str
    note: str = ""
    days: tuple[int, int] = (-30, 3 * 365)
    revoked: bool = False


CARDS = (
    DemoCard("martin", "899700000011", "MARTIN", "Claire"),
    DemoCard("leroy", "899700000029", "LEROY", "Hugo"),
    DemoCard("dubois", "899700000037", "DUBOIS", "Nadia"),
    DemoCard("petit", "899700000045", "PETIT", "Paul"),
    DemoCard("moreau", "899700000052", "MOREAU", "Karim"),
    DemoCard("expiree", "899700000029", "LEROY", "Hugo", "ancienne carte, expirée", (-800, -10)),
    DemoCard("revoquee", "899700000037", "DUBOIS", "Nadia", "carte perdue, révoquée", revoked=True),
    DemoCard("inconnue", "899700000078", "GARNIER", "Anne", "valable, sans compte ici"),
)
BY_SLUG = {card.slug: card for card in CARDS}


@dataclass(frozen=True)
class CardBox:
    """The folder `var/cards`, and the counter of the agent in `var/card-agent`."""

    var: Path

    @property
    def folder(self) -> Path:
        return self.var / "cards"

    @property
    def trust(self) -> Path:
        return self.folder / "trust"

    @property
    def reader(self) -> Path:
        return self.folder / "reader"

    @property
    def tokens(self) -> Path:
        return self.folder / "tokens"

    @property
    def counter(self) -> Counter:
        return Counter(self.var / "card-agent")

    # ---- making

    def ensure(self, now: datetime) -> None:
        """Make what is missing; sign the lists again when half their life is over."""
        if not (self.folder / "made").exists():
            shutil.rmtree(self.folder, ignore_errors=True)  # one that was interrupted
            self._make(now)
        lists = [trust.crl_of(path.read_bytes()) for path in (self.trust / "crls").glob("*.crl")]
        if not lists or any(now - each.last_update_utc > timedelta(days=LIST_DAYS) / 2 for each in lists):
            self._sign_lists(self._authority(now))

    def _make(self, now: datetime) -> None:
        authority = TrialAuthority(now, "DEMONSTRATION TEST")
        for name, pair in (("root", authority.root), ("intermediate", authority.intermediate)):
            _write(self.folder / "authority" / f"{name}.key", _private(pair.key, NoEncryption()))
            _write(self.folder / "authority" / f"{name}.pem", pair.pem)
            _write(self.trust / f"{name}s" / f"{name}.pem", pair.pem)
        for card in CARDS:
            pair = authority.card(card.number, card.family_name, card.given_name, days=card.days)
            if card.revoked:
                authority.revoke(pair, now - timedelta(days=6))
            _write(self.reader / "cards" / card.slug / "certificate.pem", pair.pem)
            key = _private(pair.key, BestAvailableEncryption(CODE.encode()))
            _write(self.reader / "cards" / card.slug / "key.pem", key)
        self._sign_lists(authority)
        _write(self.folder / "made", b"")

    def _authority(self, now: datetime) -> TrialAuthority:
        """The authority of this demo, out of its files."""
        authority = TrialAuthority(now)
        for name in ("root", "intermediate"):
            key = serialization.load_pem_private_key((self.folder / "authority" / f"{name}.key").read_bytes(), None)
            assert isinstance(key, rsa.RSAPrivateKey)
            certificate = trust.certificate_of((self.folder / "authority" / f"{name}.pem").read_bytes())
            authority.__dict__[name] = Pair(key, certificate)
        for card in CARDS:
            if card.revoked:
                content = (self.reader / "cards" / card.slug / "certificate.pem").read_bytes()
                authority.revoked[trust.certificate_of(content).serial_number] = now - timedelta(days=6)
        return authority

    def _sign_lists(self, authority: TrialAuthority) -> None:
        for name, pair in (("root", authority.root), ("intermediate", authority.intermediate)):
            _write(self.trust / "crls" / f"{name}.crl", authority.crl(pair))

    # ---- handling

    @property
    def plugged(self) -> bool:
        return not (self.reader / "unplugged").exists()

    @property
    def inserted(self) -> DemoCard | None:
        path = self.reader / "inserted"
        return BY_SLUG.get(path.read_text().strip()) if path.exists() else None

    def insert(self, slug: str) -> None:
        """Put a card in, in place of the one that is in. Raises: KeyError for a card that does not exist."""
        card = BY_SLUG[slug]
        self.remove()
        if soft_tokens.module() is not None:
            drawer = self._drawer(slug)
            if not (drawer.is_dir() and any(drawer.iterdir())):
                soft_tokens.make(drawer, f"CPS {slug}", self._pair(slug), CODE)
            _move(drawer, self.tokens)
        _write(self.reader / "inserted", card.slug.encode())

    def remove(self) -> None:
        inserted = self.inserted
        if inserted is not None:
            _move(self.tokens, self._drawer(inserted.slug))
        (self.reader / "inserted").unlink(missing_ok=True)

    def plug(self, plugged: bool) -> None:
        if plugged:
            (self.reader / "unplugged").unlink(missing_ok=True)
        else:
            _write(self.reader / "unplugged", b"")

    def left(self) -> int:
        """Tries left of the card in the reader; all of them without a card."""
        card = self._card()
        return self.counter.left(card.identifier) if card else TRIES

    def block(self, blocked: bool) -> None:
        """Spend all tries of the card in the reader, or give them back."""
        card = self._card()
        if card is not None:
            self.counter.write(card.identifier, 0 if blocked else TRIES)

    def _drawer(self, slug: str) -> Path:
        return self.folder / "drawer" / slug

    def _pair(self, slug: str) -> Pair:
        folder = self.reader / "cards" / slug
        key = serialization.load_pem_private_key((folder / "key.pem").read_bytes(), CODE.encode())
        assert isinstance(key, rsa.RSAPrivateKey)
        return Pair(key, trust.certificate_of((folder / "certificate.pem").read_bytes()))

    def _card(self) -> Card | None:
        try:
            return FolderReader(self.reader).card()
        except ReaderTrouble:
            return None


def _private(key: rsa.RSAPrivateKey, encryption: serialization.KeySerializationEncryption) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)


def _move(source: Path, target: Path) -> None:
    """Move the tokens of one folder into another."""
    target.mkdir(parents=True, exist_ok=True)
    for token in source.iterdir() if source.is_dir() else ():
        token.rename(target / token.name)


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all: the agent and the server read while the demo writes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.part")
    partial.write_bytes(content)
    partial.replace(path)
