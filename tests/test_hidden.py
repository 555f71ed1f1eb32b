"""The engine's cases where ``fcntl``, ``os.fork``, ``resource`` and ``pwd`` are not there for nbexp."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.behaviour.cases import all_cases
from tests.behaviour.in_kernel import Kernel
from tests.behaviour.messages import run
from tests.behaviour.model import RAN, RESTORED

REPOSITORY = Path(__file__).resolve().parents[1]


#: The engine's cases are tried in so many processes, for there may be as many workers.
PARTS = 4


def hidden(*arguments: str, part: str = "0/1") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], cwd=REPOSITORY, env={**os.environ, "HIDDEN_PART": part}, capture_output=True,
        text=True, timeout=1500, check=False,
    )  # fmt: skip


def test_the_modules_are_hidden_from_nbexp_and_from_nobody_else() -> None:
    code = """
import tests.hidden, os
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


def test_nothing_is_called_hidden_when_it_is_too_late() -> None:
    done = hidden("-c", "import nbexp.platform, tests.hidden")
    assert "nothing would be hidden" in done.stderr


def outcomes(folder: str, *options: str, part: str = "0/1") -> dict[str, int]:
    """How the tests of a folder end where the modules are hidden: the numbers that pytest's last line tells."""
    quiet = ("-q", "-p", "tests.hidden", "-p", "no:cacheprovider", "-p", "no:xdist")
    done = hidden("-m", "pytest", *quiet, *options, folder, part=part)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    told = re.search(r"hidden from (\d+) modules of nbexp; none sees any", done.stdout)
    assert told, done.stdout[-4000:]
    assert int(told[1]) > 20
    return {word: int(number) for number, word in re.findall(r"(\d+) (\w+)", done.stdout.splitlines()[-1])}


@pytest.mark.slow
@pytest.mark.timeout(1600)
@pytest.mark.parametrize("part", range(PARTS))
def test_the_engines_cases_pass_without_them(part: int) -> None:
    cases = [case for case in all_cases() if not case.kernel][part::PARTS]
    found = outcomes("tests/behaviour/test_cases.py", "-m", "not soak", part=f"{part}/{PARTS}")
    assert found["passed"] + found.get("skipped", 0) + found.get("xfailed", 0) == len(cases)
    assert found["passed"] > 0.9 * len(cases)


@pytest.mark.slow
@pytest.mark.timeout(1600)
def test_the_store_works_without_them() -> None:
    assert outcomes("tests/store")["passed"] > 200


@pytest.mark.slow
def test_a_kernel_stores_and_restores_without_them(tmp_path: Path) -> None:
    (tmp_path / ".nbexp").mkdir()
    source = "%%stage made\nimport numpy as np, os\nmade = np.arange(200_000), hasattr(os, 'fork')\nprint('made')"
    for status in (RAN, RESTORED):
        kernel = Kernel(tmp_path, environment={"PYTHONSTARTUP": str(REPOSITORY / "tests" / "hidden.py")})
        try:
            found = run(kernel, source)
            assert (found.status, found.reply["status"], found.text) == (status, "ok", "made\n")
            assert kernel.value("(int(made[0].sum()), made[1])") == "(19999900000, False)"
            assert kernel.value("sum(name.startswith('nbexp.') for name in sys.modules) > 50 and seeing()") == "[]"
        finally:
            kernel.stop()
