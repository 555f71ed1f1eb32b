from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from nbexp.fingerprints.fingerprint import fingerprint
from nbexp.fingerprints.preview import preview
from nbexp.graphs.graph import dump, load
from nbexp.graphs.patch import detach, patch

matplotlib = pytest.importorskip("matplotlib")


@pytest.fixture
def plt(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setattr(matplotlib, "rcParams", matplotlib.rcParams.copy())
    matplotlib.use("agg")
    import matplotlib.pyplot as pyplot

    yield pyplot
    pyplot.close("all")


def again(value: Any) -> Any:
    dumped = dump(value)
    return load(dumped.graph, [bytearray(buffer) for buffer in dumped.buffers])


def digest(value: object) -> bytes:
    return fingerprint(value).digest


def image(figure: Any) -> bytes:
    written = io.BytesIO()
    figure.savefig(written, format="raw")
    return written.getvalue()


def drawing(plt: Any) -> Any:
    figure, axes = plt.subplots(2, 2, sharex=True)
    axes[0, 0].plot([1, 2, 4], label="line")
    axes[0, 0].legend()
    shown = axes[0, 1].imshow(np.arange(4).reshape(2, 2))
    figure.colorbar(shown)
    axes[1, 0].hist(np.arange(20) % 7, bins=5)
    axes[1, 1].bar(["a", "b"], [1, 2])
    axes[1, 1].twinx().plot([3, 1])
    figure.suptitle("$x^2$")
    return figure


def test_a_restored_figure_draws_the_same_picture(plt: Any) -> None:
    figure = drawing(plt)
    assert image(again(figure)) == image(figure)


def test_a_restored_figure_is_unknown_to_pyplot(plt: Any) -> None:
    figure = drawing(plt)
    stored = dump(figure)
    plt.close("all")
    load(stored.graph, [bytearray(buffer) for buffer in stored.buffers])
    assert plt.get_fignums() == []


def test_showing_a_figure_does_not_change_it(plt: Any) -> None:
    figure = drawing(plt)
    figure.canvas.draw()
    shown = digest(figure)
    image(figure)
    figure.canvas.draw()
    assert digest(figure) == shown
    plt.close(figure)
    assert digest(figure) == shown
    assert digest(again(figure)) == shown


def test_the_number_that_pyplot_gives_a_figure_is_no_content(plt: Any) -> None:
    first, second = drawing(plt), drawing(plt)
    assert digest(first) == digest(second)


def test_what_is_linked_stays_linked(plt: Any) -> None:
    restored = again(drawing(plt))
    restored.axes[1].images[0].set_clim(0, 50)
    bar = next(axes for axes in restored.axes if axes.get_label() == "<colorbar>")
    assert bar.get_ylim() == (0.0, 50.0)
    restored.axes[0].set_xlim(5, 6)
    assert restored.axes[2].get_xlim() == (5.0, 6.0)


def test_a_callback_of_the_user_is_content_and_comes_back(plt: Any) -> None:
    called: list[str] = []
    figure = plt.figure()
    axes = figure.subplots()
    before = digest(figure)
    axes.callbacks.connect("xlim_changed", lambda axes: axes.set_title("changed"))
    assert digest(figure) != before
    restored = again(figure)
    restored.axes[0].set_xlim(0, 9)
    assert restored.axes[0].get_title() == "changed"
    assert called == []


def test_the_window_of_a_figure_is_not_stored_with_it(plt: Any) -> None:
    restored = again(drawing(plt))
    assert restored.canvas.manager is None
    assert b"FigureManager" not in dump(drawing(plt)).graph


def test_a_line_takes_over_new_data_in_place(plt: Any) -> None:
    figure, other = drawing(plt), drawing(plt)
    line = figure.axes[0].lines[0]
    other.axes[0].lines[0].set_ydata([9, 9, 9])
    canvas = figure.canvas
    patch(line, detach(other.axes[0].lines[0]))
    assert list(figure.axes[0].lines[0].get_ydata()) == [9, 9, 9]
    assert figure.canvas is canvas


def test_categories_go_on_counting(plt: Any) -> None:
    restored = again(drawing(plt))
    restored.axes[3].bar(["c"], [1])
    assert list(restored.axes[3].xaxis.units._mapping) == ["a", "b", "c"]
    assert restored.axes[3].xaxis.units._mapping["c"] == 2


def test_previews(plt: Any) -> None:
    figure = drawing(plt)
    assert preview(figure) == "Figure with 6 axes"
    assert preview(figure.axes[0].lines[0]) == "Line2D"


def test_a_restored_figure_goes_on_as_the_first_one_does(plt: Any) -> None:
    first = plt.subplots()
    second = again(first)
    for _, axes in (first, second):
        axes.plot([1, 2], marker="o")
        axes.legend(["a"])
        axes.scatter([1], [2])
    assert fingerprint(second).digest == fingerprint(first).digest
