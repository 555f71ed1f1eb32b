"""Settings of libraries and of the process, and figures that are open: in the key, and set by a hit as by a run."""

# ruff: noqa: E501
from __future__ import annotations

from functools import partial
from typing import Any

from tests.behaviour.model import (
    MISS,
    RAN,
    RESTORED,
    UNSTORED,
    Case,
    case,
    cell,
    final,
    replayed,
    restart,
    stage,
    twins,
)

_C = "settings of libraries"
_replayed = partial(lambda name, *rest, **named: replayed(name, _C, *rest, **named))

_SCALER = (
    "import sklearn, pandas as pd\nfrom sklearn.preprocessing import StandardScaler\nx = pd.DataFrame({'a': [1., 2.]})"
)
_PLOTLY = "import plotly.io as pio\nimport plotly.graph_objects as go"
_EXPRESS = "import plotly.express as px"
_ZONE = "import os, time"
_MAPS = "import matplotlib as mpl\nfrom matplotlib.colors import ListedColormap"
_POLARS = "import polars as pl\ndf = pl.DataFrame({'a': range(9)})"
_PYPLOT = "import matplotlib; matplotlib.use('agg')\nimport matplotlib.pyplot as plt"
_SHELL = "ip = get_ipython()"


def _set(
    name: str, pre: str, change: str, back: str, source: str, needs: str, value: tuple[str, Any, Any]
) -> list[Case]:
    """A setting changed above the stage, and one changed and put back."""
    changed = f"{pre}\n{change}"
    return twins(name, _C, setup=pre, source=source, miss=changed, hit=f"{changed}\n{back}", value=value, needs=needs)


CASES = [
    *_set("sklearn output", _SCALER, "sklearn.set_config(transform_output='pandas')", "sklearn.set_config(transform_output='default')", "y = type(StandardScaler().fit_transform(x)).__name__", "sklearn pandas", ("y", "DataFrame", "ndarray")),
    *_set("sklearn finite", "import sklearn", "sklearn.set_config(assume_finite=True)", "sklearn.set_config(assume_finite=False)", "y = sklearn.get_config()['assume_finite']", "sklearn", ("y", True, False)),
    _replayed("sklearn set by the stage", _SCALER, "sklearn.set_config(transform_output='pandas')", final("type(StandardScaler().fit_transform(x)).__name__", "DataFrame"), needs="sklearn pandas"),
    _replayed("sklearn loaded and set by the stage", "", "import sklearn\nsklearn.set_config(display='text')", final("sklearn.get_config()['display']", "text"), needs="sklearn"),

    *_set("plotly default template", _PLOTLY, "pio.templates.default = 'plotly_dark'", "pio.templates.default = 'plotly'", "y = go.Figure().layout.template.layout.paper_bgcolor", "plotly", ("y", "rgb(17,17,17)", "white")),
    *_set("plotly template of one's own", f"{_PLOTLY}\npio.templates['a'] = {{'layout': {{'height': 90}}}}\npio.templates.default = 'a'", "pio.templates['a'] = {'layout': {'height': 80}}", "pio.templates['a'] = {'layout': {'height': 90}}", "y = go.Figure().layout.template.layout.height", "plotly", ("y", 80, 90)),
    *_set("plotly template changed in place", _PLOTLY, "pio.templates['plotly'].layout.font.size = 40", "pio.templates['plotly'].layout.font.size = None", "y = go.Figure().layout.template.layout.font.size", "plotly", ("y", 40, None)),
    _replayed("plotly template set by the stage", _PLOTLY, "pio.templates['a'] = {'layout': {'height': 90}}\npio.templates.default = 'a'", final("(pio.templates.default, go.Figure().layout.template.layout.height)", ("a", 90)), needs="plotly"),
    *_set("plotly express", _EXPRESS, "px.defaults.height = 300", "px.defaults.height = None", "y = px.scatter(x=[1], y=[2]).layout.height", "plotly pandas", ("y", 300, None)),
    *_set("plotly express in place", _EXPRESS, "px.defaults.labels['x'] = 'b'", "px.defaults.labels.clear()", "y = px.scatter(x=[1], y=[2]).layout.xaxis.title.text", "plotly pandas", ("y", "b", "x")),
    _replayed("plotly express set by the stage", _EXPRESS, "px.defaults.color_discrete_sequence = ['red']\npx.defaults.labels['x'] = 'b'", final("(px.defaults.color_discrete_sequence, px.defaults.labels)", (["red"], {"x": "b"})), needs="plotly pandas"),

    *_set("time zone", _ZONE, "os.environ['TZ'] = 'XYZ-3'; time.tzset()", "del os.environ['TZ']; time.tzset()", "y = time.localtime(0).tm_zone == 'XYZ'", "", ("y", True, False)),
    case("time zone set by the stage", _C, MISS, cell(_ZONE), stage("os.environ['TZ'] = 'XYZ-3'\ntime.tzset()", UNSTORED, why="environment"), final("time.localtime(0).tm_hour", 3)),
    case("time zone taken up by the stage", _C, MISS, cell(f"{_ZONE}\nos.environ['TZ'] = 'XYZ-3'"), stage("time.tzset()", RAN), restart(), cell(f"{_ZONE}\nos.environ['TZ'] = 'XYZ-3'"), stage("time.tzset()", RESTORED), final("time.localtime(0).tm_hour", 3)),

    *_set("colormap of one's own", f"{_MAPS}\nmpl.colormaps.register(ListedColormap(['red', 'green'], 'own'))", "mpl.colormaps.register(ListedColormap(['blue', 'green'], 'own'), force=True)", "mpl.colormaps.register(ListedColormap(['red', 'green'], 'own'), force=True)", "y = mpl.colormaps['own'](0)[2]", "matplotlib", ("float(y)", 1.0, 0.0)),
    *_set("colormap added", _MAPS, "mpl.colormaps.register(ListedColormap(['red', 'green'], 'own'))", "mpl.colormaps.unregister('own')", "y = 'own' in mpl.colormaps", "matplotlib", ("y", True, False)),
    _replayed("colormap registered by the stage", _MAPS, "mpl.colormaps.register(ListedColormap(['red', 'green'], 'own'))", final("float(mpl.colormaps['own'](0)[0]) == 1", True), needs="matplotlib"),
    _replayed("colormap gone with the stage", f"{_MAPS}\nmpl.colormaps.register(ListedColormap(['red', 'green'], 'own'))", "mpl.colormaps.unregister('own')", final("'own' in mpl.colormaps", False), needs="matplotlib"),

    *_set("polars rows", _POLARS, "c = pl.Config.set_tbl_rows(2)", "c = pl.Config.set_tbl_rows(None)", "y = len(str(df).splitlines())", "polars", ("y", 10, 16)),
    *_set("polars precision", _POLARS, "c = pl.Config.set_float_precision(1)", "c = pl.Config.set_float_precision(None)", "y = '0.3333' in str(df / 3)", "polars", ("y", False, True)),
    _replayed("polars precision set by the stage", _POLARS, "c = pl.Config.set_float_precision(1)", final("'0.3333' in str(df / 3)", False), needs="polars"),
    case("polars rows set by the stage", _C, MISS, cell(_POLARS), stage("_ = pl.Config.set_tbl_rows(2)", UNSTORED, why="POLARS_FMT_MAX_ROWS"), needs="polars"),

    *_set("torch anomalies", "import torch", "g = torch.autograd.set_detect_anomaly(True)", "g = torch.autograd.set_detect_anomaly(False)", "y = torch.is_anomaly_enabled()", "torch", ("y", True, False)),
    *_set("plain text of floats", _SHELL, "ip.run_line_magic('precision', '2')", "ip.run_line_magic('precision', '')", "1 / 3", "", ("ip.display_formatter.formatters['text/plain'].float_format", "%.2f", "%r")),
    *_set("what a cell shows", _SHELL, "ip.ast_node_interactivity = 'all'", "ip.ast_node_interactivity = 'last_expr'", "1 + 1\n2 + 2\ny = 1", "", ("y", 1, 1)),
    _replayed("what a cell shows, set by the stage", "", "get_ipython().ast_node_interactivity = 'all'", cell("11 * 2\n5 * 5", output="22")),

    *[
        case(f"open figures: {asked}", _C, MISS, cell(_PYPLOT), stage(f"y = {asked}", RAN), restart(), cell(_PYPLOT), stage(f"y = {asked}", RESTORED), restart(), cell(f"{_PYPLOT}\nf = plt.figure('a')"), stage(f"y = {asked}", UNSTORED, why="figure 1"), final("y", value), needs="matplotlib")
        for asked, value in (("plt.get_fignums()", [1]), ("plt.get_figlabels()", ["a"]), ("plt.fignum_exists(1)", True), ("plt.fignum_exists('a')", True))
    ],
    case("figure by its number", _C, MISS, cell(_PYPLOT), stage("y = len(plt.figure(1).axes)\nplt.close()", RAN), restart(), cell(f"{_PYPLOT}\nf, ax = plt.subplots(num=1)"), stage("y = len(plt.figure(1).axes)\nplt.close()", UNSTORED), final("y", 1), needs="matplotlib"),
    case("new figure beside an open one", _C, MISS, cell(_PYPLOT), stage("f, ax = plt.subplots()\ny = len(f.axes)\nplt.close(f)", RAN), restart(), cell(f"{_PYPLOT}\ng = plt.figure()\nplt.close(g)"), stage("f, ax = plt.subplots()\ny = len(f.axes)\nplt.close(f)", RESTORED), final("y", 1), needs="matplotlib"),
]  # fmt: skip
