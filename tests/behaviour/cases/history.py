"""IPython's own names: ``_``, ``Out``, ``In`` as inputs, and what a hit does to them."""

# ruff: noqa: E501
from __future__ import annotations

from tests.behaviour.model import HIT, MISS, RAN, RESTORED, case, cell, final, replayed, restart, stage, twins

_C = "history"

CASES = [
    *twins("underscore", _C, setup="41", source="y = _ + 1", miss="42", hit="40 + 1", value=("y", 43, 42)),
    *twins("numbered output", _C, setup="41", source="y = Out[1] + 1", miss="42", hit="(41)", value=("y", 43, 42)),
    *twins("numbered name", _C, setup="41", source="y = _1 + 1", miss="42", hit="(41)", value=("y", 43, 42)),
    *twins("In", _C, setup="x = 1", source="y = len(In[1])", miss="x = 100", hit="x = 1", value=("y", 7, 5)),
    replayed("last value of a hit", _C, "", "6 * 7", final("_", 42), final("Out[1]", 42)),
    replayed("In after a hit", _C, "", "6 * 7", final("In[1].splitlines()[-1]", "6 * 7")),
    replayed("underscore before and after", _C, "1", "2", final("_", 2), final("__", 1)),
    replayed("nothing shown leaves underscore", _C, "5", "y = 1", final("_", 5)),
    replayed("semicolon sets no output", _C, "5", "6;", final("_", 5)),
    replayed("output read in the next cell", _C, "", "[1, 2]", cell("z = _ + [3]"), final("z", [1, 2, 3])),
    replayed("underscore used as a throw-away name", _C, "", "for _ in range(3):\n    y = 1\n_, b = (1, 2)", final("b", 2)),
    replayed("last value is an instance", _C, "class A:\n    v = 1", "A()", final("_.v", 1), final("type(_) is A", True)),
    replayed("last value is a mutated input", _C, "x = [1]", "x.append(2)\nx", final("_ is x", True), final("x", [1, 2])),
    case("execution count goes on", _C, HIT, stage("1", RAN), stage("1", RESTORED), stage("1", RESTORED), final("sorted(Out)", [1, 2, 3])),
    case("Out of a hit is the value of this hit", _C, HIT, stage("[1]", RAN), cell("_.append(2)"), stage("[1]", RESTORED), final("_", [1])),
    case("stage below reads what a restored one showed", _C, HIT, stage("10", RAN, name="a"), stage("y = _ * 2", RAN, name="b"), restart(), stage("10", RESTORED, name="a"), stage("y = _ * 2", RESTORED, name="b"), final("y", 20)),
    case("another output between", _C, MISS, stage("10", RAN, name="a"), stage("y = _ * 2", RAN, name="b"), restart(), stage("10", RESTORED, name="a"), cell("7"), stage("y = _ * 2", RAN, name="b"), final("y", 14)),
]  # fmt: skip
