"""Magics and shell lines inside a stage."""

# ruff: noqa: E501
from __future__ import annotations

from tests.behaviour.model import FAILED, HIT, MISS, OTHER, RAN, RESTORED, UNSTORED, case, cell, final, replayed, restart, stage, twins, write

_C = "magics"

CASES = [
    *twins("%%time", _C, setup="k = 1", source="%%time\ny = k + 1", miss="k = 2", hit="k = 1\nj = 2", value=("y", 3, 2)),
    *twins("%%time, source", _C, setup="k = 1", source="%%time\ny = k + 1", miss=("k = 1", "%%time\ny = k + 2"), hit=("k = 1", "%%time\ny  =  k + 1  # sum"), value=("y", 3, 2)),
    *twins("%%capture", _C, setup="k = 1", source="%%capture out\nprint(k)\ny = k", miss="k = 2", hit="out = 5\nk = 1", value=("y", 2, 1)),
    *twins("%%capture keeps the text", _C, setup="k = 1", source="%%capture out\nprint(k)", miss="k = 2", hit="k = 1", value=("out.stdout", "2\n", "1\n")),
    *twins("%time", _C, setup="k = 1", source="%time y = k + 1", miss="k = 2", hit="j = 2\nk = 1", value=("y", 3, 2)),
    *twins("%time among statements", _C, setup="k = 1", source="z = k\n%time w = z", miss="k = 2", hit="k = 1 # one", value=("w", 2, 1)),
    *twins("magic with a variable", _C, setup="n = 'k'\nk = 1", source="%time y = k + len('$n')", miss="n = 'k'\nk = 2", hit="k = 1\nn = 'k'", value=("y", 4, 3)),
    *twins("%%time inside another", _C, setup="k = 1", source="%%capture\n%time y = k", miss="k = 2", hit="k = 1", value=("y", 2, 1)),
    *twins("user's cell magic", _C, setup="from IPython.core.magic import register_cell_magic\nm = 1\n@register_cell_magic\ndef twice(line, cell):\n    exec(cell, globals())\n    globals()['q'] = 2 * y * m", source="%%twice\ny = 3",
           miss="from IPython.core.magic import register_cell_magic\nm = 2\n@register_cell_magic\ndef twice(line, cell):\n    exec(cell, globals())\n    globals()['q'] = 2 * y * m",
           hit="from IPython.core.magic import register_cell_magic\nm = 1\n@register_cell_magic\ndef twice(line, cell):\n    # doubled\n    exec(cell, globals())\n    globals()['q'] = 2 * y * m", value=("q", 12, 6)),
    *twins("user's line magic", _C, setup="from IPython.core.magic import register_line_magic\n@register_line_magic\ndef add(line):\n    return int(line) + 1", source="y = %add 4",
           miss="from IPython.core.magic import register_line_magic\n@register_line_magic\ndef add(line):\n    return int(line) + 2", hit="from IPython.core.magic import register_line_magic\n@register_line_magic\ndef add(line):\n    return int(line) + 1", value=("y", 6, 5)),
    case("%%time runs again", _C, HIT, stage("%%time\ny = 1", RAN, output="Wall time"), restart(), stage("%%time\ny = 1", RESTORED, output="Wall time"), final("y", 1)),
    case("%timeit", _C, HIT, stage("%timeit -n1 -r1 sum([1])\ny = 2", RAN, output="loop"), restart(), stage("%timeit -n1 -r1 sum([1])\ny = 2", RESTORED, output="loop"), final("y", 2)),
    case("%timeit -o", _C, HIT, stage("t = %timeit -n1 -r1 -o sum([1])\ny = t.loops", RAN), restart(), stage("t = %timeit -n1 -r1 -o sum([1])\ny = t.loops", RESTORED), final("y", 1)),
    case("%%timeit binds nothing", _C, HIT, cell("y = 5"), stage("%%timeit -n1 -r1\ny = 1", RAN), restart(), cell("y = 5"), stage("%%timeit -n1 -r1\ny = 1", RESTORED), final("y", 5)),
    case("shell line", _C, OTHER, stage("!true\ny = 1", UNSTORED, why="started a process"), restart(), stage("!true\ny = 1", UNSTORED)),
    case("shell line that gives a list", _C, OTHER, stage("y = !echo one", UNSTORED), final("list(y)", ["one"]), stage("y = !echo one", UNSTORED)),
    case("%%bash", _C, OTHER, stage("%%bash\ntrue", UNSTORED), stage("%%bash\ntrue", UNSTORED)),
    case("%%writefile", _C, OTHER, stage("%%writefile out.txt\nhello", UNSTORED, why="out.txt"), final("open('out.txt').read()", "hello\n")),
    case("%cd", _C, OTHER, write("sub/x", ""), stage("%cd -q sub", UNSTORED, why="working directory")),
    case("%env", _C, OTHER, stage("%env NBX_TEST=1", UNSTORED), stage("y = %env NBX_TEST", UNSTORED)),
    case("%run of a script", _C, MISS, write("script.py", "k = base + 1\n"), cell("base = 1"), stage("%run -i script.py", RAN), final("k", 2), write("script.py", "k = base + 2\n"), stage("%run -i script.py", RAN), final("k", 3)),
    case("%run of a script, unchanged", _C, HIT, write("script.py", "k = base + 1\n"), cell("base = 1"), stage("%run -i script.py", RAN), restart(), cell("base = 1"), stage("%run -i script.py", RESTORED), final("k", 2)),
    case("%run of a script, other input", _C, MISS, write("script.py", "k = base + 1\n"), cell("base = 1"), stage("%run -i script.py", RAN), restart(), cell("base = 5"), stage("%run -i script.py", RAN), final("k", 6)),
    case("%matplotlib inline in the stage", _C, HIT, stage("%matplotlib inline\nimport matplotlib.pyplot as plt\ny = 1", RAN), restart(), stage("%matplotlib inline\nimport matplotlib.pyplot as plt\ny = 1", RESTORED),
         stage("plt.plot([1, 2])\nplt.show()", RAN, name="fig", output="Figure"), needs="matplotlib matplotlib_inline", kernel=True),
    case("%load_ext in the stage", _C, OTHER, stage("%load_ext autoreload\ny = 1", UNSTORED), final("y", 1), kernel=True, known="an extension that a stage loads is not loaded by a hit: the stage is stored"),
    case("%config in the stage", _C, OTHER, stage("%config InteractiveShell.ast_node_interactivity = 'all'", UNSTORED), known="settings of IPython itself are no kernel state yet: the stage is stored and a hit does not set them"),
    case("%reset", _C, OTHER, cell("x = 1"), stage("%reset -f", UNSTORED), final("'x' in globals()", False), kernel=True),
    case("%who reads names", _C, MISS, cell("k = 1"), stage("%who", RAN, output="k"), restart(), cell("k = 1\nnew = 2"), stage("%who", RAN, output="new")),
    case("%precision", _C, OTHER, stage("%precision 2\n3.14159", UNSTORED), known="settings of IPython itself are no kernel state yet: the stage is stored and a hit does not set them"),
    case("cell run by a cell, once", _C, OTHER, stage("get_ipython().run_cell('z = 5')\ny = 1", RAN), final("(y, z)", (1, 5))),
    case("cell run by a cell", _C, HIT, stage("get_ipython().run_cell('z = 5', silent=True)\ny = 1", RAN), restart(), stage("get_ipython().run_cell('z = 5', silent=True)\ny = 1", RESTORED), final("(y, z)", (1, 5))),
    case("unknown magic", _C, OTHER, stage("y = 1\n%nosuchmagic", FAILED, error="UsageError"), final("y", 1)),
    case("header after a comment", _C, OTHER, cell("# text\n%%stage late\ny = 1", error="UsageError"), final("'y' in globals()", False)),
    case("help", _C, OTHER, cell("%nbexp help", output="%nbexp status"), cell("%nbexp status", output="no stage has run")),
    case("status and why", _C, OTHER, stage("y = 1", RAN, name="first"), cell("%nbexp status", output="first"), cell("%nbexp why first", output="it has not run before")),
    case("why after a hit says when", _C, HIT, stage("y = 1", RAN, name="first"), stage("y = 1", RESTORED, name="first"), cell("%nbexp why first", output="restored")),
    case("unknown verb", _C, OTHER, cell("%nbexp statsu", error="UsageError", output='Did you mean "status"?')),
    case("off and on", _C, OTHER, stage("y = 1", RAN), cell("%nbexp off"), stage("y = 1", UNSTORED, why="nbexp is off"), cell("%nbexp on"), stage("y = 1", RESTORED)),
    replayed("two magics in a line each", _C, "k = 1", "%time a = k\n%time b = a + 1", final("(a, b)", (1, 2))),
]  # fmt: skip
