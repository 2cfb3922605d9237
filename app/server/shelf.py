"""Files compressed once, kept in memory: what every first visit asks for.

Compressing at each request cost 110 ms of CPU per visit, and not compressing 5 MB of network. So the scripts and
styles are compressed (brotli and gzip) into a folder when the server starts, by threads (both compressors work
outside the interpreter's lock), under the SHA-256 of their content: nothing is done twice, nothing goes stale.
"""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import mimetypes
import os
import sys
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import brotli  # type: ignore[import-untyped]
import rjsmin  # type: ignore[import-untyped]

from app.server.bundling import bundled, fetched_later, with_imports

# Quality 11 takes 2.5 times as long as 10 and saves 2 % (measured on Bokeh's, Panel's and MUI's scripts).
BROTLI_QUALITY = 10
COMPRESSORS: dict[str, Callable[[bytes], bytes]] = {
    "br": lambda content: brotli.compress(content, quality=BROTLI_QUALITY),
    "gzip": lambda content: gzip.compress(content, 9, mtime=0),
}
COMPRESSIBLE = {".js", ".css", ".svg", ".json", ".html", ".txt"}
CONTENT_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".woff2": "font/woff2"}

ROOT = Path(__file__).resolve().parents[2]
# Of Bokeh, Panel and panel-material-ui: what pages of ours load. Another file is served as it is, uncompressed.
VENDOR = (
    ("bokeh", "server/static/js", ("bokeh.min.js", "bokeh-widgets.min.js", "bokeh-tables.min.js")),
    ("panel", "dist", ("panel.min.js", "css/**/*.css", "bundled/theme/*.css")),
    (
        "panel",
        "dist/bundled",
        ("datatabulator/**/*.js", "datatabulator/**/*.css", "reactiveesm/**/*.js", "font-awesome/css/*.css"),
    ),
    ("panel_material_ui", "dist", ("*.js", "*.css")),
)
# Modules that stand at the beginning of a page, or are fetched later: sent with all that they import.
ROOM = "components/video_room"
ENTRIES = tuple(f"{ROOM}/{name}" for name in ("page.js", "guest.js", *fetched_later(ROOT / ROOM)))
OWN_SUFFIXES = {".js", ".css", ".svg", ".png", ".woff2", ".ico", ".webp"}


@dataclass(frozen=True)
class Shelved:
    """One file, ready to send. `bodies` by content coding; without a compressed form only `identity`."""

    content_type: str
    digest: str
    bodies: dict[str, bytes]

    def best_for(self, accept_encoding: str) -> str:
        """The coding to answer with (RFC 9110 12.5.3; a weight of zero means no)."""
        accepted = {
            part.split(";")[0].strip() for part in accept_encoding.split(",") if ";q=0" not in part.strip()[-4:]
        }
        return next((coding for coding in ("br", "gzip") if coding in accepted and coding in self.bodies), "identity")


class Shelf:
    """Every compressed file, found by its path on disk; our own also by their name."""

    def __init__(self, files: dict[Path, Shelved], own: dict[str, Path]) -> None:
        self._files = files
        self._own = own
        tree = "".join(f"{name} {files[path].digest}\n" for name, path in sorted(own.items()))
        # Names the content of all our files at once: modules import each other by relative paths, so an address
        # that may be kept for ever must change for all of them together.
        self.version = hashlib.sha256(tree.encode()).hexdigest()[:12]

    def at(self, path: str) -> Shelved | None:
        return self._files.get(Path(path))

    def own(self, name: str) -> Shelved | None:
        """One of our files: « page.js » of `app/static`, « components/video_room/page.js »."""
        path = self._own.get(name)
        return self._files[path] if path else None

    def names(self) -> list[str]:
        return sorted(self._own)


def build(cache: Path, root: Path = ROOT) -> Shelf:
    """Compress what is not yet in `cache` (about two seconds on two cores, once) and load everything."""
    cache.mkdir(parents=True, exist_ok=True)
    own = own_files(root)
    bundles: dict[Path, Callable[[Path], str]] = {own[name]: bundled for name in ENTRIES if name in own}
    bundles |= {path: with_imports for path in own.values() if path.suffix == ".css"}
    paths = sorted({*own.values(), *vendor_files()}, key=lambda path: -path.stat().st_size)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        shelved = pool.map(lambda path: _shelve(path, cache, bundles.get(path)), paths)
        return Shelf(dict(zip(paths, shelved, strict=True)), own)


def own_files(root: Path = ROOT) -> dict[str, Path]:
    """Name in an address -> file, of `app/static` and of the browser's part of `components`; never Python."""
    own = _below(root / "app" / "static", "")
    return own | _below(root / "components", "components/")


def vendor_files() -> Iterable[Path]:
    """The scripts and styles of Bokeh, Panel and panel-material-ui, found without importing them."""
    for package, folder, patterns in VENDOR:
        spec = importlib.util.find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            continue
        base = Path(next(iter(spec.submodule_search_locations))) / folder
        for pattern in patterns:
            yield from (path for path in base.glob(pattern) if path.is_file())


def _below(folder: Path, prefix: str) -> dict[str, Path]:
    found = (path for path in folder.rglob("*") if path.suffix in OWN_SUFFIXES and path.is_file())
    return {prefix + path.relative_to(folder).as_posix(): path for path in found}


def _shelve(path: Path, cache: Path, bundle: Callable[[Path], str] | None) -> Shelved:
    content = bundle(path).encode() if bundle else path.read_bytes()
    if path.suffix == ".js" and not path.is_relative_to(sys.prefix):
        # Ours, without its comments; the vendors' is minified already.
        content = rjsmin.jsmin(content)
    digest = hashlib.sha256(content).hexdigest()
    bodies = {"identity": content}
    if path.suffix in COMPRESSIBLE and len(content) > 512:
        for coding, compress in COMPRESSORS.items():
            body = _compressed(cache / f"{digest[:32]}.{coding}", content, compress)
            if len(body) < len(content):
                bodies[coding] = body
    kind = CONTENT_TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return Shelved(kind, digest[:32], bodies)


def _compressed(kept: Path, content: bytes, compress: Callable[[bytes], bytes]) -> bytes:
    if kept.exists():
        return kept.read_bytes()
    body = compress(content)
    # Renamed when whole: another process may be doing the same, and this one may be killed.
    partial = kept.with_suffix(f"{kept.suffix}.{os.getpid()}.{threading.get_ident()}")
    partial.write_bytes(body)
    partial.replace(kept)
    return body
