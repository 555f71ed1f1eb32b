from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib import colors, patches
from matplotlib.figure import Figure
from matplotlib.transforms import Affine2D

from tests.adapters.conformance import Case


def plot(title: str = "t", last: float = 3.0, drawn: bool = False) -> Figure:
    figure = Figure()
    axes = figure.subplots(1, 2, sharey=True)
    axes[0].plot([1, 2, last], label="line")
    axes[0].legend()
    axes[0].set_title(title)
    axes[1].bar(["a", "b"], [1, 2])
    if drawn:
        figure.canvas.draw()
    return figure


def image(high: float = 3.0) -> Figure:
    figure = Figure()
    axes = figure.subplots()
    shown = axes.imshow(np.arange(4.0).reshape(2, 2), vmax=high, cmap="viridis")
    figure.colorbar(shown)
    return figure


def from_pyplot() -> Any:
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots()
    axes.scatter([1, 2], [3, 4])
    plt.close(figure)
    return figure


def untouched() -> Figure:
    figure = Figure()
    figure.subplots().scatter([1, 2], [3, 4])
    return figure


def twice_drawn() -> Figure:
    figure = plot(drawn=True)
    figure.canvas.draw()
    return figure


def listened_to(signal: str) -> Figure:
    figure = Figure()
    figure.subplots().callbacks.connect(signal, print)
    return figure


CASES = (
    Case(
        "figure",
        plot,
        same=(lambda: plot(drawn=True), twice_drawn),
        different=(lambda: plot("u"), lambda: plot(last=4.0), Figure),
        mutate=lambda figure: figure.set_size_inches(3, 3),
        copied=False,  # matplotlib leaves out callbacks when it copies
    ),
    Case("image with its colour bar", image, different=(lambda: image(4.0),), copied=False),
    Case("figure of pyplot", from_pyplot, same=(untouched,), copied=False),
    Case(
        "axes",
        lambda: Figure().subplots(),
        different=(lambda: Figure().subplots(subplot_kw={"xlim": (0, 9)}),),
        copied=False,
    ),
    Case(
        "callbacks",
        lambda: listened_to("xlim_changed"),
        different=(lambda: listened_to("ylim_changed"), lambda: Figure()),
        copied=False,
    ),
    Case(
        "patch",
        lambda: patches.Circle((0, 0), 1),
        different=(lambda: patches.Circle((0, 0), 2),),
        mutate=lambda circle: circle.set_radius(3),
        copied=False,
    ),
    Case(
        "transform",
        lambda: Affine2D().scale(2),
        different=(lambda: Affine2D().scale(3),),
        mutate=lambda held: held.translate(1, 1),
    ),
    Case(
        "colours",
        lambda: colors.ListedColormap(["red", "blue"]),
        different=(lambda: colors.ListedColormap(["red", "green"]),),
    ),
    Case(
        "norm",
        lambda: colors.LogNorm(1, 10),
        different=(lambda: colors.LogNorm(1, 100), lambda: colors.Normalize(1, 10)),
    ),
)
