"""The example notebooks as a reader sees them; that their cells give what they show is nbval's to test."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from nbexp.records import STAGE_MIME

EXAMPLES = sorted((Path(__file__).parents[1] / "example_notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_shows_no_marks_for_tools_and_no_lines_of_an_earlier_run(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    assert len(notebook.cells) <= 12
    for cell in notebook.cells:
        assert "NBVAL" not in cell.source
        for output in cell.get("outputs", ()):
            assert STAGE_MIME not in output.get("data", {})
