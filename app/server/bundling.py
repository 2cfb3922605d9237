"""Modules and styles that are loaded together, sent as one: two dozen small requests cost a guest on a poor line a second.

Of modules only what our own modules use is understood: `import { a, b as c } from "./x.js"`, and `export` before `class`, `function`,
`async function` or `const`, at the beginning of a line. Each module becomes a function called once, whose answer holds
what it exports: nothing can collide, and the order is that of the imports. Of styles, `@import url("x.css");` at the beginning.
"""

from __future__ import annotations

import re
from pathlib import Path

IMPORT = re.compile(
    r'^import\s*\{([^}]*)\}\s*from\s*"\./([\w.]+)";?[ \t]*$|^import\s*"\./([\w.]+)";?[ \t]*$', re.MULTILINE
)
EXPORT = re.compile(r"^export\s+((?:class|const|(?:async\s+)?function\*?)\s+([\w$]+))", re.MULTILINE)
OTHER = re.compile(r"^(?:import\s*[^({\s]|export\s+(?:default|let|var|\*|\{)).*", re.MULTILINE)
LATER = re.compile(r'\bimport\(\s*"\./([\w.]+)"\s*\)(?!\.[A-Z])')  # not the types of comments
STYLE_IMPORT = re.compile(r'^@import url\("([\w.]+)"\);[ \t]*\n', re.MULTILINE)


def with_imports(style: Path) -> str:
    """The text of a style sheet with those that it imports from its folder. Raises: ValueError for another import."""
    text = STYLE_IMPORT.sub(lambda found: with_imports(style.with_name(found[1])), style.read_text(encoding="utf-8"))
    if "@import" in text:
        raise ValueError(f"{style.name}: an @import that can't be bundled")
    return text


def fetched_later(folder: Path) -> list[str]:
    """The modules of a folder that one of them fetches when it first needs them: `import("./x.js")`."""
    found = (name for module in folder.glob("*.js") for name in LATER.findall(module.read_text(encoding="utf-8")))
    return sorted(set(found))


def bundled(entry: Path) -> str:
    """The text of one module that is `entry` with all it imports from its folder, each once.

    Raises: ValueError for an import or export of another form, or a circle of imports.
    """
    done: dict[str, str] = {}
    _visit(entry, done, ())
    exports = _exports(entry.read_text(encoding="utf-8"))
    last = f"export const {{ {', '.join(exports)} }} = {_name(entry.name)};\n" if exports else ""
    return "".join(done.values()) + last


def _visit(path: Path, done: dict[str, str], above: tuple[str, ...]) -> None:
    if path.name in above:
        raise ValueError(f"circle of imports: {' > '.join((*above, path.name))}")
    if path.name in done:
        return
    source = path.read_text(encoding="utf-8")
    for _names, wanted, bare in IMPORT.findall(source):
        _visit(path.with_name(wanted or bare), done, (*above, path.name))
    done[path.name] = _wrapped(path.name, source)


def _wrapped(name: str, source: str) -> str:
    body = IMPORT.sub(_taken, source)
    body = EXPORT.sub(r"\1", body)
    if unknown := OTHER.search(body):
        raise ValueError(f"{name}: « {unknown.group(0)} » can't be bundled")
    return f"const {_name(name)} = (() => {{\n{body}\nreturn {{ {', '.join(_exports(source))} }};\n}})();\n"


def _taken(found: re.Match[str]) -> str:
    names, wanted, _bare = found.groups()
    if wanted is None:
        return ""  # imported for what it does: its function was called already
    parts = [part.strip().replace(" as ", ": ") for part in names.split(",") if part.strip()]
    return f"const {{ {', '.join(parts)} }} = {_name(wanted)};"


def _exports(source: str) -> list[str]:
    return [name for _declaration, name in EXPORT.findall(source)]


def _name(module: str) -> str:
    return "$" + re.sub(r"\W", "_", module.removesuffix(".js"))
