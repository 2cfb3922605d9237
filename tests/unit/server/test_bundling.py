"""Modules and styles sent as one: what is understood, what is refused, and that the product's own are understood."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.server import shelf
from app.server.bundling import bundled, with_imports
from components.video_room import GUEST_MODULE, LAZY, PAGE_MODULE, modules_of


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.js").write_text(text)
    return folder


def test_a_module_comes_once_after_what_it_imports(tmp_path: Path) -> None:
    write(
        tmp_path,
        a="export const one = 1;\n",
        b='import { one } from "./a.js";\nexport function two() { return one + 1; }\n',
        c='import { one as first } from "./a.js";\nimport {\n  two,\n} from "./b.js";\nexport class Three {}\n',
    )
    text = bundled(tmp_path / "c.js")
    assert text.index("const $a =") < text.index("const $b =") < text.index("const $c =")
    assert text.count("const one = 1;") == 1
    assert "const { one: first } = $a;" in text
    assert "const { two } = $b;" in text
    assert text.endswith("export const { Three } = $c;\n")
    assert "import" not in text


def test_names_of_two_modules_do_not_collide(tmp_path: Path) -> None:
    write(tmp_path, a="const own = 1;\nexport const a = own;\n", b='import { a } from "./a.js";\nconst own = a;\n')
    assert bundled(tmp_path / "b.js").count("(() => {") == 2


@pytest.mark.parametrize(
    "text",
    [
        'import x from "./a.js";',
        'import * as x from "./a.js";',
        "export default 1;",
        "export let n = 1;",
        "export { n };",
    ],
)
def test_another_form_is_refused_and_named(tmp_path: Path, text: str) -> None:
    write(tmp_path, a="export const n = 1;\n", b=text + "\n")
    with pytest.raises(ValueError, match=r"b\.js"):
        bundled(tmp_path / "b.js")


def test_a_circle_is_refused(tmp_path: Path) -> None:
    write(tmp_path, a='import { b } from "./b.js";\n', b='import { a } from "./a.js";\n')
    with pytest.raises(ValueError, match=r"a\.js > b\.js > a\.js"):
        bundled(tmp_path / "a.js")


def test_a_style_brings_those_it_imports(tmp_path: Path) -> None:
    (tmp_path / "a.css").write_text("a { color: red }\n")
    (tmp_path / "b.css").write_text('/* b */\n@import url("a.css");\nb { color: blue }\n')
    assert with_imports(tmp_path / "b.css") == "/* b */\na { color: red }\nb { color: blue }\n"


def test_a_module_that_is_fetched_later_is_an_entry_of_its_own() -> None:
    assert "unit.js" in LAZY
    assert {Path(entry).name for entry in shelf.ENTRIES} == {PAGE_MODULE, GUEST_MODULE, *LAZY}


def test_every_entry_of_the_product_holds_all_that_it_needs() -> None:
    for name in shelf.ENTRIES:
        text = bundled(shelf.ROOT / name)
        assert "\nimport " not in text
    guest = bundled(shelf.ROOT / "components/video_room" / GUEST_MODULE)
    assert guest.count("(() => {\n") >= len(modules_of(GUEST_MODULE))


def test_no_style_of_the_product_ends_the_element_it_is_written_into() -> None:
    for path in (shelf.ROOT / "components/video_room").glob("*.css"):
        assert "</" not in with_imports(path)
