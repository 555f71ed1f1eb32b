"""What tutorials of the usual libraries do, one stage each: stored, and restored in a new kernel as it was."""

# ruff: noqa: E501
from __future__ import annotations

# fmt: off
from tests.behaviour.model import HIT, OTHER, RAN, RESTORED, Case, case, cell, final, replayed, restart, stage

_C = "libraries"

_PLOT = """import io, hashlib
import numpy as np, matplotlib.pyplot as plt, matplotlib.tri as tri
def png(figure):
    file = io.BytesIO()
    figure.savefig(file, format="png")
    return hashlib.md5(file.getvalue()).hexdigest()
X, Y = np.meshgrid(np.linspace(-2, 2, 8), np.linspace(-2, 2, 8))
Z = np.exp(-X**2 - Y**2)
x, y, z = X.ravel() + Y.ravel() / 9, Y.ravel(), Z.ravel()
"""

_FIGURE = "fig, ax = plt.subplots(figsize=(2, 2))\n"


def _plot(name: str, source: str, figure: str = _FIGURE) -> Case:
    """A figure kept in a variable: the file that it makes is the same in a new kernel."""
    above = (cell(_PLOT),)
    return case(
        f"plot: {name}", _C, HIT,
        *above, stage(f"{figure}{source}\nmade = png(fig)\nplt.close('all')", RAN), restart(),
        *above, stage(f"{figure}{source}\nmade = png(fig)\nplt.close('all')", RESTORED), final("png(fig) == made", True),
        needs="matplotlib",
    )  # fmt: skip


PLOTS = [
    _plot("contour lines with labels", "ax.clabel(ax.contour(X, Y, Z), inline=True)"),
    _plot("filled contours with a colour bar", "fig.colorbar(ax.contourf(X, Y, Z, levels=5))"),
    _plot("contours of a masked grid", "ax.contourf(X, Y, np.ma.masked_less(Z, .1), corner_mask=True)"),
    _plot("contours by the serial algorithm", "ax.contourf(X, Y, Z, algorithm='serial')"),
    _plot("contours of triangles", "ax.tricontour(x, y, z)\nax.tricontourf(x, y, z)"),
    _plot("triangles", "t = tri.Triangulation(x, y)\nax.triplot(t)\nax.tripcolor(t, z)"),
    _plot("interpolated triangles", "t = tri.Triangulation(x, y)\nf = t.get_trifinder()\ni = tri.LinearTriInterpolator(t, z)\nax.pcolormesh(X, Y, i(X, Y))"),
    _plot("streams", "ax.streamplot(X, Y, -Y, X, density=.4)"),
    _plot("arrows", "q = ax.quiver(X, Y, -Y, X)\nax.quiverkey(q, .9, .9, 1, 'm/s')"),
    _plot("coloured mesh", "fig.colorbar(ax.pcolormesh(X, Y, Z), ax=ax)"),
    _plot("image with a colour bar", "fig.colorbar(ax.imshow(Z))"),
    _plot("histogram", "n, bins, patches = ax.hist(z)"),
    _plot("histogram in two dimensions", "h = ax.hist2d(x, y, bins=4)\nfig.colorbar(h[3], ax=ax)"),
    _plot("boxes and violins", "b = ax.boxplot([x, z])\nv = ax.violinplot([x, z])"),
    _plot("error bars and a legend", "ax.errorbar(x, y, yerr=.1, fmt='o', label='e')\nax.legend()"),
    _plot("notes", "ax.annotate('here', (0, 0), (1, 1), arrowprops={'arrowstyle': '->'})\nax.text(0, 0, r'$\\alpha$')"),
    _plot("twin axes", "other = ax.twinx()\nother.plot(x)\nax.secondary_xaxis('top', functions=(lambda v: v * 2, lambda v: v / 2))"),
    _plot("shared axes", "axes[0].plot(x)\nfig.tight_layout()", "fig, axes = plt.subplots(2, sharex=True)\n"),
    _plot("grid of axes", "gs = fig.add_gridspec(2, 2)\nfig.add_subplot(gs[0, :]).plot(x)", "fig = plt.figure(layout='constrained')\n"),
    _plot("mosaic of axes", "parts['a'].plot(x)", "fig, parts = plt.subplot_mosaic('ab;cc', layout='constrained')\n"),
    _plot("three dimensions", "ax.plot_surface(X, Y, Z)\nax.contour(X, Y, Z)", "fig, ax = plt.subplots(subplot_kw={'projection': '3d'})\n"),
    _plot("polar", "ax.plot(x)", "fig, ax = plt.subplots(subplot_kw={'projection': 'polar'})\n"),
    _plot("animation", "from matplotlib.animation import FuncAnimation\nline, = ax.plot([0, 1])\nmoving = FuncAnimation(fig, lambda i: line.set_ydata([0, i]), frames=3)"),
    _plot("ticks by a function", "from matplotlib.ticker import FuncFormatter\nax.plot(x)\nax.yaxis.set_major_formatter(FuncFormatter(lambda v, p: f'{v:.1f}!'))"),
]


def _in_place(name: str, source: str, setup: str = "") -> list[Case]:
    """A stage that draws on axes made above."""
    above = cell(f"{_PLOT}{_FIGURE}{setup}\nplt.close('all')")
    end = "None\nmade = png(fig)"
    return [
        case(
            f"axes of an earlier cell: {name}", _C, HIT,
            above, stage(f"{source}\n{end}", RAN), restart(), above, stage(f"{source}\n{end}", RESTORED),
            cell("assert png(fig) == made"), final("ax.figure is fig and ax in fig.axes", True), needs="matplotlib",
        )
    ]  # fmt: skip


CASES = [
    *PLOTS,
    replayed("contours made from contours", _C, _PLOT, f"{_FIGURE}lines = ax.contour(X, Y, Z)\nplt.close()",
             cell("more = ax.contour(lines, levels=[.3])\nfresh = plt.figure().subplots().contour(X, Y, Z, levels=[.3])"),
             final("[p.vertices.tobytes() for p in more.get_paths()] == [p.vertices.tobytes() for p in fresh.get_paths()]", True), needs="matplotlib"),
    case("contours of the same lines but of another grid", _C, OTHER,
         cell(_PLOT), cell(f"grid = np.floor(Z * 3)\n{_FIGURE}lines = ax.contour(X, Y, grid, levels=[.5])\nplt.close()"),
         stage("a = len(ax.contour(lines, levels=[1.5]).get_paths()[0])", RAN), restart(),
         cell(_PLOT), cell(f"grid = np.floor(Z * 3)\ngrid[grid == 2] = 1.25\n{_FIGURE}lines = ax.contour(X, Y, grid, levels=[.5])\nplt.close()"),
         stage("a = len(ax.contour(lines, levels=[1.5]).get_paths()[0])", RAN), needs="matplotlib"),
    case("contours of a grid that changed afterwards", _C, OTHER,
         cell(_PLOT), cell(f"{_FIGURE}lines = ax.contour(X, Y, Z)\nplt.close()"), stage("a = lines.levels[0]", RAN), restart(),
         cell(_PLOT), cell(f"{_FIGURE}lines = ax.contour(X, Y, Z)\nplt.close()\nZ *= 2"), stage("a = lines.levels[0]", RAN), needs="matplotlib"),
    *_in_place("plotted upon", "ax.plot(x, label='a')\nax.legend()"),
    *_in_place("title and borders", "ax.set_title('t')\nax.spines[['top', 'right']].set_visible(False)"),
    *_in_place("contours", "lines = ax.contour(X, Y, Z)"),
    *_in_place("with contours in it", "ax.set_xlim(0, 1)", "ax.contourf(X, Y, Z)"),
    *_in_place("with triangles in it", "ax.set_xlim(0, 1)", "ax.tricontourf(x, y, z)"),
    *_in_place("bars beside others", "ax.bar(['c'], [3])", "bars = ax.bar(['a', 'b'], [1, 2])"),
    *_in_place("colour bar", "fig.colorbar(image)", "image = ax.imshow(Z)"),
    *_in_place("second axis", "other = ax.twinx()\nother.plot(x)"),
]
