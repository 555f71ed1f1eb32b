from __future__ import annotations

from typing import Any

import numpy as np

from tests.adapters.conformance import Case

Array = np.ndarray[Any, Any]


def grid(rows: int = 3, columns: int = 4) -> Array:
    return np.arange(rows * columns, dtype=float).reshape(rows, columns)


def read_only() -> Array:
    array = grid()
    array.flags.writeable = False
    return array


def first_to(value: Any) -> Any:
    return lambda array: array.__setitem__(0, value)


def views() -> list[Array]:
    whole = grid()
    return [whole, whole[1:], whole.T]


def drawn(seed: int, count: int = 0) -> np.random.Generator:
    generator = np.random.default_rng(seed)
    generator.random(count)
    return generator


RECORD = np.dtype([("a", "i1"), ("b", "f8")], align=True)

CASES = (
    Case(
        "array",
        grid,
        same=(
            lambda: grid(6, 4)[::2][:3] * 0 + grid(),
            lambda: np.vstack([grid(), grid()])[:3],
            lambda: np.ascontiguousarray(grid()),
        ),
        different=(
            lambda: np.asfortranarray(grid()),
            lambda: grid().astype(np.float32),
            lambda: grid().astype(">f8"),
            lambda: grid(4, 3),
            lambda: grid().ravel(),
            lambda: -grid(),
            read_only,
            lambda: grid().tolist(),
        ),
        mutate=first_to(9.0),
    ),
    Case("strides", lambda: grid(4, 4)[::2, ::2], same=(lambda: grid(4, 4)[::2, ::2].copy(),)),
    Case("large", lambda: np.arange(300_000.0), mutate=first_to(1.0)),
    Case(
        "no dimension", lambda: np.array(1.5), different=(lambda: np.float64(1.5), lambda: 1.5, lambda: np.array([1.5]))
    ),
    Case("nothing in it", lambda: np.zeros((0, 3)), different=(lambda: np.zeros((3, 0)), lambda: np.zeros(0))),
    Case("negative zero", lambda: np.array([0.0]), different=(lambda: np.array([-0.0]),)),
    Case(
        "strings",
        lambda: np.array(["a", "bc"]),
        different=(lambda: np.array(["a", "bd"]), lambda: np.array([b"a", b"bc"])),
    ),
    Case(
        "dates",
        lambda: np.array(["2020-01-01", "NaT"], "M8[D]"),
        different=(lambda: np.array(["2020-01-01", "NaT"], "M8[s]"),),
    ),
    Case(
        "objects",
        lambda: np.array([[1], "a", None], object),
        different=(lambda: np.array([[2], "a", None], object),),
        mutate=first_to(5),
    ),
    Case(
        "an object twice",
        lambda: np.array([cell := [1], cell, 0], object),
        different=(lambda: np.array([[1], [1], 0], object),),
    ),
    Case(
        "records",
        lambda: np.zeros(2, RECORD),
        same=(lambda: np.array([(0, 0.0)] * 2, RECORD),),
        different=(lambda: np.ones(2, RECORD),),
        mutate=first_to((1, 2.0)),
    ),
    Case(
        "views",
        views,
        different=(lambda: [grid(), grid()[1:], grid().T],),
        mutate=lambda arrays: arrays[1].__setitem__((0, 0), 99),
        copied=False,
    ),
    Case(
        "masked",
        lambda: np.ma.array([1, 2], mask=[False, True]),
        different=(lambda: np.ma.array([1, 2]), lambda: np.array([1, 2])),
        mutate=first_to(7),
    ),
    Case("scalar", lambda: np.float32(1.5), different=(lambda: np.float64(1.5), lambda: np.int64(1), lambda: np.True_)),
    Case(
        "date",
        lambda: np.datetime64("2020-01-01"),
        different=(lambda: np.datetime64("2020-01-01", "s"), lambda: np.timedelta64(1, "D")),
    ),
    Case("dtype", lambda: np.dtype("f8"), different=(lambda: np.dtype(">f8"), lambda: RECORD, lambda: np.float64)),
    Case(
        "generator",
        lambda: drawn(1),
        different=(lambda: drawn(2), lambda: drawn(1, 1)),
        mutate=lambda generator: generator.random(),
    ),
    Case(
        "old generator",
        lambda: np.random.RandomState(1),
        different=(lambda: np.random.RandomState(2),),
        mutate=lambda state: state.rand(),
    ),
    Case("ufunc", lambda: np.add, different=(lambda: np.subtract,)),
)
