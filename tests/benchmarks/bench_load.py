"""How long ``%load_ext nbexp`` takes in a started kernel, which heavy libraries it brings, and ``nbexp --help``.

python -m tests.benchmarks.bench_load
"""

from __future__ import annotations

import compileall
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import nbexp
from tests.behaviour.in_kernel import Kernel
from tests.behaviour.model import Cell
from tests.benchmarks.table import head, row, side_by_side, within

ROUNDS = 7
HEAVY = ("sqlalchemy", "fsspec", "nbformat", "papermill", "pandas", "numpy", "plotly", "torch")


def loading(root: Path) -> tuple[float, set[str]]:
    """Seconds in one new kernel, and which of `HEAVY` came with it."""
    (root / ".nbexp").mkdir()
    kernel = Kernel(root, load=False)
    try:
        kernel.run(Cell("import sys, time; before = set(sys.modules)"))
        kernel.run(Cell("start = time.perf_counter()\n%load_ext nbexp\ntaken = time.perf_counter() - start"))
        taken = float(kernel.run(Cell("print(taken)")).text)
        return taken, set(kernel.run(Cell(f"print(*(set(sys.modules) - before) & set({HEAVY!r}))")).text.split())
    finally:
        kernel.stop()


def command(*words: str) -> None:
    """Run a Python command to its end."""
    subprocess.run([sys.executable, *words], check=True, stdout=subprocess.DEVNULL)


def main() -> None:
    """Print the table."""
    compileall.compile_dir(Path(nbexp.__file__).parent, quiet=1)  # as an installation does
    head("Loading")
    taken, brought = [], set[str]()
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            seconds, heavy = loading(Path(folder))
            taken.append(seconds)
            brought |= heavy
    row("%load_ext nbexp in a started kernel", statistics.median(taken), None, "", within(0.15))
    print(f"  it loads {', '.join(sorted(brought)) or 'none of'} {'' if brought else ', '.join(HEAVY)}")
    ours, peer = side_by_side(lambda _: command("-m", "nbexp", "--help"), lambda _: command("-c", ""), None, ROUNDS)
    row("nbexp --help", ours, peer, "python -c ''", within(0.5))


if __name__ == "__main__":
    main()
