from __future__ import annotations

import importlib
import io
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from nbexp.adapters import constructed
from nbexp.fingerprints.fingerprint import fingerprint
from nbexp.graphs.graph import dump, load
from nbexp.graphs.patch import detach, patch

pytest.importorskip("matplotlib")

from matplotlib import tri
from matplotlib.figure import Figure

GRID = np.arange(25.0).reshape(5, 5) % 7


@pytest.fixture(autouse=True)
def watched() -> None:
    for module in constructed.CLASSES:
        importlib.import_module(module)
        constructed.wrap_classes(module)


def digest(value: Any) -> bytes:
    return fingerprint(value).digest


def back(value: Any) -> Any:
    dumped = dump(value)
    return load(bytes(dumped.graph), [bytearray(buffer) for buffer in dumped.buffers])


def contours(grid: Any = GRID, **options: Any) -> Any:
    return Figure().subplots().contour(grid, levels=[2, 4], **options)


def triangles() -> tri.Triangulation:
    return tri.Triangulation([0, 1, 0, 1, 0.5], [0, 0, 1, 1, 0.4])


def png(figure: Figure) -> bytes:
    file = io.BytesIO()
    figure.savefig(file, format="png")
    return file.getvalue()


@pytest.mark.parametrize("algorithm", ["mpl2005", "mpl2014", "serial", "threaded"])
def test_contours_come_back_with_their_grid(algorithm: str) -> None:
    lines = contours(algorithm=algorithm)
    again = back(lines)
    assert digest(again) == digest(lines) == digest(contours(algorithm=algorithm))
    for each in (lines, again):
        each.axes.contour(each, levels=[3])
    assert png(again.figure) == png(lines.figure)


def test_the_grid_counts_where_the_lines_are_the_same() -> None:
    flat = np.where(GRID > 5, 5.5, GRID)
    other = np.where(GRID > 5, 5.75, GRID)
    assert digest(contours(flat)._contour_generator) != digest(contours(other)._contour_generator)


def test_a_grid_that_is_changed_later_is_seen() -> None:
    grid = GRID.copy()
    lines = contours(grid)
    before = digest(lines)
    grid[0, 0] = 9
    assert digest(lines) != before


def test_what_the_native_code_has_copied_is_not_changed() -> None:
    grid = np.asfortranarray(GRID)
    lines = contours(grid)
    before = digest(lines)
    grid[0, 0] = 9
    assert digest(lines) == before


def test_triangles_their_mask_and_finder_come_back() -> None:
    grid = triangles()
    Figure().subplots().tricontour(grid, [0, 1, 2, 3, 1.0])
    grid.set_mask([True, *[False] * (len(grid.triangles) - 1)])
    value = [grid, grid.get_trifinder(), tri.CubicTriInterpolator(grid, [0, 1, 2, 3, 1.0])]
    again = back(value)
    assert digest(again) == digest(value)
    assert again[1]([0.3], [0.4]) == value[1]([0.3], [0.4])
    assert np.array_equal(again[2]([0.3], [0.4]), value[2]([0.3], [0.4]))


def test_a_mask_is_patched() -> None:
    live, changed = triangles(), triangles()
    live.get_cpp_triangulation()
    inner = live._cpp_triangulation
    before = detach(inner)
    live.set_mask([True, *[False] * (len(live.triangles) - 1)])
    after = detach(inner)
    assert digest(after) == digest(inner) != digest(before)
    patch(inner, before)
    assert digest(inner) == digest(before)
    changed.get_cpp_triangulation()


def test_what_was_made_before_is_refused() -> None:
    code = """
from matplotlib.figure import Figure
lines = Figure().subplots().contour([[0, 1], [2, 3]])
from nbexp.kernel.watches import wrap_libraries
wrap_libraries(lambda module, wrap: None)
from nbexp.fingerprints.fingerprint import fingerprint
from nbexp.errors import Unfingerprintable
try:
    fingerprint(lines)
except Unfingerprintable as error:
    assert "before nbexp was loaded" in str(error), error
else:
    raise AssertionError
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
