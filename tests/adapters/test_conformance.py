from __future__ import annotations

from pathlib import Path

import pytest

from tests.adapters import conformance
from tests.adapters.conformance import LIBRARIES, Case


def installed(library: str) -> bool:
    from importlib.util import find_spec

    return find_spec(LIBRARIES[library]) is not None


HERE = [library for library in LIBRARIES if installed(library)]


def each(*wanted: str) -> list[object]:
    """Every case of every installed library that has all properties named in `wanted`."""
    return [
        pytest.param(case, id=f"{library}-{case.name}")
        for library in HERE
        for case in conformance.cases(library)
        if all(getattr(case, name) for name in wanted)
    ]


@pytest.mark.parametrize("case", each())
def test_the_same_value_has_the_same_fingerprint(case: Case) -> None:
    conformance.check_same_value_same_fingerprint(case)


@pytest.mark.parametrize("case", each())
def test_different_values_have_different_fingerprints(case: Case) -> None:
    conformance.check_different_values_differ(case)


@pytest.mark.parametrize("case", each())
def test_the_numbering_does_not_need_the_hash(case: Case) -> None:
    conformance.check_numbering_without_hashing(case)


@pytest.mark.parametrize("case", each())
def test_a_preview_is_one_short_line(case: Case) -> None:
    conformance.check_preview(case)


@pytest.mark.parametrize("case", each("stored"))
def test_what_is_stored_comes_back_and_is_the_users_own(case: Case, tmp_path: Path) -> None:
    conformance.check_comes_back(case, tmp_path)


@pytest.mark.parametrize("case", each("mutate", "patched"))
def test_a_live_value_takes_over_the_content_of_a_mutated_one(case: Case, tmp_path: Path) -> None:
    conformance.check_patched_in_place(case, tmp_path)


@pytest.mark.parametrize("library", HERE)
def test_fingerprints_are_the_same_in_another_process(library: str) -> None:
    assert conformance.digests_elsewhere(library, hash_seed=4711) == conformance.digests(library)


def test_no_two_cases_of_the_table_are_the_same_value() -> None:
    found: dict[str, str] = {}
    for library in HERE:
        for case in conformance.cases(library):
            name = f"{library}-{case.name}"
            assert found.setdefault(conformance.digest(case.make()), name) == name
