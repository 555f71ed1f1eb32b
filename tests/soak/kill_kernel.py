"""Kill -9 of a real kernel while its stage cells run and are stored, at every named point and at random.

Run it by hand: ``python -m tests.soak.kill_kernel [KILLS_AT_EACH_POINT] [KILLS_AT_RANDOM]``. A kernel runs a notebook
of stages that nobody has run before and dies; the next kernel runs the same notebook, twice. A cell that fails, a value
that is not right, a display that is not what the run showed, or a result that was in the store before and is gone is
counted. All kernels share one store.
"""

from __future__ import annotations

import queue
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.behaviour.in_kernel import PATIENCE, Kernel, as_ran
from tests.behaviour.messages import settle
from tests.behaviour.model import RAN, RESTORED, Cell
from tests.soak.kills import Outcome, command, kill_everywhere, table

#: One notebook, as stages: every layout that results have, an input changed in place, a written result. ``{n}`` is new
#: in every round.
STAGES = {
    "small": "a = {{'k': [1, {n}]}}\nprint('a is', a)",
    "graph": "b = [str(k + {n}) for k in range(30_000)]",
    "array": "import numpy as np\nc = np.arange(400_000) + {n}",
    "pack": "d = [np.full(4_000, k + {n}) for k in range(20)]",
    "changed": "a['k'].append(c[:3])\nc[0] = -{n}\na['k'][1]",
    "written": "import pandas as pd\ne = pd.DataFrame({{'x': c[:5]}})\ne.to_csv('written.csv')",
    "below": "f = len(b) + int(c[2]) + int(d[3][0])\nf",
}
LOOK = (
    "(a['k'][1], a['k'][2].tolist(), np.shares_memory(a['k'][2], c), b[0], b[-1], "
    "int(c[0]), int(c[-1]), int(c[1:].sum()), "
    "[int(x[0] + x[-1]) for x in d], e.x.tolist(), open('written.csv').read().count('\\n'), f)"
)


def right(n: int) -> str:
    """What `LOOK` shows in the round `n`."""
    return repr(
        (n, [-n, 1 + n, 2 + n], True, str(n), str(29_999 + n), -n, 399_999 + n, 399_999 * 200_000 + 399_999 * n,
         [2 * (k + n) for k in range(20)], [-n, 1 + n, 2 + n, 3 + n, 4 + n], 6, 30_000 + 2 + n + 3 + n)
    )  # fmt: skip


def cells(n: int) -> list[Cell]:
    """The notebook of the round `n`."""
    return [Cell(f"%%stage {name}\n{source.format(n=n)}") for name, source in STAGES.items()]


@dataclass
class Row(Outcome):
    """Counted by stages: restored or run in the next kernel; lost, if a kernel that lived had stored it."""

    restored: int = 0
    ran: int = 0

    @property
    def failed(self) -> bool:
        """Whether anything came out that never may."""
        return bool(self.wrong or self.crashes or self.lost)


@dataclass
class Soak:
    """One project whose kernels are killed again and again."""

    root: Path
    n: int = 0

    def kill(self, row: Row, *, fault: str = "", delay: float = 0.0) -> None:
        """Let a kernel die in a new round, and look at what it left."""
        self.n += 1
        doomed = self._start(NBEXP_FAULT=fault)
        asked = [doomed.send(cell) for cell in cells(self.n)]
        answered = self._bury(doomed, asked, None if fault else time.monotonic() + delay)
        row.kills += 1
        row.fell[f"{answered} of {len(asked)} cells"] += 1
        self._look(row)

    def _bury(self, kernel: Kernel, asked: list[str], end: float | None) -> int:
        """Wait for a kernel's death, or kill it when it is time; how many cells it has answered."""
        answered = 0
        patience = time.monotonic() + PATIENCE
        while kernel.is_alive() and (end is None or time.monotonic() < end):
            if time.monotonic() > patience:
                raise SystemExit("the kernel did not come to the place where it should die")
            try:
                reply = kernel.client.get_shell_msg(timeout=0.02)
            except queue.Empty:
                continue
            answered += reply["parent_header"].get("msg_id") in asked
        kernel.kill()
        return answered

    def _look(self, row: Row) -> None:
        """The next kernel: the notebook twice, and the one of the round before."""
        kernel = self._start()
        try:
            found = self._replay(kernel, self.n, row)
            row.restored += found.count(RESTORED)
            row.ran += found.count(RAN)
            settle(kernel)
            for n in (self.n, self.n - 1)[: self.n]:
                row.lost += sum(status != RESTORED for status in self._replay(kernel, n, row))
        except AssertionError as error:
            row.crashes += 1
            print(f"crashed: {error}", file=sys.stderr)
        finally:
            kernel.stop()

    def _replay(self, kernel: Kernel, n: int, row: Row) -> list[str | None]:
        """What became of each stage; what it leaves and shows must be right."""
        statuses = []
        (self.root / "written.csv").unlink(missing_ok=True)
        for name, cell in zip(STAGES, cells(n), strict=True):
            published, reply = kernel.collect(kernel.send(cell))
            ran = as_ran(published, reply)
            if reply["status"] != "ok" or ran.status not in (RAN, RESTORED):
                raise AssertionError(f"{name} is {ran.status}, {ran.reasons}: {ran.text[-1000:]}")
            shown = {"small": f"a is {{'k': [1, {n}]}}", "changed": str(n), "below": str(30_005 + 2 * n)}.get(name, "")
            if shown not in ran.text:
                row.wrong += 1
                print(f"{name} showed {ran.text!r}, not {shown!r}", file=sys.stderr)
            statuses.append(ran.status)
        found = kernel.value(LOOK)
        if found != right(n):
            row.wrong += 1
            print(f"{found}\nis not {right(n)}, {statuses}", file=sys.stderr)
        return statuses

    def _start(self, **environment: str) -> Kernel:
        home = self.root.parent / "home"
        own = {"XDG_CONFIG_HOME": f"{home}/config", "XDG_CACHE_HOME": f"{home}/cache", "IPYTHONDIR": f"{home}/ipython"}
        return Kernel(self.root, environment=own | environment)


def soak(times: Sequence[int], folder: Path) -> dict[str, Row]:
    """Kill as `kill_everywhere` says, in a project in `folder`."""
    root = folder / "project"
    (root / ".nbexp").mkdir(parents=True)
    return kill_everywhere(Soak(root).kill, Row, times, hits=lambda turn: 1 + turn % len(STAGES), longest=1.2)


def shown(rows: dict[str, Row]) -> str:
    """The rows as text."""
    columns = ("kills", "restored", "ran", "lost", "wrong", "crashes")
    return table(
        rows,
        columns,
        "restored, ran: stages in the next kernel; lost: not restored although stored by a kernel that lived",
    )


if __name__ == "__main__":
    command(sys.argv[1:], lambda times, folder: shown(soak(times, folder)))
