"""What code of a stage reaches under no name: functions held in settings, and what the user registered with IPython."""

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
    final,
    replayed,
    restart,
    stage,
    twins,
    write,
)

_C = "registered"

_FLOAT = "import pandas as pd\nk = {}\ndf = pd.DataFrame({{'a': [1.23456]}})\npd.options.display.float_format = lambda x: f'{{x:.{{k}}f}}'"
_HELPER = "import pandas as pd\ndef h(x):\n    return f'{{x:.{}f}}'{}\ndef fm(x):\n    return h(x)\ndf = pd.DataFrame({{'a': [1.23456]}})\npd.set_option('display.float_format', fm)"
_NUMPY = "import numpy as np\nk = {}\ndef fm(x):\n    return f'{{x:.{{k}}f}}'{}\nnp.set_printoptions(formatter={{'float': fm}})"
_CALL = "import numpy as np\nL = []\ndef h(kind, flag):\n    L.append(kind + {!r}){}\nnp.seterrcall(h)\nnp.seterr(divide='call');"
_LOST = (
    "from IPython.core.magic import register_{0}_magic\n@register_{0}_magic\ndef foo({1}):\n    return {2}{3}\ndel foo"
)
_CLASS = "from IPython.core.magic import Magics, magics_class, line_magic\n@magics_class\nclass M(Magics):\n    def __init__(self, shell):\n        super().__init__(shell)\n        self.k = {}\n    @line_magic\n    def foo(self, line):\n        return self.k + {}{}\nget_ipython().register_magics(M)\ndel M"
_EXTENSION = (
    "def foo(line):\n    return {}{}\ndef load_ipython_extension(ip):\n    ip.register_magic_function(foo, 'line')\n"
)
_FORMATTER = "class A:\n    pass\na = A()\ntext = get_ipython().display_formatter.formatters['text/plain']\ntext.for_type(A, lambda obj, p, cycle: p.text('A{}')){};\ndel text"
_TRANSFORMER = "import ast\nclass T(ast.NodeTransformer):\n    def visit_Constant(self, node):\n        return ast.copy_location(ast.Constant(node.value + {}), node) if type(node.value) is int else node{}\nget_ipython().ast_transformers.append(T());"
_RENAMER = "import ast\nclass T(ast.NodeTransformer):\n    def visit_Name(self, node):\n        return ast.copy_location(ast.Name('z', node.ctx), node) if node.id == 'x' else node\nget_ipython().ast_transformers.append(T());\nx, z = 1, {}"
_SOURCE = "def f():\n    return 1  # {}\n"

CASES = [
    *twins("variable of a function in pandas' options", _C, setup=_FLOAT.format(2), source="print(df)", miss=_FLOAT.format(3), hit=_FLOAT.format(2) + "  # digits", needs="pandas"),
    *twins("helper of a function in pandas' options", _C, setup=_HELPER.format(2, ""), source="print(df)", miss=_HELPER.format(3, ""), hit=_HELPER.format(2, "  # digits"), needs="pandas"),
    *twins("variable of a function in numpy's print options", _C, setup=_NUMPY.format(2, ""), source="y = str(np.array([1 / 3]))", miss=_NUMPY.format(3, ""), hit=_NUMPY.format(2, "  # digits"), value=("y", "[0.333]", "[0.33]"), needs="numpy"),
    *twins("body of numpy's error function", _C, setup=_CALL.format("!", ""), source="y = np.array([1.]) / 0", miss=_CALL.format("?", ""), hit=_CALL.format("!", "  # noted"), value=("L", ["divide by zero?"], ["divide by zero!"]), needs="numpy"),
    replayed("what numpy's error function appends to", _C, "import numpy as np\nL = []\nnp.seterrcall(lambda t, f: L.append(t))\nnp.seterr(all='call');", "y = np.array([1.]) / 0", final("L", ["divide by zero"]), needs="numpy"),
    case("what a closure in a setting appends to", _C, OTHER, cell("import numpy as np\ndef made():\n    L = []\n    return L, lambda t, f: L.append(t)\nL, h = made()\nnp.seterrcall(h)\nnp.seterr(all='call');"), stage("y = np.array([1.]) / 0", UNSTORED, why="closure"), final("L", ["divide by zero"]), needs="numpy"),
    case("a closure in a setting that counts", _C, OTHER, cell("import numpy as np\ndef made():\n    n = 0\n    def h(t, f):\n        nonlocal n\n        n += 1\n    return h\nnp.seterrcall(made())\nnp.seterr(all='call');"), stage("y = np.array([1.]) / 0", UNSTORED, why="closure"), needs="numpy"),
    *twins("line magic whose function has no name left", _C, setup=_LOST.format("line", "line", 1, ""), source="r = %foo", miss=_LOST.format("line", "line", 2, ""), hit=_LOST.format("line", "line", 1, "  # one"), value=("r", 2, 1)),
    *twins("cell magic whose function has no name left", _C, setup=_LOST.format("cell", "line, cell", "'1' + cell", ""), source="%%foo\ntext", miss=_LOST.format("cell", "line, cell", "'2' + cell", ""), hit=_LOST.format("cell", "line, cell", "'1' + cell", "  # one"), value=("_", "2text\n", "1text\n")),
    *twins("magic inside another's Python", _C, setup=_LOST.format("line", "line", 1, ""), source="%time r = [get_ipython().run_line_magic('foo', '')]", miss=_LOST.format("line", "line", 2, ""), hit=_LOST.format("line", "line", 1, "  # one"), value=("r", [2], [1])),
    *twins("magic called by a function", _C, setup=_LOST.format("line", "line", 1, "") + "\ndef f():\n    r = %foo\n    return r", source="r = f()", miss=_LOST.format("line", "line", 2, "") + "\ndef f():\n    r = %foo\n    return r", hit=_LOST.format("line", "line", 1, "  # one") + "\ndef f():\n    r = %foo\n    return r", value=("r", 2, 1)),
    *twins("method of a class of magics", _C, setup=_CLASS.format(1, 1, ""), source="r = %foo", miss=_CLASS.format(1, 2, ""), hit=_CLASS.format(1, 1, "  # more"), value=("r", 3, 2)),
    *twins("field of an object of magics", _C, setup=_CLASS.format(1, 1, ""), source="r = %foo", miss=_CLASS.format(2, 1, ""), hit=_CLASS.format(1, 1, "  # as before"), value=("r", 3, 2)),
    *twins("alias of a magic", _C, setup=_LOST.format("line", "line", 1, "") + "\n%alias_magic bar foo", source="r = %bar", miss=_LOST.format("line", "line", 2, "") + "\n%alias_magic bar foo", hit=_LOST.format("line", "line", 1, "  # one") + "\n%alias_magic bar foo", value=("r", 2, 1)),
    case("magic of a local extension, edited", _C, MISS, write("ex.py", _EXTENSION.format(1, "")), cell("%load_ext ex"), stage("r = %foo", RAN), restart(), write("ex.py", _EXTENSION.format(2, "")), cell("%load_ext ex"), stage("r = %foo", RAN, why="foo"), final("r", 2)),
    case("magic of a local extension, as it was", _C, HIT, write("ex.py", _EXTENSION.format(1, "")), cell("%load_ext ex"), stage("r = %foo", RAN), restart(), write("ex.py", _EXTENSION.format(1, "  # one")), cell("%load_ext ex"), stage("r = %foo", RESTORED), final("r", 1)),
    case("a magic that the stage does not use", _C, HIT, cell(_LOST.format("line", "line", 1, "")), stage("y = 1", RAN), restart(), cell(_LOST.format("line", "line", 2, "")), stage("y = 1", RESTORED)),
    *twins("formatter of the last value's type", _C, setup=_FORMATTER.format(1, ""), source="a", miss=_FORMATTER.format(2, ""), hit=_FORMATTER.format(1, "  # shown")),
    *twins("formatter of a type that is displayed", _C, setup=_FORMATTER.format(1, "") + "\nfrom IPython.display import display", source="display(a)\ny = 1", miss=_FORMATTER.format(2, "") + "\nfrom IPython.display import display", hit=_FORMATTER.format(1, "  # shown") + "\nfrom IPython.display import display"),
    *twins("variable of a formatter", _C, setup=_FORMATTER.format("' + k + '", "") + "\nk = '1'", source="[a]", miss=_FORMATTER.format("' + k + '", "") + "\nk = '2'", hit=_FORMATTER.format("' + k + '", "") + "\nk = '1'"),
    *twins("method of a text as formatter", _C, setup="get_ipython().display_formatter.formatters['text/html'].for_type(float, '{:.1f}'.format);", source="1 / 3", miss="get_ipython().display_formatter.formatters['text/html'].for_type(float, '{:.2f}'.format);", hit="get_ipython().display_formatter.formatters['text/html'].for_type(float, '{:.1f}'.format);\nx = 1"),
    case("formatter new since a display", _C, MISS, cell("class A:\n    pass\na = A()\nA.__repr__ = lambda self: 'plain'\nfrom IPython.display import display"), stage("display(a)\ny = 1", RAN, output="plain"), cell("get_ipython().display_formatter.formatters['text/plain'].for_type(A, lambda o, p, c: p.text('new'));"), stage("display(a)\ny = 1", RAN, output="new")),
    case("formatter of a stage that shows nothing", _C, HIT, cell(_FORMATTER.format(1, "")), stage("y = 1", RAN), restart(), cell(_FORMATTER.format(2, "")), stage("y = 1", RESTORED)),
    case("formatter's cell run again", _C, HIT, cell(_FORMATTER.format(1, "")), stage("a", RAN, output="A1"), cell(_FORMATTER.format(1, "")), stage("a", RESTORED, output="A1")),
    replayed("what a formatter appends to", _C, "L = []\n" + _FORMATTER.format("' + str(L.append(1)) + '", ""), "a", final("L", [1])),
    case("formatter that appends while the stage displays", _C, OTHER, cell("from IPython.display import display\nL = []\n" + _FORMATTER.format("' + str(L.append(1)) + '", "")), stage("display(a)\ny = 1", UNSTORED, why="display"), final("L", [1])),
    case("formatter that asks for the shell", _C, HIT, cell(_FORMATTER.format("' + get_ipython().banner1[:0] + '", "")), stage("y = 1", RAN), restart(), cell(_FORMATTER.format("' + get_ipython().banner1[:0] + '", "")), stage("y = 1", RESTORED)),
    *twins("%precision", _C, setup="%precision 2", source="1 / 3", miss="%precision 4", hit="%precision 3\n%precision 2"),
    *twins("%pprint", _C, setup="x = list(range(100))", source="x", miss="x = list(range(100))\n%pprint", hit="x = list(range(100))\n%pprint\n%pprint"),
    *twins("which values are shown", _C, setup="x = 1", source="x\nx + 1", miss="x = 1\nget_ipython().ast_node_interactivity = 'all'", hit="x = 1\nget_ipython().ast_node_interactivity = 'last_expr'"),
    *twins("AST transformer", _C, setup=_TRANSFORMER.format(1, ""), source="y = 1", miss=_TRANSFORMER.format(2, ""), hit=_TRANSFORMER.format(1, "  # more"), value=("y", 3, 2)),
    *twins("name that an AST transformer puts in", _C, setup=_RENAMER.format(1), source="y = x", miss=_RENAMER.format(2), hit=_RENAMER.format(1) + "\nx = 5", value=("y", 2, 1)),
    case("AST transformer and a magic's code", _C, OTHER, cell(_TRANSFORMER.format(1, "")), stage("%time y = 1", UNSTORED, why="AST transformer"), final("y", 2)),
    case("formatter registered by the stage", _C, OTHER, stage(_FORMATTER.format(1, "") + "\ny = 1", UNSTORED, why="plain cell above"), final("y", 1)),
    case("magic registered by the stage", _C, OTHER, stage(_LOST.format("line", "line", 1, ""), UNSTORED, why="%foo"), stage(_LOST.format("line", "line", 1, ""), UNSTORED)),
    case("AST transformer registered by the stage", _C, OTHER, stage(_TRANSFORMER.format(1, ""), UNSTORED, why="AST transformer"), stage("y = 1", RAN), final("y", 2)),
    case("callback registered by the stage", _C, OTHER, stage("def f(info):\n    pass\nget_ipython().events.register('pre_run_cell', f)", UNSTORED, why="pre_run_cell")),
    case("formatter registered again by the stage", _C, HIT, write("ex.py", "def show(x):\n    return 'x'\ndef setup(ip):\n    ip.display_formatter.formatters['text/html'].for_type(complex, show)\n"), cell("import ex\nex.setup(get_ipython())"), stage("ex.setup(get_ipython())\ny = 1", RAN, id="a"), stage("ex.setup(get_ipython())\ny = 1", RESTORED, id="a")),
    case("source of a function whose comment was edited", _C, MISS, write("util.py", _SOURCE.format("one")), cell("import util, inspect"), stage("y = inspect.getsource(util.f)", RAN), restart(), write("util.py", _SOURCE.format("two")), cell("import util, inspect"), stage("y = inspect.getsource(util.f)", RAN, why="util.py"), final("'two' in y", True)),
    case("source of a function, in memory already", _C, MISS, write("util.py", _SOURCE.format("one")), cell("import util, inspect\ninspect.getsource(util.f);"), stage("y = inspect.getsource(util.f)", RAN), restart(), write("util.py", _SOURCE.format("two")), cell("import util, inspect"), stage("y = inspect.getsource(util.f)", RAN, why="util.py"), final("'two' in y", True)),
    case("source of a function, as it was", _C, HIT, write("util.py", _SOURCE.format("one")), cell("import util, inspect"), stage("y = inspect.getsource(util.f)", RAN), restart(), cell("import util, inspect"), stage("y = inspect.getsource(util.f)", RESTORED), final("'one' in y", True)),
    case("source of a module that only runs", _C, HIT, write("util.py", _SOURCE.format("one")), cell("import util"), stage("y = util.f()", RAN), restart(), write("util.py", _SOURCE.format("two")), cell("import util"), stage("y = util.f()", RESTORED)),
    case("source of a cell", _C, OTHER, cell("import inspect\n" + _SOURCE.format("one")), stage("y = inspect.getsource(f)", UNSTORED, why="source of a cell"), final("'one' in y", True)),
    case("a traceback as text", _C, HIT, cell("import traceback"), stage("try:\n    1 / 0\nexcept ZeroDivisionError:\n    y = traceback.format_exc()[:9]", RAN), restart(), cell("import traceback"), stage("try:\n    1 / 0\nexcept ZeroDivisionError:\n    y = traceback.format_exc()[:9]", RESTORED)),
]  # fmt: skip
