"""A stage cell run again in one kernel: what its own last run left behind is no input, what others made is."""

# ruff: noqa: E501
from __future__ import annotations

from tests.behaviour.model import FAILED, HIT, MISS, OTHER, RAN, RESTORED, Case, case, cell, final, stage

_C = "run again"


def _again(name: str, setup: str, source: str, *between: str, needs: str = "") -> Case:
    """Whatever is done `between`, the second run is restored."""
    return case(
        name,
        _C,
        HIT,
        cell(setup),
        stage(source, RAN, id="a"),
        *map(cell, between),
        stage(source, RESTORED, id="a"),
        needs=needs,
    )


_LOOP = "for v in rows:\n    total = v"

CASES = [
    _again("loop", "rows = [1, 2]", _LOOP),
    _again("loop whose names were looked at", "rows = [1, 2]", _LOOP, "print(v, total)"),
    _again("nested loops", "rows = [1, 2]", "for e in rows:\n    for b in rows:\n        loss = e * b\n    print(loss)"),
    _again("branch", "flag = True", "if flag:\n    y = 1\nz = 2"),
    _again("best so far", "rows = [3, 1, 2]", "for i, v in enumerate(rows):\n    if i == 0 or v < best:\n        best = v\nbest"),
    _again("import that may fail", "a = 1", "try:\n    import json as j\n    ok = True\nexcept ImportError:\n    ok = False"),
    _again("break", "n = 3", "s = 0\nwhile n > 0:\n    s += n\n    last = s\n    break"),
    _again("else of a try", "n = 3", "try:\n    q = 1 / n\nexcept ZeroDivisionError:\n    pass\nelse:\n    r = q"),
    _again("counter that begins when it is missing", "a = 1", "try:\n    n += a\nexcept NameError:\n    n = a\nn"),
    _again("read by a helper", "def f(): return y + 1", "y = 1\nz = f()"),
    _again("changed by another cell in between", "rows = [1]", "out = []\nfor v in rows:\n    out.append(v)", "out.append(5)"),
    _again("deleted in between", "rows = [1, 2]", _LOOP, "del v"),
    _again("bound anew by nobody, mentioned in a text", "rows = [1, 2]", _LOOP, "'v = 1'"),
    case("three times", _C, HIT, cell("rows = [1, 2]"), *[stage(_LOOP, status, id="a") for status in (RAN, RESTORED, RESTORED, RESTORED)], final("v, total", (2, 2))),
    case("edited and back", _C, HIT, cell("rows = [1, 2]"), stage(_LOOP, RAN, id="a"), stage(_LOOP + " * 2", RAN, id="a"), stage(_LOOP, RESTORED, id="a"), final("total", 2)),
    case("after a run that failed", _C, HIT, cell("rows = [1, 0]", id="r"), stage("for v in rows:\n    total = 1 / v", FAILED, error="ZeroDivisionError", id="a"), cell("rows = [1, 2]", id="r"), stage("for v in rows:\n    total = 1 / v", RAN, id="a"), stage("for v in rows:\n    total = 1 / v", RESTORED, id="a")),
    case("not bound this time: what was there stays", _C, OTHER, cell("rows = [1, 2]", id="r"), stage(_LOOP, RAN, id="a"), cell("rows = []", id="r"), stage(_LOOP, RAN, id="a"), final("v, total", (2, 2)), stage(_LOOP, RESTORED, id="a"), final("v", 2)),
    case("failed this time: what was there stays", _C, OTHER, cell("rows = [1, 2]\nd = 1", id="r"), stage("x = 1 / d\nfor v in rows:\n    total = v", RAN, id="a"), cell("d = 0", id="d"), stage("x = 1 / d\nfor v in rows:\n    total = v", RESTORED, id="a"), cell("rows = [1, 2]\nd = 0", id="r"), stage("x = 1 / d\nfor v in rows:\n    total = v", FAILED, error="ZeroDivisionError", id="a"), final("v, total, x", (2, 2, 1.0))),
    case("bound by a plain cell below since", _C, HIT, cell("rows = []"), stage("for v in rows:\n    pass\nelse:\n    w = 1", RAN, id="a"), cell("v = 5"), stage("for v in rows:\n    pass\nelse:\n    w = 1", RESTORED, id="a"), final("v", 5)),
    case("bound by a plain cell above since", _C, MISS, cell("rows = []", id="r"), stage("for v in rows:\n    pass\nelse:\n    w = 1", RAN, id="a"), cell("rows = []\nv = 5", id="r"), stage("for v in rows:\n    pass\nelse:\n    w = 1", RAN, why="`v`", id="a")),
    case("bound to the same value by a plain cell below since", _C, HIT, cell("rows = [1]"), stage("for v in rows:\n    y = 2", RAN, id="a"), cell("y = 2"), stage("for v in rows:\n    y = 2", RESTORED, id="a")),
    case("bound by another stage below since", _C, HIT, cell("rows = [1]"), stage("for v in rows:\n    y = 2", RAN, name="a", id="a"), stage("y = 3", RAN, name="b", id="b"), stage("for v in rows:\n    y = 2", RESTORED, name="a", id="a"), final("y", 2)),
    case("bound through exec below since", _C, HIT, cell("rows = [1]"), stage("for v in rows:\n    y = 2", RAN, id="a"), cell("exec('y = 2')"), stage("for v in rows:\n    y = 2", RESTORED, id="a")),
    case("there before it first ran", _C, HIT, cell("best = 0\nrows = [1]"), stage("for v in rows:\n    best = best + v", RAN, id="a"), stage("for v in rows:\n    best = best + v", RESTORED, id="a"), final("best", 1)),
    case("an edited cell begins with what it made itself", _C, OTHER, stage("c = [1]", RAN, id="a"), stage("c = [*c, 2]", RAN, id="a"), stage("c = [*c, 2]", RAN, id="a"), final("c", [1, 2, 2])),
    case("a condition asks whether it is there", _C, HIT, stage("if 'cache' not in globals():\n    cache = [1]\ny = cache", RAN, id="a"), stage("if 'cache' not in globals():\n    cache = [1]\ny = cache", RESTORED, id="a"), final("cache is y", True)),
]  # fmt: skip
