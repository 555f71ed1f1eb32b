"""The first place where two values differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from nbexp.fingerprints.difference import first_difference

pd = pytest.importorskip("pandas")


@dataclass
class Model:
    name: str
    weights: Any


NAN = float("nan")

PLACES: dict[str, tuple[Any, Any, tuple[str, str, str]]] = {
    "number": (1, 2, ("v", "1", "2")),
    "type": (1, 1.0, ("v", "1", "1.0")),
    "dict": ({"a": 1, "b": 2}, {"a": 1, "b": 3}, ("v['b']", "2", "3")),
    "list in a dict": ({"a": [1, 2]}, {"a": [1, 5]}, ("v['a'][1]", "2", "5")),
    "another length": ([1, 2], [1], ("v", "[1, 2]", "[1]")),
    "another order": ({"a": 1, "b": 2}, {"b": 2, "a": 1}, ("v", "{'a': 1, 'b': 2}", "{'a': 1, 'b': 2}")),
    "array": (np.array([1.0, NAN, 3.0]), np.array([1.0, NAN, 4.0]), ("v[2]", "3.0", "4.0")),
    "minus zero": (np.array([0.0, 0.0]), np.array([0.0, -0.0]), ("v[1]", "0.0", "-0.0")),
    "attribute": (Model("m", [1, 2]), Model("m", [1, 3]), ("v.weights[1]", "2", "3")),
    "column": (
        pd.DataFrame({"a": [1, 2], "b": [3, 4]}),
        pd.DataFrame({"a": [1, 2], "b": [3, 5]}),
        ("v['b'][1]", "4", "5"),
    ),
}


@pytest.mark.parametrize("name", PLACES)
def test_the_first_place_is_named(name: str) -> None:
    old, new, expected = PLACES[name]
    found = first_difference("v", old, new)
    assert found is not None
    assert (found.path, found.old, found.new) == expected


@pytest.mark.parametrize("name", PLACES)
def test_equal_values_have_none(name: str) -> None:
    import copy

    old = PLACES[name][0]
    assert first_difference("v", old, copy.deepcopy(old)) is None


def test_a_matrix_is_named_by_row_and_column() -> None:
    old, new = np.zeros((3, 4)), np.zeros((3, 4))
    new[1, 2] = new[2, 0] = 7
    found = first_difference("m", old, new)
    assert found is not None
    assert found.path == "m[1, 2]"


def test_a_tensor_is_named_by_its_place() -> None:
    torch = pytest.importorskip("torch")
    found = first_difference("t", torch.zeros(2, 2), torch.tensor([[0.0, 0.0], [5.0, 0.0]]))
    assert found is not None
    assert found.path == "t[1, 0]"
