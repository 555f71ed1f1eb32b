"""Functions put into installed packages: all of them found, nothing else."""

from __future__ import annotations

import functools
import json
from typing import Any
from unittest import mock

import numpy as np
import pandas as pd
import pytest
from pandas.core.accessor import Accessor

from nbexp.code.monkeypatches import PYTHON, monkeypatches


def own(*_: Any) -> int:
    return 1


class Own:
    """A class of the project."""

    def method(self) -> int:
        return 1


PLACES = {
    "function": (np, "mean", own, "numpy", "numpy.mean"),
    "wrapped": (np, "mean", functools.wraps(np.mean)(lambda *_: 1), "numpy", "numpy.mean"),
    "class": (np, "ndarray", Own, "numpy", "numpy.ndarray"),
    "bound method": (np, "mean", Own().method, "numpy", "numpy.mean"),
    "method": (pd.DataFrame, "mean", own, "pandas", "DataFrame.mean"),
    "new method": (pd.DataFrame, "own", own, "pandas", "DataFrame.own"),
    "property": (pd.DataFrame, "own", property(own), "pandas", "DataFrame.own"),
    "static method": (pd.DataFrame, "own", staticmethod(own), "pandas", "DataFrame.own"),
    "class method": (pd.DataFrame, "own", classmethod(own), "pandas", "DataFrame.own"),
    "class in a class": (pd.DataFrame, "own", Own, "pandas", "DataFrame.own"),
    "cached function": (np, "mean", functools.lru_cache(own), "numpy", "numpy.mean"),
    "object": (np, "mean", Own(), "numpy", "numpy.mean"),
    "mock": (np, "mean", mock.MagicMock(), "numpy", "numpy.mean"),
    "accessor": (pd.DataFrame, "own", Accessor("own", Own), "pandas", "DataFrame.own"),
    "Python's library": (json, "dumps", own, PYTHON, "json.dumps"),
    "class of Python's library": (json.JSONEncoder, "default", own, PYTHON, "JSONEncoder.default"),
}


@pytest.mark.parametrize("value", [own, Own, Own()], ids=["function", "class", "object"])
def test_an_entry_in_a_table(value: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(np, "own_table", {"a": len, "b": value}, raising=False)
    (found,) = monkeypatches()
    assert (found.package, str(found.name), found.value) == ("numpy", "numpy.own_table.b", value)


def test_nothing_is_patched_at_first() -> None:
    assert monkeypatches() == ()


@pytest.mark.parametrize(("place", "name", "value", "package", "found_at"), PLACES.values(), ids=PLACES)
def test_a_patch(
    place: Any, name: str, value: Any, package: str, found_at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place, name, value, raising=False)
    found = {patch.package: patch for patch in monkeypatches()}
    assert set(found) == {package}
    assert str(found[package].name).endswith(found_at)
    monkeypatch.undo()
    assert monkeypatches() == ()


@pytest.mark.parametrize("value", [np.median, len, pd.Series, 3], ids=["installed", "built in", "class", "data"])
def test_no_patch_by_code_of_others(value: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(np, "mean", value)
    assert monkeypatches() == ()
