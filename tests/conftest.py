"""What holds for every test: no trace in the user's home, no setting of the user's, no GPU test without a GPU."""

from __future__ import annotations

import os
import signal
import tempfile
from pathlib import Path

import pytest

#: matplotlib builds a font cache of several seconds for each new folder: all tests share one.
_MATPLOTLIB = Path(tempfile.gettempdir()) / f"nbexp-tests-matplotlib-{os.environ.get('USER', 'user')}"


def pytest_configure() -> None:
    """A program started in the background of a script ignores interrupts, and so would all that tests start."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def own_surroundings(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys, trust and caches of the test alone; no ``NBEXP_*`` of the shell that runs the tests."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "config"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "cache"))
    monkeypatch.setenv("IPYTHONDIR", str(home / "ipython"))
    monkeypatch.setenv("MPLCONFIGDIR", str(_MATPLOTLIB))
    for name in [name for name in os.environ if name.startswith("NBEXP_")]:
        monkeypatch.delenv(name)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs a GPU where torch sees none; torch is loaded only if such a test was collected."""
    marked = [item for item in items if item.get_closest_marker("gpu")]
    if marked and not _has_gpu():
        for item in marked:
            item.add_marker(pytest.mark.skip(reason="no GPU that torch can use"))


def _has_gpu() -> bool:
    try:
        import torch
    except ImportError:
        return False
    return torch.cuda.is_available()
