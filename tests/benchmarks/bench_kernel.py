"""How long a trivial cell takes through a kernel: plain, restored, run and stored. Medians, side by side in one run.

python -m tests.benchmarks.bench_kernel [ROUNDS]
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

from tests.behaviour.in_kernel import Kernel
from tests.behaviour.model import Cell


def measure(rounds: int, keep: str) -> dict[str, float]:
    """Median milliseconds from the request to idle and reply, interleaved round by round."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / ".nbexp").mkdir()
        kernel = Kernel(root, environment={"NBEXP_KEEP": keep})
        try:
            kernel.run(Cell("a = 1"))
            kernel.run(Cell("%%stage hit\nb = a + 1"))
            times: dict[str, list[float]] = {"plain": [], "hit": [], "miss": []}
            for number in range(rounds):
                for kind, source in (
                    ("plain", "b = a + 1"),
                    ("hit", "%%stage hit\nb = a + 1"),
                    ("miss", f"%%stage miss\nc = a + {number}"),
                ):
                    start = time.perf_counter()
                    ran = kernel.run(Cell(source))
                    times[kind].append(time.perf_counter() - start)
                    assert ran.status == {"plain": None, "hit": "restored", "miss": "ran"}[kind], ran
            return {kind: statistics.median(taken) * 1000 for kind, taken in times.items()}
        finally:
            kernel.stop()


def main() -> None:
    """Print the table."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    print(f"{'a trivial cell, ms':24} {'plain':>8} {'hit':>8} {'miss':>8} {'hit/plain':>10} {'miss/plain':>11}")
    for keep in ("auto", "always"):
        ms = measure(rounds, keep)
        print(
            f"{'keep = ' + keep:24} {ms['plain']:8.2f} {ms['hit']:8.2f} {ms['miss']:8.2f}"
            f" {ms['hit'] / ms['plain']:10.2f} {ms['miss'] / ms['plain']:11.2f}"
        )


if __name__ == "__main__":
    main()
