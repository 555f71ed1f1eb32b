"""The engine's cases where ``fcntl``, ``os.fork``, ``resource`` and ``pwd`` are not there for nbexp."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]


def hidden(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], cwd=REPOSITORY, capture_output=True, text=True, timeout=1500, check=False
    )


def test_the_modules_are_hidden_from_nbexp_and_from_nobody_else() -> None:
    code = """
import tests.hidden, os, types
for name in tests.hidden.HIDDEN:
    exec(f"import {name}", {"__name__": "another"})
    try:
        exec(f"import {name}", {"__name__": "nbexp.platform"})
    except ImportError:
        continue
    raise AssertionError(name)
assert not hasattr(os, "fork")
"""
    done = hidden("-c", code)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.timeout(1600)
@pytest.mark.parametrize("folder", ["tests/behaviour", "tests/store"])
def test_the_engines_cases_pass_without_them(folder: str) -> None:
    done = hidden("-m", "pytest", "-q", "-p", "tests.hidden", "-p", "no:cacheprovider", "-p", "no:xdist", folder)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert " passed" in done.stdout
