"""What the notebook calls: metrics, results, parameters, values of other stages, types of one's own."""

# ruff: noqa: E501
from __future__ import annotations

from tests.behaviour.model import (
    FAILED,
    HIT,
    MISS,
    OTHER,
    RAN,
    RESTORED,
    case,
    cell,
    final,
    replayed,
    restart,
    stage,
    twins,
)

_C = "api"
_PARAMS = "# parameters\nlr = 0.1\nepochs = 2"

CASES = [
    replayed("metrics are shown again", _C, "import nbexp", "for i in range(3):\n    nbexp.log(loss=1 / (i + 1), step=i)\ny = 1", final("y", 1)),
    replayed("results are shown again", _C, "import nbexp", "nbexp.result('acc', 0.9)\ny = 1", final("y", 1)),
    replayed("metric of a tensor", _C, "import nbexp, torch", "nbexp.log(loss=torch.tensor(0.5))\ny = 1", needs="torch"),
    *twins("metric depends on an input", _C, setup="import nbexp\nx = 1", source="nbexp.log(m=x)", miss="import nbexp\nx = 2", hit="import nbexp\nx = 1\ny = 2"),
    *twins("parameters", _C, setup=_PARAMS, source="y = lr * epochs", miss=_PARAMS.replace("0.1", "0.2"), hit=_PARAMS + "\nunused = 3", value=("y", 0.4, 0.2)),
    *twins("nbexp.params", _C, setup=_PARAMS + "\nimport nbexp", source="y = nbexp.params['lr']", miss=_PARAMS.replace("0.1", "0.2") + "\nimport nbexp", hit=_PARAMS + "  # two\nimport nbexp", value=("y", 0.2, 0.1)),
    *twins("all parameters", _C, setup=_PARAMS + "\nimport nbexp", source="y = dict(nbexp.params)", miss=_PARAMS.replace("2", "3") + "\nimport nbexp", hit="# parameters\nlr = 0.1\n\nepochs = 1 + 1\nimport nbexp", value=("sorted(y)", ["epochs", "lr"], ["epochs", "lr"])),
    case("parameters cell with a magic", _C, OTHER, cell("# parameters\n%precision 3\nlr = 0.1"), cell("import nbexp\ny = dict(nbexp.params)"), final("y", {"lr": 0.1})),
    case("parameters are what the cell assigns", _C, OTHER, cell("# parameters\nsizes = [size * 2 for size in (1, 2)]\nfor turn in sizes: pass\na, b = 1, 2"), cell("import nbexp\ny = sorted(nbexp.params)"), final("y", ["a", "b", "sizes"])),
    *twins("parameter read in a helper", _C, setup=_PARAMS + "\nimport nbexp\ndef f(): return nbexp.params['lr']", source="y = f()", miss=_PARAMS.replace("0.1", "0.2") + "\nimport nbexp\ndef f(): return nbexp.params['lr']", hit=_PARAMS + "\nimport nbexp\ndef f():\n    return nbexp.params['lr']", value=("y", 0.2, 0.1)),
    case("load of another stage", _C, HIT, cell("import nbexp"), stage("x = [1, 2]", RAN, name="a"), stage("y = nbexp.load('last', 'x')", RAN, name="b"), final("y", [1, 2]), restart(), cell("import nbexp"), stage("x = [1, 2]", RESTORED, name="a"),
         stage("y = nbexp.load('last', 'x')", RESTORED, name="b"), final("y", [1, 2])),
    case("what is loaded has changed", _C, MISS, cell("import nbexp"), stage("x = [1, 2]", RAN, name="a"), stage("y = nbexp.load('last', 'x')", RAN, name="b"), stage("x = [1, 3]", RAN, name="a"), stage("y = nbexp.load('last', 'x')", RAN, name="b"), final("y", [1, 3])),
    case("what is loaded was made anew with the same value", _C, HIT, cell("import nbexp"), stage("x = [1, 2]", RAN, name="a"), stage("y = nbexp.load('last', 'x')", RAN, name="b"), stage("x = [1] + [2]", RAN, name="a"), stage("y = nbexp.load('last', 'x')", RESTORED, name="b"), final("y", [1, 2])),
    case("what is loaded was restored last", _C, MISS, cell("import nbexp\nn = 1"), stage("x = n * 10", RAN, name="a"), cell("n = 2"), stage("x = n * 10", RAN, name="a"), cell("y = nbexp.load('last', 'x')"), final("y", 20), cell("n = 1"), stage("x = n * 10", RESTORED, name="a"), cell("y = nbexp.load('last', 'x')"), final("y", 10)),
    case("load inside a helper", _C, MISS, cell("import nbexp\ndef f(): return nbexp.load('last', 'x')"), stage("x = 1", RAN, name="a"), stage("y = f()", RAN, name="b"), stage("x = 2", RAN, name="a"), stage("y = f()", RAN, name="b"), final("y", 2)),
    case("loaded value is the user's own", _C, HIT, cell("import nbexp"), stage("x = [1]", RAN, name="a"), cell("nbexp.load('last', 'x').append(2)"), stage("x = [1]", RESTORED, name="a"), final("x", [1])),
    case("load of nothing", _C, OTHER, cell("import nbexp"), stage("y = nbexp.load('last', 'nope')", FAILED, error="BadUse", output='BadUse: "last" names nothing', without="Traceback")),
    case("metric that is no number", _C, OTHER, cell("import nbexp"), stage("nbexp.log(loss='a')", FAILED, error="BadUse")),
    case("result that is no plain data", _C, OTHER, cell("import nbexp"), stage("nbexp.result('r', object())", FAILED, error="BadUse")),
    *twins("registered type", _C, setup="import nbexp\nclass P:\n    def __init__(self, v): self.v, self.cache = v, {}\nnbexp.register(P, describe=lambda p: p.v, reduce=lambda p: (P, (p.v,)))\np = P(1)", source="y = p.v",
           miss="import nbexp\nclass P:\n    def __init__(self, v): self.v, self.cache = v, {}\nnbexp.register(P, describe=lambda p: p.v, reduce=lambda p: (P, (p.v,)))\np = P(2)",
           hit="import nbexp\nclass P:\n    def __init__(self, v): self.v, self.cache = v, {}\nnbexp.register(P, describe=lambda p: p.v, reduce=lambda p: (P, (p.v,)))\np = P(1)\np.cache['k'] = 1", value=("y", 2, 1)),
    case("log outside a stage", _C, OTHER, cell("import nbexp\nnbexp.log(a=1)\nnbexp.result('b', 2)"), stage("y = 1", RAN), stage("y = 1", RESTORED)),
]  # fmt: skip
