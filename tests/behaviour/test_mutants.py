"""The cases catch a broken engine: one that never restores, and one that restores whatever it has.

Each must fail more than a third of the cases. `make test` tries a part that is spread over all categories, `make soak`
all of them.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.behaviour.cases import all_cases
from tests.behaviour.in_process import run_case
from tests.behaviour.model import Case
from tests.behaviour.mutants import MUTANTS, engine
from tests.soak.evidence import note

_CASES = [case for case in all_cases() if not case.kernel and not case.known]

#: Of so many cases of a category, one is in the part; neighbours are twins, so the step is odd.
_STEP = 9


def spread(cases: list[Case]) -> list[Case]:
    """Each `_STEP`-th case of every category."""
    categories = dict.fromkeys(case.category for case in cases)
    return [case for name in categories for case in [one for one in cases if one.category == name][::_STEP]]


def failed(case: Case, root: Path, mutant: str) -> bool:
    """Whether the mutant is caught by `case`; falling over is being caught too."""
    root.mkdir()
    with engine(mutant):
        try:
            return bool(run_case(case, root))
        except Exception:  # noqa: BLE001 - a mutant may break anything
            return True


def caught(cases: list[Case], folder: Path, mutant: str) -> tuple[float, str]:
    """The share of the cases that the mutant fails, as a number and in words."""
    results = [failed(case, folder / str(number), mutant) for number, case in enumerate(cases)]
    share = sum(results) / len(results)
    words = f"fails {sum(results)} of {len(results)} cases ({share:.0%})"
    print(f"the engine that {mutant} {words}")
    return share, words


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_part_of_the_cases_catches(mutant: str, tmp_path: Path) -> None:
    cases = spread(_CASES)
    assert {case.category for case in cases} == {case.category for case in _CASES}
    assert caught(cases, tmp_path, mutant)[0] > 1 / 3


@pytest.mark.soak
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("mutant", MUTANTS)
def test_all_cases_catch(mutant: str, tmp_path: Path) -> None:
    share, words = caught(_CASES, tmp_path, mutant)
    note(f"mutant-{mutant.replace(' ', '-')}", words, "make soak")
    assert share > 1 / 3


def test_hits_are_asserted_by_two_fifths_of_the_cases() -> None:
    cases = all_cases()
    assert len(cases) >= 260
    assert sum(case.count("restored") > 0 for case in cases) >= 0.4 * len(cases)


def test_every_category_has_hits_and_misses() -> None:
    from tests.behaviour.count import misses

    for name in {case.category for case in all_cases()}:
        cases = [case for case in all_cases() if case.category == name]
        assert any(case.count("restored") for case in cases), name
        assert any(misses(case) for case in cases), name
