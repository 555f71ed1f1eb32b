"""Every behaviour case: in a real IPython shell in this process, or in real kernels where only these can show it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.behaviour import in_kernel, in_process
from tests.behaviour.cases import all_cases
from tests.behaviour.count import line
from tests.behaviour.model import Case
from tests.soak.evidence import note

_ALL = all_cases()


#: Of the cases in this process, `make test-fast` runs every so manieth.
_FAST = 8


def _marked(cases: list[Case], fast: int = 1) -> list[object]:
    return [
        pytest.param(case, id=case.id, marks=[*([pytest.mark.order] if case.order else []), *_slow(number % fast)])
        for number, case in enumerate(cases)
    ]


def _slow(left: int) -> list[pytest.MarkDecorator]:
    return [pytest.mark.slow] if left else []


def _judge(case: Case, wrong: list[str]) -> None:
    if case.known:
        assert wrong, "the engine answers as expected now: take `known` out of the case"
        pytest.xfail(case.known)
    assert not wrong, "\n".join(wrong)


def _skip_without(case: Case) -> None:
    for module in case.needs:
        pytest.importorskip(module)


@pytest.mark.parametrize("case", _marked([case for case in _ALL if not case.kernel], _FAST))
def test_case(case: Case, tmp_path: Path) -> None:
    _skip_without(case)
    _judge(case, in_process.run_case(case, tmp_path))


@pytest.mark.slow
@pytest.mark.parametrize("case", _marked([case for case in _ALL if case.kernel]))
def test_case_in_kernels(case: Case, tmp_path: Path) -> None:
    _skip_without(case)
    _judge(case, in_kernel.run_case(case, tmp_path))


@pytest.mark.soak
def test_counts() -> None:
    _, cases, hits, misses, *_ = line("all", _ALL)
    note("cases", f"{cases} behaviour cases: {hits} assert a hit, {misses} a miss", "make soak")


@pytest.mark.soak
@pytest.mark.parametrize("case", _marked([case for case in _ALL if not case.kernel]))
def test_every_case_in_kernels(case: Case, tmp_path: Path) -> None:
    _skip_without(case)
    _judge(case, in_kernel.run_case(case, tmp_path))
