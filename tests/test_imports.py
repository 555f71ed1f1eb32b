"""What is loaded when: an import of nbexp, and the start of its commands, stay light."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = {
    "torch", "plotly", "papermill", "pandas", "numpy", "sqlalchemy", "fsspec", "nbformat", "nbclient", "matplotlib",
    "sklearn", "scipy", "polars", "pyarrow", "joblib", "ipywidgets", "anywidget", "cryptography", "rich", "typer",
}  # fmt: skip


def loaded_by(statement: str) -> set[str]:
    """Roots of the modules that a fresh process has loaded after `statement`."""
    code = f"{statement}\nimport json, sys\nprint(json.dumps(sorted({{m.partition('.')[0] for m in sys.modules}})))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    ("statement", "allowed"),
    [
        ("import nbexp", set()),
        ("import nbexp.store.store", set()),
        ("import nbexp.runs.parameters", set()),
        ("import nbexp.ui.cli", {"typer", "rich"}),
    ],
)
def test_nothing_heavy_is_loaded(statement: str, allowed: set[str]) -> None:
    assert loaded_by(statement) & HEAVY <= allowed


def test_the_measure_sees_a_heavy_import() -> None:
    assert "nbformat" in loaded_by("import nbformat")
