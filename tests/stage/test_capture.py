"""What a stage did to its inputs."""

from __future__ import annotations

import pytest

from nbexp.code.resolving import Name
from nbexp.errors import Unfingerprintable
from nbexp.fingerprints.fingerprint import fingerprint
from nbexp.stage.capture import _mark_if_mutated
from nbexp.stage.reach import Root
from tests.adapters.conformance import Case
from tests.adapters.test_conformance import each


def root(value: object) -> Root:
    return Root(Name("__main__", ("value",)), "value", value, fingerprint(value), False)


@pytest.mark.parametrize("case", each())
def test_a_value_that_was_only_read_is_not_mutated(case: Case) -> None:
    try:
        read = root(case.make())
    except Unfingerprintable:
        pytest.skip("it cannot be told")
    assert _mark_if_mutated(read) is None


@pytest.mark.parametrize("case", each("mutate"))
def test_a_value_that_was_changed_is_mutated(case: Case) -> None:
    read = root(case.make())
    assert case.mutate is not None
    case.mutate(read.value)
    mark = _mark_if_mutated(read)
    assert mark is not None
    assert mark.digest == fingerprint(read.value).digest != read.mark.digest


def test_another_object_that_equals_the_one_before() -> None:
    rows = [[1], [2]]
    read = root(rows)
    rows[1] = [2]
    assert _mark_if_mutated(read) is not None
