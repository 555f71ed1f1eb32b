"""Which cells load nbexp before anything could have been seeded."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from IPython.core.inputtransformer2 import TransformerManager

from nbexp.kernel.beginning import is_first

CELLS = {
    "%load_ext nbexp": True,
    "# title\n\n%load_ext nbexp": True,
    "%load_ext autoreload\n%autoreload 2\n%matplotlib inline\n%load_ext nbexp": True,
    "%pip install tqdm\n%reload_ext nbexp\nimport random\nrandom.seed(1)": True,
    "import setup_all\n%load_ext nbexp": False,
    "x = 1\n%load_ext nbexp": False,
    "%run setup_all.py\n%load_ext nbexp": False,
    "%time f()\n%load_ext nbexp": False,
    "%load_ext own_extension\n%load_ext nbexp": False,
    "%%capture\nimport setup_all\n%load_ext nbexp": False,
    "if True:\n    %load_ext nbexp": False,
    "print('%load_ext nbexp')": False,
}


def shell(*cells: str) -> Any:
    transformed = [TransformerManager().transform_cell(cell) for cell in cells]
    return SimpleNamespace(user_ns={"In": ["", *transformed]})


@pytest.mark.parametrize(("cell", "first"), CELLS.items())
def test_one_cell(cell: str, first: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own_extension.py").write_text("def load_ipython_extension(shell): pass\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert is_first(shell(cell)) is first


def test_before_any_cell_and_after_one() -> None:
    assert is_first(SimpleNamespace(user_ns={}))  # type: ignore[arg-type]
    assert is_first(shell())
    assert not is_first(shell("x = 1", "%load_ext nbexp"))
