"""Modules of the project: as they are loaded, or would be; packages by version."""

# ruff: noqa: E501
from __future__ import annotations

from typing import Any

from tests.behaviour.model import (
    FAILED,
    HIT,
    MISS,
    OTHER,
    RAN,
    RESTORED,
    UNSTORED,
    Case,
    case,
    cell,
    final,
    remove,
    restart,
    stage,
    write,
)

_C = "modules"


def _edited(
    name: str,
    files: dict[str, str],
    setup: str,
    source: str,
    *,
    miss: dict[str, str],
    hit: dict[str, str],
    value: tuple[str, Any, Any],
    kernel: bool = False,
    known: str = "",
) -> list[Case]:
    """Twins by files: in a new kernel, after one edit the stage must run, after its harmless neighbour it must not."""
    above = (cell(setup),) if setup else ()
    return [
        case(
            f"{name}: {shows}", _C, shows, *(write(*file) for file in files.items()), *above, stage(source, RAN), restart(),
            *(write(*file) for file in edit.items()), *above, stage(source, status), final(value[0], end),
            kernel=kernel, known=known.removeprefix(f"{shows}: ") if known.startswith(f"{shows}: ") else "",
        )
        for shows, edit, status, end in ((MISS, miss, RAN, value[1]), (HIT, hit, RESTORED, value[2]))
    ]  # fmt: skip


_PLUGINS = {"plug/__init__.py": "", "plug/a.py": "def f():\n    return 1\n"}
_ALL_PLUGINS = "import importlib, pkgutil, plug\ny = sum(importlib.import_module(f'plug.{i.name}').f() for i in pkgutil.iter_modules(plug.__path__))"
_NEW_PLUGIN = {"plug/b.py": "def f():\n    return 2\n"}
_NO_PLUGIN = {"plug/notes.txt": "b", "plug/data/b.csv": "2"}
_FINDER = {
    "plug/__init__.py": "import importlib, pkgutil\nfound = [importlib.import_module(f'plug.{i.name}') for i in pkgutil.iter_modules(__path__)]\n"
}


def _installed(version: str, needs: str = "", other: str = "1.0") -> dict[str, str]:
    """Two installed packages, as pip leaves them in a folder; `needs`: what the first one requires."""
    requires = f"Requires-Dist: {needs}\n" if needs else ""
    return {
        "site/vended/__init__.py": "def f():\n    return 1\n",
        "site/vended-1.dist-info/METADATA": f"Metadata-Version: 2.1\nName: vended\nVersion: {version}\n{requires}",
        "site/vended-1.dist-info/RECORD": "vended/__init__.py,,\n",
        "site/deeper/__init__.py": "",
        "site/deeper-1.dist-info/METADATA": f"Metadata-Version: 2.1\nName: deeper\nVersion: {other}\n",
        "site/deeper-1.dist-info/RECORD": "deeper/__init__.py,,\n",
    }


_MOD = {"mod.py": "K = 1\ndef f():\n    return K\ndef g():\n    return 0\n"}
_PKG = {
    "pkg/__init__.py": "",
    "pkg/sub.py": "from .low import h\ndef f():\n    return h() + 1\n",
    "pkg/low.py": "def h():\n    return 1\n",
    "pkg/other.py": "X = 1\n",
}
#: Modules that an installed package makes when it is imported; the next kernel does not find them by their names.
_MADE = {
    "from a text": """\
import importlib.abc, importlib.util, sys
class Text(importlib.abc.SourceLoader):
    def get_data(self, path): return b'V = 1'
    def get_filename(self, name): return '<made>'
spec = importlib.util.spec_from_loader('made_by_vended', Text(), origin='vended')
made = sys.modules['made_by_vended'] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(made)
def f(): return made.V
""",
    "in a temporary file": """\
import importlib.util, sys, tempfile
folder = tempfile.TemporaryDirectory()
with open(folder.name + '/made_by_vended.py', 'w') as file: file.write('V = 1')
spec = importlib.util.spec_from_file_location('made_by_vended', file.name)
made = sys.modules['made_by_vended'] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(made)
def f(): return made.V
""",
}
_SITE = "import sys; sys.path.insert(0, 'site')\nimport vended"

CASES = [
    *_edited("imported above", _MOD, "import mod", "y = mod.f()",
             miss={"mod.py": "K = 1\ndef f():\n    return K + 1\n"},
             hit={"mod.py": "'''New text.'''\nK = 1  # one\ndef f():\n    # same\n    return K\ndef g():\n    return 5\n"}, value=("y", 2, 1)),
    *_edited("imported in the stage", _MOD, "", "import mod\ny = mod.f()",
             miss={"mod.py": "K = 1\ndef f():\n    return K + 1\n"}, hit={"mod.py": "# text\n" + _MOD["mod.py"]}, value=("y", 2, 1)),
    *_edited("constant", _MOD, "import mod", "y = mod.f()", miss={"mod.py": _MOD["mod.py"].replace("K = 1", "K = 1.0")},
             hit={"mod.py": _MOD["mod.py"].replace("K = 1", "K = 3 - 2")}, value=("y", 1.0, 1)),
    *_edited("from import", _MOD, "from mod import f", "y = f()", miss={"mod.py": _MOD["mod.py"].replace("return K", "return -K")},
             hit={"mod.py": _MOD["mod.py"].replace("return 0", "return 9")}, value=("y", -1, 1)),
    *_edited("star import", _MOD, "from mod import *", "y = f()", miss={"mod.py": _MOD["mod.py"].replace("K = 1", "K = 4")},
             hit={"mod.py": _MOD["mod.py"] + "def more():\n    return 2\n"}, value=("y", 4, 1)),
    *_edited("star import in the stage", _MOD, "", "from mod import *\ny = f()", miss={"mod.py": _MOD["mod.py"].replace("K = 1", "K = 4")},
             hit={"mod.py": _MOD["mod.py"].replace("K = 1", "K  =  1")}, value=("y", 4, 1)),
    *_edited("alias", _MOD, "import mod as m", "y = m.f()", miss={"mod.py": _MOD["mod.py"].replace("K = 1", "K = 2")},
             hit={"mod.py": "\n\n" + _MOD["mod.py"]}, value=("y", 2, 1)),
    *_edited("submodule with a relative import", _PKG, "import pkg.sub", "y = pkg.sub.f()", miss={"pkg/low.py": "def h():\n    return 2\n"},
             hit={"pkg/other.py": "X = 2\n"}, value=("y", 3, 2)),
    *_edited("from package import module", _PKG, "from pkg import sub", "y = sub.f()", miss={"pkg/sub.py": _PKG["pkg/sub.py"].replace("+ 1", "+ 2")},
             hit={"pkg/low.py": "def h():\n    '''Give one.'''\n    return 1\n", "pkg/sub.py": _PKG["pkg/sub.py"] + "\nunused = 1\n"}
             | {"pkg/low.py": "def h():  # one\n    return 1\n"}, value=("y", 3, 2)),
    *_edited("code of a package's __init__", {"pkg/__init__.py": "V = 1\n", "pkg/sub.py": "import pkg\ndef f():\n    return pkg.V\n"}, "", "import pkg.sub\ny = pkg.sub.f()",
             miss={"pkg/__init__.py": "V = 2\n"}, hit={"pkg/__init__.py": "V = 1  # one\n"}, value=("y", 2, 1)),
    *_edited("namespace package", {"space/one.py": "def f():\n    return 1\n"}, "from space import one", "y = one.f()", miss={"space/one.py": "def f():\n    return 2\n"},
             hit={"space/two.py": "def f():\n    return 2\n"}, value=("y", 2, 1)),
    *_edited("imported inside a helper", {"low.py": "def g():\n    return 1\n"}, "def f():\n    import low\n    return low.g()", "y = f()",
             miss={"low.py": "def g():\n    return 2\n"}, hit={"low.py": "def g():\n    return (1)\n"}, value=("y", 2, 1)),
    *_edited("imported inside a module's function", {"mod.py": "def f():\n    from low import g\n    return g()\n", "low.py": "def g():\n    return 1\n"}, "import mod",
             "y = mod.f()", miss={"low.py": "def g():\n    return 2\n"}, hit={"low.py": "# text\ndef g():\n    return 1\n"}, value=("y", 2, 1)),
    *_edited("imported by name", {"low.py": "def g():\n    return 1\n"}, "import importlib\nname = 'low'", "m = importlib.import_module(name)\ny = m.g()",
             miss={"low.py": "def g():\n    return 2\n"}, hit={"other.py": "def g():\n    return 2\n"}, value=("y", 2, 1)),
    *_edited("imported by name, loaded above", {"low.py": "def g():\n    return 1\n"}, "import importlib, low\nname = 'low'", "m = importlib.import_module(name)\ny = m.g()",
             miss={"low.py": "def g():\n    return 2\n"}, hit={"low.py": "def g():\n    return 1  # one\n"}, value=("y", 2, 1)),
    *_edited("imported by name in a helper", {"low.py": "def g():\n    return 1\n"}, "import importlib\ndef f(name):\n    return importlib.import_module(name).g()", "y = f('low')",
             miss={"low.py": "def g():\n    return 2\n"}, hit={"low.py": "def g():\n    # one\n    return 1\n"}, value=("y", 2, 1)),
    *_edited("imported by name, which imports another", {"low.py": "from base import B\ndef g():\n    return B\n", "base.py": "B = 1\n"}, "name = 'low'", "y = __import__(name).g()",
             miss={"base.py": "B = 2\n"}, hit={"base.py": "B = 1  # one\n"}, value=("y", 2, 1)),
    *_edited("found in sys.modules", _MOD, "import sys, mod", "y = sys.modules['mod'].f()", miss={"mod.py": _MOD["mod.py"].replace("return K", "return K + 1")},
             hit={"mod.py": "# text\n" + _MOD["mod.py"]}, value=("y", 2, 1)),
    *_edited("found in a package's folder", _PLUGINS, "", _ALL_PLUGINS, miss=_NEW_PLUGIN, hit=_NO_PLUGIN, value=("y", 3, 1)),
    *_edited("found in a package's folder and edited", _PLUGINS, "", _ALL_PLUGINS, miss={"plug/a.py": "def f():\n    return 5\n"}, hit={"plug/a.py": "def f():\n    return 1  # one\n"}, value=("y", 5, 1)),
    *_edited("found by the package itself", {**_PLUGINS, **_FINDER}, "import plug", "y = sum(m.f() for m in plug.found)", miss=_NEW_PLUGIN, hit=_NO_PLUGIN, value=("y", 3, 1)),
    *_edited("found by the package itself in the stage", {**_PLUGINS, **_FINDER}, "", "import plug\ny = sum(m.f() for m in plug.found)", miss=_NEW_PLUGIN, hit=_NO_PLUGIN, value=("y", 3, 1)),
    *_edited("found by what it is called", {"my_a.py": "x = 1\n"}, "", "import importlib, pkgutil\ny = sum(importlib.import_module(i.name).x for i in pkgutil.iter_modules() if i.name.startswith('my_'))", miss={"my_b.py": "x = 2\n"}, hit={"my_b.txt": ""}, value=("y", 3, 1)),
    *_edited("found in packages within", {**_PLUGINS, "plug/sub/__init__.py": ""}, "import pkgutil, plug", "y = sum(1 for _ in pkgutil.walk_packages(plug.__path__, 'plug.'))", miss={"plug/sub/c.py": ""}, hit=_NO_PLUGIN, value=("y", 3, 2)),
    *_edited("imported by a name that a library resolves", {"low.py": "def g():\n    return 1\n"}, "import pkgutil\nname = 'low:g'", "y = pkgutil.resolve_name(name)()", miss={"low.py": "def g():\n    return 2\n"},
             hit={"low.py": "def g():\n    # one\n    return 1\n"}, value=("y", 2, 1)),
    case("plugin that registers itself", _C, HIT, write("registry.py", "REG = []\n"), write("plugin.py", "import registry\nregistry.REG.append('p')\n"), cell("import registry, importlib\nname = 'plugin'"),
         stage("_ = importlib.import_module(name)", RAN), restart(), cell("import registry, importlib\nname = 'plugin'"), stage("_ = importlib.import_module(name)", RESTORED), final("registry.REG", ["p"])),
    *_edited("attribute by name", _MOD, "import mod\nname = 'f'", "y = getattr(mod, name)()", miss={"mod.py": _MOD["mod.py"].replace("return K", "return K + 1")},
             hit={"mod.py": _MOD["mod.py"].replace("return K", "return (K)")}, value=("y", 2, 1)),
    *_edited("class of a module", {"mod.py": "class A:\n    def m(self):\n        return 1\n    def n(self):\n        return 2\n"}, "from mod import A\na = A()", "y = a.m()",
             miss={"mod.py": "class A:\n    def m(self):\n        return 3\n    def n(self):\n        return 2\n"},
             hit={"mod.py": "class B:\n    pass\nclass A:\n    def m(self):\n        return 1\n    def n(self):\n        return 2\n"}, value=("y", 3, 1)),
    *_edited("base class in another module", {"base.py": "class B:\n    def m(self):\n        return 1\n", "mod.py": "from base import B\nclass A(B):\n    pass\n"},
             "from mod import A", "y = A().m()", miss={"base.py": "class B:\n    def m(self):\n        return 2\n"},
             hit={"base.py": "class B:\n\n    def m(self):\n        return 1\n\n\nclass C:\n    pass\n"}, value=("y", 2, 1)),
    *_edited("decorator of a module", {"deco.py": "def twice(f):\n    return lambda x: f(f(x))\n"}, "from deco import twice\n@twice\ndef inc(x):\n    return x + 1", "y = inc(0)",
             miss={"deco.py": "def twice(f):\n    return lambda x: f(f(f(x)))\n"}, hit={"deco.py": "def twice(f):\n    return lambda x: (f(f(x)))\n"}, value=("y", 3, 2)),
    *_edited("attribute made by a module's __getattr__", {"mod.py": "_V = {'a': 1}\ndef __getattr__(name):\n    if name in _V:\n        return _V[name]\n    raise AttributeError(name)\n"},
             "import mod", "y = mod.a", miss={"mod.py": "_V = {'a': 2}\ndef __getattr__(name):\n    if name in _V:\n        return _V[name]\n    raise AttributeError(name)\n"},
             hit={"mod.py": "_V = {'a': 1}\ndef __getattr__(name):\n    # by name\n    if name in _V:\n        return _V[name]\n    raise AttributeError(name)\n"}, value=("y", 2, 1)),
    *_edited("project beneath src", {"src/mod.py": "def f():\n    return 1\n"}, "import sys; sys.path.insert(0, 'src')\nimport mod", "y = mod.f()",
             miss={"src/mod.py": "def f():\n    return 2\n"}, hit={"src/mod.py": "def f():\n    return 1\n\ndef g():\n    pass\n"}, value=("y", 2, 1)),
    *_edited("editable install", {"src/edited.py": "def f():\n    return 1\n", "site/edited-1.dist-info/METADATA": "Metadata-Version: 2.1\nName: edited\nVersion: 1.0\n",
                                  "site/edited-1.dist-info/RECORD": "edited.pth,,\n", "site/edited-1.dist-info/direct_url.json": '{"dir_info": {"editable": true}, "url": "file:///src"}'},
             "import sys; sys.path[:0] = ['site', 'src']\nimport edited", "y = edited.f()", miss={"src/edited.py": "def f():\n    return 2\n"},
             hit={"src/edited.py": "def f():\n    return 1  # one\n"}, value=("y", 2, 1), kernel=True),
    *_edited("installed package by version", _installed("1.0"), _SITE, "y = vended.f()", miss=_installed("2.0"), hit=_installed("1.0"), value=("y", 1, 1), kernel=True),
    *_edited("what an installed package needs", _installed("1.0", "deeper>=1"), _SITE, "y = vended.f()", miss=_installed("1.0", "deeper>=1", "1.1"),
             hit=_installed("1.0", "deeper>=1"), value=("y", 1, 1), kernel=True),
    *[one for how, text in _MADE.items() for one in _edited(
        f"module that an installed package makes {how}", _installed("1.0") | {"site/vended/__init__.py": text},
        "import sys; sys.path.insert(0, 'site')", "import vended\ny = vended.f()",
        miss=_installed("2.0"), hit={"site/unrelated.py": ""}, value=("y", 1, 1), kernel=True)],
    *_edited("another package beside an installed one", _installed("1.0"), _SITE, "y = vended.f()", miss=_installed("1.0.1", "", "1.1"),
             hit=_installed("1.0", "", "1.1"), value=("y", 1, 1), kernel=True),
    case("edited, not reloaded: what is loaded counts", _C, HIT, write("mod.py", "def f():\n    return 1\n"), cell("import mod"), stage("y = mod.f()", RAN),
         write("mod.py", "def f():\n    return 2\n"), stage("y = mod.f()", RESTORED), final("y", 1), restart(), cell("import mod"), stage("y = mod.f()", RAN), final("y", 2)),
    case("edited, not reloaded, imported in the stage", _C, HIT, write("mod.py", "def f():\n    return 1\n"), stage("import mod\ny = mod.f()", RAN),
         write("mod.py", "def f():\n    return 2\n"), stage("import mod\ny = mod.f()", RESTORED), final("y", 1)),
    case("edited and reloaded", _C, MISS, write("mod.py", "def f():\n    return 1\n"), cell("import mod"), stage("y = mod.f()", RAN),
         write("mod.py", "def f():\n    return 22\n"), cell("import importlib; _ = importlib.reload(mod)"), stage("y = mod.f()", RAN, why="`mod.f`"), final("y", 22)),
    case("reloaded without an edit", _C, HIT, write("mod.py", "def f():\n    return 1\n"), cell("import mod"), stage("y = mod.f()", RAN),
         cell("import importlib; _ = importlib.reload(mod)"), stage("y = mod.f()", RESTORED), final("y", 1)),
    case("reloaded, stage imports", _C, MISS, write("mod.py", "def f():\n    return 1\n"), cell("import mod"), stage("import mod\ny = mod.f()", RAN),
         write("mod.py", "def f():\n    return 22\n"), cell("import importlib; _ = importlib.reload(mod)"), stage("import mod\ny = mod.f()", RAN), final("y", 22)),
    case("reloaded with a comment, stage imports", _C, HIT, write("mod.py", "def f():\n    return 1\n"), cell("import mod"), stage("import mod\ny = mod.f()", RAN),
         write("mod.py", "def f():\n    return 1  # one\n"), cell("import importlib; _ = importlib.reload(mod)"), stage("import mod\ny = mod.f()", RESTORED), final("y", 1)),
    case("old function kept over a reload", _C, HIT, write("mod.py", "def f():\n    return 1\n"), cell("import mod\nfrom mod import f"), stage("y = f()", RAN),
         write("mod.py", "def f():\n    return 22\n"), cell("import importlib; _ = importlib.reload(mod)"), stage("y = f()", RAN), final("y", 1)),
    *[case(f"loaded again in the stage: {name}", _C, MISS, write("mod.py", "V = 1\n"), cell("import importlib, sys, mod"), stage(f"{source}\ny = importlib.import_module('mod').V", UNSTORED, why="it loaded the module mod again"),
           final("y", 1), write("mod.py", "V = 22\n"), stage(f"{source}\ny = importlib.import_module('mod').V", UNSTORED, why="it loaded the module mod again"), final("y", 22))
      for name, source in (("reload", "importlib.reload(mod)"), ("import", "sys.modules.pop('mod')\nimport mod"), ("by its name", "del sys.modules['mod']"))],
    case("loaded again in the stage, where it fails", _C, MISS, write("mod.py", "V = 1\n"), cell("import importlib, mod"), write("mod.py", "V = 22\n1/0\n"),
         stage("try:\n    importlib.reload(mod)\nexcept ZeroDivisionError:\n    y = mod.V", UNSTORED, why="it loaded the module mod again"), final("y", 22)),
    case("forgotten above, imported in the stage", _C, HIT, write("mod.py", "V = 1\n"), cell("import sys, mod\ndel sys.modules['mod'], mod"), stage("import mod\ny = mod.V", RAN), restart(), stage("import mod\ny = mod.V", RESTORED), final("y", 1)),
    *[case(f"run by runpy: {name}", _C, MISS, write(file, "V = 1\n"), cell(above), stage(source, UNSTORED, why="with runpy"), restart(), write(file, "V = 22\n"), cell(above), stage(source, UNSTORED, why="with runpy"), final("y", 22))
      for name, file, above, source in (
          ("module", "mod.py", "import runpy", "y = runpy.run_module('mod')['V']"), ("module that is loaded", "mod.py", "import runpy, mod", "y = runpy.run_module('mod')['V']"),
          ("package", "pkg/__main__.py", "from runpy import run_module", "y = run_module('pkg')['V']"), ("folder", "pkg/__main__.py", "import runpy", "y = runpy.run_path('pkg')['V']"))],
    *_edited("run by runpy: path", {"script.py": "V = 1\n"}, "import runpy", "y = runpy.run_path('script.py')['V']", miss={"script.py": "V = 22\n"}, hit={"other.py": "V = 22\n"}, value=("y", 22, 1)),
    case("autoreload of an edited module", _C, MISS, write("mod.py", "def f():\n    return 1\n"), cell("%load_ext autoreload\n%autoreload 2"), cell("from mod import f"),
         stage("y = f()", RAN), write("mod.py", "def f():\n    return 22\n"), stage("y = f()", RAN), final("y", 22), kernel=True),
    case("autoreload of a comment", _C, HIT, write("mod.py", "def f():\n    return 1\n"), cell("%load_ext autoreload\n%autoreload 2"), cell("from mod import f"),
         stage("y = f()", RAN), write("mod.py", "def f():\n    # comment\n    return 1\n"), stage("y = f()", RESTORED), final("y", 1), kernel=True),
    case("autoreload of a module that the stage imports", _C, MISS, write("mod.py", "def f():\n    return 1\n"), cell("%load_ext autoreload\n%autoreload 2"),
         stage("import mod\ny = mod.f()", RAN), write("mod.py", "def f():\n    return 22\n"), stage("import mod\ny = mod.f()", RAN), final("y", 22), kernel=True),
    case("autoreload of a class with instances", _C, MISS, write("mod.py", "class A:\n    def m(self):\n        return 1\n"), cell("%load_ext autoreload\n%autoreload 2"),
         cell("from mod import A\na = A()"), stage("y = a.m()", RAN), write("mod.py", "class A:\n    def m(self):\n        return 22\n"), stage("y = a.m()", RAN), final("y", 22), kernel=True),
    case("module global set by a cell", _C, MISS, write("mod.py", "K = 1\ndef f():\n    return K\n"), cell("import mod"), stage("y = mod.f()", RAN), cell("mod.K = 5"),
         stage("y = mod.f()", RAN, why="`mod.K`: 1 -> 5"), final("y", 5)),
    case("other global set by a cell", _C, HIT, write("mod.py", "K = 1\ndef f():\n    return K\n"), cell("import mod"), stage("y = mod.f()", RAN), cell("mod.unused = 5"),
         stage("y = mod.f()", RESTORED), final("y", 1)),
    case("module global set, stage imports", _C, MISS, write("mod.py", "K = 1\ndef f():\n    return K\n"), stage("import mod\ny = mod.f()", RAN), cell("mod.K = 5"),
         stage("import mod\ny = mod.f()", RAN), final("y", 5)),
    case("module's list filled by a cell", _C, MISS, write("mod.py", "L = []\ndef f():\n    return len(L)\n"), cell("import mod"), stage("y = mod.f()", RAN), cell("mod.L.append(1)"),
         stage("y = mod.f()", RAN), final("y", 1)),
    case("module's function replaced", _C, MISS, write("mod.py", "def f():\n    return 1\n"), cell("import mod"), stage("y = mod.f()", RAN), cell("mod.f = lambda: 7"),
         stage("y = mod.f()", RAN), final("y", 7)),
    case("module's function replaced by the same", _C, HIT, write("mod.py", "def f():\n    return 1\n"), cell("import mod"), stage("y = mod.f()", RAN), cell("g = mod.f\nmod.f = None\nmod.f = g"),
         stage("y = mod.f()", RESTORED), final("y", 1)),
    case("stage sets a module's global", _C, HIT, write("mod.py", "K = 1\ndef f():\n    return K\n"), cell("import mod"), stage("mod.K = 9\ny = mod.f()", RAN), restart(),
         cell("import mod"), stage("mod.K = 9\ny = mod.f()", RESTORED), final("mod.f()", 9)),
    case("stage fills a module's list", _C, HIT, write("mod.py", "L = []\ndef f():\n    L.append(1)\n    return len(L)\n"), cell("import mod\nm = mod.L"), stage("y = mod.f()", RAN), restart(),
         cell("import mod\nm = mod.L"), stage("y = mod.f()", RESTORED), final("mod.L", [1]), final("m is mod.L", True)),
    case("module is bound after a hit", _C, HIT, write("mod.py", "def f():\n    return 1\n"), stage("import mod\ny = 1", RAN), restart(), stage("import mod\ny = 1", RESTORED), final("mod.f()", 1)),
    case("function imported by a hit", _C, HIT, write("mod.py", "def f():\n    return 1\n"), stage("from mod import f", RAN), restart(), stage("from mod import f", RESTORED),
         final("f()", 1), final("f is __import__('mod').f", True)),
    case("instance of a module's class", _C, HIT, write("mod.py", "class A:\n    pass\n"), stage("from mod import A\na = A()\na.v = 2", RAN), restart(),
         stage("from mod import A\na = A()\na.v = 2", RESTORED), final("a.v", 2), final("type(a) is __import__('mod').A", True)),
    case("module is gone", _C, MISS, write("mod.py", "def f():\n    return 1\n"), stage("import mod\ny = mod.f()", RAN), restart(), remove("mod.py"),
         stage("import mod\ny = mod.f()", FAILED, error="ModuleNotFoundError")),
    case("another module takes its place", _C, MISS, write("mod.py", "def f():\n    return 1\n"), stage("import mod\ny = mod.f()", RAN), restart(), write("first/mod.py", "def f():\n    return 2\n"),
         cell("import sys; sys.path.insert(0, 'first')"), stage("import mod\ny = mod.f()", RAN), final("y", 2)),
    case("the same module elsewhere", _C, HIT, write("mod.py", "def f():\n    return 1\n"), stage("import mod\ny = mod.f()", RAN), restart(), write("first/mod.py", "def f():\n    return 1\n"),
         cell("import sys; sys.path.insert(0, 'first')"), stage("import mod\ny = mod.f()", RESTORED), final("y", 1)),
    case("other working directory", _C, HIT, write("mod.py", "def f():\n    return 1\n"), write("sub/x", ""), cell("import mod"), stage("y = mod.f()", RAN), restart("sub"), cell("import mod"),
         stage("y = mod.f()", RESTORED)),
    case("module that fails is not kept", _C, MISS, write("mod.py", "1/0\n"), stage("import mod\ny = 1", FAILED, error="ZeroDivisionError"), write("mod.py", "V = 1\n"), stage("import mod\ny = 1", RAN), final("y", 1)),
    case("optional module appears", _C, MISS, stage("try:\n    import maybe\n    y = maybe.V\nexcept ImportError:\n    y = 0", RAN), restart(), write("maybe.py", "V = 3\n"),
         stage("try:\n    import maybe\n    y = maybe.V\nexcept ImportError:\n    y = 0", RAN), final("y", 3)),
    case("optional module stays away", _C, HIT, stage("try:\n    import maybe\n    y = maybe.V\nexcept ImportError:\n    y = 0", RAN), restart(), write("other.py", "V = 3\n"),
         stage("try:\n    import maybe\n    y = maybe.V\nexcept ImportError:\n    y = 0", RESTORED), final("y", 0)),
    case("installed function replaced by the notebook's", _C, MISS, cell("import numpy as np"), stage("y = float(np.sum(np.ones(3)))", RAN), cell("real = np.sum\nnp.sum = lambda a: 7"),
         stage("y = float(np.sum(np.ones(3)))", RAN), final("y", 7.0), cell("np.sum = real"), stage("y = float(np.sum(np.ones(3)))", RESTORED), final("y", 3.0), needs="numpy", kernel=True),
    case("installed method replaced by the notebook's", _C, MISS, cell("import pandas as pd\ndf = pd.DataFrame({'a': [1, 2]})"), stage("y = int(df.a.sum())", RAN),
         cell("pd.Series.sum = lambda self: 7"), stage("y = int(df.a.sum())", RAN), final("y", 7), needs="pandas", kernel=True),
    case("notebook under a second name", _C, HIT, stage("import multiprocessing\ny = 1", RAN), restart(), stage("import multiprocessing\ny = 1", RESTORED), final("__import__('sys').modules['__mp_main__'] is __import__('sys').modules['__main__']", True), kernel=True),
    *_edited("module that reads a file when imported", {"mod.py": "from pathlib import Path\nV = Path('conf.txt').read_text()\n", "conf.txt": "a"}, "import mod", "y = mod.V",
             miss={"conf.txt": "b"}, hit={"other.txt": "b"}, value=("y", "b", "a")),
    *_edited("module that lists a folder when imported", {"mod.py": "import os\nV = sorted(os.listdir('in'))\n", "in/a": ""}, "import mod", "y = mod.V",
             miss={"in/b": ""}, hit={"out/b": ""}, value=("y", ["a", "b"], ["a"])),
    *_edited("module that asks for a file when imported", {"mod.py": "import os\nV = os.path.exists('conf.txt')\n"}, "import mod", "y = mod.V",
             miss={"conf.txt": "b"}, hit={"other.txt": "b"}, value=("y", True, False)),
    case("module that reads the environment when imported", _C, MISS, write("mod.py", "import os\nV = os.environ.get('NBX')\n"), restart(NBX="1"), cell("import mod"), stage("y = mod.V", RAN), restart(NBX="2"),
         cell("import mod"), stage("y = mod.V", RAN), final("y", "2"), kernel=True),
    case("module that reads the same environment when imported", _C, HIT, write("mod.py", "import os\nV = os.environ.get('NBX')\n"), restart(NBX="1"), cell("import mod"), stage("y = mod.V", RAN), restart(NBX="1", OTHER="2"),
         cell("import mod"), stage("y = mod.V", RESTORED), final("y", "1"), kernel=True),
    case("module that draws when imported", _C, MISS, write("mod.py", "import random\nV = random.random()\n"), cell("import random; random.seed(1); import mod"), stage("y = mod.V", RAN), restart(),
         cell("import random; random.seed(2); import mod"), stage("y = mod.V", RAN), final("y == mod.V", True)),
    case("module that draws the same when imported", _C, HIT, write("mod.py", "import random\nV = random.random()\n"), cell("import random; random.seed(1); import mod"), stage("y = mod.V", RAN), restart(),
         cell("import random; random.seed(1); import mod"), stage("y = mod.V", RESTORED), final("y == mod.V", True)),
    case("module that answers for any name", _C, MISS, write("mod.py", "def __getattr__(name):\n    return 1\n"), cell("from mod import anything as a"), stage("import mod\ny = mod.thing", RAN), restart(),
         write("mod.py", "def __getattr__(name):\n    return 2\n"), cell("from mod import anything as a"), stage("import mod\ny = mod.thing", RAN), final("y", 2)),
    case("stage sets a name in an installed package", _C, OTHER, cell("import numpy as np"), stage("np.answer = 42", UNSTORED, why="numpy.answer"), restart(), cell("import numpy as np"), stage("np.answer = 42", UNSTORED), final("np.answer", 42), needs="numpy", kernel=True),
    case("stage reads a name in an installed package", _C, HIT, cell("import numpy as np"), stage("y = np.pi", RAN), restart(), cell("import numpy as np"), stage("y = np.pi", RESTORED), needs="numpy"),
    *[case(f"submodule of a package: {name}", _C, HIT, write("pkg/__init__.py", ""), write("pkg/sub.py", "def f():\n    return 1\n"), stage(source, RAN), restart(), stage(source, RESTORED), cell(f"{before}y = pkg.sub.f()"), final("y", 1))
      for name, source, before in (("import", "import pkg.sub", ""), ("import as", "import pkg.sub as s", "import pkg\n"), ("from", "from pkg.sub import f", "import pkg\n"), ("in a block", "if True:\n    import pkg.sub", ""))],
]  # fmt: skip

_LOUD = "print('loading')\nimport sys, warnings\nwarnings.warn('old')\nprint('err', file=sys.stderr)\nfrom IPython.display import display\ndisplay('hi')\nv = 1\n"
_SETS = "import warnings\nimport pandas as pd\npd.set_option('display.max_rows', 7)\nwarnings.filterwarnings('error')\n"
_SETS_BACK = "import m, warnings\nimport pandas as pd\npd.reset_option('display.max_rows')\nwarnings.resetwarnings()"
_LOOK = "__import__('pandas').get_option('display.max_rows'), len(__import__('warnings').filters)"

# what a hit's own imports do beside importing
CASES += [
    case("what an import prints is shown once", _C, HIT, write("m.py", _LOUD), stage("import m\ny = m.v", RAN, output="loading"), restart(), stage("import m\ny = m.v", RESTORED, output="loading"), final("y", 1), kernel=True),
    case("settings of an import, set back by the stage", _C, HIT, write("m.py", _SETS), stage(_SETS_BACK, RAN), final(_LOOK, (60, 0)), restart(), stage(_SETS_BACK, RESTORED), final(_LOOK, (60, 0)), needs="pandas", kernel=True),
    case("settings of an import, left by the stage", _C, HIT, write("m.py", "import pandas as pd\npd.set_option('display.max_rows', 7)\n"), stage("import m", RAN), restart(), stage("import m", RESTORED), final("__import__('pandas').get_option('display.max_rows')", 7), needs="pandas", kernel=True),
]  # fmt: skip
