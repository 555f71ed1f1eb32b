"""How long a trivial cell takes through a kernel, from the request to the reply: plain, restored, run and stored.

Medians, side by side in one run. Between two cells the kernel finishes what it does in the background, so that no cell
is charged with another one's storing.

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
from tests.benchmarks.table import at_most, head, row

REST = Cell("__import__('nbexp.kernel.active').kernel.active.active_session().store.drain()")

#: Each cell begins after the same rest: a busy system gives a process that has just worked less of its time.
REST_SECONDS = 0.02


def measure(rounds: int, keep: str) -> dict[str, float]:
    """Median seconds from the request to idle and reply, interleaved round by round."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / ".nbexp").mkdir()
        kernel = Kernel(root, environment={"NBEXP_KEEP": keep})
        try:
            kernel.run(Cell("a = 1"))
            kernel.run(Cell("%%stage hit\nb = a + 1"))
            times: dict[str, list[float]] = {"same": [], "hit": [], "new": [], "miss": []}
            for number in range(rounds):
                for kind, source in (
                    ("same", "b = a + 1"),
                    ("hit", "%%stage hit\nb = a + 1"),
                    ("new", f"c = a + {number}"),
                    ("miss", f"%%stage miss\nc = a + {number}"),
                ):
                    kernel.collect(kernel.send(REST, silent=True))
                    time.sleep(REST_SECONDS)
                    start = time.perf_counter()
                    ran = kernel.run(Cell(source))
                    times[kind].append(time.perf_counter() - start)
                    assert ran.status == {"hit": "restored", "miss": "ran"}.get(kind), ran
            return {kind: statistics.median(taken) for kind, taken in times.items()}
        finally:
            kernel.stop()


def main() -> None:
    """Print the table."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    head("A trivial stage cell through a kernel")
    for keep, words in (("auto", "defaults"), ("always", "storing forced")):
        taken = measure(rounds, keep)
        for kind, plain, what in (("hit", "same", "restored"), ("miss", "new", "run and stored")):
            row(f"{what}, {words}", taken[kind], taken[plain], "the cell without %%stage", at_most(1.3, 2e-3))


if __name__ == "__main__":
    main()
