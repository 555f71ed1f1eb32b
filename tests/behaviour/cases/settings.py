"""Kernel state that is no variable: settings of libraries are in the key, and a hit sets what the run had set."""

# ruff: noqa: E501
from __future__ import annotations

from functools import partial
from typing import Any

from tests.behaviour.model import HIT, MISS, RAN, RESTORED, Case, case, cell, final, replayed, restart, stage, twins

_C = "settings"
_replayed = partial(lambda name, *rest, **named: replayed(name, _C, *rest, **named))


def _set(
    name: str,
    pre: str,
    change: str,
    back: str,
    source: str,
    *,
    needs: str = "",
    value: tuple[str, Any, Any] | None = None,
) -> list[Case]:
    """A setting changed above the stage, and one changed and put back."""
    return twins(
        name,
        _C,
        setup=pre,
        source=source,
        miss=f"{pre}\n{change}",
        hit=f"{pre}\n{change}\n{back}",
        needs=needs,
        value=value,
    )


CASES = [
    *_set("pandas display", "import pandas as pd\ndf = pd.DataFrame({'a': range(30)})", "pd.set_option('display.max_rows', 4)", "pd.reset_option('display.max_rows')", "y = len(repr(df).splitlines())", needs="pandas", value=("y", 8, 31)),
    *_set("pandas attribute", "import pandas as pd\ndf = pd.DataFrame({'a': [1.23456789]})", "pd.options.display.precision = 2", "pd.options.display.precision = 6", "df", needs="pandas"),
    *_set("numpy print options", "import numpy as np", "np.set_printoptions(precision=2)", "np.set_printoptions(precision=8)", "y = str(np.array([1 / 3]))", needs="numpy", value=("y", "[0.33]", "[0.33333333]")),
    *_set("numpy errors", "import numpy as np", "old = np.seterr(divide='ignore')", "np.seterr(**old)", "y = float((np.array([1.]) / 0)[0])", needs="numpy"),
    *_set("matplotlib", "import matplotlib as mpl", "mpl.rcParams['lines.linewidth'] = 7", "mpl.rcdefaults()", "y = mpl.rcParams['lines.linewidth']", needs="matplotlib", value=("y", 7.0, 1.5)),
    *_set("matplotlib style", "import matplotlib; matplotlib.use('agg')\nimport matplotlib.pyplot as plt", "plt.style.use('ggplot')", "plt.style.use('default')", "y = plt.rcParams['axes.facecolor']", needs="matplotlib"),
    *_set("decimal", "import decimal", "decimal.getcontext().prec = 5", "decimal.getcontext().prec = 28", "y = str(decimal.Decimal(1) / 3)", value=("y", "0.33333", "0.3333333333333333333333333333")),
    *_set("warning filter", "import warnings", "warnings.simplefilter('ignore')", "del warnings.filters[0]\nwarnings._filters_mutated()", "warnings.warn('x')\ny = 1"),
    *_set("torch dtype", "import torch", "torch.set_default_dtype(torch.float64)", "torch.set_default_dtype(torch.float32)", "y = str(torch.ones(1).dtype)", needs="torch", value=("y", "torch.float64", "torch.float32")),
    *_set("torch gradients", "import torch", "g = torch.set_grad_enabled(False)", "g = torch.set_grad_enabled(True)", "y = torch.ones(1, requires_grad=True).requires_grad", needs="torch"),
    *_set("torch autocast", "import torch\na = torch.ones(2, 2)", "ac = torch.autocast('cpu', torch.bfloat16); ac.__enter__(); None", "ac.__exit__(None, None, None); None", "y = str((a @ a).dtype)", needs="torch", value=("y", "torch.bfloat16", "torch.float32")),
    *_set("torch attention", "import torch", "torch.backends.cuda.enable_flash_sdp(False)", "torch.backends.cuda.enable_flash_sdp(True)", "y = torch.backends.cuda.flash_sdp_enabled()", needs="torch", value=("y", False, True)),
    *_set("torch backend", "import torch", "torch.backends.mkldnn.enabled = False", "torch.backends.mkldnn.enabled = True", "y = torch.backends.mkldnn.enabled", needs="torch", value=("y", False, True)),
    *_set("recursion limit", "import sys\nold = sys.getrecursionlimit()", "sys.setrecursionlimit(5000)", "sys.setrecursionlimit(old)", "y = 1"),
    _replayed("pandas set by the stage", "import pandas as pd", "pd.set_option('display.max_rows', 5)", final("pd.get_option('display.max_rows')", 5), needs="pandas"),
    _replayed("pandas loaded and set by the stage", "", "import pandas as pd\npd.set_option('display.max_rows', 5)", final("pd.get_option('display.max_rows')", 5), needs="pandas"),
    _replayed("numpy set by the stage", "import numpy as np", "np.set_printoptions(precision=3)", final("str(np.array([1 / 3]))", "[0.333]"), needs="numpy"),
    _replayed("matplotlib set by the stage", "import matplotlib as mpl", "mpl.rcParams['font.size'] = 20", final("mpl.rcParams['font.size']", 20.0), needs="matplotlib"),
    _replayed("matplotlib reset by the stage", "import matplotlib as mpl\nmpl.rcParams['font.size'] = 20", "mpl.rcdefaults()", final("mpl.rcParams['font.size']", 10.0), needs="matplotlib"),
    _replayed("decimal set by the stage", "import decimal", "decimal.getcontext().prec = 3", final("str(decimal.Decimal(1) / 3)", "0.333")),
    _replayed("warnings silenced by the stage", "import warnings", "warnings.filterwarnings('ignore', message='boring')", cell("import warnings\nwarnings.warn('boring')\nprint('end')", without="boring", output="end")),
    _replayed("torch dtype set by the stage", "import torch", "torch.set_default_dtype(torch.float64)", final("torch.ones(1).dtype.itemsize", 8), needs="torch"),
    _replayed("torch autocast set by the stage", "import torch\na = torch.ones(2, 2)", "torch.set_autocast_enabled('cpu', True)", final("str((a @ a).dtype)", "torch.bfloat16"), needs="torch"),
    _replayed("torch attention set by the stage", "import torch", "torch.backends.cuda.enable_flash_sdp(False)", final("torch.backends.cuda.flash_sdp_enabled()", False), needs="torch"),
    _replayed("seed set by the stage", "import random", "random.seed(4)", final("random.random() == random.Random(4).random()", True)),
    _replayed("numpy seed set by the stage", "import numpy as np", "np.random.seed(4)", final("float(np.random.rand()) == float(np.random.RandomState(4).rand())", True), needs="numpy"),
    _replayed("torch seed set by the stage", "import torch", "torch.manual_seed(4)\ny = torch.rand(1)", cell("z = torch.rand(1)"), final("bool(z != y)", True), needs="torch"),
    _replayed("option context leaves no trace", "import pandas as pd", "with pd.option_context('display.max_rows', 3):\n    y = 1", final("pd.get_option('display.max_rows')", 60), needs="pandas"),
    case("setting of a library that is not used is still state", _C, MISS, cell("import pandas as pd"), stage("y = 1", RAN), cell("pd.set_option('display.max_rows', 4)"), stage("y = 1", RAN, why="max_rows"), needs="pandas"),
    case("library loaded or not", _C, HIT, stage("y = 1", RAN), cell("import decimal, locale, json"), stage("y = 1", RESTORED), restart(), cell("import pandas"), stage("y = 1", RESTORED), needs="pandas"),
    case("matplotlib backend is the front end's", _C, HIT, cell("import matplotlib; matplotlib.use('agg')"), stage("y = 1", RAN), restart(), cell("import matplotlib; matplotlib.use('svg')"), stage("y = 1", RESTORED), needs="matplotlib"),
    case("setting restored is an input of the next", _C, HIT, cell("import numpy as np"), stage("np.set_printoptions(precision=3)", RAN, name="a"), stage("y = str(np.array([1 / 3]))", RAN, name="b"), restart(), cell("import numpy as np"),
         stage("np.set_printoptions(precision=3)", RESTORED, name="a"), stage("y = str(np.array([1 / 3]))", RESTORED, name="b"), final("y", "[0.333]"), needs="numpy"),
    case("inline figure settings in a kernel", _C, HIT, cell("%matplotlib inline\nimport matplotlib.pyplot as plt"), stage("y = plt.rcParams['figure.figsize'][0]", RAN), restart(), cell("%matplotlib inline\nimport matplotlib.pyplot as plt"),
         stage("y = plt.rcParams['figure.figsize'][0]", RESTORED), needs="matplotlib", kernel=True),
    *twins("all warning filters removed", _C, setup="import warnings", source="warnings.warn('x', PendingDeprecationWarning)", miss="import warnings\nwarnings.resetwarnings()", hit="import warnings\nwith warnings.catch_warnings():\n    warnings.resetwarnings()", kernel=True),
    _replayed("all warning filters removed by the stage", "import warnings", "warnings.resetwarnings()", final("len(warnings.filters)", 0), kernel=True),
    *_set("start of processes", "import multiprocessing as mp", "mp.set_start_method('spawn', force=True)", "mp.set_start_method('fork', force=True)", "y = mp.get_start_method()", value=("y", "spawn", "fork")),
    *_set("timeout of sockets", "import socket", "socket.setdefaulttimeout(3)", "socket.setdefaulttimeout(None)", "y = socket.getdefaulttimeout()", value=("y", 3.0, None)),
    *_set("collection of garbage", "import gc", "gc.disable()", "gc.enable()", "y = gc.isenabled()", value=("y", False, True)),
    _replayed("settings of Python's library, set by the stage", "import csv, gc, multiprocessing, socket", "multiprocessing.set_start_method('spawn', force=True)\nsocket.setdefaulttimeout(3)\ncsv.field_size_limit(99)\ngc.disable()\ngc.set_threshold(500, 5, 5)", final("multiprocessing.get_start_method(), socket.getdefaulttimeout(), csv.field_size_limit(), gc.isenabled(), gc.get_threshold()", ("spawn", 3.0, 99, False, (500, 5, 5)))),
]  # fmt: skip
