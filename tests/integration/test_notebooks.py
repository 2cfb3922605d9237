"""The training notebooks run from top to bottom, and each component shows something."""

from __future__ import annotations

from pathlib import Path

import jupytext
import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


@pytest.mark.parametrize("name", sorted(path.stem for path in NOTEBOOKS.glob("*.py")))
def test_the_notebook_is_made_from_its_source(name: str) -> None:
    kept = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
    source = jupytext.read(NOTEBOOKS / f"{name}.py")
    assert [(cell.cell_type, cell.source) for cell in kept.cells] == [(c.cell_type, c.source) for c in source.cells]
    assert all(not cell.get("outputs") for cell in kept.cells)


def test_every_component_of_the_notebook_shows_something() -> None:
    notebook = nbformat.read(NOTEBOOKS / "00_composants.ipynb", as_version=4)
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(NOTEBOOKS)}}).execute()
    shown = [cell for cell in notebook.cells if cell.source.startswith('demo("')]
    assert len(shown) == 7
    for cell in shown:
        kinds = {kind for output in cell.outputs for kind in output.get("data", {})}
        assert kinds & {"text/html", "application/vnd.holoviews_exec.v0+json"}, cell.source
