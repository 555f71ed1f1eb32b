"""A stage cell run again in one kernel: what its own last run left behind is no input, what others made is."""

# ruff: noqa: E501
from __future__ import annotations

from tests.behaviour.model import FAILED, HIT, MISS, OTHER, RAN, RESTORED, Case, case, cell, final, stage

_C = "run again"


def _again(name: str, setup: str, source: str, *between: str, needs: str = "") -> Case:
    """Whatever is done `between`, the second run is restored."""
    return case(
        name, _C, HIT, cell(setup), stage(source, RAN), *map(cell, between), stage(source, RESTORED), needs=needs
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
    case("three times", _C, HIT, cell("rows = [1, 2]"), *[stage(_LOOP, status) for status in (RAN, RESTORED, RESTORED, RESTORED)], final("v, total", (2, 2))),
    case("edited and back", _C, HIT, cell("rows = [1, 2]"), stage(_LOOP, RAN, id="a"), stage(_LOOP + " * 2", RAN, id="a"), stage(_LOOP, RESTORED, id="a"), final("total", 2)),
    case("after a run that failed", _C, HIT, cell("rows = [1, 0]"), stage("for v in rows:\n    total = 1 / v", FAILED, error="ZeroDivisionError"), cell("rows = [1, 2]"), stage("for v in rows:\n    total = 1 / v", RAN), stage("for v in rows:\n    total = 1 / v", RESTORED)),
    case("not bound this time: what was there stays", _C, OTHER, cell("rows = [1, 2]"), stage(_LOOP, RAN), cell("rows = []"), stage(_LOOP, RAN), final("v, total", (2, 2)), stage(_LOOP, RESTORED), final("v", 2)),
    case("failed this time: what was there stays", _C, OTHER, cell("rows = [1, 2]\nd = 1"), stage("x = 1 / d\nfor v in rows:\n    total = v", RAN), cell("d = 0"), stage("x = 1 / d\nfor v in rows:\n    total = v", FAILED, error="ZeroDivisionError"), final("v, total, x", (2, 2, 1.0))),
    case("bound by a plain cell since", _C, MISS, cell("rows = []"), stage("for v in rows:\n    pass\nelse:\n    w = 1", RAN), cell("v = 5"), stage("for v in rows:\n    pass\nelse:\n    w = 1", RAN, why="`v`")),
    case("bound to the same value by a plain cell since", _C, MISS, cell("rows = [1]"), stage("for v in rows:\n    y = 2", RAN), cell("y = 2"), stage("for v in rows:\n    y = 2", RAN, why="`y`")),
    case("bound by another stage since", _C, MISS, cell("rows = [1]"), stage("for v in rows:\n    y = 2", RAN, name="a"), stage("y = 2", RAN, name="b"), stage("for v in rows:\n    y = 2", RAN, name="a", why="`y`")),
    case("bound through exec since", _C, MISS, cell("rows = [1]"), stage("for v in rows:\n    y = 2", RAN), cell("exec('y = 2')"), stage("for v in rows:\n    y = 2", RAN, why="`y`")),
    case("there before it first ran", _C, MISS, cell("best = 0\nrows = [1]"), stage("for v in rows:\n    best = best + v", RAN), stage("for v in rows:\n    best = best + v", RAN, why="`best`"), order=True),
    case("an edited cell begins with what it made itself", _C, OTHER, stage("c = [1]", RAN, id="a"), stage("c = [*c, 2]", RAN, id="a"), stage("c = [*c, 2]", RAN, id="a"), final("c", [1, 2, 2]), order=True),
    case("a condition asks whether it is there", _C, HIT, stage("if 'cache' not in globals():\n    cache = [1]\ny = cache", RAN), stage("if 'cache' not in globals():\n    cache = [1]\ny = cache", RESTORED), final("cache is y", True)),
]  # fmt: skip
