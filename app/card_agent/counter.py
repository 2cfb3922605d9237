"""How many codes may still be tried, on disk before each try: killing the agent gives no free try.

A real card counts too; this counter stands before it, so that three wrong codes typed here are said and stopped even
where the card's software does not say how many are left. Three, as on the card.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path

TRIES = 3


class Counter:
    """The tries left of each card, one file per card in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def left(self, identifier: str) -> int:
        """Tries left; a file that can't be read counts as none: never a free try."""
        path = self._path(identifier)
        if not path.exists():
            return TRIES
        try:
            return max(0, min(TRIES, int(json.loads(path.read_text())["left"])))
        except (OSError, ValueError, KeyError, TypeError):
            return 0

    def write(self, identifier: str, left: int) -> None:
        """Keep the tries left, on the disk itself when this returns. Raises: OSError."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self._path(identifier)
        partial = path.with_suffix(".part")
        with partial.open("w") as file:
            json.dump({"left": left}, file)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
        if sys.platform != "win32":  # a renamed file is only safe once its folder is
            folder = os.open(self._folder, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    def forget(self) -> int:
        """Forget every card that is blocked here: it was unblocked or replaced. Answers how many."""
        blocked = [path for path in self._folder.glob("*.json")]
        for path in blocked:
            path.unlink()
        return len(blocked)

    def _path(self, identifier: str) -> Path:
        return self._folder / f"{hashlib.sha256(identifier.encode()).hexdigest()[:32]}.json"
