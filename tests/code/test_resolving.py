"""What names stand for: where values are found, what the way there depends on."""

from __future__ import annotations

import builtins
import os
import sys
import types
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.random  # numpy loads it when first asked
import pytest

from nbexp.adapters.base import Name
from nbexp.code.resolving import Resolved, resolve


class Marker:
    """Some value of the project."""


@pytest.fixture(autouse=True)
def modules() -> Iterator[dict[str, Any]]:
    marker = Marker()
    marker.deep = 1  # type: ignore[attr-defined]
    made = {name: types.ModuleType(name) for name in ("twin_main", "twin_pkg", "twin_pkg.inner")}
    main, package, inner = made.values()
    vars(inner).update(value=marker, function=lambda: 1)
    vars(package).update(inner=inner, __path__=[])
    vars(main).update(np=np, numpy=np, own=package, twin_pkg=package, marker=marker, Marker=Marker, environ=os.environ)
    vars(main)["print"] = marker
    sys.modules.update(made)
    yield vars(main) | {"marker": marker}
    for name in made:
        del sys.modules[name]


def at(dotted: str) -> Resolved:
    return resolve(Name("twin_main", tuple(dotted.split("."))))


@pytest.mark.parametrize(
    ("dotted", "found"),
    [
        ("marker", "twin_main.marker"),
        ("marker.deep", "twin_main.marker"),
        ("own.inner.value", "twin_pkg.inner.value"),
        ("own.inner.value.deep.er", "twin_pkg.inner.value"),
        ("own.inner", "twin_pkg.inner"),
        ("own.nothing", "twin_pkg"),
        ("np.random.rand", "numpy.random.rand"),
        ("len", "builtins.len"),
        ("print", "twin_main.print"),
    ],
)
def test_where_a_value_is_found(dotted: str, found: str) -> None:
    assert str(at(dotted).name) == found


def test_the_value(modules: dict[str, Any]) -> None:
    assert at("own.inner.value.deep").value is modules["marker"]
    assert at("print").value is modules["marker"]


@pytest.mark.parametrize(
    ("dotted", "opaque", "package"),
    [
        ("marker", False, None),
        ("own", False, None),
        ("own.inner.function", False, None),
        ("np", True, "numpy"),
        ("np.random.rand", True, "numpy"),
        ("np.not_there", True, "numpy"),
        ("len", True, None),
        ("environ", True, None),
    ],
)
def test_what_needs_no_look(dotted: str, opaque: bool, package: str | None) -> None:
    found = at(dotted)
    assert (found.opaque, found.package) == (opaque, package)


def test_what_is_missing() -> None:
    assert at("nothing").missing
    assert resolve(Name("twin_no_such_module", ("x",))).missing
    assert not at("own.nothing").missing, "a module may make attributes when asked: it counts as a whole"


def test_names_bound_to_modules_called_otherwise() -> None:
    assert at("np.random.rand").modules == ((Name("twin_main", ("np",)), "numpy"),)
    assert at("numpy.random.rand").modules == ()
    assert [target for _, target in at("own.inner.value").modules] == ["twin_pkg", "twin_pkg.inner"]


def test_a_function_of_the_project_in_an_installed_module(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(np, "mean", lambda x: x)
    found = at("np.mean")
    assert (found.opaque, found.package, str(found.name)) == (False, "numpy", "numpy.mean")


def test_a_built_in_that_was_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(builtins, "breakpoint", lambda: None)
    monkeypatch.setattr(builtins, "twin_setting", {"a": 1}, raising=False)
    assert not at("breakpoint").opaque
    assert not at("twin_setting").opaque


def test_a_module_object_made_by_hand_is_a_value(modules: dict[str, Any]) -> None:
    sys.modules["twin_main"].__dict__["made"] = types.ModuleType("twin_made")
    assert str(at("made.x").name) == "twin_main.made"


def test_nothing_is_run() -> None:
    asked = []
    module = types.ModuleType("twin_pkg")
    vars(module)["__getattr__"] = asked.append
    sys.modules["twin_pkg"] = vars(sys.modules["twin_main"])["own"] = module
    found = at("own.lazy")
    assert (str(found.name), asked) == ("twin_pkg.__getattr__", [])
