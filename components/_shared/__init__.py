"""What several components share: the look of controls in a shadow root, elements, requests; modules joined into one."""

import re
from pathlib import Path

CONTROLS = (Path(__file__).parent / "component.css").read_text()
"""Style of buttons, fields, chips and cards; values come from the page's `tokens.css`."""

TOKENS = (Path(__file__).parent / "tokens.css").read_text()
"""Every colour, size and shadow of the product, on `:root`."""

DOM, ASKING, LINE = (f"../_shared/{name}.js" for name in ("dom", "asking", "line"))
"""Modules to be joined before a component's own: elements; the component's channel; a line for requests."""


def joined(folder: Path, *names: str) -> str:
    """Several ES modules as one, for `_esm`.

    A component's relative imports do not resolve in the browser unless it is bundled (Panel 1.9). The modules stay real
    ones, with imports and exports that `tsc` checks; here the imports between them go, and every `export` but those of
    the last. So no two may use the same name at their top level (a test sees to it).
    """
    texts = [(folder / name).read_text(encoding="utf-8") for name in names]
    texts = [re.sub(r'^import [^;]* from "\.{1,2}/[^"]*";\n', "", text, flags=re.MULTILINE) for text in texts]
    inner = [re.sub(r"^export ", "", text, flags=re.MULTILINE) for text in texts[:-1]]
    return "\n".join([*inner, texts[-1]])
