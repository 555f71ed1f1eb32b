"""Code of the notebook or project that stands where a library looks it up: patches, accessors, registries, mocks."""

# ruff: noqa: E501
# fmt: off
from __future__ import annotations

from tests.behaviour.model import HIT, MISS, OTHER, RAN, RESTORED, case, cell, final, restart, stage, twins, write

_C = "patched"

_ACCESSOR = """import pandas as pd
df = pd.DataFrame({'price': [1.0, 2.0]})
@pd.api.extensions.register_dataframe_accessor('shop')
class Shop:
    def __init__(self, df): self.df = df
    def gross(self): return self.df.price * VAT
VAT = RATE
"""


def _accessor(rate: str, more: str = "") -> str:
    return _ACCESSOR.replace("RATE", rate) + more


_MODULE = "from functools import lru_cache\nclass Book:\n    @lru_cache(maxsize=None)\n    def price(self, x): return x * BODY\n    @staticmethod\n    @lru_cache\n    def tax(x): return x + BODY\nRATE = 2\n"


def _module(body: str) -> str:
    return _MODULE.replace("BODY", body)


CASES = [
    *twins("pandas accessor", _C, setup=_accessor("1.10"), source="y = df.shop.gross().tolist()",
           miss=_accessor("1.25"), hit=_accessor("1.10", "# the same\n"), value=("y", [1.25, 2.5], [1.1, 2.2]), needs="pandas", kernel=True),
    *twins("pandas accessor's body", _C, setup=_accessor("1.10"), source="y = df.shop.gross().tolist()",
           miss=_accessor("1.10").replace("self.df.price *", "1 + self.df.price *"), hit=_accessor("1.10").replace("self.df", "(self).df"), value=("y", [2.1, 3.2], [1.1, 2.2]), needs="pandas", kernel=True),
    *twins("series accessor", _C, setup="import pandas as pd\ns = pd.Series([1, 2])\n@pd.api.extensions.register_series_accessor('own')\nclass Own:\n    def __init__(self, s): self.s = s\n    def top(self): return int(self.s.max())", source="y = s.own.top()",
           miss="import pandas as pd\ns = pd.Series([1, 2])\n@pd.api.extensions.register_series_accessor('own')\nclass Own:\n    def __init__(self, s): self.s = s\n    def top(self): return int(self.s.min())",
           hit="import pandas as pd\ns = pd.Series([1, 2])\nother = 1\n@pd.api.extensions.register_series_accessor('own')\nclass Own:\n    def __init__(self, s): self.s = s\n    def top(self): return int(self.s.max())", value=("y", 1, 2), needs="pandas", kernel=True),
    *twins("cached method", _C, setup="from functools import lru_cache\nclass A:\n    @lru_cache(maxsize=None)\n    def m(self, x): return x + 1", source="y = A().m(1)",
           miss="from functools import lru_cache\nclass A:\n    @lru_cache(maxsize=None)\n    def m(self, x): return x + 2", hit="from functools import lru_cache\nclass A:\n    @lru_cache(maxsize=None)\n    def m(self, x): return (x + 1)  # why", value=("y", 3, 2)),
    *twins("what a cached method reads", _C, setup="from functools import cache\nk = 1\nother = 1\nclass A:\n    @classmethod\n    @cache\n    def m(cls, x): return x + k", source="y = A.m(1)",
           miss="from functools import cache\nk = 2\nother = 1\nclass A:\n    @classmethod\n    @cache\n    def m(cls, x): return x + k", hit="from functools import cache\nk = 1\nother = 2\nclass A:\n    @classmethod\n    @cache\n    def m(cls, x): return x + k", value=("y", 3, 2)),
    case("cached method of a module: miss", _C, MISS, write("books.py", _module("10")), cell("import books"), stage("y = books.Book().price(1), books.Book.tax(1)", RAN), write("books.py", _module("11")), restart(), cell("import books"), stage("y = books.Book().price(1), books.Book.tax(1)", RAN)),
    case("cached method of a module: hit", _C, HIT, write("books.py", _module("10")), cell("import books"), stage("y = books.Book().price(1), books.Book.tax(1)", RAN), write("books.py", _module("10") + "# the same\n"), restart(), cell("import books"), stage("y = books.Book().price(1), books.Book.tax(1)", RESTORED)),
    case("what a cached method of a module reads: miss", _C, MISS, write("books.py", _module("RATE")), cell("import books"), stage("y = books.Book().price(1)", RAN), write("books.py", _module("RATE").replace("= 2", "= 3")), restart(), cell("import books"), stage("y = books.Book().price(1)", RAN)),
    *twins("method put into a class of Python's library", _C, setup="import json\njson.JSONEncoder.default = lambda s, o: 'A'", source="y = json.dumps([set()])",
           miss="import json\njson.JSONEncoder.default = lambda s, o: 'B'", hit="import json\njson.JSONEncoder.default = lambda s, o: ('A')", value=("y", '["B"]', '["A"]'), kernel=True),
    *twins("function put into a module of Python's library", _C, setup="import warnings\ndef show(m, *rest, **named): print('warned', m)\nwarnings.showwarning = show", source="warnings.warn('x', UserWarning)",
           miss="import warnings\ndef show(m, *rest, **named): print('WARNED', m)\nwarnings.showwarning = show", hit="import warnings\ndef show(m, *rest, **named):\n    print('warned', m)\nwarnings.showwarning = show", kernel=True),
    *twins("registry of a library", _C, setup="import matplotlib.units as u\nclass Q:\n    v = 1\nclass Conv(u.ConversionInterface):\n    @staticmethod\n    def convert(value, unit, axis): return 1\nu.registry[Q] = Conv()", source="y = u.registry[Q].convert(Q(), None, None)",
           miss="import matplotlib.units as u\nclass Q:\n    v = 1\nclass Conv(u.ConversionInterface):\n    @staticmethod\n    def convert(value, unit, axis): return 2\nu.registry[Q] = Conv()",
           hit="import matplotlib.units as u\nclass Q:\n    v = 1\nclass Conv(u.ConversionInterface):\n    @staticmethod\n    def convert(value, unit, axis): return (1)\nu.registry[Q] = Conv()", value=("y", 2, 1), needs="matplotlib", kernel=True),
    case("mock in the place of a function", _C, MISS, cell("import pandas as pd\nfrom unittest import mock\nmock.patch('pandas.read_csv', return_value='A').start()"), stage("y = pd.read_csv('x.csv')", "unstored"), needs="pandas", kernel=True),
]

_PRICE = "from functools import lru_cache\nRATE = 1\nother = 1\n@lru_cache(maxsize=None)\ndef price(x): return x * RATE"
_STAGE = "y = price(10)"

CASES += [
    case("cache filled before a change", _C, MISS, cell(_PRICE), stage(_STAGE, RAN), cell("RATE = 2"), stage(_STAGE, "unstored", why="cache of price"), restart(), cell(_PRICE), cell("RATE = 2"), stage(_STAGE, RAN), final("y", 20)),
    case("cache filled by a plain cell before a change", _C, MISS, cell(_PRICE), cell("price(10)"), cell("RATE = 2"), stage(_STAGE, "unstored", why="price.cache_clear()"), restart(), cell(_PRICE), cell("RATE = 2"), stage(_STAGE, RAN), final("y", 20)),
    case("cache filled by a plain cell", _C, HIT, cell(_PRICE), cell("price(10)"), cell("other = 2"), stage(_STAGE, RAN), restart(), cell(_PRICE), stage(_STAGE, RESTORED), final("y", 10)),
    case("cache filled by another stage", _C, HIT, cell(_PRICE), stage("z = price(10)", RAN, name="first"), stage(_STAGE, RAN), restart(), cell(_PRICE), stage(_STAGE, RESTORED), final("y", 10)),
    case("cache cleared after a change", _C, HIT, cell(_PRICE), cell("price(10)"), cell("RATE = 2\nprice.cache_clear()"), stage(_STAGE, RAN), restart(), cell(_PRICE), cell("RATE = 2"), stage(_STAGE, RESTORED), final("y", 20)),
    case("cache that the stage does not ask", _C, HIT, cell(_PRICE), cell("price(10)"), cell("RATE = 2"), stage("y = price(11)", RAN), restart(), cell(_PRICE), cell("RATE = 2"), stage("y = price(11)", RESTORED), final("y", 22)),
    case("cache of a recursive function", _C, HIT, cell("from functools import cache\n@cache\ndef fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)"), cell("fib(10)"), stage("y = fib(20)", RAN), restart(), cell("from functools import cache\n@cache\ndef fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)"), stage("y = fib(20)", RESTORED), final("y", 6765)),
    case("cache of a method filled before a change", _C, MISS, cell("from functools import cache\nk = 1\nclass A:\n    @staticmethod\n    @cache\n    def m(x): return x + k"), stage("y = A.m(1)", RAN), cell("k = 2"), stage("y = A.m(1)", "unstored", why="cache of A.m")),
]

_SET = "import ftplib, json\nftplib.MSG_OOB = N"


def _set(number: int, more: str = "") -> str:
    return _SET.replace("N", str(number)) + more


_BY_FUNCTION = "import ftplib\ndef setup(number): ftplib.MSG_OOB = number\n"

# data of packages that plain cells, functions and modules set
CASES += [
    *twins("constant of a module", _C, setup=_set(5), source="y = ftplib.MSG_OOB", miss=_set(6), hit=_set(5, "  # why\nother = 1"), value=("y", 6, 5), kernel=True),
    *twins("constant set in the cell that imports", _C, setup="import textwrap as t\nt.LIMIT = 5", source="import textwrap\ny = textwrap.LIMIT", miss="import textwrap as t\nt.LIMIT = 6", hit="import textwrap\ntextwrap.LIMIT = 5", value=("y", 6, 5), kernel=True),
    *twins("constant of a class", _C, setup="import csv\ncsv.excel.delimiter = ';'", source="import io\nf = io.StringIO()\n_ = csv.writer(f, csv.excel).writerow([1, 2])\ny = f.getvalue()", miss="import csv\ncsv.excel.delimiter = '|'", hit="import csv\nE = csv.excel\nE.delimiter = ';'", value=("y", "1|2\r\n", "1;2\r\n"), kernel=True),
    *twins("constant of an installed package", _C, setup="import PIL.Image\nPIL.Image.MAX_IMAGE_PIXELS = 5", source="y = PIL.Image.MAX_IMAGE_PIXELS", miss="import PIL.Image\nPIL.Image.MAX_IMAGE_PIXELS = 6", hit="from PIL import Image\nimport PIL.Image\nImage.MAX_IMAGE_PIXELS = 5", value=("y", 6, 5), needs="PIL", kernel=True),
    *twins("constant that is no longer set", _C, setup="import PIL.Image\nPIL.Image.MAX_IMAGE_PIXELS = 5", source="y = PIL.Image.MAX_IMAGE_PIXELS", miss="import PIL.Image", hit="import PIL.Image\nsetattr(PIL.Image, 'MAX_IMAGE_PIXELS', 5)", needs="PIL", kernel=True),
    *twins("constant of a package that the stage does not use", _C, setup="import PIL.Image, numpy as np\nPIL.Image.MAX_IMAGE_PIXELS = 5", source="y = int(np.add(1, 2))", miss=("import PIL.Image, numpy as np\nPIL.Image.MAX_IMAGE_PIXELS = 5", "y = int(np.add(1, 3))"), hit="import PIL.Image, numpy as np\nPIL.Image.MAX_IMAGE_PIXELS = 6", value=("y", 4, 3), needs="PIL numpy", kernel=True),
    *twins("table of a module", _C, setup="import mimetypes\nmimetypes.suffix_map['.a'] = '.tar.gz'", source="import mimetypes\ny = mimetypes.suffix_map['.a']", miss="import mimetypes\nmimetypes.suffix_map['.a'] = '.tar.xz'", hit="import mimetypes as m\nm.suffix_map.update({'.a': '.tar.gz'})", value=("y", ".tar.xz", ".tar.gz"), kernel=True),
    *twins("constant set by a function", _C, setup=_BY_FUNCTION + "setup(5)", source="y = ftplib.MSG_OOB", miss=_BY_FUNCTION + "setup(6)", hit=_BY_FUNCTION + "setup(2 + 3)", value=("y", 6, 5), kernel=True),
    case("constant set by a module: miss", _C, MISS, write("prepare.py", "import ftplib\ndef setup(n): ftplib.MSG_OOB = n\n"), cell("import ftplib, prepare\nprepare.setup(5)"), stage("y = ftplib.MSG_OOB", RAN), restart(), cell("import ftplib, prepare\nprepare.setup(6)"), stage("y = ftplib.MSG_OOB", RAN), final("y", 6), kernel=True),
    case("constant set by a module: hit", _C, HIT, write("prepare.py", "import ftplib\ndef setup(n): ftplib.MSG_OOB = n\n"), cell("import ftplib, prepare\nprepare.setup(5)"), stage("y = ftplib.MSG_OOB", RAN), restart(), cell("import ftplib, prepare\nprepare.setup(6)\nprepare.setup(5)"), stage("y = ftplib.MSG_OOB", RESTORED), final("y", 5), kernel=True),
    *twins("arguments of the program", _C, setup="import sys\nsys.argv = ['x', '--lr', '1']", source="import argparse\np = argparse.ArgumentParser()\np.add_argument('--lr')\ny = p.parse_args().lr\ndel p", miss="import sys\nsys.argv = ['x', '--lr', '2']", hit="import sys\nsys.argv[:] = ['x', '--lr', '1']", value=("y", "2", "1"), kernel=True),
    case("folder where modules are looked for", _C, HIT, stage("y = 1", RAN), restart(), cell("import sys\nsys.path.append('/nowhere')\nsys.path.insert(0, '..')"), stage("y = 1", RESTORED), kernel=True),
    case("function of a library in the place of another", _C, MISS, cell("import shlex, html"), stage("y = shlex.quote('<')", RAN), restart(), cell("import shlex, html\nquote = shlex.quote\nshlex.quote = html.escape"), stage("y = shlex.quote('<')", RAN), final("y", "&lt;"), cell("shlex.quote = quote"), stage("y = shlex.quote('<')", RESTORED), kernel=True),
    case("constant that is set back", _C, HIT, cell("import ftplib"), stage("y = ftplib.MSG_OOB", RAN), cell("ftplib.MSG_OOB = 5"), stage("y = ftplib.MSG_OOB", RAN), cell("ftplib.MSG_OOB = 1"), stage("y = ftplib.MSG_OOB", RESTORED), final("y", 1), kernel=True),
    case("a function that would set a constant is not called", _C, HIT, cell("import ftplib"), stage("y = ftplib.MSG_OOB", RAN), cell("def f():\n    ftplib.MSG_OOB = 5"), stage("y = ftplib.MSG_OOB", RESTORED), final("y", 1), kernel=True),
    case("a stage's function sets a constant", _C, OTHER, cell(_BY_FUNCTION), stage("setup(5)", "unstored", why="it set ftplib.MSG_OOB"), stage("setup(5)", RAN), restart(), cell(_BY_FUNCTION), stage("setup(5)", "unstored"), final("ftplib.MSG_OOB", 5), kernel=True),
    case("a stage sets a constant", _C, OTHER, stage("import ftplib\nftplib.MSG_OOB = 5", "unstored", why="it set ftplib.MSG_OOB"), stage("import sys\nsys.stdout = sys.stdout", RAN), kernel=True),
    case("a stage sets a constant for its own time", _C, HIT, cell("import ftplib"), stage("old = ftplib.MSG_OOB\nftplib.MSG_OOB = 5\ny = ftplib.MSG_OOB\nftplib.MSG_OOB = old", RAN), restart(), cell("import ftplib"), stage("old = ftplib.MSG_OOB\nftplib.MSG_OOB = 5\ny = ftplib.MSG_OOB\nftplib.MSG_OOB = old", RESTORED), final("y", 5), kernel=True),
]

_ZZ = "@pd.api.extensions.register_dataframe_accessor('zz')\nclass Z:\n    def __init__(self, df): self.df = df\n    def f(self): return 1\n"

# code that a stage puts into packages
CASES += [
    case("a stage registers an accessor", _C, OTHER, cell("import pandas as pd\nd = pd.DataFrame({'a': [1]})"), stage(_ZZ + "y = d.zz.f()", "unstored", why="pandas.DataFrame.zz"), final("y", 1), needs="pandas", kernel=True),
    case("a stage's function sets a method", _C, OTHER, cell("import pandas as pd\ndef inst(c): setattr(c, 'zz', lambda s: 1)"), stage("inst(pd.DataFrame)", "unstored", why="pandas.DataFrame.zz"), stage("inst(pd.Series)", "unstored", name="b"), needs="pandas", kernel=True),
    case("a stage lets a library extend another", _C, OTHER, cell("import pandas as pd\nfrom tqdm import tqdm"), stage("tqdm.pandas()", "unstored", why="it set pandas.DataFrame"), needs="pandas tqdm", kernel=True),
    case("a module registers an accessor", _C, HIT, write("acc.py", "import pandas as pd\n" + _ZZ), stage("import pandas as pd, acc\ny = pd.DataFrame({'a': [1]}).zz.f()", RAN), restart(), stage("import pandas as pd, acc\ny = pd.DataFrame({'a': [1]}).zz.f()", RESTORED), cell("z = pd.DataFrame({'a': [1]}).zz.f()"), final("z", 1), needs="pandas", kernel=True),
]

_TWICE = "import torch\ntorch.Tensor.twice = lambda s: s * 2\nx = torch.ones(2)"

CASES += [
    *twins("method of tensors that no name leads to", _C, setup=_TWICE, source="y = x.twice().tolist()", miss=_TWICE.replace("s * 2", "s * 3"), hit=_TWICE.replace("s * 2", "(s * 2)"), value=("y", [3.0, 3.0], [2.0, 2.0]), needs="torch", kernel=True),
]
