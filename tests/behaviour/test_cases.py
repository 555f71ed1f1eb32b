"""Every behaviour case, in a real IPython shell in this process."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.behaviour.cases import all_cases
from tests.behaviour.in_process import run_case
from tests.behaviour.model import Case


@pytest.mark.parametrize("case", [case for case in all_cases() if not case.kernel], ids=lambda case: case.id)
def test_case(case: Case, tmp_path: Path) -> None:
    for module in case.needs:
        pytest.importorskip(module)
    wrong = run_case(case, tmp_path)
    assert not wrong, "\n".join(wrong)
