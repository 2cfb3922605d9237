"""Rules of the demo's cards: made once, lists kept fresh, a reader one can play with; none of it in production."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from app.card_agent.signing import Refused, sign
from app.demo import soft_tokens
from app.demo.card_box import CARDS, CODE, CardBox
from app.identity.card import trust
from app.server import command
from app.settings import load
from tests.support.people import TUESDAY

pytestmark = pytest.mark.slow  # real pictures, keys or processes: seconds each

ORIGIN = "http://localhost:5006"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> CardBox:
    box = CardBox(tmp_path_factory.mktemp("var"))
    box.ensure(TUESDAY)
    return box


@pytest.fixture
def box(made: CardBox, monkeypatch: pytest.MonkeyPatch) -> CardBox:
    monkeypatch.setattr(soft_tokens, "module", lambda: None)
    made.remove()
    made.plug(True)
    return made


def test_every_card_opens_with_the_demos_code_and_blocks_like_a_real_one(box: CardBox) -> None:
    from app.card_agent.key_files import FolderReader

    for card in CARDS:
        box.insert(card.slug)
        assert box.inserted == card
        assert sign(FolderReader(box.reader), box.counter, ORIGIN, bytes(32), CODE).card.holder.endswith(
            card.family_name
        )
    with pytest.raises(Refused):
        sign(FolderReader(box.reader), box.counter, ORIGIN, bytes(32), "0000")
    assert box.left() == 2
    box.block(True)
    assert box.left() == 0
    box.block(False)
    assert box.left() == 3


def test_a_demo_of_last_week_gets_fresh_lists_and_keeps_its_cards(box: CardBox) -> None:
    card = box.reader / "cards" / "martin" / "certificate.pem"
    before = card.read_bytes()
    later = TUESDAY + timedelta(days=30)
    box.ensure(later)
    lists = trust.load(box.trust).crls
    assert all(each.next_update_utc and each.next_update_utc > later for each in lists)
    assert sum(len(each) for each in lists) == 1  # the revoked card is still on it
    assert card.read_bytes() == before


def test_what_was_interrupted_is_made_anew(tmp_path: Path, made: CardBox) -> None:
    box = replace(made, var=tmp_path)
    (box.folder / "authority").mkdir(parents=True)
    (box.folder / "authority" / "root.key").write_text("half")
    box.ensure(TUESDAY)
    assert len(trust.load(box.trust).roots) == 1


def test_production_neither_serves_nor_imports_the_demo() -> None:
    settings = load(cookie_secret="c" * 64, file_key="f" * 64)
    assert not any("demo" in word for word in command.serve_command(settings))
    assert any("demo" in word for word in command.serve_command(settings.model_copy(update={"demo": True})))
    modules = "app.bootstrap, app.web.plugin, app.server.plugin, app.identity.card.service, app.card_agent.main"
    check = f"import sys, {modules}; sys.exit(any(name.startswith('app.demo') for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", check], cwd=command.ROOT, check=False).returncode == 0
