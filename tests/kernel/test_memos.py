"""Functions that cache: what is in their caches is known to be right, or not."""

from __future__ import annotations

import functools
import sys
from types import ModuleType
from typing import Any

import pytest

from nbexp.adapters.base import Name
from nbexp.code.origin import NOTEBOOK
from nbexp.kernel.memos import Memos, taken_from
from nbexp.stage.reach import Root

SOURCE = """
import functools
RATE = 1
@functools.lru_cache
def price(x): return x * RATE
"""


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    module = ModuleType(NOTEBOOK)
    monkeypatch.setitem(sys.modules, NOTEBOOK, module)
    exec(compile(SOURCE, "<cell>", "exec"), vars(module))
    return vars(module)


def sound(memos: Memos, notebook: dict[str, Any]) -> list[bool]:
    root = Root(Name(NOTEBOOK, ("price",)), "price", notebook["price"], None, True)  # type: ignore[arg-type]
    return [memo.sound for memo in memos.begin([root])]


def test_an_empty_cache_is_none(notebook: dict[str, Any]) -> None:
    assert sound(Memos(), notebook) == []


def test_filled_unseen(notebook: dict[str, Any]) -> None:
    notebook["price"](1)
    assert sound(Memos(), notebook) == [False]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["price(1)"], True),
        (["price(1)", "other = 1"], True),
        (["price(1)", "price(2)", "price(1)"], True),
        (["price(1)", "RATE = 2"], False),
        (["price(1)", "RATE = 2", "RATE = 1"], True),
        (["price(1)", "RATE = 2", "price(2)"], False),
        (["price(1)", "RATE = 2", "price(2)", "RATE = 1"], False),
        (["price(1)", "RATE = 2", "price.cache_clear()", "price(1)"], True),
        (["price(1)", "price(2); RATE = 2", "RATE = 1"], False),
        (["price(1)", "functools = 1"], True),
    ],
)
def test_filled_by_cells(notebook: dict[str, Any], cells: list[str], expected: bool) -> None:
    memos = Memos()
    for cell in cells:
        exec(cell, notebook)
        memos.note_cell(notebook)
    assert sound(memos, notebook) == [expected]


def test_only_what_was_taken_counts(notebook: dict[str, Any]) -> None:
    memos, price = Memos(), notebook["price"]
    price(1)
    root = Root(Name(NOTEBOOK, ("price",)), "price", price, None, True)  # type: ignore[arg-type]
    begun = memos.begin([root])
    price(2)
    assert list(taken_from(begun)) == []
    price(1)
    (reason,) = taken_from(begun)
    assert "price.cache_clear()" in reason.text


def test_a_function_of_a_library_is_not_looked_at(notebook: dict[str, Any]) -> None:
    notebook["compile"] = functools.lru_cache(len)
    notebook["compile"]("a")
    memos = Memos()
    memos.note_cell(notebook)
    assert notebook["compile"] not in memos._seen
