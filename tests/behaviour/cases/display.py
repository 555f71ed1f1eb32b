"""What a cell shows: a hit shows the same, in the same order; every restored cell is held to that."""

# ruff: noqa: E501
from __future__ import annotations

from functools import partial

from tests.behaviour.model import HIT, MISS, OTHER, RAN, RESTORED, case, cell, final, replayed, restart, stage, twins

_C = "display"
_replayed = partial(lambda name, *rest, **named: replayed(name, _C, *rest, **named))
_PLOT = "import matplotlib; matplotlib.use('agg')\nimport matplotlib.pyplot as plt\nfrom IPython.display import display"
_GO = "import plotly.graph_objects as go"
_EXPRESS = "import pandas as pd, plotly.express as px\ndf = pd.DataFrame({'a': [1, 2], 'b': [2., 3.]})"
_FIGURE = _GO + "\nfig = go.Figure(go.Bar(y=[1, 2]))\nsame, t, lay = fig, fig.data[0], fig.layout"

CASES = [
    _replayed("print", "", "print('one')\nprint('two')"),
    _replayed("stderr", "import sys", "print('one', file=sys.stderr)"),
    _replayed("both streams in turn", "import sys", "for i in range(4):\n    print(i, file=sys.stderr if i % 2 else sys.stdout)"),
    _replayed("text without an end", "", "print('a', end='')\nprint('b', end='\\r')\nprint('c')"),
    _replayed("progress on one line", "import sys", "for i in range(5):\n    sys.stderr.write(f'\\r{i}')"),
    _replayed("last value", "", "x = 3\nx * 2", final("_", 6), final("Out[max(Out)]", 6)),
    _replayed("last value that is None", "", "print('only')\nNone", final("[v for v in Out.values()]", [])),
    _replayed("semicolon", "", "x = 3\nx * 2;", final("[v for v in Out.values()]", [])),
    _replayed("last value is an input", "x = [1]", "x", final("_ is x", True)),
    _replayed("last value is an output", "", "x = [1]\nx", final("_ is x", True)),
    _replayed("display", "from IPython.display import display", "display(1, 'two')\nprint('three')\ndisplay([4])"),
    _replayed("html", "from IPython.display import display, HTML, Markdown, JSON", "display(HTML('<b>1</b>'))\ndisplay(Markdown('*2*'))\ndisplay(JSON({'a': [1]}))"),
    _replayed("image", "from IPython.display import display, Image", "display(Image(data=b'\\x89PNG\\r\\n\\x1a\\n' + b'0' * 20, format='png'))"),
    _replayed("display with an id, updated", "from IPython.display import display", "h = display('a', display_id='one')\nh.update('b')\nprint('c')\nh.update('d')\ndel h"),
    _replayed("update_display", "from IPython.display import display, update_display", "display('a', display_id='two')\nupdate_display('b', display_id='two')"),
    _replayed("clear_output", "from IPython.display import clear_output", "print('a')\nclear_output()\nprint('b')\nclear_output(wait=True)\nprint('c')"),
    _replayed("raw data and metadata", "from IPython.display import display", "display({'text/plain': 'p', 'application/x-own': {'k': 1}}, raw=True, metadata={'m': 2})"),
    _replayed("_repr_html_", "class T:\n    def _repr_html_(self): return '<i>t</i>'\n    def __repr__(self): return 't'", "T()"),
    _replayed("_repr_mimebundle_", "class T:\n    def _repr_mimebundle_(self, **kw): return {'text/plain': 'b', 'text/html': '<b>'}", "T()"),
    _replayed("_ipython_display_", "class T:\n    def _ipython_display_(self): print('self-made')", "T()", kernel=True),
    _replayed("repr that prints", "class T:\n    def __repr__(self):\n        print('printed')\n        return 'shown'", "T()", kernel=True),
    _replayed("frame", "import pandas as pd", "df = pd.DataFrame({'a': [1, 2]})\ndf", needs="pandas"),
    _replayed("frame's head", "import pandas as pd\ndf = pd.DataFrame({'a': [1, 2]})", "df.head(1)", needs="pandas"),
    _replayed("array and tensor", "import numpy as np, torch\nfrom IPython.display import display", "display(np.arange(3.))\ntorch.ones(2)", needs="torch"),
    _replayed("figure shown", _PLOT, "fig, ax = plt.subplots()\nax.plot([1, 2])\ndisplay(fig)\nplt.close(fig)\ndel fig, ax", needs="matplotlib"),
    _replayed("figure as last value", _PLOT, "fig = plt.figure(figsize=(1, 1))\nplt.close(fig)\nfig", final("type(fig).__name__", "Figure"), needs="matplotlib"),
    _replayed("restored figure can be drawn on", _PLOT, "fig, ax = plt.subplots()\nplt.close(fig)", cell("_ = ax.plot([3, 4])"), final("len(fig.axes[0].lines)", 1), needs="matplotlib"),
    _replayed("figure flushed after the cell", "%matplotlib inline\nimport matplotlib.pyplot as plt", "plt.plot([1, 2])\nprint('drawn')", final("plt.get_fignums()", []), needs="matplotlib", kernel=True),
    _replayed("figure flushed, then used", "%matplotlib inline\nimport matplotlib.pyplot as plt", "fig, ax = plt.subplots()\nax.plot([1, 2]);", final("plt.get_fignums()", []), final("len(fig.axes)", 1), needs="matplotlib", kernel=True),
    _replayed("two figures and a value", "%matplotlib inline\nimport matplotlib.pyplot as plt", "plt.figure(); plt.plot([1])\nplt.figure(); plt.plot([2])\n'end'", final("_", "end"), needs="matplotlib", kernel=True),
    _replayed("plt.show", "%matplotlib inline\nimport matplotlib.pyplot as plt", "print('a')\nplt.plot([1])\nplt.show()\nprint('b')", needs="matplotlib", kernel=True),
    _replayed("plotly figure", "import plotly.graph_objects as go", "fig = go.Figure(go.Bar(y=[1, 2]))\nfig.to_plotly_json()['data'][0]['type']", final("_", "bar"), needs="plotly"),
    _replayed("plotly figure is the same to the byte", _EXPRESS, "fig = px.line(df, x='a', y='b', title='t')\nj = fig.to_json()", final("fig.to_json() == j", True), final("type(fig.data[0].y).__name__", "ndarray"), final("list(map(float, fig.data[0].y))", [2.0, 3.0]), needs="plotly pandas"),
    _replayed("plotly figure as last value", _EXPRESS, "fig = px.bar(df, x='a', y='b')\nfig", final("_ is fig", True), needs="plotly pandas nbformat", kernel=True),
    _replayed("plotly frames and subplots", _GO, "import numpy as np\nfrom plotly.subplots import make_subplots\nfig = make_subplots(1, 2)\nfig.add_trace(go.Heatmap(z=np.eye(2)), row=1, col=2)\nfig.frames = [go.Frame(data=[go.Bar(y=[1])], name='f')]", cell("_ = fig.add_trace(go.Bar(y=[1]), row=1, col=1)"), final("[t.xaxis for t in fig.data]", ["x2", "x"]), final("fig.layout.xaxis2.anchor", "y2"), final("fig.frames[0].data[0].y", (1,)), needs="plotly"),
    _replayed("plotly traces are the figure's own", _GO, "fig = go.Figure([go.Bar(y=[1, 2]), go.Scatter(y=[3])])\nt = fig.data[1]\nx = fig.layout.xaxis", final("t is fig.data[1] and x is fig.layout.xaxis", True), cell("t.marker.color = 'red'\nx.title = 'k'"), final("fig.data[1].marker.color, fig.to_dict()['layout']['xaxis']['title']['text']", ("red", "k")), needs="plotly"),
    _replayed("plotly trace added to an input", _FIGURE, "fig.add_trace(go.Scatter(y=[3]))\nn = len(fig.data)", final("[t.type for t in fig.data], n", (["bar", "scatter"], 2)), final("t is fig.data[0] and fig is same", True), cell("t.y = [5]\nfig.data[1].y = [6]"), final("[d['y'] for d in fig.to_dict()['data']]", [[5], [6]]), needs="plotly"),
    _replayed("plotly layout of an input updated", _FIGURE, "fig.update_layout(title='new', xaxis2={'title': 'k'})\nfig.add_annotation(text='a');", final("lay is fig.layout and lay.title.text", "new"), final("fig.layout.xaxis2.title.text, fig.layout.annotations[0].text", ("k", "a")), final("t is fig.data[0]", True), needs="plotly"),
    _replayed("plotly traces of an input turned round and removed", _FIGURE + "\n_ = fig.add_trace(go.Pie(values=[1]))\np = fig.data[1]", "fig.data = (fig.data[1],);", final("p is fig.data[0] and t.parent is None and t.y", (1, 2)), cell("p.name = 'k'"), final("fig.to_dict()['data'][0]['name']", "k"), needs="plotly"),
    _replayed("plotly trace changed, its figure follows", _FIGURE, "t.update(y=[7], name='n');", final("fig.data[0].y, fig.data[0].name, t is fig.data[0]", ((7,), "n", True)), needs="plotly"),
    case("plotly annotation of an input added and held", _C, OTHER, cell(_FIGURE + "\nfig.add_annotation(text='a');"), stage("fig.add_annotation(text='b')\na, b = fig.layout.annotations;", RAN), restart(), cell(_FIGURE + "\nfig.add_annotation(text='a');"), stage("fig.add_annotation(text='b')\na, b = fig.layout.annotations;", RAN), final("a is fig.layout.annotations[0] and b.text", "b"), needs="plotly"),
    case("plotly figure that calls back", _C, OTHER, cell(_FIGURE + "\nfig.layout.on_change(print, 'title')"), stage("n = len(fig.data)", "unstored", why="called when it changes"), needs="plotly"),
    *twins("plotly figure read", _C, setup="import plotly.graph_objects as go\nfig = go.Figure(go.Bar(x=[1, 2], y=[3, 4])).update_layout(title='t', width=100)", source="n = fig.layout.title.text + str(fig.data[0].y)",
           miss="import plotly.graph_objects as go\nfig = go.Figure(go.Bar(x=[1, 2], y=[3, 5])).update_layout(title='t', width=100)", hit="import plotly.graph_objects as go\nfig = go.Figure()\nfig.add_trace(go.Bar(y=[3, 4], x=[1, 2]))\nfig.update_layout(width=100)\nfig.layout.title = 't'\nfig.layout.xaxis.title.text", value=("n", "t(3, 5)", "t(3, 4)"), needs="plotly"),
    *twins("plotly trace added to a figure", _C, setup=_FIGURE, source="fig.add_trace(go.Scatter(y=[3]));", miss=_FIGURE + "\nt.y = [1, 3]", hit=_FIGURE + "\nt.y, t.marker.color, fig.to_json()", value=("[d.y for d in fig.data]", [(1, 3), (3,)], [(1, 2), (3,)]), needs="plotly"),
    *twins("plotly layout of a figure updated", _C, setup=_FIGURE, source="fig.update_layout(title='new');", miss=_FIGURE + "\nlay.width = 200", hit=_FIGURE + "\nlay.width = None", value=("lay.title.text, lay.width", ("new", 200), ("new", None)), needs="plotly"),
    _replayed("logging", "import logging", "logging.getLogger('own').warning('hello')\ny = 1"),
    _replayed("warning", "import warnings", "warnings.warn('careful')\ny = 1"),
    _replayed("warning of a library", "import numpy as np", "y = np.array([1.]) / 0", needs="numpy"),
    _replayed("print from a thread", "import threading", "t = threading.Thread(target=print, args=('from a thread',))\nt.start()\nt.join()\ndel t"),
    _replayed("print inside a helper", "def f(x):\n    print('got', x)\n    return x", "y = f(2)"),
    _replayed("help", "def f():\n    'What f does.'", "help(f)"),
    _replayed("pprint and rich text", "import pprint", "pprint.pprint({'a': list(range(30))})"),
    _replayed("unicode", "", "print('größe ✓ 漢字 \\U0001f600')\n'é'"),
    _replayed("very long line", "", "print('x' * 200_000)"),
    _replayed("many lines", "", "for i in range(3000):\n    print(i)"),
    _replayed("captured by contextlib", "import contextlib, io", "b = io.StringIO()\nwith contextlib.redirect_stdout(b):\n    print('inside')\nprint('outside')\ny = b.getvalue()", final("y", "inside\n")),
    _replayed("displayed in a loop with an update", "from IPython.display import display", "h = display('0', display_id='loop')\nfor i in range(3):\n    h.update(str(i))\nprint('done')\ndel h", kernel=True),
    _replayed("streams and displays in a kernel", "import sys\nfrom IPython.display import display, HTML, clear_output", "print('a')\ndisplay(HTML('<b>'))\nprint('b', file=sys.stderr)\nclear_output(wait=True)\nprint('c')\n5", kernel=True),
    _replayed("written to the file descriptor", "import os, sys", "print('from python', flush=True)\nos.write(1, b'from below\\n')\ny = 1", kernel=True),
    *twins("what is printed depends on an input", _C, setup="x = 1", source="print('x is', x)", miss="x = 2", hit="y = 0\nx = 1"),
    *twins("last value depends on an input", _C, setup="x = 1", source="x + 1", miss="x = 2", hit="x = 2 - 1", value=("_", 3, 2)),
    case("displays are not mixed up between stages", _C, HIT, stage("print('one')", RAN, name="a"), stage("print('two')", RAN, name="b"), restart(), stage("print('one')", RESTORED, name="a", output="one", without="two"),
         stage("print('two')", RESTORED, name="b", output="two", without="one")),
    case("replayed again and again", _C, HIT, stage("print('once')", RAN), stage("print('once')", RESTORED, output="once\n"), stage("print('once')", RESTORED, output="once\n"), restart(), stage("print('once')", RESTORED, output="once\n")),
    case("an edited print is a miss", _C, MISS, stage("print('one')\ny = 1", RAN), stage("print('two')\ny = 1", RAN, output="two", without="one")),
    case("widget", _C, OTHER, cell("import ipywidgets as w\nfrom IPython.display import display"), stage("s = w.IntSlider()\ndisplay(s)", "unstored"), needs="ipywidgets", kernel=True),
    case("failed cell shows its traceback each time", _C, OTHER, stage("print('before')\n1 / 0", "failed", error="ZeroDivisionError", output="before"), stage("print('before')\n1 / 0", "failed", error="ZeroDivisionError", output="before")),
    case("a figure left open in pyplot", _C, OTHER, cell(_PLOT), stage("plt.plot([1, 2]);", "unstored", why="left figure 1 open"), cell("plt.plot([3, 4])\ny = len(plt.gca().lines)"), final("y", 2), needs="matplotlib"),
    case("a figure that was open is drawn on", _C, OTHER, cell(_PLOT), stage("plt.plot([1, 2])\ny = len(plt.gca().lines)\nplt.close()", RAN), cell("plt.plot([3, 4]);"), stage("plt.plot([1, 2])\ny = len(plt.gca().lines)\nplt.close()", "unstored", why="was open in pyplot before"), final("y", 2), needs="matplotlib"),
    case("a figure that was open is not asked for", _C, HIT, cell(_PLOT), cell("plt.plot([3, 4]);"), stage("y = 1 + 1", RAN), stage("y = 1 + 1", RESTORED), final("plt.get_fignums()", [1]), needs="matplotlib"),
    case("figures are closed", _C, OTHER, cell(_PLOT), cell("plt.plot([3, 4]);"), stage("plt.close('all')", "unstored", why="was open in pyplot before"), final("plt.get_fignums()", []), needs="matplotlib"),
]  # fmt: skip
