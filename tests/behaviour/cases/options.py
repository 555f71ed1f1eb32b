"""Options of the header, and what the environment and the configuration say."""

# ruff: noqa: E501
from __future__ import annotations

from tests.behaviour.model import (
    FAILED,
    HIT,
    MISS,
    OTHER,
    RAN,
    RESTORED,
    UNSTORED,
    case,
    cell,
    final,
    restart,
    stage,
    write,
)

_C = "options"
_DRAW = "import random\ny = random.random()"

CASES = [
    case("seed puts the state before back", _C, HIT, cell("import random\nrandom.seed(1)"), stage(_DRAW, RAN, options="--seed 3"), cell("z = random.random()"), final("z == random.Random(1).random()", True), final("y == random.Random(3).random()", True), restart(),
         cell("import random\nrandom.seed(1)"), stage(_DRAW, RESTORED, options="--seed 3"), cell("z = random.random()"), final("z == random.Random(1).random()", True)),
    case("seed makes the state above harmless", _C, HIT, cell("import random\nrandom.seed(1)"), stage(_DRAW, RAN, options="--seed 3"), restart(), cell("import random\nrandom.seed(2)"), stage(_DRAW, RESTORED, options="--seed 3")),
    case("seed added", _C, MISS, stage(_DRAW, RAN), stage(_DRAW, RAN, options="--seed 3")),
    case("seed for numpy", _C, HIT, cell("import numpy as np"), stage("y = float(np.random.rand())", RAN, options="--seed 3"), final("y == float(np.random.RandomState(3).rand())", True), restart(), cell("import numpy as np\nnp.random.rand()"),
         stage("y = float(np.random.rand())", RESTORED, options="--seed 3"), needs="numpy"),
    case("seed for torch", _C, HIT, cell("import torch"), stage("y = torch.rand(1)", RAN, options="--seed 3"), restart(), cell("import torch\n_ = torch.rand(1)"), stage("y = torch.rand(1)", RESTORED, options="--seed 3"), needs="torch"),
    case("seed of no number", _C, OTHER, stage("y = 1", None, options="--seed x", error="UsageError"), final("'y' in globals()", False)),
    case("ignored input does not hide another", _C, MISS, cell("n_jobs = 1\na = 2"), stage("y = a + 0 * n_jobs", RAN, options="--ignore n_jobs"), cell("a = 3"), stage("y = a + 0 * n_jobs", RAN, options="--ignore n_jobs"), final("y", 3)),
    case("ignore taken away", _C, MISS, cell("n_jobs = 1"), stage("y = n_jobs", RAN, options="--ignore n_jobs"), stage("y = n_jobs", RAN)),
    case("ignored name that is not read", _C, HIT, cell("q = 1"), stage("y = 1", RAN, options="--ignore q"), cell("q = 2"), stage("y = 1", RESTORED, options="--ignore q")),
    case("ignored inside a helper", _C, HIT, cell("verbose = True\ndef f():\n    if verbose: pass\n    return 1"), stage("y = f()", RAN, options="--ignore verbose"), cell("verbose = False"), stage("y = f()", RESTORED, options="--ignore verbose")),
    case("contract on inputs names a global of a helper", _C, OTHER, cell("k = 1\ndef f(): return k"), stage("y = f()", FAILED, options="--in f", error="UsageError", output='"k"')),
    case("contract on inputs, code needs no mention", _C, HIT, cell("k = 1\ndef f(): return k"), stage("y = f()", RAN, options="--in k"), stage("y = f()", RESTORED, options="--in k")),
    case("contract kept by a hit", _C, HIT, stage("y = 1\nz = 2", RAN, options="--out y,z"), restart(), stage("y = 1\nz = 2", RESTORED, options="--out y,z")),
    case("contract added changes nothing", _C, HIT, cell("a = 1"), stage("y = a", RAN), stage("y = a", RESTORED, options="--in a --out y"), stage("y = a", RESTORED)),
    case("contract broken on a stored result", _C, OTHER, cell("a = 1"), stage("y = a", RAN), stage("y = a", FAILED, options="--out z", error="UsageError")),
    case("contract keeps the last value", _C, HIT, stage("y = 1\ny + 1", RAN, options="--out y", output="2"), restart(), stage("y = 1\ny + 1", RESTORED, options="--out y", output="2"), final("_", 2)),
    case("force runs once", _C, OTHER, cell("n = []"), stage("y = 1", RAN), stage("y = 1", RAN, options="--force", why="--force"), stage("y = 1", RESTORED)),
    case("always runs, and others may use what it stored", _C, OTHER, stage("y = 1", RAN, options="--always", why="--always"), stage("y = 1", RAN, options="--always"), stage("y = 1", RESTORED)),
    case("no-store leaves nothing", _C, OTHER, stage("y = 1", UNSTORED, options="--no-store", why="--no-store"), stage("y = 1", RAN), restart(), stage("y = 1", RESTORED, options="--no-store")),
    case("several options", _C, HIT, cell("a = 1\nb = 2"), stage("import random\ny = a + b * random.random()", RAN, options="--seed 1 --ignore a --out y"), restart(), cell("a = 5\nb = 2"), stage("import random\ny = a + b * random.random()", RESTORED, options="--seed 1 --ignore a --out y")),
    case("unknown option names the closest", _C, OTHER, stage("y = 1", None, options="--sede 1", error="UsageError", output="--seed"), final("'y' in globals()", False)),
    case("option of a later version", _C, OTHER, stage("y = 1", None, options="--env HOME", error="UsageError", output="not available"), final("'y' in globals()", False)),
    case("two names", _C, OTHER, stage("y = 1", None, name="one two", error="UsageError"), final("'y' in globals()", False)),
    case("ignored name that is misspelt", _C, OTHER, cell("n_jobs = 2"), stage("y = n_jobs", FAILED, options="--ignore n_job", error="UsageError", output='Did you mean "n_jobs"?'), final("'y' in globals()", False)),
    case("ignored name that a helper reads", _C, HIT, cell("n_jobs = 2\ndef f(): return n_jobs * 0"), stage("y = f()", RAN, options="--ignore n_jobs"), cell("n_jobs = 3"), stage("y = f()", RESTORED, options="--ignore n_jobs")),
    case("help of the header", _C, OTHER, cell("%%stage?"), stage("y = 1", RAN), kernel=True),
    case("reading turned off", _C, OTHER, stage("y = 1", RAN), restart(NBEXP_NO_READ="1"), stage("y = 1", RAN), stage("y = 1", RAN), restart(), stage("y = 1", RESTORED)),
    case("writing turned off", _C, OTHER, restart(NBEXP_NO_WRITE="1"), stage("y = 1", UNSTORED), restart(), stage("y = 1", RAN)),
    case("writing turned off, hits go on", _C, HIT, stage("y = 1", RAN), restart(NBEXP_NO_WRITE="1"), stage("y = 1", RESTORED), stage("z = 1", UNSTORED)),
    case("forced from outside", _C, OTHER, stage("y = 1", RAN), restart(NBEXP_FORCE="s"), stage("y = 1", RAN), restart(), stage("y = 1", RESTORED)),
    case("forced from outside, a name with a comma", _C, OTHER, stage("y = 1\nz = 2", RAN, name=""), restart(NBEXP_FORCE='["y, z"]'), stage("y = 1\nz = 2", RAN, name="", why="--force"), stage("a = 1", RAN, name="y"), stage("a = 1", RESTORED, name="y")),
    case("restore only", _C, OTHER, stage("y = 1", RAN), restart(NBEXP_RESTORE_ONLY="s"), stage("y = 1", RESTORED), stage("y = 2", FAILED, error="UsageError"), final("y", 1)),
    case("store elsewhere", _C, MISS, stage("y = 1", RAN), restart(NBEXP_HOME="elsewhere"), stage("y = 1", RAN), restart(), stage("y = 1", RESTORED)),
    case("store elsewhere, again", _C, HIT, restart(NBEXP_HOME="elsewhere"), stage("y = 1", RAN), restart(NBEXP_HOME="elsewhere"), stage("y = 1", RESTORED)),
    case("cheap large values are not kept by default", _C, OTHER, restart(NBEXP_KEEP="auto"), cell("import numpy as np"), stage("x = np.zeros(3_000_000)", RAN), stage("x = np.zeros(3_000_000)", RAN, why="running is cheaper"), needs="numpy"),
    case("line turned off", _C, OTHER, restart(NBEXP_LINE="off"), stage("y = 1", None), stage("y = 1", None), final("y", 1)),
    case("line for changes only", _C, OTHER, restart(NBEXP_LINE="changes"), stage("y = 1", RAN), stage("y = 1", None), final("y", 1)),
    case("bad setting in the project", _C, OTHER, write("pyproject.toml", "[tool.nbexp]\nlien = 'off'\n"), cell("%reload_ext nbexp", error="UsageError", output="line"), kernel=True),
]  # fmt: skip
