"""Rules of the house that no linter knows."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import param
import pytest
from panel.custom import JSComponent
from panel.viewable import Viewer

import components
from app.audit import wording
from app.settings import Settings

ROOT = Path(__file__).parents[2]
CODE = {".css", ".html", ".js", ".mako", ".py", ".typ"}
CAPABILITIES = (
    "audit",
    "identity",
    "dossiers",
    "forms",
    "documents",
    "directory",
    "messaging",
    "teleconsultation",
    "administration",
)
MAY_PRINT = ("app/__main__.py", "app/bench", "app/server/supervisor.py")
LONGEST_FILE = 400
# In halves, so that this file does not name them either.
REGISTRIES = (
    ("py", "pi.org"),
    ("python", "hosted.org"),
    ("npm", "js.org"),
    ("npm", "js.com"),
    ("yarn", "pkg.com"),
    ("deb", ".debian.org"),
    ("archive", ".ubuntu.com"),
    ("conda", ".anaconda.org"),
)


def tracked(*folders: str) -> list[Path]:
    """Files of the checkout that are, or could be, committed; those removed but still listed are left out."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *folders],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    )
    return sorted(path for name in set(listing.stdout.split("\0")) if name and (path := ROOT / name).is_file())


def python(*folders: str) -> Iterator[tuple[str, ast.Module]]:
    for path in tracked(*folders):
        if path.suffix == ".py":
            yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def test_every_setting_is_described() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_no_file_is_longer_than_one_can_keep_in_mind() -> None:
    code = [path for path in tracked("app", "components") if path.suffix in CODE and "migrations" not in path.parts]
    lengths = {path.relative_to(ROOT).as_posix(): len(path.read_text(encoding="utf-8").splitlines()) for path in code}
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_FILE} == {}


def test_no_registry_address_is_written_down() -> None:
    hosts = re.compile("|".join(re.escape(start + end) for start, end in REGISTRIES).encode())
    found = [path.relative_to(ROOT).as_posix() for path in tracked() if hosts.search(path.read_bytes())]
    assert found == []


def test_locks_hold_neither_options_nor_download_addresses() -> None:
    for name in ("base", "dev", "s3"):
        lock = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
        assert re.findall(r"^-.*|.*://.*", lock, re.MULTILINE) == []
    assert '"resolved"' not in (ROOT / "package-lock.json").read_text(encoding="utf-8")


def test_both_locks_name_the_same_versions() -> None:
    pins = {
        name: dict(
            re.findall(r"^([a-z0-9-]+)==([^ ]+)", (ROOT / "requirements" / f"{name}.txt").read_text(), re.MULTILINE)
        )
        for name in ("base", "dev")
    }
    assert pins["base"].items() <= pins["dev"].items()


def test_every_dependency_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = {"base": project["dependencies"], "dev": project["optional-dependencies"]["dev"]}
    for name, dependencies in wanted.items():
        lock = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
        names = [re.split(r"[=<>~]", each)[0].replace("_", "-") for each in dependencies]
        assert [each for each in names if f"\n{each}==" not in "\n" + lock] == []


def test_nothing_prints() -> None:
    prints = [
        f"{name}:{node.lineno}"
        for name, tree in python("app", "components")
        if not name.startswith(MAY_PRINT)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert prints == []


def test_every_public_function_of_a_capability_says_what_it_does() -> None:
    silent = [
        f"{name}:{node.lineno} {node.name}"
        for name, tree in python(*(f"app/{capability}" for capability in CAPABILITIES))
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
    ]
    assert silent == []


def test_every_param_of_a_component_has_a_doc() -> None:
    for module in pkgutil.walk_packages(components.__path__, "components."):
        importlib.import_module(module.name)
    owned = {
        kind
        for base in (JSComponent, Viewer)
        for kind in descendants(base)
        if kind.__module__.startswith("components.")
    }
    undocumented = [
        f"{kind.__module__}.{kind.__name__}.{name}"
        for kind in owned
        for name, each in kind.param.objects(instance=False).items()
        if each.owner is kind and name != "name" and not name.startswith("_") and not each.doc
    ]
    assert sorted(undocumented) == []


def descendants(kind: type[param.Parameterized]) -> Iterator[type[param.Parameterized]]:
    for child in kind.__subclasses__():
        yield child
        yield from descendants(child)


@pytest.mark.parametrize(
    ("options", "status"),
    [((), 0), (("--no-skips",), 1), (("--no-skips", "-p", "xdist", "-n", "1"), 1)],
    ids=["allowed", "forbidden", "forbidden in workers"],
)
def test_a_skip_is_listed_with_its_reason_and_fails_the_run_where_skips_are_forbidden(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], status: int
) -> None:
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "conftest.py").write_text((ROOT / "tests" / "conftest.py").read_text(encoding="utf-8"))
    (tmp_path / "test_two.py").write_text(
        "import pytest\n"
        "def test_runs(): pass\n"
        "def test_skips(): pytest.skip('no camera here')\n"
        "@pytest.mark.xfail\n"
        "def test_fails_as_expected(): assert False\n"
    )
    (tmp_path / "test_whole.py").write_text("import pytest\npytest.skip('no scanner', allow_module_level=True)\n")
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options, str(tmp_path)],
        cwd=tmp_path,
        capture_output=True,
        check=False,
        text=True,
    )
    assert run.returncode == status, run.stdout + run.stderr
    assert "test_two.py::test_skips: no camera here" in run.stdout
    assert "test_whole.py: no scanner" in run.stdout
    assert "test_fails_as_expected" not in run.stdout


def test_every_act_of_the_journal_has_french_words() -> None:
    """An auditor reads « a ajouté une clé d'accès », never `passkey.added`."""
    said = set()
    for path in (ROOT / "app").rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text())):
            if not isinstance(call, ast.Call):
                continue
            name = getattr(call.func, "attr", getattr(call.func, "id", ""))
            if "record" in name or name == "_keep":
                said |= {
                    each.value
                    for each in call.args
                    if isinstance(each, ast.Constant) and re.fullmatch(r"[a-z]+\.[a-z]+", str(each.value))
                }
    assert len(said) > 25
    assert said - wording.WORDS.keys() == set()
