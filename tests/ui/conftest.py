"""A shell with nbexp in a project of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from nbexp.ui.magics import load_extension, unload_extension


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    (tmp_path / "pyproject.toml").touch()
    monkeypatch.chdir(tmp_path)
    shell = InteractiveShell()
    load_extension(shell)
    yield shell
    unload_extension(shell)
    shell.history_manager.end_session()
