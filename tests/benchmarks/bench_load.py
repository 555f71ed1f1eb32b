"""How long ``%load_ext nbexp`` takes in a started kernel, and which heavy libraries it brings.

python -m tests.benchmarks.bench_load
"""

from __future__ import annotations

import compileall
import statistics
import tempfile
from pathlib import Path

import nbexp
from tests.behaviour.in_kernel import Kernel
from tests.behaviour.model import Cell

ROUNDS = 7
HEAVY = ("sqlalchemy", "fsspec", "nbformat", "papermill", "pandas", "numpy", "plotly", "torch")


def main() -> None:
    """Print the median of several new kernels."""
    taken, brought = [], set[str]()
    compileall.compile_dir(Path(nbexp.__file__).parent, quiet=1)  # as an installation does
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / ".nbexp").mkdir()
            kernel = Kernel(Path(folder), load=False)
            try:
                kernel.run(Cell("import sys, time; before = set(sys.modules); start = time.perf_counter()"))
                kernel.run(Cell("start = time.perf_counter()\n%load_ext nbexp\ntaken = time.perf_counter() - start"))
                taken.append(float(kernel.run(Cell("print(taken)")).text))
                text = kernel.run(Cell(f"print(*(set(sys.modules) - before) & set({HEAVY!r}))")).text
                brought |= set(text.split())
            finally:
                kernel.stop()
    median = statistics.median(taken) * 1000
    print(f"%load_ext nbexp: {median:.0f} ms (median of {ROUNDS} kernels); it loads {brought or 'nothing heavy'}")


if __name__ == "__main__":
    main()
