"""The store between kernels: damage, other folders, other notebooks, other kernels."""

# ruff: noqa: E501
from __future__ import annotations

from tests.behaviour.model import (
    HIT,
    MISS,
    OTHER,
    RAN,
    RESTORED,
    UNSTORED,
    case,
    cell,
    damage,
    final,
    remove,
    restart,
    stage,
    write,
)

_C = "stores"
_BIG = "import numpy as np\nx = np.arange(300_000.)"

_FRAME = "import pandas as pd\ndf = pd.DataFrame({'a': [1]})"
_CSV = "seen = 1\ndf.to_csv('out.csv')"

CASES = [
    case("record flipped", _C, OTHER, stage("y = 1", RAN), restart(), damage("flip", "records"), stage("y = 1", RAN, why="altered"), final("y", 1), restart(), stage("y = 1", RESTORED)),
    case("record cut", _C, OTHER, stage("y = 1", RAN), restart(), damage("cut", "records"), stage("y = 1", RAN), restart(), stage("y = 1", RESTORED)),
    case("record deleted", _C, OTHER, stage("y = 1", RAN), restart(), damage("delete", "records"), stage("y = 1", RAN), restart(), stage("y = 1", RESTORED)),
    case("blob flipped", _C, OTHER, stage(_BIG, RAN), restart(), damage("flip", "blobs"), stage(_BIG, RAN, why="altered"), final("float(x.sum())", 44999850000.0), restart(), stage(_BIG, RESTORED), final("float(x.sum())", 44999850000.0), needs="numpy"),
    case("blob cut", _C, OTHER, stage(_BIG, RAN), restart(), damage("cut", "blobs"), stage(_BIG, RAN), restart(), stage(_BIG, RESTORED), needs="numpy"),
    case("blob deleted", _C, OTHER, stage(_BIG, RAN), restart(), damage("delete", "blobs"), stage(_BIG, RAN), restart(), stage(_BIG, RESTORED), needs="numpy"),
    case("blob flipped while the kernel lives", _C, OTHER, stage(_BIG, RAN), stage(_BIG, RESTORED), damage("flip", "blobs"), stage(_BIG, RAN), final("float(x.sum())", 44999850000.0), needs="numpy"),
    *(
        case(f"result file's blob: {how}", _C, OTHER, cell(_FRAME), stage(_CSV, RAN), restart(), damage(how, "blobs"), remove("out.csv"), cell(_FRAME), stage(_CSV, RAN, why=why), final("open('out.csv').read(), seen", (",a\n0,1\n", 1)),
             restart(), remove("out.csv"), cell(_FRAME), stage(_CSV, RESTORED), final("open('out.csv').read()", ",a\n0,1\n"), needs="pandas")
        for how, why in (("flip", "was altered"), ("cut", "was cut short"), ("delete", "is gone"))
    ),
    case("heads deleted", _C, HIT, stage("y = 1", RAN), restart(), damage("delete", "heads"), stage("y = 1", RESTORED), stage("y = 2", RAN)),
    case("heads flipped", _C, HIT, stage("y = 1", RAN), restart(), damage("flip", "heads"), stage("y = 1", RESTORED), stage("y = 2", RAN)),
    case("damage of one stage leaves the other", _C, HIT, stage(_BIG, RAN, name="big"), stage("z = 1", RAN, name="small"), restart(), damage("flip", "blobs"), stage(_BIG, RAN, name="big"), stage("z = 1", RESTORED, name="small"), needs="numpy"),
    case("store of another format", _C, OTHER, stage("y = 1", RAN), restart(), write(".nbexp/format", "99\n"), restart(), stage("y = 1", UNSTORED, why="format"), final("y", 1)),
    case("store is deleted while the kernel lives", _C, OTHER, stage("y = 1", RAN), cell("import shutil\nfrom nbexp.kernel.active import active_session\nactive_session().store.drain()\nshutil.rmtree('.nbexp')"), stage("y = 1", RAN), restart(), stage("y = 1", RESTORED)),
    case("found from a folder below", _C, HIT, write("sub/deep/x", ""), stage("y = 1", RAN), restart("sub/deep"), stage("y = 1", RESTORED)),
    case("two notebooks, the same stage", _C, HIT, restart(NBEXP_NOTEBOOK="a.ipynb"), stage("y = 1", RAN), restart(NBEXP_NOTEBOOK="b.ipynb"), stage("y = 1", RESTORED), final("y", 1)),
    case("two notebooks, the same name", _C, MISS, restart(NBEXP_NOTEBOOK="a.ipynb"), stage("y = 1", RAN), restart(NBEXP_NOTEBOOK="b.ipynb"), stage("y = 2", RAN, why="it has not run before"), restart(NBEXP_NOTEBOOK="a.ipynb"), stage("y = 1", RESTORED), final("y", 1)),
    case("renamed notebook", _C, HIT, restart(NBEXP_NOTEBOOK="a.ipynb"), cell("k = 1\ndef f(): return k"), stage("y = f()", RAN), restart(NBEXP_NOTEBOOK="sub/renamed.ipynb"), cell("k = 1\ndef f(): return k"), stage("y = f()", RESTORED)),
    case("one stage in two cells", _C, HIT, stage("y = 1", RAN, id="c1"), stage("y = 1", RESTORED, id="c2"), stage("y = 2", RAN, id="c1"), stage("y = 2", RESTORED, id="c2")),
    case("cell without a name, by its id", _C, MISS, stage("y = 1", RAN, name="", id="c1"), stage("y = 2", RAN, name="", id="c1", why="source was edited"), stage("y = 1", RESTORED, name="", id="c1")),
    case("kept by one kernel, used by another", _C, HIT, stage(_BIG, RAN), stage(_BIG, RESTORED, at="b"), final("float(x.sum())", 44999850000.0, at="b"), kernel=True, needs="numpy"),
    case("two kernels in turn", _C, HIT, stage("y = [1]", RAN), stage("y = [1]", RESTORED, at="b"), cell("y.append(2)", at="b"), stage("y = [1]", RESTORED), final("y", [1]), stage("z = 2", RAN, at="b"), stage("z = 2", RESTORED), kernel=True),
    case("mutated in one kernel, mapped in another", _C, HIT, stage(_BIG, RAN), stage(_BIG, RESTORED, at="b"), cell("x[:] = 0", at="b"), cell("x[:] = 5"), stage(_BIG, RESTORED), final("float(x.sum())", 44999850000.0), final("float(x.sum())", 0.0, at="b"), kernel=True, needs="numpy"),
    case("restored after the restart of a killed front end", _C, HIT, stage("import time\ny = 5", RAN), restart(), stage("import time\ny = 5", RESTORED), restart(), stage("import time\ny = 5", RESTORED), kernel=True),
    case("chain over kernels", _C, HIT, stage("a = list(range(5))", RAN, name="a"), stage("b = [v * 2 for v in a]", RAN, name="b"), stage("c = sum(b)", RAN, name="c"), restart(), stage("a = list(range(5))", RESTORED, name="a"), stage("b = [v * 2 for v in a]", RESTORED, name="b"),
         stage("c = sum(b)", RESTORED, name="c"), final("c", 20)),
    case("early cutoff", _C, HIT, stage("a = [3, 1, 2]", RAN, name="a"), stage("b = sorted(a)", RAN, name="b"), stage("c = sum(b)", RAN, name="c"), restart(), stage("a = [1, 2, 3]", RAN, name="a"), stage("b = sorted(a)", RAN, name="b"), stage("c = sum(b)", RESTORED, name="c"), final("c", 6)),
    case("change runs through the chain", _C, MISS, stage("a = [3, 1, 2]", RAN, name="a"), stage("b = sorted(a)", RAN, name="b"), restart(), stage("a = [3, 1, 5]", RAN, name="a"), stage("b = sorted(a)", RAN, name="b", why="input `a`"), final("b", [1, 3, 5])),
    case("large value through a chain of restores", _C, HIT, stage(_BIG, RAN, name="a"), stage("s = float(x[::7].sum())", RAN, name="b"), restart(), stage(_BIG, RESTORED, name="a"), stage("s = float(x[::7].sum())", RESTORED, name="b"), cell("x += 0"), stage("s = float(x[::7].sum())", RESTORED, name="b"), needs="numpy"),
]  # fmt: skip
