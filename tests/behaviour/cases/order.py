"""What stands above a stage counts, whatever the kernel holds (law L1, decisions D1 to D13)."""

# ruff: noqa: E501
from __future__ import annotations

import json

from tests.behaviour.model import (
    FAILED,
    HIT,
    MISS,
    OTHER,
    RAN,
    RESTORED,
    UNSTORED,
    Cell,
    Step,
    Write,
    case,
    cell,
    final,
    restart,
    stage,
    write,
)

_C = "order"


def saved(*cells: tuple[str, str]) -> Write:
    """The notebook is saved with these cells: their ids and sources."""
    data = [{"cell_type": "code", "id": id, "source": source, "metadata": {}} for id, source in cells]
    return write("n.ipynb", json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": data}))


def opened(*cells: tuple[str, str]) -> tuple[Step, ...]:
    """The notebook is saved, and a kernel started for it."""
    return saved(*cells), restart(NBEXP_NOTEBOOK="n.ipynb")


def a(source: str, status: str | None = RAN, **about: str) -> Cell:
    return stage(source, status, id="a", name="a", **about)


def b(source: str, status: str | None = RAN, **about: str) -> Cell:
    return stage(source, status, id="b", name="b", **about)


CASES = [
    # --- run again ---
    case("rebound by itself", _C, HIT, cell("x = 1"), a("x = x + 1"), a("x = x + 1", RESTORED, stale=""), final("x", 2)),
    case("changed in place by itself", _C, HIT, cell("x = [1]"), a("x.append(2)"), a("x.append(2)", RESTORED, stale=""), final("x", [1, 2])),
    case("changed in place, held elsewhere", _C, HIT, cell("x = [1]\ny = x"), a("x.append(2)"), a("x.append(2)", RESTORED), final("y, y is x", ([1, 2], True))),
    case("deleted by itself", _C, HIT, cell("x = 1"), a("del x"), a("del x", RESTORED), final("'x' in globals()", False)),
    case("a frame rebound by itself", _C, HIT, cell("import pandas as pd\ndf = pd.DataFrame({'v': [1, 2, 3]})"), a("df = df[df.v > 1]"), a("df = df[df.v > 1]", RESTORED), final("list(df.v)", [2, 3]), needs="pandas"),
    case("a frame that gets a column", _C, HIT, cell("import pandas as pd\ndf = pd.DataFrame({'v': [1, 2]})"), a("df['w'] = df.v * 2"), a("df['w'] = df.v * 2", RESTORED), final("list(df.columns)", ["v", "w"]), needs="pandas"),
    case("an array changed in place", _C, HIT, cell("import numpy as np\nm = np.ones(3)"), a("m *= 2"), a("m *= 2", RESTORED), final("m.tolist()", [2.0, 2.0, 2.0]), needs="numpy"),
    case("drawn again", _C, HIT, cell("import random\nrandom.seed(1)"), a("v = random.random()"), a("v = random.random()", RESTORED), cell("w = random.random()"), a("v = random.random()", RESTORED), final("v < w or v > w", True)),
    case("a stage of its own result", _C, HIT, cell("x = 1"), a("x = x + 1"), b("x = x * 10"), a("x = x + 1", RESTORED), final("x", 2), b("x = x * 10", RESTORED), final("x", 20)),
    case("edited", _C, MISS, cell("x = 1"), a("x = x + 1"), a("x = x + 2", RAN, why="its source was edited", stale=""), final("x", 3)),
    # --- set below ---
    case("set below by a plain cell", _C, HIT, cell("lr = 0.01"), a("y = lr"), cell("lr = 0.1"), a("y = lr", RESTORED, why="used `lr` = 0.01 from cell 1; the kernel's = 0.1 was set below it (cell 3)", stale=""), final("y, lr", (0.01, 0.1))),
    case("set below by a stage", _C, HIT, cell("x = 1"), a("y = x"), b("x = 5"), a("y = x", RESTORED, why="set below it"), final("y, x", (1, 5))),
    case("set below, and read as it is", _C, MISS, cell("x = 1"), a("y = x"), cell("x = 5", id="c"), stage("y = x", RAN, id="a", name="a", options="--live", why="input `x`: 1 -> 5", stale="it read `x` of cell 3, not of cell 1"), final("y", 5)),
    case("changed in place below", _C, HIT, cell("x = [1]"), a("y = list(x)"), cell("x.append(2)"), a("y = list(x)", RESTORED), final("y, x", ([1], [1, 2]))),
    case("changed below under another name", _C, HIT, cell("x = [1]"), cell("z = x"), a("y = list(x)"), cell("z.append(2)"), a("y = list(x)", RESTORED), final("y, x, z is x", ([1], [1, 2], True))),
    case("made below only", _C, OTHER, a("y = globals().get('late', 0)"), cell("late = 7"), a("y = globals().get('late', 0)", RESTORED), final("y, late", (0, 7))),
    case("read before it is made below", _C, OTHER, cell("late = 7", id="l"), b("y = late", RAN), *(), final("y", 7)),
    case("a helper set anew below", _C, HIT, cell("def f(): return 1"), a("y = f()"), cell("def f(): return 2"), a("y = f()", RESTORED), final("y, f()", (1, 2))),
    case("what a helper reads, set below", _C, HIT, cell("k = 1\ndef f(): return k"), a("y = f()"), cell("k = 2"), a("y = f()", RESTORED), final("y, f()", (1, 2))),
    case("what a helper reads, set between", _C, MISS, cell("k = 1\ndef f(): return k", id="k"), cell("k = 2"), a("y = f()", RAN, stale=""), cell("k = 1\ndef f(): return k", id="k"), a("y = f()", RESTORED), final("y", 2)),
    # --- above ---
    case("edited above", _C, MISS, cell("x = 1", id="x"), a("y = x"), cell("x = 2", id="x"), a("y = x", RAN, why="input `x`: 1 -> 2", stale=""), final("y", 2)),
    case("edited above to the same value", _C, HIT, cell("x = 2", id="x"), a("y = x"), cell("x = 1 + 1", id="x"), a("y = x", RESTORED, stale="")),
    case("a stage above that is stale", _C, OTHER, cell("x = 1", id="x"), a("y = x"), b("z = y", stale=""), cell("x = 2", id="x"), b("z = y", RESTORED, stale="cell 2, which writes `y`, is stale"), a("y = x"), b("z = y", RAN, stale="")),
    # --- the document ---
    case("saved in another order than run", _C, HIT, *opened(("x", "x = 1"), ("a", "%%stage a\ny = x"), ("c", "x = 5")), cell("x = 5", id="c"), cell("x = 1", id="x"), a("y = x", RAN, stale=""), cell("x = 5", id="c"), a("y = x", RESTORED), final("y", 1)),
    case("a cell above that has not run", _C, OTHER, *opened(("x", "x = 1"), ("n", "x = 2"), ("a", "%%stage a\ny = x")), cell("x = 1", id="x"), a("y = x", RAN, stale="cell 2, which writes `x`, has not run"), cell("x = 2", id="n"), a("y = x", RAN, stale="")),
    case("moved up", _C, MISS, *opened(("x", "x = 1"), ("a", "%%stage a\ny = x"), ("c", "x = 5")), cell("x = 1", id="x"), a("y = x", RAN), cell("x = 5", id="c"), a("y = x", RESTORED), saved(("x", "x = 1"), ("c", "x = 5"), ("a", "%%stage a\ny = x")), a("y = x", RAN, why="input `x`: 1 -> 5", stale="")),
    case("the maker was deleted", _C, OTHER, *opened(("x", "x = 1"), ("a", "%%stage a\ny = x")), cell("x = 1", id="x"), a("y = x", RAN, stale=""), saved(("a", "%%stage a\ny = x")), a("y = x", RESTORED, stale="no cell above makes it")),
    case("a deleted cell uncovers the one above", _C, OTHER, *opened(("x", "x = 1"), ("c", "x = 5"), ("a", "%%stage a\ny = x")), cell("x = 1", id="x"), cell("x = 5", id="c"), a("y = x", RAN), saved(("x", "x = 1"), ("a", "%%stage a\ny = x")), a("y = x", RAN, why="input `x`: 5 -> 1", stale=""), final("y", 1)),
    # --- what cannot be had ---
    case("a large value that a plain cell lost", _C, OTHER, cell("import numpy as np\nm = np.zeros(4_000_000)", id="m"), cell("m = m + 1", id="n"), a("s = float(m.sum())", RAN, stale=""), cell("m = m + 1", id="n"), a("s = float(m.sum())", RAN, stale="is stale"), needs="numpy"),
    case("a generator", _C, OTHER, cell("g = iter([1, 2])"), a("y = next(g)", UNSTORED, why="g"), final("y", 1)),
    # --- steering ---
    case("strict", _C, OTHER, cell("%nbexp strict"), cell("x = 1", id="x"), a("y = x"), cell("x = 2", id="x"), b("z = y", FAILED, error="UsageError", output="cell 3, which writes `y`, is stale"), a("y = x"), b("z = y", RAN, stale="")),
    case("run-stale", _C, OTHER, restart(NBEXP_LINE="off"), cell("x = 1", id="x"), a("y = x", None), b("z = y", None), cell("x = 2", id="x"), cell("%nbexp run-stale", output="2 cells ran; nothing is stale"), final("z", 2)),
    case("run-stale runs plain cells too", _C, OTHER, restart(NBEXP_LINE="off"), cell("x = 1", id="x"), cell("y = x + 1", id="y"), a("z = y", None), cell("x = 2", id="x"), cell("%nbexp run-stale", output="2 cells ran; nothing is stale"), final("y, z", (3, 3))),
    case("status names what is stale", _C, OTHER, cell("x = 1", id="x"), cell("y = x", id="y"), cell("x = 2", id="x"), cell("%nbexp status", output="stale: cell 2 (cell 1 has written `x` since)")),
]  # fmt: skip
