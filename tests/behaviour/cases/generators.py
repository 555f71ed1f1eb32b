"""Random generators: drawn, seeded, moved, and brought back."""

# ruff: noqa: E501
from __future__ import annotations

from tests.behaviour.model import HIT, MISS, RAN, RESTORED, case, cell, final, restart, stage

_C = "generators"

CASES = [
    case("draw from a seeded generator", _C, HIT, cell("import random\nrandom.seed(1)"), stage("y = random.random()", RAN), restart(),
         cell("import random\nrandom.seed(1)"), stage("y = random.random()", RESTORED)),
    case("other seed above", _C, MISS, cell("import random\nrandom.seed(1)"), stage("y = random.random()", RAN), restart(),
         cell("import random\nrandom.seed(2)"), stage("y = random.random()", RAN)),
    case("state after a hit", _C, HIT, cell("import random\nrandom.seed(1)"), stage("y = random.random()", RAN), cell("z = random.random()"), restart(),
         cell("import random\nrandom.seed(1)"), stage("y = random.random()", RESTORED), cell("z2 = random.random()"),
         final("z2 == __import__('random').Random(1).random()", False)),
    case("draw unseeded is one value", _C, HIT, cell("import random"), stage("y = random.random()", RAN), restart(), cell("import random"),
         stage("y = random.random()", RESTORED)),
    case("stage draws nothing", _C, HIT, cell("import random\nrandom.seed(1)"), stage("y = 1", RAN), restart(),
         cell("import random\nrandom.seed(2)"), stage("y = 1", RESTORED)),
    case("stage seeds before it draws", _C, HIT, cell("import random\nrandom.seed(1)"), stage("random.seed(5)\ny = random.random()", RAN),
         restart(), cell("import random\nrandom.seed(2)"), stage("random.seed(5)\ny = random.random()", RESTORED)),
    case("a draw above moves the state", _C, MISS, cell("import random\nrandom.seed(1)"), stage("y = random.random()", RAN), restart(),
         cell("import random\nrandom.seed(1)\nrandom.random()"), stage("y = random.random()", RAN)),
    case("numpy legacy", _C, HIT, cell("import numpy as np\nnp.random.seed(1)"), stage("y = np.random.rand()", RAN), restart(),
         cell("import numpy as np\nnp.random.seed(1)"), stage("y = np.random.rand()", RESTORED), needs="numpy"),
    case("numpy legacy, other seed", _C, MISS, cell("import numpy as np\nnp.random.seed(1)"), stage("y = np.random.rand()", RAN), restart(),
         cell("import numpy as np\nnp.random.seed(2)"), stage("y = np.random.rand()", RAN), needs="numpy"),
    case("numpy Generator is a value", _C, HIT, cell("import numpy as np\nrng = np.random.default_rng(1)"), stage("y = rng.random()", RAN), restart(),
         cell("import numpy as np\nrng = np.random.default_rng(1)"), stage("y = rng.random()", RESTORED),
         cell("z = rng.random()"), final("float(z)", 0.9504636963259353), needs="numpy"),
    case("numpy Generator, other seed", _C, MISS, cell("import numpy as np\nrng = np.random.default_rng(1)"), stage("y = rng.random()", RAN), restart(),
         cell("import numpy as np\nrng = np.random.default_rng(2)"), stage("y = rng.random()", RAN), needs="numpy"),
    case("torch", _C, HIT, cell("import torch\ntorch.manual_seed(1)"), stage("y = torch.rand(2)", RAN), restart(),
         cell("import torch\ntorch.manual_seed(1)"), stage("y = torch.rand(2)", RESTORED), needs="torch"),
    case("torch, other seed", _C, MISS, cell("import torch\ntorch.manual_seed(1)"), stage("y = torch.rand(2)", RAN), restart(),
         cell("import torch\ntorch.manual_seed(2)"), stage("y = torch.rand(2)", RAN), needs="torch"),
    *[case(f"seeded with the state that was there: {name}", _C, HIT, cell(f"{imports}\n{seed}(1)"), stage(f"{seed}(1)", RAN), cell(f"{seed}(2)"), stage(f"{seed}(1)", status), cell(f"y = {draw}\n{seed}(1)\nsame = y == {draw}"), final("same", True))
      for name, imports, seed, draw, status in (
          ("random", "import random", "random.seed", "random.random()", RESTORED),
          ("numpy", "import numpy as np", "np.random.seed", "np.random.rand()", RESTORED),
          ("by a name of its own", "import random\nfrom random import seed", "seed", "random.random()", RAN),
          ("numpy, by a name of its own", "import numpy as np\nfrom numpy.random import seed as s", "s", "np.random.rand()", RAN))],
    case("seeded by a name of its own, from the same state", _C, HIT, cell("import random\nfrom random import seed\nseed(1)"), stage("seed(2)\ny = random.random()", RAN), restart(),
         cell("import random\nfrom random import seed\nseed(1)"), stage("seed(2)\ny = random.random()", RESTORED), cell("z = random.random()\nseed(2)\nsame = [y, z] == [random.random(), random.random()]"), final("same", True)),
]  # fmt: skip
