from __future__ import annotations

import gc
import subprocess
import sys
import weakref
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from nbexp import registry
from nbexp.adapters.base import Adapter, Node
from nbexp.errors import Unpatchable
from nbexp.fingerprints.fingerprint import fingerprint
from nbexp.graphs.patch import detach
from nbexp.registry import adapter_for, register


@pytest.fixture(autouse=True)
def registered() -> Iterator[None]:
    yield
    registry._registered.clear()
    registry._found.clear()


class Grid:
    """Hides what it is made of."""

    __slots__ = ("_cells", "cache")

    def __init__(self, cells: Any) -> None:
        self._cells, self.cache = cells, object()

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise TypeError("not me")


class FineGrid(Grid):
    pass


CLASSES = [
    "class A: pass",
    "class A: __slots__ = ('x',)",
    "class A:\n    __slots__ = ('x', '__dict__')",
    "class A(dict): pass",
    "class A:\n    def __getstate__(self): return {}",
    "import enum\nclass A(enum.Enum):\n    B = 1\nA_ = A.B\ndef make(): return A_",
]


@pytest.mark.parametrize("registering", [False, True])
@pytest.mark.parametrize("source", CLASSES)
def test_a_class_that_nobody_holds_is_freed(source: str, registering: bool) -> None:
    space: dict[str, Any] = {"__name__": "__main__"}
    exec(source, space)
    if registering:
        register(space["A"], preview=lambda value: "A")
    value = space.get("make", space["A"])()
    fingerprint(value)
    with suppress(Unpatchable):
        detach(value)
    held = weakref.ref(space["A"])
    del value
    space.clear()
    gc.collect()
    assert held() is None


def test_without_registration_the_general_route_refuses_it() -> None:
    with pytest.raises(Exception, match="not me"):
        fingerprint(Grid([1]))


def test_a_registered_description_is_the_value() -> None:
    register(Grid, describe=lambda grid: grid._cells)
    assert fingerprint(Grid([1])).digest == fingerprint(Grid([1])).digest
    assert fingerprint(Grid([1])).digest != fingerprint(Grid([2])).digest
    assert fingerprint(Grid([1])).digest != fingerprint([1]).digest


def test_shared_content_of_a_description_is_shared() -> None:
    register(Grid, describe=lambda grid: grid._cells)
    cells = [1]
    assert fingerprint([Grid(cells), Grid(cells)]).digest != fingerprint([Grid([1]), Grid([1])]).digest


def test_a_registration_is_for_the_exact_type() -> None:
    register(Grid, describe=lambda grid: grid._cells)
    with pytest.raises(Exception, match="not me"):
        fingerprint(FineGrid([1]))


def test_functions_and_what_is_left_to_the_adapter_before() -> None:
    def patch(live: Grid, new: Grid) -> None:
        live._cells = new._cells

    register(Grid, reduce=lambda grid: (Grid, (grid._cells,)), patch=patch, preview=lambda grid: "a grid")
    adapter, live = adapter_for(Grid), Grid([1])
    assert adapter.reduce(live, None) == (Grid, ([1],))  # type: ignore[arg-type]
    adapter.patch(live, Grid([2]))
    assert live._cells == [2]
    assert adapter.preview(live) == "a grid"
    with pytest.raises(Exception, match="not me"):
        fingerprint(live)


def test_a_later_registration_replaces_an_earlier_one() -> None:
    register(Grid, describe=lambda grid: 1, preview=lambda grid: "old")
    register(Grid, describe=lambda grid: 2)
    assert adapter_for(Grid).preview(Grid(0)) != "old"


def test_a_whole_adapter() -> None:
    class Mine(Adapter):
        def describe(self, value: Any) -> Node:
            return Node("mine", value._cells)

    mine = Mine()
    register(Grid, adapter=mine)
    assert adapter_for(Grid) is mine
    with pytest.raises(Unpatchable):
        mine.patch(Grid(1), Grid(2))


def test_a_class_that_claims_a_known_name_is_not_taken_for_it() -> None:
    false = type("Decimal", (), {"__module__": "decimal"})
    import decimal

    assert type(adapter_for(false)) is not type(adapter_for(decimal.Decimal))


def test_every_named_module_states_adapters() -> None:
    for name in registry.COMMON:
        assert registry.import_module(name).ADAPTERS


def test_libraries_are_loaded_by_meeting_them_only() -> None:
    code = """
import sys
from nbexp.fingerprints.fingerprint import fingerprint
from nbexp.graphs.patch import detach
fingerprint([1, {"a": {1}}, object])
heavy = {"numpy", "pandas", "torch", "sklearn", "matplotlib", "pyarrow"}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
import numpy
fingerprint(numpy.zeros(2))
assert "nbexp.adapters.numpy" in sys.modules and "nbexp.adapters.pandas" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)
