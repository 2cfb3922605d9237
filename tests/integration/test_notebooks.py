"""The training notebooks run from top to bottom, and each component shows something."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jupytext
import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[2]
NOTEBOOKS = ROOT / "notebooks"


@pytest.mark.parametrize("name", sorted(path.stem for path in NOTEBOOKS.glob("*.py")))
def test_the_notebook_is_made_from_its_source(name: str) -> None:
    kept = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
    source = jupytext.read(NOTEBOOKS / f"{name}.py")
    assert [(cell.cell_type, cell.source) for cell in kept.cells] == [(c.cell_type, c.source) for c in source.cells]
    assert all(not cell.get("outputs") and not cell.get("execution_count") for cell in kept.cells)


@pytest.fixture(scope="module")
def executed() -> Any:
    """Every component's cell, executed in a kernel that cannot reach the Internet's copies of the libraries."""
    notebook = nbformat.read(NOTEBOOKS / "00_composants.ipynb", as_version=4)
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(NOTEBOOKS)}}).execute()
    return notebook


@pytest.mark.slow
def test_every_component_has_its_cell(executed: Any) -> None:
    shown = {cell.source for cell in executed.cells if cell.source.startswith('demo("')}
    demos = {path.parent.name for path in (ROOT / "components").glob("*/demo.py")}
    assert shown == {f'demo("{name}")' for name in demos}


@pytest.mark.slow
def test_every_component_s_cell_shows_a_view(executed: Any) -> None:
    for cell in executed.cells:
        if not cell.source.startswith('demo("'):
            continue
        kinds = {kind for output in cell.outputs for kind in output.get("data", {})}
        assert "text/html" in kinds, cell.source
        assert kinds & {"application/vnd.holoviews_exec.v0+json", "application/javascript"}, cell.source
        page = json.dumps([output.get("data", {}) for output in cell.outputs])
        assert "Traceback" not in page, cell.source


@pytest.mark.slow
def test_nothing_warns_and_no_library_comes_from_elsewhere(executed: Any) -> None:
    for cell in executed.cells:
        for output in cell.get("outputs", []):
            assert output.output_type != "stream" or output.name != "stderr", (cell.source, output.get("text"))
            page = json.dumps(output.get("data", {}))
            assert 'script src=\\"https://' not in page
